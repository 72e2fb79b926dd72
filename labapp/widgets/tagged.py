"""Sentences with their entities as coloured spans and the types below them. Only what is on screen is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.tag.colours import Slots, label_style, word_style
from labapp.tag.layout import Line, Look, lay_out
from labapp.tag.stack import Stack
from labapp.widgets.parts import Parts


class Tagged(Parts, ScrollView, can_focus=True):
    """Shows stacks one below the other; scrolls."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"tagged--{part}" for part in ("gutter", "unknown", "same", "differs", "missing")
    }
    DEFAULT_CSS = """
    Tagged {
        width: 1fr; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .tagged--gutter { color: $foreground 60%; }
        & > .tagged--unknown { color: $foreground 60%; text-style: italic; }
        & > .tagged--differs { color: $warning; text-style: bold; }
        & > .tagged--missing { color: $warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    def __init__(self, slots: Slots, *, id: str | None = None):
        super().__init__(id=id)
        self.slots = slots
        self.stacks: tuple[Stack, ...] = ()
        self._lines: list[Line] = []
        self._laid = 0  # width the lines were laid out for
        self._styles: dict[Look, Style] = {}

    def show(self, stacks: Sequence[Stack]) -> None:
        """Show these; where one has scrolled to stays as long as the tokens do."""
        before, self.stacks = self.stacks, tuple(stacks)
        if before == self.stacks:
            return
        self._lay_out()
        if [each.tokens for each in before] != [each.tokens for each in self.stacks]:
            self.scroll_home(animate=False)

    def _lay_out(self) -> None:
        self._laid = self.size.width
        self._lines = []
        for stack in self.stacks:
            if self._lines:
                self._lines.append(())
            self._lines += lay_out(stack, max(1, self._laid), ascii=self._ascii)
        self.virtual_size = Size(self._laid, len(self._lines))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        if self._laid != self.size.width:
            self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = {}

    @property
    def _ascii(self) -> bool:
        return bool(getattr(self.app, "ascii", False))

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        number = y + self.scroll_offset.y
        if number >= len(self._lines):
            return Strip.blank(width, base)
        segments = [Segment(text, base + self._style(look)) for text, look in self._lines[number]]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, look: Look) -> Style:
        if look not in self._styles:
            self._styles[look] = self._made(look)
        return self._styles[look]

    def _made(self, look: Look) -> Style:
        dark = self.app.current_theme.dark
        style = Style()
        if look.kind in ("gutter", "differs", "missing"):
            return self.part(f"tagged--{look.kind}")
        if look.kind in ("label", "same"):
            return label_style(self.slots.of(look.type), dark=dark)
        if look.kind == "word" and look.type:
            style = word_style(self.slots.of(look.type), dark=dark, ground=self.behind.hex)
        if look.unknown:
            style = (self.part("tagged--unknown") if not look.type else Style(italic=True)) + style
        return style + Style(underline=True) if look.least else style
