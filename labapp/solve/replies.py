"""What the inference process answers on problems, checked and typed: what is not as agreed is an error with words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labapp.play.parts import (
    count_of,
    flag_of,
    fraction_of,
    list_of,
    made,
    number_of,
    number_or_none,
    numbers_of,
    table_of,
    text_of,
    text_or_none,
)

WIDEST = 64  # hypotheses, the widest beam there is


@dataclass(frozen=True)
class Word:
    """A word of a problem and its place in the text; `number`: it is nK."""

    text: str
    start: int
    end: int
    number: int | None = None
    known: bool = True  # whether the vocabulary has it


@dataclass(frozen=True)
class Step:
    """One step worked out. `note` says where the rule is wrong by definition."""

    reference: str
    operation: str
    formula: str
    value: float | None
    error: str | None
    words: str
    note: str


@dataclass(frozen=True)
class Beam:
    """A program, how likely it is, and what it comes to; `error` is why it comes to nothing."""

    program: str
    score: float  # length-normalised log-probability
    log_prob: float
    value: float | None
    error: str | None
    steps: tuple[Step, ...]
    unknown: tuple[str, ...] = ()  # of its tokens, those that training never saw

    @property
    def probability(self) -> float:
        """Of the whole program."""
        return math.exp(min(0.0, self.log_prob)) if not math.isnan(self.log_prob) else math.nan


@dataclass(frozen=True)
class Solved:
    """A problem with the programs found for it, best first; `typed` is the one the user typed."""

    problem: str
    words: tuple[Word, ...]
    numbers: tuple[float, ...]
    beams: tuple[Beam, ...] = ()
    typed: Beam | None = None


@dataclass(frozen=True)
class Settings:
    """How it was searched, and whether the network can say what it looked at."""

    beam: int
    grammar: bool
    attention: bool


@dataclass(frozen=True)
class Solving:
    """Problems, solved."""

    settings: Settings
    problems: tuple[Solved, ...]


@dataclass(frozen=True)
class Example:
    """A problem of a split, with the program that stands there and the right answer."""

    solved: Solved
    index: int  # in the split
    gold: Beam
    answer: float
    correct: bool  # the best beam's value
    novel: bool  # no training problem is the same but for its numbers


@dataclass(frozen=True)
class Examples:
    """Some problems of a split, in an order that has `total` of them."""

    settings: Settings | None
    split: str
    order: str
    total: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Attending:
    """A program and, for each of its steps, the attention over the problem's words; None where the network has none."""

    solved: Solved
    beam: Beam
    attention: tuple[tuple[float, ...], ...] | None


def solving_of(raw: Any) -> Solving:
    return made("solution", lambda: _solving(table_of(raw)))


def examples_of(raw: Any) -> Examples:
    return made("examples", lambda: _examples(table_of(raw)))


def attending_of(raw: Any) -> Attending:
    return made("attention", lambda: _attending(table_of(raw)))


def _settings(raw: dict[str, Any]) -> Settings:
    beam = count_of(raw["beam"])
    if not 1 <= beam <= WIDEST:
        raise ValueError(f"a beam of {beam}")
    return Settings(beam, flag_of(raw["grammar"]), flag_of(raw["attention"]))


def _solving(raw: dict[str, Any]) -> Solving:
    return Solving(_settings(raw), tuple(_solved(table_of(each)) for each in list_of(raw["problems"])))


def _examples(raw: dict[str, Any]) -> Examples:
    return Examples(
        settings=_settings(raw) if "beam" in raw else None,
        split=text_of(raw["split"]),
        order=text_of(raw["order"]),
        total=count_of(raw["total"]),
        examples=tuple(_example(table_of(each)) for each in list_of(raw["problems"])),
    )


def _example(raw: dict[str, Any]) -> Example:
    return Example(
        solved=_solved(raw),
        index=count_of(raw["index"]),
        gold=_beam(table_of(raw["gold"])),
        answer=number_of(raw["answer"]),
        correct=flag_of(raw["correct"]),
        novel=flag_of(raw["novel"]),
    )


def _attending(raw: dict[str, Any]) -> Attending:
    solved = _solved(table_of(raw["problem"]))
    rows = raw["attention"]
    return Attending(
        solved=solved,
        beam=_beam(table_of(raw["beam"])),
        attention=None if rows is None else tuple(_weights(row, solved.words) for row in list_of(rows)),
    )


def _weights(raw: Any, words: Sequence[Word]) -> tuple[float, ...]:
    found = tuple(map(fraction_of, list_of(raw)))
    if len(found) != len(words):
        raise ValueError(f"{len(found)} weights for {len(words)} words")
    return found


def _solved(raw: dict[str, Any]) -> Solved:
    problem, numbers = text_of(raw["problem"]), numbers_of(raw["numbers"])
    typed = raw.get("typed")
    return Solved(
        problem=problem,
        words=_words(raw["words"], problem, len(numbers)),
        numbers=numbers,
        beams=tuple(_beam(table_of(each)) for each in list_of(raw.get("beams") or [])),
        typed=None if typed is None else _beam(table_of(typed)),
    )


def _words(raw: Any, problem: str, numbers: int) -> tuple[Word, ...]:
    """In order, none over another, all of them in the problem."""
    found: list[Word] = []
    for each in map(table_of, list_of(raw)):
        start, end = count_of(each["start"]), count_of(each["end"])
        if not (found[-1].end if found else 0) <= start < end <= len(problem):
            raise ValueError(f"a word from character {start} to {end} of {len(problem)}")
        number = None if each.get("number") is None else count_of(each["number"])
        if number is not None and number >= numbers:
            raise ValueError(f"n{number} of {numbers} numbers")
        found.append(Word(text_of(each["text"]), start, end, number, flag_of(each.get("known", True))))
    return tuple(found)


def _beam(raw: dict[str, Any]) -> Beam:
    value, error = number_or_none(raw["value"]), text_or_none(raw["error"])
    return Beam(
        program=text_of(raw["program"]),
        score=number_of(raw["score"]),
        log_prob=number_of(raw["log_prob"]),
        value=value if value is None or math.isfinite(value) else None,
        error=error or (None if value is not None and math.isfinite(value) else "it comes to no number"),
        steps=tuple(_step(table_of(each)) for each in list_of(raw.get("steps") or [])),
        unknown=tuple(map(text_of, list_of(raw.get("unknown") or []))),
    )


def _step(raw: dict[str, Any]) -> Step:
    return Step(
        reference=text_of(raw["reference"]),
        operation=text_of(raw["operation"]),
        formula=text_of(raw["formula"]),
        value=number_or_none(raw["value"]),
        error=text_or_none(raw["error"]),
        words=text_of(raw["words"]),
        note=text_of(raw.get("note") or ""),
    )
