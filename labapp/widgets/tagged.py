"""Sentences with their entities as coloured spans and the types below them. Only what is on screen is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style

from labapp.tag.colours import Slots, label_style, word_style
from labapp.tag.layout import Line, Look, lay_out
from labapp.tag.stack import Stack
from labapp.widgets.laid import Laid


class Tagged(Laid[Look]):
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

    def __init__(self, slots: Slots, *, id: str | None = None):
        super().__init__(id=id)
        self.slots = slots
        self.stacks: tuple[Stack, ...] = ()

    def show(self, stacks: Sequence[Stack]) -> None:
        """Show these; where one has scrolled to stays as long as the tokens do."""
        before, self.stacks = self.stacks, tuple(stacks)
        if before == self.stacks:
            return
        self.lay_out()
        if [each.tokens for each in before] != [each.tokens for each in self.stacks]:
            self.scroll_home(animate=False)

    def laid_out(self, width: int, *, ascii: bool) -> Sequence[Line]:
        lines: list[Line] = []
        for stack in self.stacks:
            if lines:
                lines.append(())
            lines += lay_out(stack, width, ascii=ascii)
        return lines

    def made(self, look: Look) -> Style:
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
