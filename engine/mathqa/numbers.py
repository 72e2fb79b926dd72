"""The numbers of a word problem, by the rules of the MathQA evaluator, and the problem as words around them. Torch-free.

Thousands commas are removed first; then every match of `[-+]?\\d*\\.\\d+|\\d+` is a number, in order: n0, n1, ... A sign
belongs to a number only before a decimal fraction, as in the evaluator's expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
NUMBER = re.compile(r"[-+]?\d*\.\d+|\d+", re.ASCII)
MASK = "num"  # stands for every number where two problems are compared
# Between numbers: words of letters with their apostrophes inside, or single signs. The corpus has spaces between them.
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d|_+|[^\w\s]")


@dataclass(frozen=True)
class Word:
    """A word of a problem, lower-cased, and its place in the text as it was given; `number`: it is nK."""

    text: str
    start: int
    end: int
    number: int | None = None


@dataclass(frozen=True)
class Reading:
    """A problem as words, with the values of its numbers."""

    words: tuple[Word, ...]
    numbers: tuple[float, ...]


def numbers_of(problem: str) -> tuple[float, ...]:
    """The numbers of a problem, in order."""
    return tuple(float(match.group()) for match in NUMBER.finditer(without_commas(problem)))


def without_commas(problem: str) -> str:
    """Without the commas inside of numbers: 1,600 -> 1600."""
    return THOUSANDS.sub("", problem)


def masked(problem: str) -> str:
    """What two problems share that differ in their numbers alone: the `novel` ones of a split are in no other by it."""
    plain = NUMBER.sub(MASK, without_commas(problem.lower()))
    return " ".join(plain.split())


def read(problem: str) -> Reading:
    """Words and numbers of a problem, whether written with spaces around everything or as one writes."""
    plain = without_commas(problem)
    places = list(kept_places(problem))
    words: list[Word] = []
    numbers: list[float] = []
    position = 0
    for match in NUMBER.finditer(plain):
        words += _between(plain, position, match.start(), places)
        start, end = places[match.start()], places[match.end() - 1] + 1
        words.append(Word(match.group(), start, end, len(numbers)))
        numbers.append(float(match.group()))
        position = match.end()
    words += _between(plain, position, len(plain), places)
    return Reading(tuple(words), tuple(numbers))


def kept_places(problem: str) -> list[int]:
    """Where each character of the problem without commas stands in the problem."""
    dropped = {match.start() for match in THOUSANDS.finditer(problem)}
    return [place for place in range(len(problem)) if place not in dropped]


def _between(plain: str, start: int, end: int, places: list[int]) -> list[Word]:
    return [
        Word(match.group().lower(), places[match.start()], places[match.end() - 1] + 1)
        for match in WORD.finditer(plain, start, end)
    ]
