"""Examples that went wrong, as lines of a table: what they are, and what they were taken for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from labapp.fit import tidy
from labapp.output import number
from labapp.screens.run_tabs.reports import Mistake
from labapp.widgets.table import Column, Line

CLASSES = (
    Column("example", flexible=True), Column("is", most=20), Column("taken for", most=20), Column("sure", 5),
)  # fmt: skip
LEAST, MOST = 20, 60  # cells of a program
WIDE = 120  # cells from which there is room for what programs come to


def example_lines(mistakes: Sequence[Mistake], width: int) -> tuple[list[Line], Sequence[Column]]:
    """Those of a task that answers with programs say what the programs come to."""
    if not any(each.answer for each in mistakes):
        cells = [(each.name, each.true, each.predicted, number(each.sure, 3)) for each in mistakes]
        columns: Sequence[Column] = CLASSES
    else:
        wide, most = width >= WIDE, max(LEAST, min(MOST, width // 4))
        values = [Column("answer", right=True, most=12), Column("value", right=True, most=12)] if wide else []
        columns = (
            Column("problem", flexible=True), Column("gold", most=most), Column("found", most=most), *values,
            Column("sure", 5),
        )  # fmt: skip
        cells = [
            (each.name, each.true, each.predicted, *((each.answer, each.value) if wide else ()), number(each.sure, 3))
            for each in mistakes
        ]
    return [Line(line, key=each.number) for line, each in zip(cells, mistakes, strict=True)], columns


def program_words(mistake: Mistake) -> Text:
    """A problem, the program that solves it, and the one that was found."""
    text = Text(tidy(mistake.name))
    both = (("gold", mistake.true, mistake.answer), ("found", mistake.predicted, mistake.value))
    for label, program, value in both:
        text.append(f"\n{label + ':':<7}", "dim").append(tidy(program))
        text.append(f"  = {tidy(value)}" if value else "", "bold")
    return text
