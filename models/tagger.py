"""Sequence taggers: something that reads a sentence, a linear layer to the tags, and a CRF if wanted.

Lample et al. 2016, arXiv:1603.01360, sections 2 and 4: words as vectors, with what their characters say beside them;
dropout right before the bidirectional LSTM; emissions from its states. The states are dropped out too before the
emissions, as in most taggers since.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.crf import LinearChainCRF
from models.lstm import BiLSTM

PADDING, UNKNOWN = 0, 1  # rows of the word embedding


class Words(NamedTuple):
    """Sentences as an LSTM tagger reads them, padded on the right. Lengths stay on the CPU for packing."""

    words: Tensor  # (batch, time) int64, PADDING on padding
    cases: Tensor  # (batch, time) int64: which kind of capitals and digits, 0 on padding
    spelled: Tensor  # (batch, time) int64: the row of `spellings`
    spellings: Tensor  # (spellings, characters) int64, 0 on padding
    mask: Tensor  # (batch, time) bool
    lengths: Tensor  # (batch,) int64
    spelling_lengths: Tensor  # (spellings,) int64


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


class LSTMTagger(nn.Module):
    """Words -> emissions (batch, time, tags)."""

    def __init__(
        self,
        words: WordEmbedding,
        characters: nn.Module | None,
        cases: nn.Embedding | None,
        hidden: int,
        layers: int,
        tags: int,
        dropout: Dropout,
        layer_norm: bool,
        crf: LinearChainCRF | None,
    ):
        super().__init__()
        self.words, self.characters, self.cases = words, characters, cases
        width = words.embedding.embedding_dim
        width += int(characters.width) if characters is not None else 0  # type: ignore[arg-type]
        width += cases.embedding_dim if cases is not None else 0
        widths = [width] + [2 * hidden] * (layers - 1)
        self.lstms = nn.ModuleList(BiLSTM(inputs, hidden, layer_norm) for inputs in widths)
        self.dropout = dropout
        self.linear = nn.Linear(2 * hidden, tags)
        self.crf = crf

    def forward(self, batch: Words) -> Tensor:
        parts = [self.words(batch.words)]
        if self.characters is not None:
            parts.append(self.characters(batch.spellings, batch.spelling_lengths)[batch.spelled])
        if self.cases is not None:
            parts.append(self.cases(batch.cases))
        states = torch.cat(parts, 2)  # (batch, time, width)
        for lstm in self.lstms:
            states = lstm(self.dropout(states), batch.mask, batch.lengths)
        emissions: Tensor = self.linear(self.dropout(states))
        return emissions


class EncoderTagger(nn.Module):
    """Pieces -> emissions (batch, time, tags): a word is read off its first piece (Devlin et al. 2019, section 5.3)."""

    def __init__(self, encoder: nn.Module, width: int, tags: int, dropout: float, crf: LinearChainCRF | None):
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, tags)
        self.crf = crf

    def forward(self, batch: Pieces) -> Tensor:
        states = self.encoder(input_ids=batch.pieces, attention_mask=batch.piece_mask.long()).last_hidden_state
        first = batch.first[:, :, None].expand(-1, -1, states.shape[2])
        emissions: Tensor = self.linear(self.dropout(states.gather(1, first)))  # (batch, time, tags)
        return emissions


class Judgement(NamedTuple):
    """What a network makes of sentences."""

    tags: Tensor  # (batch, time) int64: the best tagging, zero on padding
    log_probability: Tensor  # (batch,) of it
    marginals: Tensor  # (batch, time, tags): probability of each tag at each token
    gold: Tensor  # (batch,): log-probability of the tags given


def judge(emissions: Tensor, gold: Tensor, mask: Tensor, crf: LinearChainCRF | None) -> Judgement:
    """The best taggings and all probabilities, from one pass over the sentences."""
    if crf is not None:
        return Judgement(*crf.judge(emissions, gold, mask))
    tags = best_tags(emissions, mask, None)
    logs = [-negative_log_likelihood(emissions, each, mask, None) for each in (tags, gold)]
    return Judgement(tags, logs[0], emissions.float().softmax(2), logs[1])


def best_tags(emissions: Tensor, mask: Tensor, crf: LinearChainCRF | None) -> Tensor:
    """The best tagging: (batch, time) int64, zero on padding."""
    return emissions.argmax(2).masked_fill(~mask, 0) if crf is None else crf.decode(emissions, mask)


def negative_log_likelihood(emissions: Tensor, tags: Tensor, mask: Tensor, crf: LinearChainCRF | None) -> Tensor:
    """Minus the log-probability of each sentence's tags: (batch,)."""
    if crf is not None:
        return -crf.log_likelihood(emissions, tags, mask)
    by_token = F.cross_entropy(emissions.float().flatten(0, 1), tags.flatten(), reduction="none")
    return by_token.view(mask.shape).masked_fill(~mask, 0.0).sum(1)
