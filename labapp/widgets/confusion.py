"""A confusion matrix one can walk through: counts, the share of the row as shade, hits bold, the cell under the cursor
reversed, so that it can be read without colours. Scrolls in both directions; names of rows and columns stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.message import Message
from textual.strip import Strip

from labapp.fit import fit, tidy
from labapp.widgets.parts import Parts

NARROWEST_CELL, WIDEST_CELL = 4, 10
CORNER = "is\\taken for"
LEVELS = 16  # of shade
FAINTEST, STRONGEST = 0.12, 0.85  # of the colour in a shade
WHEEL = 3  # rows


class Confusion(Parts, can_focus=True):
    """Rows are true classes, columns predictions."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"confusion--{part}" for part in ("right", "wrong", "names", "here")}
    DEFAULT_CSS = """
    Confusion {
        height: 1fr;
        & > .confusion--right { color: $accent; }
        & > .confusion--wrong { color: $error; }
        & > .confusion--names { color: $foreground 65%; }
        & > .confusion--here { color: $foreground; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(-1)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Opened(Message):
        """Enter on a cell."""

    class Moved(Message):
        """The cursor is on another cell now."""

        def __init__(self, row: int, column: int):
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.names: tuple[str, ...] = ()
        self.counts: tuple[tuple[int, ...], ...] = ()
        self.row = self.column = 0
        self.top = self.left = 0
        self._sums: list[int] = []
        self._digits = 1
        self._shades: dict[tuple[bool, int], Style] = {}

    def show(self, names: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """Show this matrix; the cursor stays where it is, or goes to the fullest mistake of another size."""
        found = tuple(tuple(row) for row in counts)
        if found == self.counts and tuple(names) == self.names:
            return
        if len(found) != len(self.counts):
            wrong = [(found[r][c], -r, -c) for r in range(len(found)) for c in range(len(found)) if r != c]
            _, row, column = max(wrong, default=(0, 0, 0))
            self.row, self.column, self.top, self.left = -row, -column, 0, 0
        self.names, self.counts = tuple(names), found
        self._sums = [sum(row) for row in found]
        self._digits = len(f"{max((max(row) for row in found), default=0):d}")
        self._reveal()
        self.refresh()

    def jump(self, row: int, column: int) -> None:
        """Put the cursor on a cell."""
        last = len(self.counts) - 1
        if last < 0:
            return
        row, column = max(0, min(row, last)), max(0, min(column, last))
        if (row, column) != (self.row, self.column):
            self.row, self.column = row, column
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(row, column))

    # -- sizes

    @property
    def label_width(self) -> int:
        longest = max((cell_len(tidy(name)) for name in self.names), default=0)
        return max(len(CORNER), min(longest, self.size.width // 4)) + 2

    @property
    def cell_width(self) -> int:
        room = (self.size.width - self.label_width) // max(1, len(self.counts))
        need = max(NARROWEST_CELL, self._digits + 1)
        return max(need, min(room, WIDEST_CELL))

    @property
    def across(self) -> int:
        """Columns on screen."""
        return max(1, (self.size.width - self.label_width) // self.cell_width)

    @property
    def down(self) -> int:
        """Rows on screen."""
        return max(1, self.size.height - 1)

    def _reveal(self) -> None:
        last = len(self.counts)
        self.top = max(0, min(max(min(self.top, self.row), self.row - self.down + 1), last - self.down))
        self.left = max(0, min(max(min(self.left, self.column), self.column - self.across + 1), last - self.across))

    def on_resize(self) -> None:
        self._reveal()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._shades = {}

    # -- moving

    def action_move(self, down: int, right: int) -> None:
        self.jump(self.row + down, self.column + right)

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def action_page(self, by: int) -> None:
        self.jump(self.row + by * max(1, self.down - 1), self.column)

    def action_edge(self, end: int) -> None:
        self.jump(self.row, 0 if end == 0 else len(self.counts) - 1)

    def on_click(self, event: events.Click) -> None:
        row = self.top + event.y - 1
        column = self.left + (event.x - self.label_width) // self.cell_width
        if event.y >= 1 and event.x >= self.label_width and row < len(self.counts) and column < len(self.counts):
            self.jump(row, column)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(0, WHEEL) if event.shift else self._scroll(WHEEL, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(0, -WHEEL) if event.shift else self._scroll(-WHEEL, 0)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self._scroll(0, WHEEL)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self._scroll(0, -WHEEL)

    def _scroll(self, down: int, right: int) -> None:
        last = len(self.counts)
        self.top = max(0, min(self.top + down, last - self.down))
        self.left = max(0, min(self.left + right, last - self.across))
        self.refresh()

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if not self.counts:
            return Strip.blank(width, base)
        names = base + self.part("confusion--names")
        here = base + self.part("confusion--here")
        columns = range(self.left, min(self.left + self.across, len(self.counts)))
        label, cell = self.label_width, self.cell_width
        if y == 0:
            segments = [Segment(fit(f" {CORNER}", label), names)]
            for column in columns:
                name = tidy(self.names[column])
                name = fit(set_cell_size(name, cell - 1) if cell < WIDEST_CELL else name, cell - 1, right=True)
                segments.append(Segment(f" {name}", here if column == self.column else names))
        else:
            row = self.top + y - 1
            if row >= len(self.counts):
                return Strip.blank(width, base)
            segments = [Segment(" " + fit(tidy(self.names[row]), label - 2) + " ", here if row == self.row else names)]
            segments += [self._cell(row, column, cell, base) for column in columns]
        return Strip(segments).adjust_cell_length(width, base)

    def _cell(self, row: int, column: int, width: int, base: Style) -> Segment:
        count, hit = self.counts[row][column], row == column
        style = base + self._shade(hit, count / self._sums[row] if self._sums[row] else 0.0)
        text = f"{count:>{width - 1}d}" if count or hit else " " * (width - 2) + ("." if self._ascii else "·")
        text += " "
        if (row, column) == (self.row, self.column):
            style = base + Style(reverse=True, bold=self.has_focus, underline=not self.has_focus)
            text = f"[{text[1:-1]}]" if text[0] == " " else text
        return Segment(text, style)

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii", False))

    def _shade(self, hit: bool, share: float) -> Style:
        """The style of a share of a row: the root of it, so that rare mistakes can be seen at all."""
        level = math.ceil(math.sqrt(min(max(share, 0.0), 1.0)) * LEVELS)
        if (hit, level) not in self._shades:
            part = self.get_component_styles("confusion--right" if hit else "confusion--wrong")
            style = Style(bold=hit) if level else self.part("confusion--names")
            if level:
                back = self.behind.blend(part.color, FAINTEST + (STRONGEST - FAINTEST) * level / LEVELS)
                style += Style(color=contrast(back).rich_color, bgcolor=back.rich_color)
            self._shades[hit, level] = style
        return self._shades[hit, level]


def contrast(back: Color) -> Color:
    """Black or white, whichever can be read on this."""
    return Color.parse("#000000") if back.brightness > 0.45 else Color.parse("#ffffff")
