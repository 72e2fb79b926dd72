"""A table of numbers: each cell in its own style, and before a row the marker its curve has in the chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from labapp.charts.palette import OKABE_ITO, marker
from labapp.fit import fit, tidy
from labapp.widgets.table import GAP, Line, Table


@dataclass(frozen=True)
class StatLine(Line):
    """`kinds` has a style for each cell: best, near, plain or none; `slot` the colour of the row's curve, if any."""

    kinds: tuple[str, ...] = ()
    slot: int = -1


class StatTable(Table):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"stat-table--best", "stat-table--near"}
    DEFAULT_CSS = """
    StatTable > .stat-table--best { color: $success; text-style: bold; }
    StatTable > .stat-table--near { color: $foreground 50%; }
    """

    def _text(self, cells: Sequence[str], cursor: bool = False) -> str:
        return "  " + super()._text(cells, cursor)  # room for the markers

    def _column_at(self, x: int) -> int:
        return super()._column_at(x - 2)

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y - self.header
        if (self.header and y == 0) or not 0 <= number < len(self.lines):
            return super().render_line(y)
        line = self.lines[number]
        here, base = number == self.cursor, self.rich_style
        if line.kind:
            base += self.part(f"table--{line.kind}")
        under = self.part("table--cursor") if here else Style()
        base += under
        ascii = bool(getattr(self.app, "ascii", False))
        kinds, slot = (line.kinds, line.slot) if isinstance(line, StatLine) else ((), -1)
        colour = Style(color=OKABE_ITO.color(slot, dark=self.app.current_theme.dark), bold=True)
        segments = [
            Segment(marker(slot, ascii=ascii) if slot >= 0 else " ", base + colour if slot >= 0 else base),
            Segment(" " + (">" if here else " "), base),
        ]
        for place, (column, width) in enumerate(zip(self.columns, self._widths, strict=False)):
            text = tidy(line.cells[place]) if place < len(line.cells) else ""
            kind = kinds[place] if place < len(kinds) else ""
            style = base + self.part(f"stat-table--{kind}") + under if kind in ("best", "near") else base
            segments.append(Segment(fit(text, width, column.right, ascii=ascii), style))
            segments.append(Segment(" " * GAP, base))
        return Strip(segments).adjust_cell_length(self.size.width, base)
