"""The numbers of a word problem, and the problem as words around them. Torch-free.

By the rules of the MathQA evaluator: commas inside of numbers are removed first; then every match of
`[-+]?\\d*\\.\\d+|\\d+` is a number, in order: n0, n1, ... A sign belongs to a number only before a decimal fraction.

Which commas are inside of a number? Those of thousands (12,500) and of lakhs (1,25,000); "6,12 days" and "( 2,0 )" have
two numbers each, as they mean. On the corpus this cannot be told from removing every comma between two digits: 19 of
its 23,752 problems differ in their numbers, none in the value of its program. With all commas left in, 211 programs
have a wrong value.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

GROUPED = re.compile(r"(?<!\d)(?<!\d[.,])\d{1,3}(?:,\d\d)*(?:,\d{3})+(?!,?\d)")
NUMBER = re.compile(r"[-+]?\d*\.\d+|\d+")  # digits of any script, as in the evaluator
LARGEST = sys.float_info.max  # stands for what is larger; a program that uses it has no value
MASK = "num"  # stands for every number where two problems are compared

# Between numbers, as in the corpus: letters, and signs by themselves. jim ' s, do n ' t, x ^ 2, cm ² and a gap ____
FRACTIONS_AND_POWERS = "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u218b"
LETTER = rf"[^\W\d_{FRACTIONS_AND_POWERS}]"
WORD = re.compile(rf"{LETTER}+?(?=n't(?!{LETTER}))|{LETTER}+|_+|\S", re.IGNORECASE)
TYPED = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2212", "''\"\"---")  # quotes and dashes as most have them


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
    return tuple(_value(match.group()) for match in NUMBER.finditer(without_commas(problem)))


def without_commas(problem: str) -> str:
    """Without the commas inside of numbers: 1,600 -> 1600."""
    return GROUPED.sub(lambda match: match.group().replace(",", ""), problem)


def masked(problem: str) -> str:
    """What two problems share that differ in their numbers alone: the `novel` ones of a split are in no other by it."""
    plain = NUMBER.sub(MASK, without_commas(problem.lower()))
    return " ".join(plain.split())


def read(problem: str) -> Reading:
    """Words and numbers of a problem, whether written with spaces around everything or as one writes.

    Every character but white space is in one word. No word but a number has a digit: none can be taken for an nK.
    """
    plain = without_commas(problem)
    places = kept_places(problem)
    text = plain.translate(TYPED)
    words: list[Word] = []
    numbers: list[float] = []
    position = 0
    for match in NUMBER.finditer(plain):
        words += _between(text, position, match.start(), places)
        start, end = places[match.start()], places[match.end() - 1] + 1
        words.append(Word(match.group(), start, end, len(numbers)))
        numbers.append(_value(match.group()))
        position = match.end()
    words += _between(text, position, len(plain), places)
    return Reading(tuple(words), tuple(numbers))


def kept_places(problem: str) -> list[int]:
    """Where each character of the problem without commas stands in the problem."""
    dropped = {
        place
        for match in GROUPED.finditer(problem)
        for place in range(match.start(), match.end())
        if problem[place] == ","
    }
    return [place for place in range(len(problem)) if place not in dropped]


def _value(digits: str) -> float:
    return max(-LARGEST, min(float(digits), LARGEST))


def _between(text: str, start: int, end: int, places: list[int]) -> list[Word]:
    return [
        Word(match.group().lower(), places[match.start()], places[match.end() - 1] + 1)
        for match in WORD.finditer(text, start, end)
    ]
