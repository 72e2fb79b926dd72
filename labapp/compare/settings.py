"""The settings in which rows differ, as a table that is as narrow as it can be."""

from __future__ import annotations

from typing import Any

from engine.studies.comparison import Comparison


def differences(comparison: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Titles and lines: a line for each row, or where more settings than rows differ one for each setting."""
    names, labels = list(comparison.differences), [row.label for row in comparison.rows]
    cells = {name: [shown(value) for value in comparison.differences[name]] for name in names}
    if len(names) <= len(labels):
        lines = [(label, *(cells[name][place] for name in names)) for place, label in enumerate(labels)]
        return ("", *names), lines
    return ("setting", *labels), [(name, *cells[name]) for name in names]


def shown(value: Any) -> str:
    """A setting's value as `--set` takes it; a dash where there is none."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
