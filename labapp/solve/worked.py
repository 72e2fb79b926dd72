"""A program worked out, laid out in cells: its steps, what they come to, and beside them the attention of each.

#0 add(n0,n2)               360 + 140     = 500      a train [360] m long ... platform [140] m long
   add 360 and 140
#1 multiply(n1,const_0_2778)  45 * 0.2778 = 12.501   runs at [45] [km]/h
   multiply 45 by 0.2778
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from engine.mathqa.programs import ProgramError, parse, text_of
from labapp.fit import fit, tidy
from labapp.solve.beams import figure
from labapp.solve.heat import Strip, Warm, strips
from labapp.solve.replies import Beam, Solved, Step

MOST_STEP, MOST_FORMULA = 0.26, 0.3  # of the width
LEAST_STRIP = 20  # cells: with less there is none
SHARE = 0.62  # of the width that the steps take, at most, where there is a strip
BETWEEN = 3  # cells between steps and strips
INDENT = 3  # cells before words
LEAST = 44  # cells that the steps may have, as far as their share allows
LINES = 2  # of a strip at least

Piece = tuple[str, str | float]  # a text, and its kind, or its heat: its share of the step's heaviest weight
Line = tuple[Piece, ...]


def work_out(
    solved: Solved, beam: Beam, attention: Sequence[Sequence[float]] | None, width: int, *,
    plain: bool = False, ascii: bool = False,
) -> list[Line]:  # fmt: skip
    """The lines of a program. `plain`: what is strong in a strip stands in brackets, for there are no colours."""
    columns = Columns(beam, width, bool(attention), ascii=ascii)
    lines: list[Line] = []
    for number, step in enumerate(beam.steps):
        left = list(columns.step(number, step))
        weights = attention[number] if attention is not None and number < len(attention) else None
        right: list[Strip] = []
        if weights is not None and columns.strip:
            most = max(LINES, len(left))
            right = strips(solved.problem, solved.words, weights, columns.strip, most, plain=plain, ascii=ascii)
        lines += [columns.beside(*pair) for pair in zip_longest(left, right)]
        if step.note:
            lines += [((" " * INDENT, ""), (line, "note")) for line in folded(f"! {step.note}", width - INDENT)]
    if beam.error and not any(step.error for step in beam.steps):
        lines += [((f" {line}", "trouble"),) for line in folded(beam.error, width - 1)]
    return lines


class Columns:
    """How wide what is, for all the steps of a program."""

    def __init__(self, beam: Beam, width: int, strip: bool, *, ascii: bool):
        self.ascii = ascii
        self.said = steps_of(beam)
        self.width = width
        self.reference = max((cell_len(tidy(step.reference)) for step in beam.steps), default=0)
        formulas = [cell_len(tidy(step.formula)) for step in beam.steps]
        values = [cell_len(result(step)) for step in beam.steps if not step.error]
        self.step_width = min(max(map(cell_len, self.said), default=0), max(12, int(MOST_STEP * width)))
        self.formula = min(max(formulas, default=0), max(10, int(MOST_FORMULA * width)))
        self.value = max(values, default=0)
        needed = max(LEAST, 1 + self.reference + 1 + self.step_width + 2 + self.formula + 1 + self.value)
        room = width - min(needed, int(SHARE * width)) - BETWEEN
        self.strip = room if strip and room >= LEAST_STRIP else 0
        self.left = width - self.strip - BETWEEN if self.strip else width

    def step(self, number: int, step: Step) -> Iterator[Line]:
        """Its line, and the words below it."""
        head = self.fit(f" {tidy(step.reference)}", self.reference + 1)
        said = self.fit(self.said[number], self.step_width)
        formula = self.fit(tidy(step.formula), self.formula)
        if step.error:
            yield (head, "head"), (f" {said}  ", ""), (tidy(step.formula), "dim")
            yield from (((" " * INDENT, ""), (line, "trouble")) for line in folded(step.error, self.left - INDENT))
            return
        yield (head, "head"), (f" {said}  ", ""), (formula + " ", "dim"), (result(step), "value")
        words = tidy(step.words)
        yield from (((" " * INDENT, ""), (line, "dim")) for line in folded(words, self.left - INDENT))

    def beside(self, left: Line | None, right: Strip | None) -> Line:
        """A line of a step with a line of its strip."""
        left = left or ()
        if not right:
            return left
        missing = self.left - sum(cell_len(text) for text, _ in left)
        if missing < 0:  # a step that needs more than its share
            left, missing = cropped(left, self.left, self.ascii), 0
        return (*left, (" " * (missing + BETWEEN), ""), *map(warm, right))

    def fit(self, text: str, width: int) -> str:
        return fit(text, width, ascii=self.ascii)


def warm(piece: Warm) -> Piece:
    return piece.text, "" if piece.heat is None else piece.heat


def cropped(line: Line, width: int, ascii: bool) -> Line:
    """A line in so many cells."""
    found: list[Piece] = []
    for text, kind in line:
        room = width - sum(cell_len(each) for each, _ in found)
        if room <= 0:
            break
        found.append((text if cell_len(text) <= room else fit(text, room, ascii=ascii), kind))
    return tuple(found)


def result(step: Step) -> str:
    return "" if step.value is None else f"= {figure(step.value)}"


def steps_of(beam: Beam) -> list[str]:
    """Each step as it stands in the program; where that is none, its operation."""
    try:
        found = [text_of([step]) for step in parse(beam.program)]
    except ProgramError:
        found = []
    return [found[n] if n < len(found) else tidy(step.operation) for n, step in enumerate(beam.steps)]


def folded(text: str, width: int) -> list[str]:
    """Words in lines of so many cells; of wide characters fewer go into one than would fit."""
    return textwrap.wrap(tidy(text), max(8, width)) if text else []
