"""The queue under a cursor: what goes on, then what waits and why. Only the lines on screen are ever drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.fit import fit
from labapp.widgets.moving import MOVING
from labapp.widgets.parts import Parts

MARGIN = 2  # cells before the first column: the cursor


@dataclass(frozen=True)
class Item:
    """A line of the queue, every text in it harmless. A line without a key is a heading, in `words`."""

    key: str = ""  # the id of the job, else of the run
    run_id: str = ""
    job_id: str | None = None
    place: str = ""
    gpu: str = ""
    name: str = ""
    kind: str = ""
    words: str = ""
    study: str = ""  # the one it belongs to
    waits: bool = False
    held: bool = False
    trouble: bool = False


class QueueList(Parts, ScrollView, can_focus=True):
    """Knows where its cursor is; what it shows is given to it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "queue-list--head", "queue-list--cursor", "queue-list--live", "queue-list--calm", "queue-list--trouble",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = MOVING
    DEFAULT_CSS = """
    QueueList {
        scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .queue-list--head { color: $secondary; text-style: bold; }
        & > .queue-list--cursor { background: $panel; }
        &:focus > .queue-list--cursor { background: $primary 45%; text-style: bold; }
        & > .queue-list--live { color: $accent; }
        & > .queue-list--calm { color: $text-muted; }
        & > .queue-list--trouble { color: $error; }
    }
    """

    class Opened(Message):
        """A double click on something in the queue."""

        def __init__(self, item: Item):
            super().__init__()
            self.item = item

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self._items: tuple[Item, ...] = ()
        self._cursor = 0
        self._adrift = False  # what the cursor was on has left the list: it is on nothing until it is moved

    @property
    def item(self) -> Item | None:
        """What the cursor is on."""
        found = self._items[self._cursor] if self._cursor < len(self._items) else None
        return found if found and found.key and not self._adrift else None

    def show(self, items: Sequence[Item]) -> None:
        """Show these; the cursor stays on its item, and on none when that is gone: no key must hit its neighbour."""
        before, self._items = self._items, tuple(items)
        if self._items == before:
            return
        key = before[self._cursor].key if self._cursor < len(before) else ""
        places = {item.key: number for number, item in enumerate(self._items) if item.key}
        self._cursor = places.get(key, min(self._cursor, max(0, len(self._items) - 1)))
        self._adrift = bool(key) and key not in places
        if places and not self._items[self._cursor].key:
            self._cursor = next((place for place in places.values() if place >= self._cursor), max(places.values()))
        self.virtual_size = Size(self.size.width, len(self._items))
        if [each.key for each in before] == [each.key for each in self._items]:
            for number, (old, new) in enumerate(zip(before, self._items, strict=True)):
                if old != new:
                    self.refresh_line(number)
        else:
            self._show_cursor()
            self.refresh()

    # -- moving

    def move_to(self, line: int, step: int = 1) -> None:
        """Put the cursor on a line; headings are stepped over in the direction of `step`."""
        while 0 <= line < len(self._items) and not self._items[line].key:
            line += step
        if not 0 <= line < len(self._items):
            self.scroll_to(y=0 if step < 0 else None, animate=False)
            return
        old, self._cursor, self._adrift = self._cursor, line, False
        self.refresh_line(old)
        self.refresh_line(line)
        self._show_cursor()

    def _show_cursor(self) -> None:
        top = self._cursor - 1 if self._cursor and not self._items[self._cursor - 1].key else self._cursor
        self.scroll_to_region(Region(0, top, 1, self._cursor - top + 1), animate=False, force=True)

    def action_step(self, lines: int) -> None:
        self.move_to(self._cursor + lines, lines)

    def action_page(self, pages: int) -> None:
        page = pages * max(1, self.size.height - 1)
        self.move_to(min(len(self._items) - 1, max(0, self._cursor + page)), -pages)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._items) - 1, -1)

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        line = inside.y + self.scroll_offset.y if inside is not None else -1
        if 0 <= line < len(self._items) and self._items[line].key:
            self.move_to(line)
            if event.chain == 2 and self.item:
                self.post_message(self.Opened(self.item))

    # -- drawing

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._items))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, number = self.size.width, y + self.scroll_offset.y
        if not 0 <= number < len(self._items):
            return Strip.blank(width, self.rich_style)
        item, base = self._items[number], self.rich_style
        if not item.key:
            style = base + self._part("head" if item.words and not item.held else "calm")
            return Strip([Segment(fit(f" {item.words}", width, False), style)], width)
        here = number == self._cursor and not self._adrift
        if here:
            base += self._part("cursor")
        strip = Strip([Segment("> " if here else "  ", base), *self._cells(item, width - MARGIN, base)])
        return strip.adjust_cell_length(width, base)

    def _cells(self, item: Item, width: int, base: Style) -> list[Segment]:
        """Place, GPU, name, kind, study, words: where it is narrow the study goes first, then kind, GPU, words."""
        place, gpu, kind = 4, 7 if width >= 40 else 0, 9 if width >= 70 else 0
        study = 20 if width >= 110 and any(each.study for each in self._items) else 0
        left = max(0, width - place - gpu - kind - study)
        name = min(left, max(12, left * 2 // 5)) if left < 60 else min(48, left // 2)
        tone = "trouble" if item.trouble else "live" if not item.waits else "calm" if item.held else ""
        style = base + self._part(tone) if tone else base
        cells = [(item.place, place, base), (item.gpu, gpu, base), (item.name, name, base), (item.kind, kind, base)]
        cells += [(item.study, study, base + self._part("calm")), (item.words, max(0, left - name), style)]
        return [Segment(self._cell(text, size), look) for text, size, look in cells if size > 0]

    def _cell(self, text: str, size: int) -> str:
        return set_cell_size(fit(text, size - 1, False), size) if size > 1 else set_cell_size(text, size)

    def _part(self, name: str) -> Style:
        return self.part(f"queue-list--{name}")
