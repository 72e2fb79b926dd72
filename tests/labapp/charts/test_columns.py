"""A series taken over piece by piece equals the series taken over at once."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.columns import Columns
from sessions.run.history import Series
from tests.labapp.charts.making import grow, series

FLOATS = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))


def same(left: Columns, right: Columns) -> None:
    assert left.count == right.count
    for axis in ("step", "epoch", "elapsed"):
        assert np.array_equal(left.x(axis), right.x(axis))
    assert np.array_equal(left.values.array, right.values.array, equal_nan=True)
    for name in left.bad:
        assert left.bad[name].array.tolist() == right.bad[name].array.tolist()
    assert (left.not_positive, left.minimum, left.maximum) == (right.not_positive, right.minimum, right.maximum)
    assert np.allclose(left.smooth(0.9), right.smooth(0.9), equal_nan=True)


def fresh(of: Series) -> Columns:
    columns = Columns(of)
    columns.refresh()
    return columns


@given(st.lists(st.lists(FLOATS, max_size=80), max_size=6))
def test_growing_equals_reading_at_once(pieces: list[list[float]]) -> None:
    made = series([])
    columns = Columns(made)
    for piece in pieces:
        grow(made, piece)
        columns.refresh()
        columns.x("step")
        columns.smooth(0.9)
    columns.refresh()
    same(columns, fresh(made))


@given(st.lists(FLOATS, min_size=1, max_size=100), st.integers(0, 100), st.lists(FLOATS, max_size=100))
def test_a_resume_that_takes_points_back_is_noticed(before: list[float], keep: int, after: list[float]) -> None:
    made = series(before)
    columns = fresh(made)
    columns.smooth(0.9)
    made.cut(keep)
    grow(made, after, seconds=0.7)  # a second attempt takes another time
    columns.refresh()
    same(columns, fresh(made))


def test_lists_and_arrays_are_read_alike() -> None:
    values = [1.0, math.nan, 3.0]
    plain: Any = SimpleNamespace(steps=[1, 2, 3], epochs=[0.1, 0.2, 0.3], elapsed=[0.5, 1.0, 1.5], values=values)
    same(fresh(plain), fresh(series(values)))


def test_a_point_that_is_being_added_waits_for_its_other_columns() -> None:
    made = series([1.0, 2.0])
    made.steps.append(3)
    made.epochs.append(0.3)
    assert fresh(made).count == 2


def test_the_series_stays_free_to_grow() -> None:
    made = series([1.0] * 100)
    columns = fresh(made)
    held = (columns.x("step"), columns.x("elapsed"), columns.values.array, columns.smooth(0.9))
    grow(made, [2.0])  # an array whose buffer is held raises here
    assert all(len(each) == 100 for each in held)


def test_x_never_falls_even_where_the_file_says_so() -> None:
    made = series([1.0, 2.0, 3.0, 4.0])
    made.elapsed[1], made.elapsed[2] = math.nan, 0.1
    assert fresh(made).x("elapsed").tolist() == [0.5, 0.5, 0.5, 2.0]


def test_last_is_what_came_last_finite_or_not() -> None:
    assert fresh(series([1.0, math.inf])).last == math.inf
    assert math.isnan(fresh(series([1.0, math.nan])).last)
    assert fresh(series([3.0, 1.0, 2.0])).minimum == 1.0
