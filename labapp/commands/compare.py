"""`labapp compare`: runs, or the cells of a study, side by side."""

from __future__ import annotations

from engine.studies.comparison import Comparison
from labapp.output import number, table


def print_comparison(comparison: Comparison) -> None:
    """The test split, or the last there is."""
    split = comparison.splits[-1] if comparison.splits else "test"
    names = comparison.metrics(split)
    rows = [(row.label, *(number(row.stat(split, name).mean) for name in names)) for row in comparison.rows]
    table(("", *names), rows, right=names)
