"""The programs that may solve a problem, the likeliest first: score, program, value, and whether that is right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labapp.play.words import short
from labapp.solve.beams import Row, value_of
from labapp.widgets.table import Column, Line, Table

WIDE = 110  # cells from which there is room for the probability, and for reasons
RANK, SCORE, SURE = Column("#", right=True), Column("score", right=True), Column("p", 4, right=True)
PROGRAM, VALUE = Column("program", flexible=True), Column("value", right=True, most=12)
MARK, REASON = Column("", 8), Column("", flexible=True)  # the same column; what has no value runs on over both
STEP = re.compile(r"^step \d+ ")  # of a reason: left out where there is little room, and said below
ROOM = 60  # cells of a wide table that are not for programs


class BeamTable(Table):
    """The cursor stays on its program while the problem is the same; with another problem it is on the best."""

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.problem = ""
        self.rows: tuple[Row, ...] = ()

    @property
    def row(self) -> Row | None:
        """The one under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show_rows(self, problem: str, rows: Sequence[Row]) -> None:
        """Show the programs of a problem."""
        here = self.row if problem == self.problem else None
        self.problem, self.rows = problem, tuple(rows)
        self._fill()
        if here is not None:
            same = [row.name for row in rows if row.beam.program == here.beam.program]
            names = [here.name] if here.name in same else same
            self.select((names or [here.name])[0])
        elif rows:
            self.move_to(0)

    def _fill(self) -> None:
        wide = self.size.width >= WIDE
        programs = Column("program", most=max(8, self.size.width - ROOM))
        columns = [RANK, SCORE, SURE, programs, VALUE, REASON] if wide else [RANK, SCORE, PROGRAM, VALUE, MARK]
        self.show([self._line(row, wide) for row in self.rows], columns)

    def _line(self, row: Row, wide: bool) -> Line:
        beam = row.beam
        cells = [row.name, f"{beam.score:.2f}", *([short(beam.probability).strip()] if wide else []), beam.program]
        if beam.error and beam.value is None:
            return Line((*cells, beam.error if wide else STEP.sub("", beam.error)), "dim", key=row.name)
        kind = "live" if row.mark else "" if row.found else "mark"
        return Line((*cells, value_of(beam), row.mark or (beam.error or "")), kind, key=row.name)

    def on_resize(self) -> None:
        self._fill()
        super().on_resize()
