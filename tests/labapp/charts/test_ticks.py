"""Numbers in few characters, and marks at round places."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.ticks import clock_label, compact, log_scale, nice_step, round_up, values_scale, x_scale

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.88423, "0.8842"),
        (1.0, "1.000"),
        (12.345, "12.35"),
        (12840.0, "12.8k"),
        (41_234_567.0, "41.2M"),
        (0.00012, "1.2e-4"),
        (-0.5, "-0.5"),
        (1e300, "1e300"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_values_are_written_with_the_digits_that_count(value: float, text: str) -> None:
    written = compact(value)
    assert written.startswith(text) or float(written) == value
    assert len(written) <= 6


@given(FINITE)
def test_any_number_fits(value: float) -> None:
    assert len(compact(value, 7)) <= 7


@given(FINITE, FINITE, st.integers(1, 60), st.sampled_from([5, 6]))
def test_any_values_have_an_axis_around_them(one: float, other: float, rows: int, width: int) -> None:
    low, high = sorted((max(min(one, 1e300), -1e300), max(min(other, 1e300), -1e300)))
    scale = values_scale(low, high, rows, width)
    slack = 1e-6 * (high - low) + 1e-9 * max(abs(low), abs(high))  # rounding
    assert scale.low <= low + slack
    assert scale.high >= high - slack
    assert scale.low < scale.high
    assert -0.01 <= scale.share(low) <= scale.share(high) <= 1.01
    assert all(len(text) <= max(width, 7) for _, text in scale.ticks)


@given(st.floats(-307, 308), st.floats(0, 300), st.integers(1, 60))
def test_any_positive_values_have_a_logarithmic_axis(low: float, span: float, rows: int) -> None:
    high = min(low + span, 308.0)
    scale = log_scale(low, high, rows, 6)
    assert scale.low <= low + 1e-6
    assert scale.high >= high - 1e-6
    assert all(scale.low - 1e-9 <= at <= scale.high + 1e-9 for at, _ in scale.ticks)


def test_decades_are_marked_on_a_logarithmic_axis() -> None:
    assert [text for _, text in log_scale(-3.0, 1.0, 24, 6).ticks] == ["0.001", "0.01", "0.1", "1", "10"]
    assert [text for _, text in log_scale(-8.0, -5.0, 24, 6).ticks] == ["1e-8", "1e-7", "1e-6", "1e-5"]
    assert [text for _, text in log_scale(3.0, 6.0, 24, 6).ticks] == ["1000", "10k", "100k", "1M"]
    assert [text for _, text in log_scale(-1.0, 0.31, 40, 6).ticks] == ["0.1", "0.2", "0.5", "1", "2"]


def test_an_axis_stays_as_it_is_while_values_change_a_little() -> None:
    assert values_scale(0.111, 0.931, 20, 6) == values_scale(0.112, 0.934, 20, 6)


def test_a_growing_run_rarely_moves_the_x_axis() -> None:
    ends = {round_up(50.0, float(step)) for step in range(9_000, 10_000, 50)}
    assert len(ends) <= 3


def test_one_point_and_equal_points_have_a_width() -> None:
    for low, high in ((5.0, 5.0), (0.0, 0.0), (-3.0, -3.0), (1e18, 1e18)):
        start, end = round_up(low, high)
        assert start < end


@given(st.floats(0, 1e6), st.floats(1e-3, 1e7), st.integers(1, 300), st.booleans(), st.booleans())
def test_x_labels_never_crowd(low: float, span: float, columns: int, clock: bool, whole: bool) -> None:
    scale = x_scale(low, low + span, columns, clock=clock, whole=whole)
    assert sum(len(text) for _, text in scale.ticks) + 3 * (len(scale.ticks) - 1) <= columns or len(scale.ticks) == 1


def test_whole_steps_have_whole_marks() -> None:
    assert all(at == int(at) for at, _ in x_scale(1.0, 3.0, 200, clock=False, whole=True).ticks)


def test_time_is_read_from_a_clock() -> None:
    ticks = x_scale(0.0, 600.0, 60, clock=True, whole=False).ticks
    assert [text for _, text in ticks] == ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00"]
    assert clock_label(90, 600) == "1:30"
    assert clock_label(5400, 7200) == "1:30"
    assert clock_label(0.5, 2) == "0.5"


def test_steps_are_one_two_five() -> None:
    assert [nice_step(span, 10) for span in (1.0, 1.5, 4.0, 7.0)] == [0.1, 0.2, 0.5, 1.0]
    assert nice_step(0.0, 10) == 1.0
    assert nice_step(math.inf, 10) == 1.0
