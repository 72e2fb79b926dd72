"""Pretrained word vectors as the beginning of a network's word embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import LabError
from engine.files import sha256
from engine.ner.checking import no_vectors
from engine.ner.corpus import Corpus
from engine.ner.settings import RANDOM, NerSettings
from engine.ner.vectors import Vectors, read_vectors
from engine.ner.vocabulary import Vocabulary, count_words, folded
from engine.task import SPLITS


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

    def rows_of(self, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
        """(n,) rows of the embedding and (n, dim) what they begin with.

        A word is looked up as the vocabulary holds it, else in lower case: GloVe knows no capitals.
        """
        places = {word: place for place, word in enumerate(self.vectors.words)}
        found = [
            (row, place)
            for row, word in enumerate(vocabulary.words, 2)
            if (place := places.get(word, places.get(word.lower()))) is not None
        ]
        rows, chosen = torch.tensor(found, dtype=torch.int64).reshape(-1, 2).T
        return rows, torch.from_numpy(self.vectors.values)[chosen]

    def coverage(self, corpus: Corpus, vocabulary: Vocabulary) -> dict[str, Any]:
        """Shares of words that have a vector: of the different ones in training, of all running ones of each split."""
        have, facts = set(self.vectors.words), {}
        for split in SPLITS:
            counts = count_words(corpus.split(split), vocabulary.fold_case, vocabulary.zero_digits)
            covered = {word: count for word, count in counts.items() if word in have or word.lower() in have}
            if split == "train":
                facts["of_training_vocabulary"] = round(len(covered) / max(len(counts), 1), 4)
            facts[f"of_running_words_{split}"] = round(sum(covered.values()) / max(counts.total(), 1), 4)
        return {"file": self.path.name, "words_in_file": self.vectors.lines, "words_used": len(have), **facts}


def pretrained(corpus: Corpus, settings: NerSettings) -> Pretrained | None:
    """The vectors the settings name, else those that came with the corpus; None where `random` was chosen."""
    if settings.vectors == RANDOM:
        return None
    path = Path(settings.vectors) if settings.vectors else corpus.vectors
    if path is None:
        raise no_vectors()
    words = count_words(corpus.split("train"), settings.fold_case, settings.zero_digits)
    wanted = {*words, *(folded(word, True, settings.zero_digits) for word in words)}
    vectors = read_vectors(path, wanted, settings.extra_vectors, print)
    if vectors.dim != settings.word_dim:
        raise LabError(
            "the word vectors have another width than the network",
            got=f"{vectors.dim} numbers a word in {path}, word_dim={settings.word_dim}",
            expected="the same",
            hint=f"set word_dim={vectors.dim}, or bring vectors of width {settings.word_dim}",
        )
    return Pretrained(path, vectors)


def summary(coverage: Mapping[str, Any]) -> str:
    """Coverage in a line of the log."""
    return (
        f"{coverage['words_used']:,} of {coverage['words_in_file']:,} of {coverage['file']}, they cover "
        f"{coverage['of_training_vocabulary']:.3f} of the training vocabulary, "
        f"{coverage['of_running_words_test']:.3f} of the running words of test"
    )
