"""Curves in one line."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.sparkline import ASCII_BARS, BARS, sparkline

ANY = st.lists(st.floats(), max_size=100)


def test_values_lie_between_their_least_and_their_greatest() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == BARS
    assert sparkline([0, 5], 10) == BARS[0] + BARS[-1]


def test_what_is_not_finite_is_a_space() -> None:
    assert sparkline([0, math.nan, 1, math.inf], 4) == BARS[0] + " " + BARS[-1] + " "
    assert sparkline([math.nan] * 3, 2) == "  "


def test_a_constant_is_a_line_in_the_middle() -> None:
    assert sparkline([3.0] * 4, 4) == BARS[4] * 4


def test_a_spike_survives() -> None:
    assert BARS[-1] in sparkline([0.0] * 500 + [9.0] + [0.0] * 499, 10)


def test_nothing_is_nothing() -> None:
    assert sparkline([], 5) == ""
    assert sparkline([1.0], 0) == ""


@given(ANY, st.integers(0, 40), st.booleans())
def test_any_values_fit(values: list[float], width: int, ascii: bool) -> None:
    text = sparkline(values, width, ascii)
    assert len(text) == min(width, len(values))
    assert set(text) <= set(ASCII_BARS if ascii else BARS) | {" "}
