"""The moving average against its closed formula, and continued as if it had never been cut."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.smoothing import BLOCK, Smoother

WEIGHTS = (0.0, 0.3, 0.6, 0.9, 0.99, 0.999)


def by_hand(values: list[float], weight: float) -> list[float]:
    """TensorBoard's loop."""
    mean, count, smoothed = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            smoothed.append(math.nan)
            continue
        mean = mean * weight + (1 - weight) * value
        count += 1
        smoothed.append(mean / (1 - weight**count) if weight else mean)
    return smoothed


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("count", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5, BLOCK * BLOCK + 70])
def test_it_is_the_debiased_exponential_mean(weight: float, count: int) -> None:
    values = np.random.default_rng(count).normal(3.0, 1.0, count)
    assert np.allclose(Smoother(weight).extend(values), by_hand(values.tolist(), weight), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_constant_stays_what_it_is(weight: float) -> None:
    assert np.allclose(Smoother(weight).extend(np.full(1000, 2.5)), 2.5)


@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.sampled_from([math.nan, math.inf, -math.inf])), max_size=400),
    st.lists(st.integers(0, 400), max_size=4),
    st.sampled_from(WEIGHTS),
)
def test_pieces_smooth_to_the_same_as_the_whole(values: list[float], cuts: list[int], weight: float) -> None:
    whole = np.array(values, dtype=np.float64)
    smoother = Smoother(weight)
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts = [smoother.extend(whole[start:end]) for start, end in itertools.pairwise(edges)]
    assert np.allclose(np.concatenate(parts), by_hand(values, weight), rtol=1e-7, atol=1e-3, equal_nan=True)


def test_what_is_not_finite_is_a_gap_and_leaves_the_average_alone() -> None:
    values = np.array([1.0, math.nan, math.inf, 1.0, -math.inf, 1.0])
    smoothed = Smoother(0.9).extend(values)
    assert np.isnan(smoothed[[1, 2, 4]]).all()
    assert np.allclose(smoothed[[0, 3, 5]], 1.0)


@pytest.mark.parametrize("weight", [-0.1, 1.0, 2.0])
def test_a_weight_outside_its_range_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="smoothing weight"):
        Smoother(weight)
