"""Many small pictures under a cursor, with marks. Below each what the network says of it, and whether it is right:
with a sign, so that it can be read without colours. Only what is on screen is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.fit import fit, tidy
from labapp.see.replies import Thumb
from labapp.widgets.parts import Parts
from labapp.widgets.picture import drawn, in_room

SIZES = (40, 32, 24, 20, 16, 14, 12, 10)  # cells across a picture; it has half as many lines
SMALLEST = 8
FEWEST = 4, 2  # pictures beside each other and below each other, before they get smaller
FRAME = 2  # cells beside a picture, one at each side
LINES = 1  # below it
SIGNS = {True: "✓", False: "✗", None: "·"}
ASCII_SIGNS = {True: "ok", False: "x", None: "-"}


class Gallery(Parts, ScrollView, can_focus=True):
    """Shows thumbnails; says where the cursor is and what was opened."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"gallery--{part}" for part in ("right", "wrong", "unknown", "cursor", "marked", "words")
    }
    DEFAULT_CSS = """
    Gallery {
        width: 1fr; height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .gallery--right { color: $foreground 70%; }
        & > .gallery--wrong { color: $error; }
        & > .gallery--unknown { color: $foreground 70%; }
        & > .gallery--cursor { background: $panel; text-style: bold; }
        &:focus > .gallery--cursor { background: $primary 45%; text-style: bold; }
        & > .gallery--marked { color: $warning; text-style: bold; }
        & > .gallery--words { color: $foreground 60%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "row(-1)", show=False),
        Binding("down", "row(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "to(0)", show=False),
        Binding("end", "to(-1)", show=False),
    ]

    class Moved(Message):
        """The cursor is on another picture now, or on none."""

        def __init__(self, thumb: Thumb | None):
            super().__init__()
            self.thumb = thumb

    class Opened(Message):
        """A double click on a picture."""

        def __init__(self, thumb: Thumb):
            super().__init__()
            self.thumb = thumb

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.thumbs: tuple[Thumb, ...] = ()
        self.marks: set[int | str] = set()  # keys; of pictures that are not shown, too
        self.words = ""
        self.cursor = 0

    # -- what is shown

    @property
    def thumb(self) -> Thumb | None:
        """The picture under the cursor."""
        return self.thumbs[self.cursor] if self.cursor < len(self.thumbs) else None

    def show(self, thumbs: Sequence[Thumb], words: str = "") -> None:
        """Show these, or words where there is none; the cursor stays on its picture, else it goes to the first."""
        before = self.thumb
        self.thumbs, self.words = tuple(thumbs), words
        keys = [thumb.key for thumb in self.thumbs]
        self.cursor = keys.index(before.key) if before is not None and before.key in keys else 0
        self._measure()
        self.refresh()
        if self.thumb != before:
            self.post_message(self.Moved(self.thumb))

    def toggle_mark(self) -> None:
        """Mark the picture under the cursor, or take its mark away."""
        if self.thumb is not None:
            self.marks ^= {self.thumb.key}
            self.refresh()

    def unmark_all(self) -> None:
        self.marks.clear()
        self.refresh()

    # -- sizes

    @property
    def across(self) -> int:
        """Cells across a picture: the largest size of which enough can be seen."""
        columns, rows = FEWEST
        for size in SIZES:
            if self._width // (size + FRAME) >= columns and self.size.height // (size // 2 + LINES) >= rows:
                return size
        return SMALLEST

    @property
    def columns(self) -> int:
        return max(1, self._width // (self.across + FRAME))

    @property
    def line_count(self) -> int:
        """Lines a row of pictures takes."""
        return self.across // 2 + LINES

    @property
    def _width(self) -> int:
        """The scrollbar must not make pictures jump."""
        return self.outer_size.width - 1

    def _measure(self) -> None:
        rows = -(-len(self.thumbs) // self.columns)
        self.virtual_size = Size(self.size.width, rows * self.line_count)

    def on_resize(self) -> None:
        self._measure()
        self._reveal()
        self.refresh()

    # -- moving

    def action_step(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_row(self, by: int) -> None:
        wanted = self.cursor + by * self.columns
        last = len(self.thumbs) - 1
        if wanted > last and self.cursor // self.columns < last // self.columns:
            wanted = last  # the last row may be shorter
        if 0 <= wanted <= last:
            self.move_to(wanted)

    def action_page(self, by: int) -> None:
        rows = max(1, self.size.height // self.line_count)
        self.move_to(self.cursor + by * rows * self.columns)

    def action_to(self, number: int) -> None:
        self.move_to(number if number >= 0 else len(self.thumbs) - 1)

    def move_to(self, wanted: int) -> None:
        """Put the cursor on a picture, the nearest there is."""
        wanted = max(0, min(wanted, len(self.thumbs) - 1))
        if wanted != self.cursor and self.thumbs:
            self.cursor = wanted
            self.refresh()
            self.post_message(self.Moved(self.thumb))
        self._reveal()

    def select(self, key: int | str) -> None:
        """Put the cursor on the picture with this key, if it is here."""
        for number, thumb in enumerate(self.thumbs):
            if thumb.key == key:
                self.move_to(number)

    def _reveal(self) -> None:
        top = self.cursor // self.columns * self.line_count
        self.scroll_to_region(Region(0, top, 1, self.line_count), animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        column, row = event.x // (self.across + FRAME), (event.y + self.scroll_offset.y) // self.line_count
        number = row * self.columns + column
        if column >= self.columns or not 0 <= number < len(self.thumbs):
            return
        self.move_to(number)
        if event.chain == 2 and self.thumb is not None:
            self.post_message(self.Opened(self.thumb))

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if not self.thumbs:
            words = fit(" " + tidy(self.words), width) if y == 1 else " " * width
            return Strip([Segment(words, base + self._part("words"))], width)
        row, line = divmod(y + self.scroll_offset.y, self.line_count)
        first = row * self.columns
        segments: list[Segment] = []
        for number in range(first, min(first + self.columns, len(self.thumbs))):
            segments += self._tile(number, line, base)
        return Strip(segments).adjust_cell_length(width, base)

    def _tile(self, number: int, line: int, base: Style) -> list[Segment]:
        """One line of a picture in its frame, or what is said below it."""
        thumb, size, here = self.thumbs[number], self.across, number == self.cursor
        frame = base + self._part("cursor") if here else base
        left, right = ("[", "]") if here else (" ", " ")
        if line < size // 2:
            rows = drawn(self, thumb.image, size, size // 2)
            return [Segment(left, frame), *in_room(rows, line, size, base), Segment(right, frame)]
        said = {True: "right", False: "wrong", None: "unknown"}[thumb.correct]
        if thumb.key in self.marks:
            said = "marked"
        text = fit(self.caption(thumb), size, ascii=self._ascii)
        return [Segment(left, frame), Segment(text, frame + self._part(said)), Segment(right, frame)]

    def caption(self, thumb: Thumb) -> str:
        """A mark, a sign for right or wrong, the confidence, and what it is taken for when that is not plain."""
        sign = (ASCII_SIGNS if self._ascii else SIGNS)[thumb.correct]
        words = f"{'*' if thumb.key in self.marks else ''}{sign} {short(thumb.confidence)}"
        return words if thumb.correct else f"{words} {tidy(thumb.predicted)}"

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii", False))

    def _part(self, name: str) -> Style:
        return self.part(f"gallery--{name}")


def short(confidence: float) -> str:
    """A fraction in three characters: .98, 1.0; a dash for what is no number."""
    if confidence != confidence:
        return "  -"
    return "1.0" if confidence >= 0.995 else f"{confidence:.2f}"[1:]
