"""Lines of a log, wrapped; finds words; stays at the end while it is there. Only the rows on screen are ever built."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.widgets.parts import Parts

LONGEST_NEEDLE = 200  # characters


class LogView(Parts, ScrollView, can_focus=True):
    """Given lines that are harmless already, by a reader who says how many it has let go at the front."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--match", "log-view--found"}
    DEFAULT_CSS = """
    LogView {
        height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .log-view--match { background: $warning 35%; text-style: underline; }
        & > .log-view--found { text-style: reverse bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "rows(-1)", show=False),
        Binding("down", "rows(1)", show=False),
        Binding("pageup", "pages(-1)", show=False),
        Binding("pagedown,space", "pages(1)", show=False),
        Binding("home", "top", show=False),
        Binding("end", "follow", show=False),
    ]

    class Moved(Message):
        """What is on screen is another part now, or another match is found."""

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.lines: list[str] = []
        self.follow = True
        self.unseen = 0  # lines that came while somebody looked at earlier ones
        self.needle = ""
        self.matches: list[int] = []  # numbers of the lines that match, counted from the first ever
        self.found: int | None = None  # the one of them that was jumped to
        self._pattern: re.Pattern[str] | None = None
        self._rows: list[tuple[int, int]] = []  # (number of the line, part of it)
        self._dropped = 0
        self._generation = 0
        self._width = 0

    # -- what is shown

    def show(self, lines: Sequence[str], dropped: int, generation: int) -> None:
        """Show these. Lines shown before are not looked at again, but for the last, which may have grown."""
        old = self.lines
        if generation != self._generation or dropped < self._dropped:
            old, self._generation = [], generation
            self._rows, self.matches, self.found, self._dropped = [], [], None, dropped
        gone = dropped - self._dropped
        kept = max(0, len(old) - gone - 1)  # lines that are what they were
        self.lines, self._dropped = list(lines), dropped
        first = dropped + kept
        above = self._row_of(dropped) if gone else 0
        self._rows = self._rows[above : self._row_of(first)]
        self.matches = [number for number in self.matches if dropped <= number < first]
        self._lay_out(first)
        if not self.follow:
            self.unseen += max(0, len(self.lines) + gone - len(old))
        self._settle(above)

    def _row_of(self, line: int) -> int:
        """The first row of a line; rows are in order."""
        low, high = 0, len(self._rows)
        while low < high:
            middle = (low + high) // 2
            if self._rows[middle][0] < line:
                low = middle + 1
            else:
                high = middle
        return low

    def _lay_out(self, first: int) -> None:
        """Rows and matches of the lines from number `first` on."""
        width = self._width or 80
        for number in range(first, self._dropped + len(self.lines)):
            text = self.lines[number - self._dropped]
            self._rows += [(number, part) for part in range(rows_of(text, width))]
            if self._pattern and self._pattern.search(text):
                self.matches.append(number)

    def _settle(self, above: int = 0) -> None:
        """Scroll to where one was, or to the end."""
        self.virtual_size = Size(self.size.width, len(self._rows))
        if self.follow:
            self.scroll_end(animate=False, force=True, immediate=True)
        elif above:
            self._go(self.scroll_y - above)
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        if self.size.width != self._width:
            top = self._rows[self.scroll_offset.y][0] if self.scroll_offset.y < len(self._rows) else 0
            self._width, self._rows, self.matches = self.size.width, [], []
            self._lay_out(self._dropped)
            self._settle()
            if not self.follow:
                self._go(self._row_of(top))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.follow = new_value >= self.max_scroll_y
        if self.follow:
            self.unseen = 0
        self.post_message(self.Moved())

    def _go(self, row: float) -> None:
        self.scroll_to(y=max(0, row), animate=False, force=True, immediate=True)

    def action_rows(self, by: int) -> None:
        self._go(self.scroll_y + by)

    def action_pages(self, by: int) -> None:
        self._go(self.scroll_y + by * max(1, self.size.height - 1))

    def action_top(self) -> None:
        self._go(0)

    def action_follow(self) -> None:
        self.follow, self.unseen = True, 0
        self._settle()

    # -- searching

    def search(self, needle: str) -> None:
        """Mark every place with these words, whatever their case; none for no words."""
        self.needle, self.found, self.matches = needle[:LONGEST_NEEDLE], None, []
        self._pattern = re.compile(re.escape(self.needle), re.IGNORECASE) if self.needle else None
        if self._pattern:
            self.matches = [
                self._dropped + index for index, text in enumerate(self.lines) if self._pattern.search(text)
            ]
        self.refresh()
        self.post_message(self.Moved())

    def next_match(self) -> None:
        """Jump to the next line that matches: the first time from what is on screen on, then round from there."""
        if not self.matches:
            return
        if self.found is None:
            top = self._rows[self.scroll_offset.y][0] if self.scroll_offset.y < len(self._rows) else 0
            self.found = next((number for number in self.matches if number >= top), self.matches[-1])
        else:
            self.found = next((number for number in self.matches if number > (self.found or 0)), self.matches[0])
        row = self._row_of(self.found)
        self.follow = False
        self._go(row - self.size.height // 3)
        self.refresh()
        self.post_message(self.Moved())

    @property
    def place(self) -> int:
        """Which match was jumped to: 1 for the first, 0 for none."""
        return self.matches.index(self.found) + 1 if self.found in self.matches else 0

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        row = y + self.scroll_offset.y
        if not 0 <= row < len(self._rows):
            return Strip.blank(width, base)
        number, part = self._rows[row]
        text = self.lines[number - self._dropped]
        parts = wrapped(text, self._width or 80)
        piece, start = (parts[part], sum(map(len, parts[:part]))) if part < len(parts) else ("", 0)
        if not self._pattern:
            return Strip([Segment(piece, base)]).adjust_cell_length(width, base)
        kind = "found" if number == self.found else "match"
        marked = base + self.part(f"log-view--{kind}")
        segments, at = [], 0
        for match in self._pattern.finditer(text):
            begin, end = max(match.start() - start, 0), min(match.end() - start, len(piece))
            if begin < end:
                segments += [Segment(piece[at:begin], base), Segment(piece[begin:end], marked)]
                at = end
        segments.append(Segment(piece[at:], base))
        return Strip(segments).adjust_cell_length(width, base)


def rows_of(text: str, width: int) -> int:
    """In how many rows a line is shown."""
    return max(1, -(-len(text) // width)) if text.isascii() else len(wrapped(text, width))


@functools.lru_cache(maxsize=256)
def wrapped(text: str, width: int) -> tuple[str, ...]:
    """A line in rows that fit; nothing of it is lost."""
    if not text:
        return ("",)
    if text.isascii():
        return tuple(text[at : at + width] for at in range(0, len(text), width))
    return tuple(chop_cells(text, width)) if cell_len(text) > width else (text,)
