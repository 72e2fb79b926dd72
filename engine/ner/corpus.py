"""Sentences with their tags, and the corpora they come in. Torch-free.

Tags are IOB2 (BIO): every entity begins with B-, whatever the files say. Word forms are as they were written: looking
them up in lower case is the vocabulary's affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import LabError
from engine.task import SPLITS, Split

OUTSIDE = "O"


@dataclass(frozen=True)
class Sentence:
    """Tokens as they were written, and one tag for each; no tags where nobody knows them."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """A dataset: its entity types, its identity, and the sentences of its splits."""

    fingerprint: str  # hex SHA-256 of the content: tokens and tags of every split
    types: tuple[str, ...]  # of entities, sorted, those of every split
    sentences: Mapping[Split, Sequence[Sentence]]
    vectors: Path | None = None  # word vectors made for this corpus
    findings: tuple[str, ...] = field(default=())  # what was noticed while reading

    @property
    def counts(self) -> dict[Split, int]:
        """Sentences in each split."""
        return {split: len(self.sentences[split]) for split in SPLITS if split in self.sentences}

    def split(self, name: Split) -> Sequence[Sentence]:
        if name not in self.sentences:
            raise LabError(f"there is no {name} split", got=name, expected="one of " + ", ".join(self.counts))
        return self.sentences[name]


def type_of(tag: str) -> str:
    """`B-per` -> `per`; `O` -> nothing."""
    return tag[2:] if tag != OUTSIDE else ""
