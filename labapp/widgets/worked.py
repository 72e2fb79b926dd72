"""A program step by step, and beside each step the problem shaded by the attention. Only what is on screen is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style

from labapp.solve.replies import Beam, Solved
from labapp.solve.worked import Line, work_out
from labapp.widgets.blocks import plain
from labapp.widgets.laid import Laid

SHADES = 8  # of heat, besides none
HOTTEST = 0.85  # of the way from the background to the colour of heat


class Worked(Laid[str | float]):
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

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.solved: Solved | None = None
        self.beam: Beam | None = None
        self.attention: Sequence[Sequence[float]] | None = None

    def show(self, solved: Solved | None, beam: Beam | None, attention: Sequence[Sequence[float]] | None) -> None:
        """Show this program; where one has scrolled to stays as long as it is the same one."""
        if (self.solved, self.beam, self.attention) == (solved, beam, attention):
            return
        another = beam != self.beam
        self.solved, self.beam, self.attention = solved, beam, attention
        self.lay_out()
        if another:
            self.scroll_home(animate=False)

    def laid_out(self, width: int, *, ascii: bool) -> Sequence[Line]:
        if self.solved is None or self.beam is None:
            return ()
        return work_out(self.solved, self.beam, self.attention, width, plain=plain(self.app), ascii=ascii)

    def style_of(self, look: str | float) -> Style:
        """Of a kind of text, or of a word by its heat, which has few shades."""
        return super().style_of(look if isinstance(look, str) else round(SHADES * look) / SHADES)

    def made(self, look: str | float) -> Style:
        if isinstance(look, str):
            return self.part(f"worked--{look}") if look else Style()
        if plain(self.app):
            return Style(bold=True) if look >= 0.5 else Style()
        if not look:
            return self.part("worked--dim")
        ground = self.behind.blend(self.get_component_styles("worked--heat").color, HOTTEST * look)
        letters = ground.get_contrast_text(1.0)
        return Style(color=letters.rich_color, bgcolor=ground.rich_color)
