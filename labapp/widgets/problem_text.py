"""A problem with its numbers lettered; it is as high as it needs to be, and scrolls where that is too high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult, RenderResult
from textual.containers import VerticalScroll
from textual.geometry import Size

from labapp.solve.problem import Line, Word, lettered
from labapp.widgets.parts import Parts


class ProblemText(VerticalScroll, can_focus=False):
    """`show` is all that is to be said to it."""

    DEFAULT_CSS = "ProblemText { height: auto; scrollbar-size-vertical: 1; }"

    def compose(self) -> ComposeResult:
        yield Lettered()

    def show(self, problem: str, words: Sequence[Word], above: str = "") -> None:
        """`above` is the text that stands right above it: what is the same is not said twice."""
        lettered = self.query_one(Lettered)
        if (problem, tuple(words), above) != (lettered.problem, lettered.words, lettered.above):
            same = problem == lettered.problem
            lettered.problem, lettered.words, lettered.above = problem, tuple(words), above
            lettered.refresh(layout=True)
            if not same:
                self.scroll_home(animate=False)


class Lettered(Parts):
    """All of its lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lettered--{kind}" for kind in ("number", "letter", "unknown")}
    DEFAULT_CSS = """
    Lettered {
        width: 1fr; height: auto; padding: 0 1;
        & > .lettered--number { color: $accent; text-style: bold; }
        & > .lettered--letter { color: $accent; }
        & > .lettered--unknown { color: $foreground 60%; text-style: italic; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        self.words: tuple[Word, ...] = ()
        self.above = ""
        self._laid: tuple[object, list[Line]] = None, []

    def lines(self, width: int) -> list[Line]:
        ascii = bool(getattr(self.app, "ascii", False))
        what = self.problem, self.words, self.above, width
        if self._laid[0] != what:
            lines = lettered(self.problem, self.words, width, ascii=ascii)
            if lines and "".join(text for text, _ in lines[0]) == self.above:  # all of it, and it fits
                del lines[0]
            self._laid = what, lines
        return self._laid[1]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render(self) -> RenderResult:
        text = Text(no_wrap=True, end="")
        for number, line in enumerate(self.lines(self.size.width)):
            text.append("\n" if number else "")
            for piece, kind in line:
                text.append(piece, self.part(f"lettered--{kind}") if kind else None)
        return text
