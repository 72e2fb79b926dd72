"""From tokens and tags to numbers. Torch-free."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.ner.corpus import OUTSIDE, Sentence

PADDING, UNKNOWN = 0, 1  # of words, of characters
DIGIT = re.compile(r"\d")

# What is told of a word's capitals and digits, where a network is given it; 0 is padding.
CASES = ("padding", "lower", "Capital", "CAPITALS", "miXed", "digits", "with digits", "no letters")


@dataclass(frozen=True)
class Vocabulary:
    """What is known: words as they are looked up, characters, tags. Numbers 0 and 1 are padding and the unknown."""

    words: tuple[str, ...]
    rare: frozenset[str]  # words seen once in training
    characters: tuple[str, ...]
    types: tuple[str, ...]
    fold_case: bool
    zero_digits: bool

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """O, then B- and I- of each type: tag 2k + 1 begins type k, 2k + 2 continues it."""
        return (OUTSIDE, *(f"{prefix}-{name}" for name in self.types for prefix in "BI"))

    @cached_property
    def word_numbers(self) -> Mapping[str, int]:
        return {word: number for number, word in enumerate(self.words, 2)}

    @cached_property
    def character_numbers(self) -> Mapping[str, int]:
        return {character: number for number, character in enumerate(self.characters, 2)}

    @cached_property
    def tag_numbers(self) -> Mapping[str, int]:
        return {tag: number for number, tag in enumerate(self.tags)}

    def look_up(self, token: str) -> str:
        return folded(token, self.fold_case, self.zero_digits)

    def word(self, token: str) -> int:
        return self.word_numbers.get(self.look_up(token), UNKNOWN)

    def spelling(self, token: str, most: int) -> list[int]:
        """Characters as numbers, at most `most`: half of them from the beginning and half from the end."""
        shown = token if len(token) <= most else token[: most - most // 2] + token[-(most // 2) :]
        return [self.character_numbers.get(character, UNKNOWN) for character in shown] or [UNKNOWN]


def folded(token: str, fold_case: bool, zero_digits: bool) -> str:
    """A token as it is looked up."""
    token = token.lower() if fold_case else token
    return DIGIT.sub("0", token) if zero_digits else token


def case_of(token: str) -> int:
    """Which of CASES a token is."""
    letters = [each for each in token if each.isalpha()]
    if any(each.isdigit() for each in token):
        return CASES.index("with digits" if letters else "digits")
    if not letters:
        return CASES.index("no letters")
    if token.islower() or not any(each.isupper() for each in letters):
        return CASES.index("lower")
    if token.isupper():
        return CASES.index("CAPITALS" if len(letters) > 1 else "Capital")
    return CASES.index("Capital" if token[0].isupper() and token[1:].islower() else "miXed")


def count_words(sentences: Iterable[Sentence], fold_case: bool, zero_digits: bool) -> Counter[str]:
    counts = Counter(token for sentence in sentences for token in sentence.tokens)
    found: Counter[str] = Counter()
    for token, count in counts.items():
        found[folded(token, fold_case, zero_digits)] += count
    return found


def build(
    sentences: Sequence[Sentence], types: Sequence[str], *, fold_case: bool, zero_digits: bool, min_count: int,
    extra: Iterable[str] = (),
) -> Vocabulary:  # fmt: skip
    """What a training split knows, commonest words first; `extra` words are known besides."""
    counts = count_words(sentences, fold_case, zero_digits)
    seen = [word for word, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count >= min_count]
    others = (folded(word, fold_case, zero_digits) for word in extra)
    words = dict.fromkeys([*seen, *(word for word in others if counts.get(word, min_count) >= min_count)])
    spelled = Counter(character for token in {t for each in sentences for t in each.tokens} for character in token)
    characters = sorted(character for character, count in spelled.items() if count > 1)  # the others teach the unknown
    rare = frozenset(word for word in seen if counts[word] == 1)
    return Vocabulary(tuple(words), rare, tuple(characters), tuple(types), fold_case, zero_digits)
