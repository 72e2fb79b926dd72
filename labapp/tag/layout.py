"""A stack laid out in cells: words, and below them the rows with the type of every entity under its words.

    Barack Obama visited the U.N.    in Paris   .
    per .99─────             org .84    geo .98
    per───────── ··········· org════    geo────

A label begins where its entity does and a line goes on below the rest of it, so that it is read without colours: a
thin line where the row agrees with the first one, a double one where it does not, dots where the first row has an
entity and this one none. Lines are broken where no entity is cut, as far as that can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from labapp.fit import fit, tidy
from labapp.play.words import short
from labapp.tag.spans import Span
from labapp.tag.stack import Row, Stack

MOST_TYPE = 12  # cells of a type's name
GUTTER = 9  # cells at the left: whose row it is, and how likely it is
NARROW = 36  # cells from which there is a gutter
THIN, DOUBLE, DOTS = "─", "═", "·"
ASCII = {THIN: "-", DOUBLE: "=", DOTS: "."}
UNKNOWN, UNKNOWN_ASCII = "°", "*"  # behind a word that the vocabulary has not


@dataclass(frozen=True)
class Look:
    """What a piece of a line is: gap, gutter, word, label (of the first row), same, differs or missing."""

    kind: str = "gap"
    type: str = ""  # of the entity it belongs to
    unknown: bool = False
    least: bool = False


Piece = tuple[str, Look]
Line = tuple[Piece, ...]
GAP = Look()


def label(span: Span) -> str:
    return fit_type(span.type) + short(span.probability)


def fit_type(name: str) -> str:
    """A type's name in few cells."""
    name = tidy(name) or "?"
    return name if cell_len(name) <= MOST_TYPE else fit(name, MOST_TYPE)


def lay_out(stack: Stack, width: int, *, ascii: bool = False) -> list[Line]:
    """The lines of a stack, a blank one between those that had to be broken."""
    gutter = GUTTER if width >= NARROW else 0
    columns = Columns(stack, max(1, width - gutter), ascii=ascii)
    lines: list[Line] = []
    for first, last in columns.broken():
        if lines:
            lines.append(())
        lines.append(((" " * gutter, GAP), *columns.words(first, last)))
        for number, row in enumerate(stack.rows):
            head = fit(fit(row.name, 4) + short(row.probability), gutter, ascii=ascii) if gutter else ""
            lines.append(((head, Look("gutter")), *columns.row(number, first, last)))
    return lines


class Columns:
    """Where each token begins and how many cells it has: as many as its word, and as the labels below need."""

    def __init__(self, stack: Stack, room: int, *, ascii: bool):
        self.stack, self.room, self.ascii = stack, room, ascii
        mark = UNKNOWN_ASCII if ascii else UNKNOWN
        self.shown = [
            shown_in((tidy(token).strip() or "?") + (mark if unknown else ""), room, ascii=ascii)
            for token, unknown in zip(stack.tokens, stack.unknown, strict=True)
        ]
        self.widths = [max(1, cell_len(word)) for word in self.shown]
        self.agreed = {span.what for span in stack.rows[0].spans}
        self.gaps = [0 if glued else 1 for glued in stack.glued]
        for row in stack.rows:
            ends = {span.end for span in row.spans}
            for span in row.spans:
                if span.start in ends:  # else two labels would stand side by side
                    self.gaps[span.start] = 1
        for row in stack.rows:
            for span in row.spans:
                have = sum(self.widths[span.start : span.end]) + sum(self.gaps[span.start + 1 : span.end])
                needed = cell_len(label(span)) + (span.what not in self.agreed)  # the sign that it differs is seen
                self.widths[span.end - 1] += max(0, min(room, needed) - have)
        self.starts = [0]  # where each token begins, were they all on one line
        for place in range(1, len(self.widths)):
            self.starts.append(self.starts[-1] + self.widths[place - 1] + self.gaps[place])
        self.owners = [owners(row, len(stack.tokens)) for row in stack.rows]

    def across(self, first: int, last: int) -> int:
        """Cells of some tokens with what stands between them."""
        return self.starts[last - 1] + self.widths[last - 1] - self.starts[first]

    def broken(self) -> Iterator[tuple[int, int]]:
        """First and last token (exclusive) of each line."""
        first = last = 0
        for start, end in self.together():
            if first < start and self.across(first, end) > self.room:
                yield first, start
                first = start
            last = end
            while self.across(first, last) > self.room and last - first > 1:  # an entity longer than a line
                cut = first + 1
                while self.across(first, cut + 1) <= self.room:
                    cut += 1
                yield first, cut
                first = cut
        if first < last:
            yield first, last

    def together(self) -> Iterator[tuple[int, int]]:
        """Runs of tokens between which no line should be broken."""
        start = 0
        for place in range(1, len(self.stack.tokens) + 1):
            held = place < len(self.stack.tokens) and (
                not self.gaps[place]
                or any(each[place] is not None and each[place] is each[place - 1] for each in self.owners)
            )
            if not held:
                yield start, place
                start = place

    # -- pieces of a line

    def words(self, first: int, last: int) -> Iterator[Piece]:
        owner = self.owners[0]
        for place in range(first, last):
            span = owner[place]
            inside = span is not None and place > first and owner[place - 1] is span
            kind = span.type if span is not None else ""
            if place > first and self.gaps[place]:
                yield " ", Look("word", kind) if inside else GAP
            word, unknown = self.shown[place], self.stack.unknown[place]
            yield word, Look("word", kind, unknown, place == self.stack.least)
            if padding := self.widths[place] - cell_len(word):
                goes_on = span is not None and place + 1 < min(last, span.end)
                yield " " * padding, Look("word", kind) if goes_on else GAP

    def row(self, number: int, first: int, last: int) -> Iterator[Piece]:
        owner, reference = self.owners[number], self.owners[0]
        place = first
        while place < last:
            if place > first and self.gaps[place]:
                yield " ", GAP
            span = owner[place]
            if span is None:
                missing = number > 0 and reference[place] is not None
                sign = self.sign(DOTS) if missing else " "
                yield sign * self.widths[place], Look("missing" if missing else "gap")
                place += 1
                continue
            end = min(span.end, last)
            differs = span.what not in self.agreed
            kind = "differs" if differs else "same" if number else "label"
            across = self.across(place, end)
            text = fit_in(label(span), across, ascii=self.ascii)
            rule = self.sign(DOUBLE if differs else THIN)
            yield text + rule * (across - cell_len(text)), Look(kind, span.type)
            place = end

    def sign(self, sign: str) -> str:
        return ASCII[sign] if self.ascii else sign


def owners(row: Row, count: int) -> list[Span | None]:
    """The entity each token belongs to."""
    found: list[Span | None] = [None] * count
    for span in row.spans:
        for place in range(span.start, span.end):
            found[place] = span
    return found


def fit_in(text: str, room: int, *, ascii: bool) -> str:
    """A text in at most so many cells; not padded."""
    return text if cell_len(text) <= room else fit(text, room, ascii=ascii)


def shown_in(word: str, room: int, *, ascii: bool) -> str:
    """A word in at most so many cells; a sign for one of which nothing can be seen there, such as a wide character."""
    return fit_in(word, room, ascii=ascii).rstrip() or "?"
