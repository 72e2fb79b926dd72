"""The curve of several seeds."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.studies.averages import Point, averaged

curves = st.lists(st.lists(st.floats(0, 1), max_size=5), max_size=4)


def points(values: list[float], stride: int = 10) -> list[Point]:
    return [Point(float(epoch), stride * epoch, 2.0 * epoch, value) for epoch, value in enumerate(values, 1)]


@given(curves)
def test_at_every_epoch_it_is_the_mean_of_those_that_got_there_in_whatever_order(
    seeds: list[list[float]],
) -> None:
    found = averaged(points(each) for each in seeds)
    assert [each.epoch for each in found] == list(range(1, max(map(len, seeds), default=0) + 1))
    for place, each in enumerate(found):
        there = [seed[place] for seed in seeds if len(seed) > place]
        assert each.mean == pytest.approx(statistics.fmean(there))
        assert each.spread == pytest.approx(statistics.stdev(there) if len(there) > 1 else 0.0, abs=1e-12)
        assert each.count == len(there)
    turned = averaged(points(each) for each in reversed(seeds))
    assert [each.mean for each in turned] == pytest.approx([each.mean for each in found])


def test_epochs_are_the_common_axis_where_steps_are_not() -> None:
    first, _ = averaged([points([0.4, 0.6], 10), points([0.6, 0.8], 20)])
    assert (first.epoch, first.step, first.elapsed) == (1.0, 15.0, 2.0)


def test_what_is_not_finite_is_left_out_and_alone_it_is_a_gap() -> None:
    one, two = averaged([points([math.nan, math.inf]), points([0.5, math.nan])])
    assert (one.mean, one.count) == (0.5, 1)
    assert math.isnan(two.mean)
