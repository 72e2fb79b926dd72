"""Attention against its formula written out, in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.attention import Attention, wide

HIDDEN, WIDTH = 3, 4
LENGTHS = (5, 1, 3)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def attention() -> Attention:
    return Attention(HIDDEN, WIDTH).double()


@pytest.fixture
def problems() -> tuple[Tensor, Tensor, Tensor]:
    """Queries, states and mask."""
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return torch.randn(3, 6, HIDDEN).double(), torch.randn(3, max(LENGTHS), WIDTH).double(), mask


def test_weights_sum_to_one_and_none_is_on_padding(
    attention: Attention, problems: tuple[Tensor, Tensor, Tensor]
) -> None:
    weights = attention.weights(*problems)
    assert weights.shape == (3, 6, max(LENGTHS))
    torch.testing.assert_close(weights.sum(2), torch.ones(3, 6).double())
    mask = problems[2]
    assert not weights[~mask[:, None].expand_as(weights)].any()
    assert bool((weights[mask[:, None].expand_as(weights)] > 0).all())


def test_weights_and_context_are_the_formula(attention: Attention, problems: tuple[Tensor, Tensor, Tensor]) -> None:
    queries, states, _ = problems
    weights, contexts = attention.weights(*problems), attention(*problems)
    matrix = attention.projection.weight.detach()  # (width, hidden)
    for row, length in enumerate(LENGTHS):
        for place, query in enumerate(queries[row]):
            scores = [float(state @ matrix @ query) / math.sqrt(WIDTH) for state in states[row, :length]]
            total = sum(map(math.exp, scores))
            wanted = torch.tensor([math.exp(score) / total for score in scores]).double()
            torch.testing.assert_close(weights[row, place, :length], wanted, rtol=1e-6, atol=1e-7)
            torch.testing.assert_close(contexts[row, place], wanted @ states[row, :length], rtol=1e-6, atol=1e-7)


def test_what_stands_on_padding_does_not_matter(attention: Attention, problems: tuple[Tensor, Tensor, Tensor]) -> None:
    queries, states, mask = problems
    other = states.masked_fill(~mask[:, :, None], 1e3)
    assert torch.equal(attention(queries, other, mask), attention(*problems))


def test_every_query_looks_for_itself(attention: Attention, problems: tuple[Tensor, Tensor, Tensor]) -> None:
    queries, states, mask = problems
    alone = [attention(queries[:, [place]], states, mask) for place in range(queries.shape[1])]
    torch.testing.assert_close(torch.cat(alone, 1), attention(*problems))


def test_gradients_are_those_of_differences(attention: Attention, problems: tuple[Tensor, Tensor, Tensor]) -> None:
    queries, states, mask = problems
    queries.requires_grad_()
    states.requires_grad_()
    assert torch.autograd.gradcheck(lambda q, s: attention(q, s, mask), (queries, states))


def test_half_precision_is_widened_and_double_stays_double() -> None:
    assert [wide(torch.ones(1, dtype=kind)).dtype for kind in (torch.bfloat16, torch.float32, torch.float64)] == [
        torch.float32,
        torch.float32,
        torch.float64,
    ]
