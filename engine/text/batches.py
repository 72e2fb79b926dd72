"""Rows of different lengths that lie end to end in flat tensors, as padded batches of about the same length."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.randomness import Stream

POOL = 50  # batches that are sorted by length together


def bucketed(lengths: Tensor, size: int, rng: Stream, pool: int = POOL) -> list[Tensor]:
    """Batches of rows of about the same length, drawn and ordered at random.

    Rows are shuffled, sorted by length within pools of many batches, and cut up; then the batches are shuffled.
    """
    random = torch.Generator().manual_seed(rng.seed_for("order"))
    order = torch.randperm(len(lengths), generator=random)
    batches: list[Tensor] = []
    for some in order.split(pool * size):
        batches += some[lengths[some].argsort(stable=True)].split(size)
    return [batches[number] for number in torch.randperm(len(batches), generator=random).tolist()]


def padded(flat: Tensor, starts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of a flat tensor (items, ...): (rows, longest, ...), 0 beyond their ends; and the mask of what is not."""
    times = torch.arange(int(lengths.max()))
    mask = times < lengths[:, None]
    rows = flat[(starts[:, None] + times).clamp(max=max(len(flat) - 1, 0))]
    return rows.masked_fill(~mask.view(*mask.shape, *[1] * (flat.dim() - 1)), 0), mask
