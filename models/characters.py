"""A word's vector from its spelling: capitals, endings, digits, names never seen before.

    LSTM   Lample et al. 2016, arXiv:1603.01360, section 4.1: the last states of both directions
    CNN    Ma & Hovy 2016, arXiv:1603.01354, section 2.1: convolution of width 3, the maximum over the word

A batch spells most of its words many times: both read distinct spellings (words, characters), 0 on padding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


class CharacterLSTM(nn.Module):
    """(words, characters) int64 -> (words, 2 hidden)."""

    def __init__(self, characters: int, dim: int, hidden: int):
        super().__init__()
        self.width = 2 * hidden
        self.embedding = nn.Embedding(characters, dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # packing depends on every length
    def forward(self, spellings: Tensor, lengths: Tensor) -> Tensor:
        """lengths (words,) int64 on the CPU: characters of each."""
        lengths, order = lengths.sort(descending=True)  # packing would do it, and wait for the device
        there, back = (each.to(spellings.device, non_blocking=True) for each in (order, order.argsort()))
        packed = pack_padded_sequence(self.embedding(spellings[there]), lengths, batch_first=True)
        _, (last, _) = self.lstm(packed)  # (2, words, hidden)
        return torch.cat([last[0], last[1]], 1)[back]


class CharacterCNN(nn.Module):
    """(words, characters) int64 -> (words, 2 hidden)."""

    def __init__(self, characters: int, dim: int, hidden: int):
        super().__init__()
        self.width = 2 * hidden
        self.embedding = nn.Embedding(characters, dim, padding_idx=0)
        self.convolution = nn.Conv1d(dim, self.width, kernel_size=3, padding=1)

    def forward(self, spellings: Tensor, lengths: Tensor) -> Tensor:
        read = self.convolution(self.embedding(spellings).transpose(1, 2))  # (words, 2 hidden, characters)
        found: Tensor = read.masked_fill((spellings == 0)[:, None], -torch.inf).amax(2)
        return found


CHARACTER_NETWORKS = {"lstm": CharacterLSTM, "cnn": CharacterCNN}
