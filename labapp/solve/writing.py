"""Solved problems as text, with a table of beams and the best one worked out, or as JSON; written as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from labapp.output import table
from labapp.play import writing
from labapp.solve.beams import NOTHING, rows_of, value_of
from labapp.solve.problem import lettered
from labapp.solve.replies import Beam, Solved
from labapp.solve.worked import work_out

WIDTH = 100  # cells, where there is no terminal
STYLES = {
    "number": "bold green", "letter": "green", "unknown": "italic", "head": "bold", "dim": "dim", "value": "bold",
    "note": "yellow", "trouble": "red",
}  # fmt: skip


class Writer(writing.Writer):
    """Writes problems to a stream, with so many of their beams; None is all of them."""

    def __init__(self, stream: IO[str], *, best: int | None):
        super().__init__(stream)
        self.best = best

    def write(self, solved: Solved) -> None:
        raise NotImplementedError


class TextWriter(Writer):
    """The problem with its numbers lettered, its beams, the best of them step by step."""

    def __init__(self, stream: IO[str], *, best: int | None):
        super().__init__(stream, best=best)
        self.console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self.width = min(WIDTH, self.console.width) if self.console.is_terminal else WIDTH

    def write(self, solved: Solved) -> None:
        if self.written:
            self.stream.write("\n")
        self._lines(lettered(solved.problem, solved.words, self.width))
        rows = rows_of(solved.beams[: self.best], typed=solved.typed)
        shown = [(row.name, f"{row.beam.score:.2f}", row.beam.program, said_of(row.beam)) for row in rows]
        if shown:
            self.stream.write("\n")
            table(("#", "score", "program", "value"), shown, right=("#", "score"), file=self.stream)
        if solved.beams:
            self.stream.write("\n")
            self._lines(work_out(solved, solved.beams[0], None, self.width))
        self.written = True

    def _lines(self, lines: Sequence[Sequence[tuple[str, Any]]]) -> None:
        for line in lines:
            text = Text.assemble(*((piece, STYLES.get(kind, "")) for piece, kind in line), end="")
            if self.console.is_terminal:
                self.console.print(text, soft_wrap=True)
            else:
                self.stream.write(text.plain.rstrip() + "\n")


class JsonLinesWriter(writing.LinesWriter, Writer):
    """An object a line."""

    def write(self, solved: Solved) -> None:
        self.element(as_json(solved, self.best))


class JsonWriter(writing.ArrayWriter, Writer):
    """One array."""

    def write(self, solved: Solved) -> None:
        self.element(as_json(solved, self.best))


FORMATS: dict[str, type[Writer]] = {"text": TextWriter, "json": JsonLinesWriter}


def said_of(beam: Beam) -> str:
    """Its value, or why it has none."""
    return value_of(beam) if beam.value is not None else beam.error or NOTHING


def as_json(solved: Solved, best: int | None) -> dict[str, Any]:
    """A problem as other programs read it, the best beam first."""
    found: dict[str, Any] = {
        "problem": solved.problem, "numbers": solved.numbers, "beams": list(map(beam_json, solved.beams[:best])),
    }  # fmt: skip
    return found | ({"typed": beam_json(solved.typed)} if solved.typed else {})


def beam_json(beam: Beam) -> dict[str, Any]:
    return {
        "program": beam.program, "score": beam.score, "log_prob": beam.log_prob, "value": beam.value,
        "error": beam.error, "steps": [vars(step) for step in beam.steps],
        **({"unknown": beam.unknown} if beam.unknown else {}),
    }  # fmt: skip
