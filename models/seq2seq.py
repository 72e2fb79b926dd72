"""From a word problem to the tokens of a program: something that reads, and an LSTM that writes.

    sequence to sequence   Sutskever, Vinyals & Le 2014, arXiv:1409.3215; what was read goes into the first state of
                           the decoder, and into each of its outputs (Cho et al. 2014, arXiv:1406.1078)
    attention              Luong et al. 2015, arXiv:1508.04025: outputs look at the words, states are not fed back
    scheduled sampling     Bengio et al. 2015, arXiv:1506.03099: the network's own token instead of the gold one

Since the context is not fed back into the states, a decoder whose inputs are all known runs in one pass. Where some are
its own guesses, through which no gradient goes, they are found first, step by step, and the pass follows.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attention import Attention, wide
from models.lstm import BiLSTM
from models.words import Dropout, Pieces, WordEmbedding

PADDING, START, END, UNKNOWN = range(4)  # the first tokens of every program vocabulary


class Memory(NamedTuple):
    """A problem as it was read."""

    states: Tensor  # (batch, time, width), zero on padding
    mask: Tensor  # (batch, time) bool
    summary: Tensor  # (batch, width)


class ReadWords(NamedTuple):
    """Problems as words of a vocabulary, padded on the right. Lengths stay on the CPU."""

    words: Tensor  # (batch, time) int64
    mask: Tensor  # (batch, time) bool
    lengths: Tensor  # (batch,) int64


class ReadPieces(NamedTuple):
    """Problems as pieces for a pretrained encoder; `numbers` says which of the problem's each word is, 0 = none."""

    pieces: Pieces
    numbers: Tensor  # (batch, time) int64
    lengths: Tensor  # (batch,) int64, on the CPU


class ReadFeatures(NamedTuple):
    """Problems as a frozen encoder has read them."""

    features: Tensor  # (batch, time, features)
    numbers: Tensor  # (batch, time) int64
    mask: Tensor  # (batch, time) bool
    lengths: Tensor  # (batch,) int64, on the CPU


Inputs = ReadWords | ReadPieces | ReadFeatures


class LSTMEncoder(nn.Module):
    """Words -> memory of width 2 hidden; the summary is the last state ahead and the first behind."""

    def __init__(self, words: WordEmbedding, hidden: int, layers: int, dropout: Dropout):
        super().__init__()
        self.words, self.dropout = words, dropout
        widths = [words.embedding.embedding_dim] + [2 * hidden] * (layers - 1)
        self.lstms = nn.ModuleList(BiLSTM(width, hidden) for width in widths)
        self.width = 2 * hidden

    def forward(self, batch: ReadWords) -> Memory:
        return read_on(self.words(batch.words), batch.mask, batch.lengths, self.lstms, self.dropout)


class FeatureEncoder(nn.Module):
    """Features of a pretrained encoder -> memory, told which words are numbers; BiLSTMs on top if wanted."""

    def __init__(self, features: int, hidden: int, layers: int, numbers: int, dropout: Dropout):
        super().__init__()
        self.width, self.dropout = 2 * hidden, dropout
        self.projection = nn.Linear(features, self.width)
        self.numbers = nn.Embedding(numbers, self.width, padding_idx=0)
        self.lstms = nn.ModuleList(BiLSTM(self.width, hidden) for _ in range(layers))

    def forward(self, batch: ReadFeatures) -> Memory:
        features = batch.features.to(self.projection.weight.dtype)
        x = self.projection(self.dropout(features)) + self.numbers(batch.numbers)
        if self.lstms:
            return read_on(x, batch.mask, batch.lengths, self.lstms, self.dropout)
        states = torch.tanh(x).masked_fill(~batch.mask[:, :, None], 0.0)
        return Memory(states, batch.mask, states.sum(1) / batch.mask.sum(1, keepdim=True))


class PretrainedEncoder(nn.Module):
    """A transformer under a `FeatureEncoder`, fine-tuned with it."""

    def __init__(self, encoder: nn.Module, reader: FeatureEncoder):
        super().__init__()
        self.encoder, self.reader = encoder, reader
        self.width = reader.width

    def forward(self, batch: ReadPieces) -> Memory:
        features = word_features(self.encoder, batch.pieces)
        found: Memory = self.reader(ReadFeatures(features, batch.numbers, batch.pieces.mask, batch.lengths))
        return found


def word_features(encoder: nn.Module, pieces: Pieces) -> Tensor:
    """What an encoder makes of each word, read off its first piece: (batch, time, features)."""
    states = encoder(input_ids=pieces.pieces, attention_mask=pieces.piece_mask.long()).last_hidden_state
    found: Tensor = states.gather(1, pieces.first[:, :, None].expand(-1, -1, states.shape[2]))
    return found


