"""Pretrained word vectors as the beginning of a network's word embedding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import LabError
from engine.files import sha256
from engine.text.sources import RANDOM, no_vectors
from engine.text.vectors import Vectors, read_vectors


@dataclass(frozen=True)
class Pretrained:
    """What a file of vectors holds of what is needed."""

    path: Path
    vectors: Vectors

    @property
    def extra(self) -> tuple[str, ...]:
        """The words that are known by their vectors, most frequent first."""
        return self.vectors.words

    @property
    def sources(self) -> dict[str, str]:
        return {"vectors": sha256(self.path)}

    def rows_of(self, words: Sequence[str], first: int) -> tuple[Tensor, Tensor]:
        """(n,) rows of an embedding whose row `first` is words[0], and (n, dim) what they begin with.

        A word is looked up as it is, else in lower case: GloVe knows no capitals.
        """
        places = {word: place for place, word in enumerate(self.vectors.words)}
        found = [
            (row, place)
            for row, word in enumerate(words, first)
            if (place := places.get(word, places.get(word.lower()))) is not None
        ]
        rows, chosen = torch.tensor(found, dtype=torch.int64).reshape(-1, 2).T
        return rows, torch.from_numpy(self.vectors.values)[chosen]

    def coverage(self, counts: Mapping[str, Counter[str]]) -> dict[str, Any]:
        """Shares of words that have a vector: of the different ones in training, of all running ones of each split."""
        have, facts = set(self.vectors.words), {}
        for split, words in counts.items():
            covered = {word: count for word, count in words.items() if word in have or word.lower() in have}
            if split == "train":
                facts["of_training_vocabulary"] = round(len(covered) / max(len(words), 1), 4)
            facts[f"of_running_words_{split}"] = round(sum(covered.values()) / max(words.total(), 1), 4)
        return {"file": self.path.name, "words_in_file": self.vectors.lines, "words_used": len(have), **facts}


def pretrained(setting: str, own: Path | None, wanted: Collection[str], extra: int, dim: int) -> Pretrained | None:
    """The vectors a setting names, else those that came with the data (`own`); None where `random` was chosen."""
    if setting == RANDOM:
        return None
    path = Path(setting) if setting else own
    if path is None:
        raise no_vectors()
    vectors = read_vectors(path, wanted, extra, print)
    if vectors.dim != dim:
        raise LabError(
            "the word vectors have another width than the network",
            got=f"{vectors.dim} numbers a word in {path}, word_dim={dim}",
            expected="the same",
            hint=f"set word_dim={vectors.dim}, or bring vectors of width {dim}",
        )
    return Pretrained(path, vectors)


def summary(coverage: Mapping[str, Any]) -> str:
    """Coverage in a line of the log."""
    return (
        f"{coverage['words_used']:,} of {coverage['words_in_file']:,} of {coverage['file']}, they cover "
        f"{coverage['of_training_vocabulary']:.3f} of the training vocabulary, "
        f"{coverage['of_running_words_test']:.3f} of the running words of test"
    )
