"""From words and program tokens to numbers. Torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.mathqa.numbers import Reading, Word
from engine.mathqa.programs import Program, tokens_of

PADDING, UNKNOWN_WORD = 0, 1  # of words
SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")  # of tokens, in the order of `models.seq2seq`
START, END, UNKNOWN = 1, 2, 3


@dataclass(frozen=True)
class Vocabulary:
    """What is known: words of problems, and tokens of programs behind the special ones."""

    words: tuple[str, ...]
    rare: frozenset[str]  # words seen once in training
    tokens: tuple[str, ...]  # with the special ones

    @cached_property
    def word_numbers(self) -> Mapping[str, int]:
        return {word: number for number, word in enumerate(self.words, UNKNOWN_WORD + 1)}

    @cached_property
    def token_numbers(self) -> Mapping[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    def word(self, word: Word) -> int:
        return self.word_numbers.get(look_up(word), UNKNOWN_WORD)

    def encode(self, program: Program) -> list[int]:
        """A program as numbers, with its end."""
        return [*(self.token_numbers.get(token, UNKNOWN) for token in tokens_of(program)), END]


def look_up(word: Word) -> str:
    """A word as the vocabulary holds it: the K-th number of a problem is <nK>, whatever it is."""
    return word.text if word.number is None else f"<n{word.number}>"


def count_words(problems: Iterable[Reading]) -> Counter[str]:
    """How often each word occurs, numbers as <nK>."""
    return Counter(look_up(word) for problem in problems for word in problem.words)


def build(
    counts: Counter[str], programs: Iterable[Program], *, min_count: int, extra: Sequence[str] = ()
) -> Vocabulary:
    """What a training split knows, commonest words first; `extra` words are known besides."""
    words = [word for word, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count >= min_count]
    known = dict.fromkeys([*words, *(word for word in extra if counts.get(word, min_count) >= min_count)])
    tokens = Counter(token for program in programs for token in tokens_of(program))
    ranked = sorted(tokens, key=lambda token: (-tokens[token], token))
    return Vocabulary(tuple(known), frozenset(word for word in words if counts[word] == 1), (*SPECIAL, *ranked))
