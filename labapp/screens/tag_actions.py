"""The keys of the Tag screen: a second run, what is shown beside the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labapp.live.rows import RunRow
from labapp.screens.trying_text import TryingText

COMPARE = "compare"  # what runs are looked for: one beside the other


class TagActions(TryingText):
    """The actions, for a screen that has sentences with tags."""

    other_id: str
    with_second: bool

    if TYPE_CHECKING:

        def show_other(self, run_id: str) -> None: ...

    # -- runs

    def action_compare(self) -> None:
        if self.other_id:
            self.show_other("")
        elif self.run_id:
            self.find_runs(COMPARE)

    def picks_from(self, purpose: str, rows: tuple[RunRow, ...]) -> tuple[RunRow, ...]:
        return tuple(row for row in rows if purpose != COMPARE or row.id != self.run_id)

    def picked(self, purpose: str, run_id: str) -> None:
        if purpose == COMPARE:
            self.show_other(run_id)
        else:
            self.show_run(run_id)

    # -- what is shown

    def action_tokens(self) -> None:
        self.toggle_class("flipped")
        if not self.field.has_focus:
            self.call_after_refresh(self.leave_field)

    def action_second_best(self) -> None:
        self.with_second = not self.with_second
        self.draw()
