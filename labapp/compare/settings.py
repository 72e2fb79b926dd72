"""The settings in which rows differ, as a table that is as narrow as it can be."""

from __future__ import annotations

from typing import Any

from engine.studies.comparison import Comparison
from engine.values import shown


def differences(comparison: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Titles and lines: a line for each row, or where more settings than rows differ one for each setting."""
    names, labels = list(comparison.differences), [row.label for row in comparison.rows]
    cells = {name: [_cell(value) for value in comparison.differences[name]] for name in names}
    if len(names) <= len(labels):
        lines = [(label, *(cells[name][place] for name in names)) for place, label in enumerate(labels)]
        return ("", *names), lines
    return ("setting", *labels), [(name, *cells[name]) for name in names]


def _cell(value: Any) -> str:
    """A dash where there is none."""
    return "-" if value is None or value == "" else shown(value)
