"""A program step by step, and beside each step the problem shaded by the attention. Only what is on screen is drawn."""

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

from labapp.solve.replies import Beam, Solved
from labapp.solve.worked import Line, work_out
from labapp.widgets.blocks import plain
from labapp.widgets.parts import Parts

SHADES = 8  # of heat, besides none
HOTTEST = 0.85  # of the way from the background to the colour of heat


class Worked(Parts, ScrollView, can_focus=True):
    """Shows one program; scrolls."""

    KINDS: ClassVar[tuple[str, ...]] = ("head", "dim", "value", "note", "trouble", "heat")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"worked--{kind}" for kind in KINDS}
    DEFAULT_CSS = """
    Worked {
        height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .worked--head { color: $secondary; text-style: bold; }
        & > .worked--dim { color: $foreground 70%; }
        & > .worked--value { text-style: bold; }
        & > .worked--note { color: $warning; }
        & > .worked--trouble { color: $error; }
        & > .worked--heat { color: $warning; }
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

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.solved: Solved | None = None
        self.beam: Beam | None = None
        self.attention: Sequence[Sequence[float]] | None = None
        self._lines: list[Line] = []
        self._laid = 0  # width the lines were laid out for
        self._styles: dict[str | float, Style] = {}

    def show(self, solved: Solved | None, beam: Beam | None, attention: Sequence[Sequence[float]] | None) -> None:
        """Show this program; where one has scrolled to stays as long as it is the same one."""
        if (self.solved, self.beam, self.attention) == (solved, beam, attention):
            return
        another = beam != self.beam
        self.solved, self.beam, self.attention = solved, beam, attention
        self._lay_out()
        if another:
            self.scroll_home(animate=False)

    def _lay_out(self) -> None:
        self._laid = self.size.width
        self._lines = []
        if self.solved is not None and self.beam is not None:
            self._lines = work_out(
                self.solved, self.beam, self.attention, max(1, self._laid), plain=plain(self.app), ascii=self._ascii
            )
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
        segments = [Segment(text, base + self._style(kind)) for text, kind in self._lines[number]]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, kind: str | float) -> Style:
        """Of a kind of text, or of a word by its heat."""
        key = kind if isinstance(kind, str) else round(SHADES * kind) / SHADES
        if key not in self._styles:
            self._styles[key] = self._made(key)
        return self._styles[key]

    def _made(self, kind: str | float) -> Style:
        if isinstance(kind, str):
            return self.part(f"worked--{kind}") if kind else Style()
        if plain(self.app):
            return Style(bold=True) if kind >= 0.5 else Style()
        if not kind:
            return self.part("worked--dim")
        ground = self.behind.blend(self.get_component_styles("worked--heat").color, HOTTEST * kind)
        letters = ground.get_contrast_text(1.0)
        return Style(color=letters.rich_color, bgcolor=ground.rich_color)
