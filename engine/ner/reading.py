"""Sentences as tensors: encoded once as a whole, cut into batches by indexing.

Everything of a split lies end to end in flat tensors. A batch gathers its sentences out of them, padded on the right,
and spells each distinct word once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from engine.ner.corpus import Sentence
from engine.ner.cutting import cut, repaired
from engine.ner.vocabulary import UNKNOWN, Vocabulary, case_of
from engine.randomness import Stream
from engine.text.batches import bucketed, padded
from models.tagger import Words
from models.words import Pieces

STAYS = "spelling_lengths"  # of a batch, on the CPU


class Batch(NamedTuple):
    """What a network reads, and the tags: (batch, time) int64, 0 on padding."""

    inputs: Words | Pieces
    tags: Tensor

    def to(self, device: torch.device) -> Batch:
        moved = {
            name: each if name == STAYS else each.to(device, non_blocking=True)
            for name, each in self.inputs._asdict().items()
        }
        return Batch(self.inputs._replace(**moved), self.tags.to(device, non_blocking=True))


class Reader(Protocol):
    """How one kind of network reads."""

    longest: int  # tokens in a piece of a sentence

    def read(self, sentences: Sequence[Sequence[str]]) -> Inputs:
        """Encode sentences, none longer than `longest`."""

    def known(self, token: str) -> bool:
        """Whether a word is in the vocabulary."""


class Inputs(Protocol):
    """Encoded sentences."""

    lengths: Tensor  # (sentences,) tokens of each

    def take(self, rows: Tensor) -> Words | Pieces:
        """Some of them as a padded batch."""


class Encoded:
    """The sentences of a split, cut where they are too long, with their tags where these are known."""

    def __init__(self, sentences: Sequence[Sentence], reader: Reader, vocabulary: Vocabulary):
        self.sentences = sentences
        self.owners: list[int] = []  # the sentence each piece is of
        pieces: list[Sequence[str]] = []
        tags: list[int] = []
        numbers = vocabulary.tag_numbers
        for owner, sentence in enumerate(sentences):
            starts = cut(sentence.tokens, reader.longest)
            for start, end in zip(starts, [*starts[1:], len(sentence.tokens)], strict=True):
                self.owners.append(owner)
                pieces.append(sentence.tokens[start:end])
                own = sentence.tags[start:end]
                tags += [numbers[tag] for tag in repaired(own)] if own else [0] * (end - start)
        self.inputs = reader.read(pieces)
        self.lengths = self.inputs.lengths
        self.starts = self.lengths.cumsum(0) - self.lengths  # (pieces,)
        self.tags = torch.tensor(tags)  # (tokens,)

    def __len__(self) -> int:
        return len(self.owners)

    def batch(self, rows: Tensor) -> Batch:
        tags, _ = padded(self.tags, self.starts[rows], self.lengths[rows])
        return Batch(self.inputs.take(rows), tags)

    def training(self, size: int, rng: Stream, first: int) -> Iterator[Batch]:
        """One epoch from batch `first`, in the order `rng` names."""
        for rows in bucketed(self.lengths, size, rng)[first:]:
            yield self.batch(rows)

    def in_order(self, size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Every piece once, the shortest first: (rows, batch)."""
        for rows in self.lengths.argsort(stable=True).split(size):
            yield rows, self.batch(rows)


class WordReader:
    """Reads words by their number, their spelling and their capitals, for `models.tagger.LSTMTagger`."""

    def __init__(self, vocabulary: Vocabulary, longest: int, most_characters: int):
        self.vocabulary, self.longest, self.most_characters = vocabulary, longest, most_characters

    def known(self, token: str) -> bool:
        return self.vocabulary.word(token) != UNKNOWN

    def read(self, sentences: Sequence[Sequence[str]]) -> WordInputs:
        distinct = {token: number for number, token in enumerate(dict.fromkeys(t for each in sentences for t in each))}
        spelled = torch.tensor([distinct[token] for each in sentences for token in each], dtype=torch.int64)
        words = torch.tensor([self.vocabulary.word(token) for token in distinct], dtype=torch.int64)
        cases = torch.tensor([case_of(token) for token in distinct], dtype=torch.int64)
        spellings = [self.vocabulary.spelling(token, self.most_characters) for token in distinct]
        lengths = torch.tensor([len(each) for each in spellings], dtype=torch.int64)
        table = torch.zeros(len(distinct), int(lengths.max()) if len(lengths) else 1, dtype=torch.int64)
        for row, spelling in enumerate(spellings):
            table[row, : len(spelling)] = torch.tensor(spelling)
        return WordInputs(sentences, spelled, words, cases, table, lengths)


class WordInputs:
    """Tokens as rows of a table of distinct ones, which holds what is known of each."""

    def __init__(
        self, sentences: Sequence[Sequence[str]], spelled: Tensor, words: Tensor, cases: Tensor, table: Tensor,
        table_lengths: Tensor,
    ):  # fmt: skip
        self.lengths = torch.tensor([len(each) for each in sentences], dtype=torch.int64)
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.spelled, self.words, self.cases = spelled, words, cases
        self.table, self.table_lengths = table, table_lengths

    def take(self, rows: Tensor) -> Words:
        spelled, mask = padded(self.spelled, self.starts[rows], self.lengths[rows])  # (batch, time)
        distinct, places = spelled[mask].unique(return_inverse=True)
        local = torch.zeros_like(spelled).masked_scatter_(mask, places)
        spelling_lengths = self.table_lengths[distinct]
        return Words(
            words=self.words[spelled].masked_fill(~mask, 0),
            cases=self.cases[spelled].masked_fill(~mask, 0),
            spelled=local,
            spellings=self.table[distinct, : int(spelling_lengths.max())],
            mask=mask,
            spelling_lengths=spelling_lengths,
        )
