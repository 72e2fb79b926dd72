"""What survives when a million points become a few columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.decimate import boundaries, decimate, within

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=300)


def thinned(values: list[float], columns: int):
    x = np.arange(len(values), dtype=np.float64)
    cuts = boundaries(x, 0.0, max(len(values) - 1.0, 1.0), columns)
    return decimate(x, np.array(values), cuts), cuts


@given(VALUES, st.integers(1, 40))
def test_every_columns_extremes_are_those_of_its_points(values: list[float], columns: int) -> None:
    points, cuts = thinned(values, columns)
    for column, low, high in zip(points.column, points.low, points.high, strict=True):
        part = [value for value in values[cuts[column] : cuts[column + 1]] if value == value]
        if part:
            assert (low, high) == (min(part), max(part))
        else:
            assert np.isnan(low)
            assert np.isnan(high)


@given(VALUES, st.integers(1, 40))
def test_every_point_belongs_to_one_column_and_columns_are_in_order(values: list[float], columns: int) -> None:
    points, cuts = thinned(values, columns)
    assert cuts[0] == 0
    assert cuts[-1] == len(values)
    assert (np.diff(cuts) >= 0).all()
    assert (np.diff(points.column) > 0).all()
    assert (np.diff(points.line_x) >= 0).all()


@given(VALUES, st.integers(1, 40))
def test_the_first_and_the_last_point_of_each_column_carry_the_line(values: list[float], columns: int) -> None:
    points, cuts = thinned(values, columns)
    expected = [v for c in points.column for v in (values[cuts[c]], values[cuts[c + 1] - 1])]
    assert np.array_equal(points.line_y, expected, equal_nan=True)


def test_a_spike_of_one_point_in_a_million_survives() -> None:
    values = np.zeros(1_000_000)
    values[123_456] = 7.0
    x = np.arange(1_000_000, dtype=np.float64)
    points = decimate(x, values, boundaries(x, 0.0, 999_999.0, 200))
    assert points.high.max() == 7.0
    assert points.high.argmax() == 123_456 * 200 // 999_999


def test_a_window_between_two_points_keeps_the_line_that_crosses_it() -> None:
    x, y = np.array([0.0, 10.0]), np.array([0.0, 1.0])
    points = within(decimate(x, y, boundaries(x, 4.0, 6.0, 8)), 4.0, 6.0)
    assert len(points.column) == 0
    assert points.line_x.tolist() == [4.0, 6.0]
    assert np.allclose(points.line_y, [0.4, 0.6])


def test_lines_from_beyond_the_window_begin_at_its_border() -> None:
    x, y = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.0, 1.0, 1.0, 0.0])
    points = within(decimate(x, y, boundaries(x, 5.0, 25.0, 10)), 5.0, 25.0)
    assert points.line_x[[0, -1]].tolist() == [5.0, 25.0]
    assert np.allclose(points.line_y[[0, -1]], 0.5)
