"""The keys of the Tag screen: examples, a second run, what is shown beside the sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labapp.fit import tidy
from labapp.live.rows import RunRow
from labapp.messages import Done
from labapp.screens.trying import BEGIN, Trying
from labapp.tag.asking import ORDERS, SPLITS, Place

if TYPE_CHECKING:
    from textual.widgets import Input

    from labapp.play.asker import Asker
    from labapp.tag.replies import Example

COMPARE = "compare"  # what runs are looked for: one beside the other


class TagActions(Trying):
    """The actions, for a screen that has a field, and sentences with tags."""

    other_id: str
    place: Place | None
    place_before: Place
    total: int
    example: Example | None
    with_second: bool
    asker: Asker

    if TYPE_CHECKING:

        @property
        def field(self) -> Input: ...
        def ask(self) -> None: ...
        def draw(self) -> None: ...
        def show_other(self, run_id: str) -> None: ...
        def look_at(self, place: Place | None) -> None: ...
        def leave_field(self) -> None: ...

    # -- examples

    def action_next_example(self) -> None:
        self._step(1)

    def action_previous_example(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.place is None:
            self.look_at(self.place_before)
        elif self.place.number + by < 0:
            self.post_message(Done("this is the first one"))
        elif self.total and self.place.number + by >= self.total:
            self.post_message(Done("this is the last one"))
        elif self.total or by < 0:
            self.look_at(replace(self.place, number=self.place.number + by))

    def action_order(self) -> None:
        place = self.place_before
        self.look_at(replace(place, order=after(place.order, tuple(ORDERS)), number=0))

    def action_split(self) -> None:
        place = self.place_before
        self.look_at(replace(place, split=after(place.split, SPLITS), number=0))

    def action_edit(self) -> None:
        """What is shown becomes what is typed."""
        if self.place is not None and self.example is not None:
            self.field.value = " ".join(map(tidy, self.example.sentence.tokens))
            self.field.action_end()
            self.look_at(None)
        self.action_write()

    def action_write(self) -> None:
        self.field.focus()

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

    def action_refresh(self) -> None:
        """Ask once more for what is on screen."""
        if not self.run_id:
            self.find_runs(BEGIN)
        else:
            self.asker.forget_known()
            self.ask()

    # -- what is shown

    def action_tokens(self) -> None:
        self.toggle_class("flipped")
        if not self.field.has_focus:
            self.call_after_refresh(self.leave_field)

    def action_second_best(self) -> None:
        self.with_second = not self.with_second
        self.draw()

    async def action_leave(self) -> None:
        """Escape: out of the field, from the examples to what was typed, else back to where one came from."""
        if self.field.has_focus:
            self.leave_field()
        elif self.place is not None:
            self.look_at(None)
        else:
            await self.app.run_action("app.back")


def after(name: str, names: tuple[str, ...]) -> str:
    """The next of these, round and round."""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
