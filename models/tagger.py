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
from models.words import Dropout, Pieces, WordEmbedding


class Words(NamedTuple):
    """Sentences as an LSTM tagger reads them, padded on the right. Lengths of spellings stay on the CPU for packing."""

    words: Tensor  # (batch, time) int64, PADDING on padding
    cases: Tensor  # (batch, time) int64: which kind of capitals and digits, 0 on padding
    spelled: Tensor  # (batch, time) int64: the row of `spellings`
    spellings: Tensor  # (spellings, characters) int64, 0 on padding
    mask: Tensor  # (batch, time) bool
    spelling_lengths: Tensor  # (spellings,) int64


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
            states = lstm(self.dropout(states), batch.mask)
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
