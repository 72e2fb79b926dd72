"""Rows that lie end to end, as padded batches."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.randomness import Stream
from engine.text.batches import bucketed, padded

ROWS = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=6), min_size=1, max_size=6)


@given(ROWS, st.data())
def test_padded_rows_are_the_rows_and_zeros(rows: list[list[int]], data: st.DataObject) -> None:
    flat = torch.tensor([value for row in rows for value in row])
    lengths = torch.tensor([len(row) for row in rows])
    starts = lengths.cumsum(0) - lengths
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
    found, mask = padded(flat, starts[chosen], lengths[chosen])
    assert found.shape == mask.shape == (len(chosen), max(len(rows[index]) for index in chosen))
    for row, index in enumerate(chosen):
        missing = found.shape[1] - len(rows[index])
        assert found[row].tolist() == rows[index] + [0] * missing
        assert mask[row].tolist() == [True] * len(rows[index]) + [False] * missing


def test_rows_of_vectors_are_padded_with_zero_vectors() -> None:
    flat = torch.arange(1, 13, dtype=torch.float16).view(6, 2)
    found, _ = padded(flat, torch.tensor([0, 2]), torch.tensor([2, 4]))
    assert found.dtype == torch.float16
    assert torch.equal(found[0], torch.cat([flat[:2], torch.zeros(2, 2, dtype=torch.float16)]))
    assert torch.equal(found[1], flat[2:])


@pytest.mark.parametrize("pool", [1, 50])
def test_a_larger_pool_pads_less(pool: int) -> None:
    lengths = torch.randint(1, 60, (1_000,), generator=torch.Generator().manual_seed(0))
    batches = bucketed(lengths, 10, Stream(1), pool)
    assert sorted(torch.cat(batches).tolist()) == list(range(1_000))
    spread = sum(int(lengths[rows].max() - lengths[rows].min()) for rows in batches) / len(batches)
    assert (spread > 40) if pool == 1 else (spread < 3)