def read_on(x: Tensor, mask: Tensor, lengths: Tensor, lstms: nn.ModuleList, dropout: Dropout) -> Memory:
    """Through bidirectional LSTMs."""
    for lstm in lstms:
        x = lstm(dropout(x), mask)
    half = x.shape[2] // 2
    last = (lengths - 1).to(x.device, non_blocking=True)[:, None, None].expand(-1, 1, half)
    summary = torch.cat([x[:, :, :half].gather(1, last)[:, 0], x[:, 0, half:]], 1)
    return Memory(x, mask, summary)


class Decoder(nn.Module):
    """Memory and the tokens so far -> logits of the next token."""

    def __init__(self, tokens: int, dim: int, hidden: int, width: int, attention: bool, dropout: float):
        super().__init__()
        self.embedding = nn.Embedding(tokens, dim, padding_idx=PADDING)
        self.begin = nn.Linear(width, 2 * hidden)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True)
        self.attention = Attention(hidden, width) if attention else None
        self.combine = nn.Linear(hidden + width, hidden)
        self.output = nn.Linear(hidden, tokens)
        self.dropout = nn.Dropout(dropout)

    def first_state(self, memory: Memory) -> tuple[Tensor, Tensor]:
        """Hidden and cell, each (batch, hidden)."""
        hidden, cell = torch.tanh(self.begin(memory.summary)).chunk(2, 1)
        return hidden, cell

    def states(self, tokens: Tensor, memory: Memory, forced: Tensor | None = None) -> Tensor:
        """States (batch, steps, hidden), never in half precision, behind each of tokens (batch, steps), from START on.

        forced (batch, steps) bool: where it is False the network's own best token is read instead, without gradient.
        """
        if forced is not None:
            tokens = self.sampled(tokens, memory, forced)
        hidden, cell = (wide(each)[None].contiguous() for each in self.first_state(memory))  # cuDNN takes no others
        with torch.autocast(tokens.device.type, enabled=False):
            found: Tensor = self.lstm(self.embedding(tokens), (hidden, cell))[0]
        return found

    @torch.no_grad()
    def sampled(self, tokens: Tensor, memory: Memory, forced: Tensor) -> Tensor:
        """Tokens (batch, steps); where forced (batch, steps) is False, the own best one behind those before."""
        hidden, cell = self.first_state(memory)
        table, read = self.table(), [tokens[:, 0]]
        for step in range(1, tokens.shape[1]):
            hidden, cell = self.cell(read[-1], hidden, cell, table)
            guess = self.logits(hidden[:, None], memory)[:, 0].argmax(1)
            read.append(torch.where(forced[:, step], tokens[:, step], guess))
        return torch.stack(read, 1)

    def logits(self, states: Tensor, memory: Memory) -> Tensor:
        """Logits (batch, queries, tokens) behind states (batch, queries, hidden)."""
        if self.attention is None:
            context = memory.summary[:, None].expand(-1, states.shape[1], -1)
        else:
            context = self.attention(states, memory.states, memory.mask)
        combined = torch.tanh(self.combine(torch.cat([states, context.to(states.dtype)], 2)))
        found: Tensor = self.output(self.dropout(combined))
        return found

    def table(self) -> Tensor:
        """What each token adds to the gates: (tokens, 4 hidden)."""
        weight, _, bias, other_bias = self.lstm.all_weights[0]
        with torch.autocast(weight.device.type, enabled=False):
            return F.linear(self.embedding.weight, weight, bias + other_bias)

    def cell(self, token: Tensor, hidden: Tensor, cell: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        """One step of `lstm` for tokens (rows,): hidden and cell (rows, hidden), never in half precision."""
        with torch.autocast(table.device.type, enabled=False):
            gates = F.embedding(token, table) + F.linear(wide(hidden), self.lstm.all_weights[0][1])
            i, f, g, o = gates.chunk(4, 1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(cell), cell


class Seq2Seq(nn.Module):
    """A reader and a writer."""

    def __init__(self, encoder: LSTMEncoder | FeatureEncoder | PretrainedEncoder, decoder: Decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, batch: Inputs, tokens: Tensor, forced: Tensor | None = None) -> Tensor:
        """Logits (batch, steps, tokens) of the token behind each of `tokens` (batch, steps); see `Decoder.states`."""
        memory = self.encoder(batch)
        found: Tensor = self.decoder.logits(self.decoder.states(tokens, memory, forced), memory)
        return found


def log_likelihood(logits: Tensor, gold: Tensor) -> Tensor:
    """Log-probability of gold tokens (batch, steps), summed over those that are not padding: (batch,)."""
    found = -F.cross_entropy(wide(logits).flatten(0, 1), gold.flatten(), ignore_index=PADDING, reduction="none")
    return found.view(gold.shape).sum(1)
