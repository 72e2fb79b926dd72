"""Words on their way into a network: as vectors, as pieces for a pretrained encoder, and dropped out."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PADDING, UNKNOWN = 0, 1  # rows of the word embedding


class Pieces(NamedTuple):
    """Sentences as a pretrained encoder reads them: words cut into pieces."""

    pieces: Tensor  # (batch, pieces) int64
    piece_mask: Tensor  # (batch, pieces) bool
    first: Tensor  # (batch, time) int64: the first piece of each word
    mask: Tensor  # (batch, time) bool


class Dropout(nn.Module):
    """Dropout of (batch, time, width): a mask for each token, or one for all tokens of a sentence.

    The latter is the variational dropout of Gal & Ghahramani 2016, arXiv:1512.05287; it draws far fewer numbers too.
    """

    def __init__(self, share: float, per: str):
        super().__init__()
        self.share, self.per = share, per

    def forward(self, x: Tensor) -> Tensor:
        if self.per == "token" or not self.training:
            return F.dropout(x, self.share, self.training)
        return x * F.dropout(x.new_ones(len(x), 1, x.shape[2]), self.share)


class WordEmbedding(nn.Module):
    """Words as vectors; in training some are taken as unknown, so that the vector of the unknown is learned.

    `rare` (words,) bool: those seen once. `initial` (rows, vectors) overwrites rows, else they are uniform with unit
    variance over the whole vector's width (He et al.: +-sqrt(3 / dim)).
    """

    rare: Tensor

    def __init__(
        self,
        rare: Tensor,
        dim: int,
        initial: tuple[Tensor, Tensor] | None,
        singleton_dropout: float,
        word_dropout: float,
    ):
        super().__init__()
        self.singleton_dropout, self.word_dropout = singleton_dropout, word_dropout
        self.embedding = nn.Embedding(len(rare), dim, padding_idx=PADDING)
        bound = (3 / dim) ** 0.5
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        with torch.no_grad():
            self.embedding.weight[PADDING] = 0.0
            if initial is not None:
                self.embedding.weight[initial[0]] = initial[1]
        self.register_buffer("rare", rare, persistent=False)

    def forward(self, words: Tensor) -> Tensor:
        if self.training and (self.singleton_dropout or self.word_dropout):
            chance = torch.full_like(words, self.word_dropout, dtype=torch.float32)
            chance = torch.where(self.rare[words], max(self.word_dropout, self.singleton_dropout), chance)
            forgotten = (torch.rand_like(chance) < chance) & (words != PADDING)
            words = words.masked_fill(forgotten, UNKNOWN)
        found: Tensor = self.embedding(words)
        return found
