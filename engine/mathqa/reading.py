"""Problems and programs as tensors: encoded once as a whole, cut into batches by indexing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from engine.mathqa.numbers import Reading, Word
from engine.mathqa.programs import Program
from engine.mathqa.vocabulary import START, UNKNOWN_WORD, Vocabulary
from engine.randomness import Stream
from engine.text.batches import bucketed, padded
from models.seq2seq import Inputs, ReadWords

BAND = 10  # tokens
JITTER = 0.15  # of the number of words
LONGEST = 10_000  # words that matter here
POOL = 200  # batches that are sorted together


class Batch(NamedTuple):
    """What a network reads, the program it is to write, and how many numbers each problem has."""

    inputs: Inputs
    tokens: Tensor  # (batch, steps) int64: START and the gold tokens
    gold: Tensor  # (batch, steps) int64: the gold tokens and END, zero on padding
    numbers: Tensor  # (batch,) int64

    def to(self, device: torch.device) -> Batch:
        return Batch(moved(self.inputs, device), *(each.to(device, non_blocking=True) for each in self[1:]))


def moved(inputs: Any, device: torch.device) -> Any:
    """Inputs on another device, except the lengths."""

    def move(name: str, part: Any) -> Any:
        if name == "lengths":
            return part
        return part.to(device, non_blocking=True) if isinstance(part, Tensor) else moved(part, device)

    return type(inputs)(**{name: move(name, part) for name, part in inputs._asdict().items()})


class Reader(Protocol):
    """How one kind of network reads."""

    @property
    def longest(self) -> int:
        """Words that it can read of a problem."""

    def read(self, problems: Sequence[Reading]) -> Encodings:
        """Encode problems of at most so many words."""

    def known(self, word: Word) -> bool:
        """Whether a word is in the vocabulary."""


class Encodings(Protocol):
    """Encoded problems."""

    lengths: Tensor  # (problems,) words of each

    def take(self, rows: Tensor) -> Inputs:
        """Some of them as a padded batch."""


class Encoded:
    """The problems of a split, with their programs where these are known."""

    def __init__(
        self, problems: Sequence[Reading], programs: Sequence[Program], reader: Reader, vocabulary: Vocabulary
    ):
        self.inputs = reader.read([shortened(problem, reader.longest) for problem in problems])
        self.numbers = torch.tensor([len(problem.numbers) for problem in problems], dtype=torch.int64)
        targets = [vocabulary.encode(program) for program in programs] or [[] for _ in problems]
        self.lengths = torch.tensor([len(each) for each in targets], dtype=torch.int64)
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.targets = torch.tensor([token for each in targets for token in each], dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.numbers)

    def batch(self, rows: Tensor) -> Batch:
        if len(self.targets):
            gold, _ = padded(self.targets, self.starts[rows], self.lengths[rows])
        else:
            gold = torch.zeros(len(rows), 0, dtype=torch.int64)
        start = torch.full((len(rows), 1), START)
        return Batch(self.inputs.take(rows), torch.cat([start, gold], 1)[:, :-1], gold, self.numbers[rows])

    def training(self, size: int, rng: Stream, first: int) -> Iterator[Batch]:
        """One epoch from batch `first`, in the order `rng` names.

        Batches are of about the same length twice over: programs of one band of lengths, sorted by words within it.
        Problems that differ in their numbers alone have one length and would learn the same program side by side, so
        every length is a little off, anew in each epoch: of a batch of 32 on MathQA one problem in nine has a program
        that another has, too, in place of three in eight, and 49 words and 19 tokens a problem are computed in place of
        44 and 16, of which 39 and 14 are no padding. Four epochs learn what five did.
        """
        random = torch.Generator().manual_seed(rng.seed_for("jitter"))
        off = 1 + JITTER * (2 * torch.rand(len(self), generator=random) - 1)
        words = (self.inputs.lengths * off).long().clamp(max=LONGEST - 1)
        both = self.lengths // BAND * LONGEST + words
        for rows in bucketed(both, size, rng, POOL)[first:]:
            yield self.batch(rows)

    def in_order(self, size: int, rows: Tensor | None = None) -> Iterator[tuple[Tensor, Batch]]:
        """Every problem, or these, once, the shortest first: (rows, batch)."""
        rows = torch.arange(len(self)) if rows is None else rows
        ordered = rows[self.inputs.lengths[rows].argsort(stable=True)]
        for some in ordered.split(size) if len(rows) else ():
            yield some, self.batch(some)


def shortened(problem: Reading, most: int) -> Reading:
    """Of a long problem its beginning and its end: numbers come first, the question last."""
    words = problem.words
    if len(words) <= most:
        return problem
    return Reading((*words[: most - most // 2], *words[-(most // 2) :]), problem.numbers)


class WordReader:
    """Reads words by their number in the vocabulary, for `models.seq2seq.LSTMEncoder`."""

    def __init__(self, vocabulary: Vocabulary, longest: int):
        self.vocabulary, self.longest = vocabulary, longest

    def known(self, word: Word) -> bool:
        return self.vocabulary.word(word) != UNKNOWN_WORD

    def read(self, problems: Sequence[Reading]) -> WordEncodings:
        words = [[self.vocabulary.word(word) for word in problem.words] or [UNKNOWN_WORD] for problem in problems]
        return WordEncodings(words)


class WordEncodings:
    """Words of all problems end to end."""

    def __init__(self, words: Sequence[Sequence[int]]):
        self.lengths = torch.tensor([len(each) for each in words], dtype=torch.int64)
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.flat = torch.tensor([number for each in words for number in each], dtype=torch.int64)

    def take(self, rows: Tensor) -> ReadWords:
        words, mask = padded(self.flat, self.starts[rows], self.lengths[rows])
        return ReadWords(words, mask, self.lengths[rows])
