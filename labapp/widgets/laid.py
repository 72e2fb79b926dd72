"""Text laid out anew for every width, in pieces of different looks; scrolls. Only what is on screen is drawn."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.widgets.parts import Parts

LookT = TypeVar("LookT", bound=Hashable)  # what a piece of a line looks like


class Laid(Parts, ScrollView, Generic[LookT], can_focus=True):
    """Shows the lines that `laid_out` gives; how a look is drawn, `made` says once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self._lines: Sequence[Sequence[tuple[str, LookT]]] = ()
        self._laid = 0  # width the lines were laid out for
        self._styles: dict[LookT, Style] = {}

    def laid_out(self, width: int, *, ascii: bool) -> Sequence[Sequence[tuple[str, LookT]]]:
        """The lines of what is shown, in so many cells."""
        raise NotImplementedError

    def made(self, look: LookT) -> Style:
        """How a look is drawn."""
        raise NotImplementedError

    def lay_out(self) -> None:
        """Lay out what is shown now."""
        self._laid = self.size.width
        self._lines = self.laid_out(max(1, self._laid), ascii=bool(getattr(self.app, "ascii", False)))
        self.virtual_size = Size(self._laid, len(self._lines))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        if self._laid != self.size.width:
            self.lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = {}

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        number = y + self.scroll_offset.y
        if number >= len(self._lines):
            return Strip.blank(width, base)
        segments = [Segment(text, base + self.style_of(look)) for text, look in self._lines[number]]
        return Strip(segments).adjust_cell_length(width, base)

    def style_of(self, look: LookT) -> Style:
        if look not in self._styles:
            self._styles[look] = self.made(look)
        return self._styles[look]
