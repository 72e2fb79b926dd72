"""Text in an exact number of cells: wide characters count twice, and a cut is shown."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from labapp.output import one_line

LONGEST = 1_000  # characters of foreign text that are looked at: more than any terminal has columns


def fit(text: str, width: int, right: bool = False, ascii: bool = False) -> str:
    """A text in `width` cells; `right` puts it at the end of them."""
    length = cell_len(text)
    if length <= width:
        return " " * (width - length) + text if right else text + " " * (width - length)
    if width <= 1:
        return set_cell_size(text, max(0, width))
    return set_cell_size(text, width - 1) + ("~" if ascii else "…")


def tidy(text: str) -> str:
    """Foreign text, harmless and on one line."""
    return one_line(text[:LONGEST])
