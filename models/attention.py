"""Attention over what an encoder has read.

Luong, Pham & Manning 2015, arXiv:1508.04025, the "general" score, scaled by the root of the width as in Vaswani et al.
2017, arXiv:1706.03762:

    score(h, m)  = h W m / sqrt(width)
    weights      = softmax of it over the words, none on padding
    context      = sum of weights times m
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Queries (batch, queries, hidden) over states (batch, time, width): contexts (batch, queries, width).

    The queries are the steps of a decoder where all are known, or the beams of a search at one step.
    """

    def __init__(self, hidden: int, width: int):
        super().__init__()
        self.projection = nn.Linear(hidden, width, bias=False)
        self.scale = 1 / math.sqrt(width)

    def weights(self, queries: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """(batch, queries, time), summing to one over the words of mask (batch, time) bool."""
        scores = wide(torch.bmm(self.projection(queries) * self.scale, states.transpose(1, 2)))
        return scores.masked_fill(~mask[:, None], -math.inf).softmax(2)

    def forward(self, queries: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        return torch.bmm(self.weights(queries, states, mask).to(states.dtype), states)


def wide(x: Tensor) -> Tensor:
    """In float32 at least: exponentials of half precision are too coarse."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
