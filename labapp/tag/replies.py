"""What the inference process answers on sentences, checked and typed: what is not as agreed is an error with words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labapp.play.parts import count_of, flag_of, fraction_of, list_of, made, table_of, text_of
from labapp.tag.spans import Span


@dataclass(frozen=True)
class Second:
    """The second-best tagging of a sentence."""

    tags: tuple[str, ...]
    probability: float


@dataclass(frozen=True)
class Sentence:
    """A sentence and how a run tags it. `offsets` are characters in the text, none where tokens were given."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    probabilities: tuple[float, ...]  # of the tags given
    known: tuple[bool, ...]  # whether the vocabulary has the word
    entities: tuple[Span, ...]
    probability: float  # of all the tags together
    offsets: tuple[tuple[int, int], ...] = ()
    second: Second | None = None

    @property
    def least(self) -> int | None:
        """The token whose tag is least certain."""
        sure = [2.0 if math.isnan(each) else each for each in self.probabilities]
        return sure.index(min(sure)) if sure and min(sure) < 2 else None


@dataclass(frozen=True)
class Tagging:
    """A text as a run tags it."""

    run: str
    types: tuple[str, ...]  # of entities, that the run knows
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Example:
    """A sentence of a split, and what stands in the corpus."""

    sentence: Sentence
    gold: tuple[str, ...]
    index: int  # in the split
    correct: bool


@dataclass(frozen=True)
class Examples:
    """Some sentences of a split, in an order that has `total` of them."""

    run: str
    split: str
    order: str
    total: int
    types: tuple[str, ...]
    examples: tuple[Example, ...]


def tagging_of(raw: Any) -> Tagging:
    return made("tagging", lambda: _tagging(table_of(raw)))


def examples_of(raw: Any) -> Examples:
    return made("examples", lambda: _examples(table_of(raw)))


def _tagging(raw: dict[str, Any]) -> Tagging:
    sentences = tuple(_sentence(table_of(each)) for each in list_of(raw["sentences"]))
    return Tagging(text_of(raw["run"]), _texts(raw["types"]), sentences)


def _examples(raw: dict[str, Any]) -> Examples:
    return Examples(
        run=text_of(raw["run"]),
        split=text_of(raw["split"]),
        order=text_of(raw["order"]),
        total=count_of(raw["total"]),
        types=_texts(raw["types"]),
        examples=tuple(_example(table_of(each)) for each in list_of(raw["sentences"])),
    )


def _example(raw: dict[str, Any]) -> Example:
    sentence = _sentence(raw)
    gold = _of_tokens(sentence.tokens, _texts(raw["gold"]))
    return Example(sentence, gold, count_of(raw["index"]), flag_of(raw["correct"]))


def _sentence(raw: dict[str, Any]) -> Sentence:
    tokens = _texts(raw["tokens"])
    known = tuple(flag_of(each) for each in list_of(raw.get("known") or [True] * len(tokens)))
    offsets = tuple(_offset(each) for each in list_of(raw.get("offsets") or []))
    second = raw.get("second")
    return Sentence(
        tokens=tokens,
        tags=_of_tokens(tokens, _texts(raw["tags"])),
        probabilities=_of_tokens(tokens, tuple(fraction_of(each) for each in list_of(raw["probabilities"]))),
        known=_of_tokens(tokens, known),
        entities=_entities(raw["entities"], len(tokens)),
        probability=fraction_of(raw["probability"]),
        offsets=_of_tokens(tokens, offsets) if offsets else (),
        second=None if second is None else _second(table_of(second), tokens),
    )


def _second(raw: dict[str, Any], tokens: Sequence[str]) -> Second:
    return Second(_of_tokens(tokens, _texts(raw["tags"])), fraction_of(raw["probability"]))


def _entities(raw: Any, tokens: int) -> tuple[Span, ...]:
    """In order, none over another."""
    found: list[Span] = []
    for each in map(table_of, list_of(raw)):
        start, end = count_of(each["start"]), count_of(each["end"])
        if not (found[-1].end if found else 0) <= start < end <= tokens:
            raise ValueError(f"an entity from token {start} to {end} of {tokens}")
        found.append(Span(text_of(each["type"]), start, end, fraction_of(each["probability"])))
    return tuple(found)


def _offset(raw: Any) -> tuple[int, int]:
    start, end = map(count_of, list_of(raw))
    if start > end:
        raise ValueError(f"a token from character {start} to {end}")
    return start, end


def _texts(raw: Any) -> tuple[str, ...]:
    return tuple(map(text_of, list_of(raw)))


def _of_tokens(tokens: Sequence[str], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """One for each token."""
    if len(values) != len(tokens):
        raise ValueError(f"{len(values)} values for {len(tokens)} tokens")
    return values
