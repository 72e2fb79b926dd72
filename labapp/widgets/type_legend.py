"""Which colour is which type of entity, and what the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import RenderResult
from textual.geometry import Size

from labapp.tag.colours import Slots, word_style
from labapp.tag.layout import fit_type
from labapp.widgets.parts import Parts

BETWEEN = 2  # cells


class TypeLegend(Parts):
    """As many lines as it takes; what is one thing is never broken."""

    def __init__(self, slots: Slots, *, id: str | None = None):
        super().__init__(id=id)
        self.slots = slots
        self.types: tuple[str, ...] = ()
        self.marks: tuple[str, ...] = ()

    def show(self, types: Sequence[str], marks: Sequence[str]) -> None:
        found = tuple(types), tuple(marks)
        if found != (self.types, self.marks):
            self.types, self.marks = found
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.lines(width)))

    def render(self) -> RenderResult:
        return Text("\n").join(self.lines(self.size.width))

    def lines(self, width: int) -> list[Text]:
        dark, ground = self.app.current_theme.dark, self.behind.hex
        parts = [
            Text(f" {fit_type(kind)} ", word_style(self.slots.of(kind), dark=dark, ground=ground))
            for kind in self.types
        ]
        parts += [Text(mark, "dim") for mark in self.marks]
        lines = [Text(no_wrap=True, overflow="ellipsis")]
        for part in parts:
            if lines[-1] and lines[-1].cell_len + BETWEEN + part.cell_len > width:
                lines.append(Text(no_wrap=True, overflow="ellipsis"))
            if lines[-1]:
                lines[-1].append(" " * BETWEEN)
            lines[-1].append_text(part)
        return lines
