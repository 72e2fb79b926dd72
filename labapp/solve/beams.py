"""The rows of the table of beams: what the search found, the program one typed, the program that stands in the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.mathqa.execute import is_right
from engine.mathqa.operations import written
from labapp.solve.replies import Beam

RIGHT, SAME = "= answer", "= gold"
YOU, GOLD = "you", "gold"
NOTHING = "--"  # in the place of a value


@dataclass(frozen=True)
class Row:
    """A program, who says it (a rank, `you`, `gold`), and what is known of its value."""

    name: str
    beam: Beam
    mark: str = ""

    @property
    def found(self) -> bool:
        """Whether the search found it."""
        return self.name not in (YOU, GOLD)


def rows_of(
    beams: Sequence[Beam], *, typed: Beam | None = None, gold: Beam | None = None, answer: float | None = None
) -> list[Row]:
    """The beams, best first; what one typed and what is right stand where their scores put them."""

    def mark(beam: Beam) -> str:
        if gold is not None and beam is not gold and beam.program == gold.program:
            return SAME
        return RIGHT if answer is not None and is_right(beam.value, answer) else ""

    rows = [Row(str(rank), beam, mark(beam)) for rank, beam in enumerate(beams, 1)]
    if gold is not None and all(beam.program != gold.program for beam in beams):
        rows.insert(place_of(gold, rows), Row(GOLD, gold, mark(gold)))
    if typed is not None:
        rows.insert(place_of(typed, rows), Row(YOU, typed, mark(typed)))
    return rows


def place_of(beam: Beam, rows: Sequence[Row]) -> int:
    """Before the first row that scores lower."""
    return next((place for place, row in enumerate(rows) if row.beam.score < beam.score), len(rows))


def value_of(beam: Beam) -> str:
    return NOTHING if beam.value is None else figure(beam.value)


def figure(value: float) -> str:
    """A value in few characters."""
    return written(value)


def verdict(beams: Sequence[Beam], answer: float) -> bool:
    """Whether the best beam comes to the right answer."""
    return bool(beams) and is_right(beams[0].value, answer)
