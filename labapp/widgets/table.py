"""A table of text under a cursor: lines are drawn when they are on screen, and again when they changed.

Cells hold foreign text; it is made harmless here, when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.fit import fit, tidy
from labapp.widgets.parts import Parts

GAP = 2  # cells between columns
NARROWEST = 8  # cells of a flexible column, before others are cut


@dataclass(frozen=True)
class Column:
    """`width` in cells; 0 = as wide as what stands there, up to `most`; the one flexible column takes what is left."""

    title: str
    width: int = 0
    right: bool = False
    flexible: bool = False
    most: int = 40


@dataclass(frozen=True)
class Line:
    """A line: its cells (the last of too few runs on to the end), its kind (a style of the table), and whose it is."""

    cells: tuple[str, ...]
    kind: str = ""  # "", head, mark, dim, live, trouble
    key: Any = field(default=None, compare=False)

    @property
    def head(self) -> bool:
        return self.kind == "head"


class Table(Parts, ScrollView, can_focus=True):
    """Shows lines; says where the cursor is and what was opened."""

    KINDS: ClassVar[tuple[str, ...]] = ("head", "mark", "dim", "live", "trouble")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", *(f"table--{kind}" for kind in KINDS)}
    DEFAULT_CSS = """
    Table {
        height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .table--header { color: $foreground 60%; text-style: underline; }
        & > .table--cursor { background: $panel; }
        &:focus > .table--cursor { background: $primary 40%; color: $foreground; text-style: bold; }
        & > .table--head { color: $secondary; text-style: bold; }
        & > .table--mark { color: $warning; }
        & > .table--dim { color: $foreground 60%; }
        & > .table--live { color: $accent; }
        & > .table--trouble { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "to(0)", show=False),
        Binding("end", "to(-1)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Moved(Message):
        """The cursor is on another line now."""

        def __init__(self, table: Table, line: Line | None):
            super().__init__()
            self.table, self.line = table, line

        @property
        def control(self) -> Table:
            return self.table

    class Opened(Message):
        """Enter or a double click on a line."""

        def __init__(self, table: Table, line: Line):
            super().__init__()
            self.table, self.line = table, line

        @property
        def control(self) -> Table:
            return self.table

    class HeaderClicked(Message):
        """A click on a column's title."""

        def __init__(self, table: Table, column: int):
            super().__init__()
            self.table, self.column = table, column

        @property
        def control(self) -> Table:
            return self.table

    def __init__(self, *columns: Column, header: bool = True, id: str | None = None):
        super().__init__(id=id)
        self.columns = columns
        self.header = header
        self.lines: list[Line] = []
        self.cursor = 0
        self._widths: list[int] = []

    # -- what is shown

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        found = self.lines[self.cursor] if self.cursor < len(self.lines) else None
        return None if found is None or found.head else found

    def show(self, lines: Sequence[Line], columns: Sequence[Column] | None = None) -> None:
        """Show these; the cursor stays on its key, or where it was. Nothing is drawn when nothing changed."""
        found, here = list(lines), self.line
        same = found == self.lines and (columns is None or tuple(columns) == self.columns)
        self.lines = found
        self.columns = self.columns if columns is None else tuple(columns)
        if same:
            return
        if here is not None and here.key is not None:
            self.cursor = next((n for n, line in enumerate(found) if line.key == here.key), self.cursor)
        self.cursor = max(0, min(self.cursor, len(found) - 1))
        if self.line is None:
            self.cursor = next((n for n, line in enumerate(found) if n >= self.cursor and not line.head), self.cursor)
        self._measure()
        self.refresh()
        self.post_message(self.Moved(self, self.line))

    def _measure(self) -> None:
        """Columns as wide as what stands in them; too wide a table loses first what the flexible column has."""
        self.virtual_size = Size(self.size.width, len(self.lines) + self.header)
        widths = []
        for number, column in enumerate(self.columns):
            cells = (line.cells[number] for line in self.lines if not line.head and self._in_column(line, number))
            longest = max((cell_len(tidy(cell)) for cell in cells), default=0)
            widths.append(column.width or min(max(longest, cell_len(column.title)), column.most))
        flexible = next((n for n, column in enumerate(self.columns) if column.flexible), None)
        room = self.size.width - 2 - GAP * (len(widths) - 1)
        if flexible is not None:
            others = sum(widths) - widths[flexible]
            widths[flexible] = max(NARROWEST, room - others)
        self._widths = widths

    def _in_column(self, line: Line, number: int) -> bool:
        """A line with fewer cells than columns: its last cell takes the room of the others."""
        return number < len(line.cells) - (len(line.cells) < len(self.columns) and len(line.cells) > 1)

    def on_resize(self) -> None:
        self._measure()
        self._reveal()
        self.refresh()

    # -- moving

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1 - self.header))

    def action_to(self, line: int) -> None:
        self.move_to(line if line >= 0 else len(self.lines) - 1)

    def action_open(self) -> None:
        if self.line is not None:
            self.post_message(self.Opened(self, self.line))

    def move_to(self, wanted: int) -> None:
        """Put the cursor on a line; heads are stepped over."""
        if not self.lines:
            return
        down = wanted >= self.cursor
        wanted = max(0, min(wanted, len(self.lines) - 1))
        steps = range(wanted, len(self.lines)) if down else range(wanted, -1, -1)
        wanted = next((n for n in steps if not self.lines[n].head), self.cursor)
        if wanted != self.cursor:
            self.refresh_line(self.cursor + self.header - self.scroll_offset.y)
            self.cursor = wanted
            self.refresh()
            self.post_message(self.Moved(self, self.line))
        self._reveal()

    def select(self, key: Any) -> None:
        """Put the cursor on the line with this key, if there is one."""
        for number, line in enumerate(self.lines):
            if line.key == key and not line.head:
                self.move_to(number)
                return

    def _reveal(self) -> None:
        """Scroll so that the cursor can be seen, with the head above the first line."""
        top = 0 if all(line.head for line in self.lines[: self.cursor]) else self.cursor
        self.scroll_to_region(Region(0, top, 1, self.cursor - top + 1 + self.header), animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        if self.header and event.y == 0:
            self.post_message(self.HeaderClicked(self, self._column_at(event.x)))
            return
        line = event.y + self.scroll_offset.y - self.header
        if 0 <= line < len(self.lines) and not self.lines[line].head:
            self.move_to(line)
            if event.chain == 2:
                self.action_open()

    def _column_at(self, x: int) -> int:
        left = 1
        for number, width in enumerate(self._widths):
            left += width + GAP
            if x < left:
                return number
        return len(self._widths) - 1

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if self.header and y == 0:  # stays while the rest scrolls
            style = base + self.part("table--header")
            return Strip([Segment(set_cell_size(self._text([c.title for c in self.columns]), width), style)], width)
        number = y + self.scroll_offset.y - self.header
        if not 0 <= number < len(self.lines):
            return Strip.blank(width, base)
        line = self.lines[number]
        if line.kind in self.KINDS:
            base += self.part(f"table--{line.kind}")
        if number == self.cursor and not line.head:
            base += self.part("table--cursor")
        text = f" {tidy(line.cells[0])}" if line.head else self._text(line.cells, number == self.cursor)
        return Strip([Segment(set_cell_size(text, width), base)], width)

    def _text(self, cells: Sequence[str], cursor: bool = False) -> str:
        parts: list[str] = []
        ascii = bool(getattr(self.app, "ascii", False))
        for number, (column, width) in enumerate(zip(self.columns, self._widths, strict=False)):
            if number == len(cells) - 1 and len(cells) < len(self.columns):  # it runs on to the end
                rest = max(1, self.size.width - 2 - sum(map(len_of, parts)))
                parts.append(fit(tidy(cells[number]), rest, ascii=ascii))
                break
            text = tidy(cells[number]) if number < len(cells) else ""
            parts.append(fit(text, width, column.right, ascii=ascii))
        return (">" if cursor else " ") + (" " * GAP).join(parts)


def len_of(part: str) -> int:
    return cell_len(part) + GAP
