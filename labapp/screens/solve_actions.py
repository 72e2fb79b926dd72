"""The keys of the Solve screen: how to search, a program of one's own, moving over the beams from within the field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labapp.messages import Done
from labapp.screens.trying_text import TryingText
from labapp.solve.asking import WIDTHS, Search, wider

if TYPE_CHECKING:
    from textual.widgets import Input

    from labapp.widgets.beam_table import BeamTable
    from labapp.widgets.worked import Worked

DEFAULT_BEAM = 10  # where no answer has said yet what the run's own is


class SolveActions(TryingText):
    """The actions, for a screen that has beams."""

    search: Search

    if TYPE_CHECKING:

        @property
        def beam(self) -> int | None: ...
        @property
        def grammar(self) -> bool | None: ...
        @property
        def program_field(self) -> Input: ...
        @property
        def table(self) -> BeamTable: ...
        @property
        def worked(self) -> Worked: ...

    # -- how to search

    def action_wider(self) -> None:
        self._widen(1)

    def action_narrower(self) -> None:
        self._widen(-1)

    def _widen(self, by: int) -> None:
        here = self.beam or DEFAULT_BEAM
        beam = wider(here, by)
        if beam == here:
            self.post_message(Done(f"a beam has {WIDTHS[0]} to {WIDTHS[-1]} hypotheses"))
        else:
            self._search(replace(self.search, beam=beam))

    def action_grammar(self) -> None:
        self._search(replace(self.search, grammar=not (True if self.grammar is None else self.grammar)))

    def _search(self, search: Search) -> None:
        self.search = search
        self.ask()

    # -- a program of one's own

    def action_program(self) -> None:
        """Open the field for a program; from within it, close it again."""
        if self.program_field.has_focus:
            self.program_field.value = ""
            self.remove_class("programming")
            self.field.focus()
        else:
            self.add_class("programming")
            self.program_field.focus()

    def action_copy(self) -> None:
        """The program under the cursor."""
        row = self.table.row
        if row is not None and not self.has_class("wordy"):
            self.lab.copy(row.beam.program)

    # -- moving

    def action_beam_up(self) -> None:
        self.table.action_move(-1)

    def action_beam_down(self) -> None:
        self.table.action_move(1)

    def action_page_up(self) -> None:
        self.worked.action_page_up()

    def action_page_down(self) -> None:
        self.worked.action_page_down()

    async def action_leave(self) -> None:
        """Escape leaves the field for a program first, and closes it where it is empty."""
        if self.program_field.has_focus:
            if not self.program_field.value:
                self.remove_class("programming")
            self.leave_field()
        else:
            await super().action_leave()
