"""A picture in the terminal, under its caption: as large as fits, its pixels square."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from labapp.fit import fit, tidy
from labapp.see.image import Image
from labapp.widgets.blocks import Row, half_blocks, plain, shades
from labapp.widgets.parts import Parts

CAPTION = 1  # lines


class Picture(Parts):
    """Shows one picture, or words where there is none. Draws anew only when either changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"picture--caption", "picture--words"}
    DEFAULT_CSS = """
    Picture {
        width: 1fr; height: 1fr;
        & > .picture--caption { color: $foreground 70%; }
        & > .picture--words { color: $foreground 60%; }
    }
    """

    def __init__(self, caption: str = "", *, id: str | None = None):
        super().__init__(id=id)
        self.caption = caption
        self.image: Image | None = None
        self.words = ""

    def show(self, image: Image | None, words: str = "") -> None:
        """Show a picture; or none, and these words."""
        if (image, words) != (self.image, self.words):
            self.image, self.words = image, words
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if y < CAPTION:
            caption = fit(_centred(tidy(self.caption), width), width)
            return Strip([Segment(caption, base + self.part("picture--caption"))], width)
        if self.image is None:
            words = fit(_centred(tidy(self.words), width), width) if y == CAPTION + self._room // 3 else " " * width
            return Strip([Segment(words, base + self.part("picture--words"))], width)
        rows = drawn(self, self.image, width, self._room)
        return Strip(in_room(rows, y - CAPTION, width, base), width)

    @property
    def _room(self) -> int:
        return max(0, self.size.height - CAPTION)


def drawn(widget: Parts, image: Image, width: int, height: int) -> tuple[Row, ...]:
    """A picture in cells, as this widget's terminal can show it."""
    if plain(widget.app):
        return shades(image, width, height, widget.app.current_theme.dark)
    return half_blocks(image, width, height)


def in_room(rows: tuple[Row, ...], number: int, width: int, base: Style) -> list[Segment]:
    """One row of a drawn picture in the middle of so many cells; below it they are empty."""
    row = rows[number] if number < len(rows) else ()
    taken = sum(len(text) for text, _, _ in row)
    left = (width - taken) // 2
    before = [Segment(" " * left, base)] if left else []
    behind = [Segment(" " * (width - taken - left), base)] if left + taken < width else []
    return [*before, *(on(base, each) for each in row), *behind]


def on(base: Style, segment: Segment) -> Segment:
    """A piece of a picture before a background; adding styles costs, and most have both colours."""
    style = segment.style
    if style is not None and style.bgcolor is not None:
        return segment
    return Segment(segment.text, base + style if style else base)


def _centred(text: str, width: int) -> str:
    return " " * max(0, (width - cell_len(text)) // 2) + text
