"""Zoom, pan and the rest, as arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.curve import AXES, extent, neighbour, translate
from labapp.charts.view import SMOOTHINGS, ChartView
from tests.labapp.charts.making import curve

EXTENT = (0.0, 100.0)


def test_everything_is_shown_at_first() -> None:
    assert ChartView().span(EXTENT) == EXTENT


@given(st.floats(1, 99), st.floats(1.1, 4))
def test_the_point_zoomed_at_stays_where_it_is(at: float, factor: float) -> None:
    low, high = ChartView().zoom(factor, EXTENT, at).span(EXTENT)
    assert (at - low) / (high - low) == pytest.approx(at / 100)
    assert high - low == pytest.approx(100 / factor)


@given(st.lists(st.tuples(st.sampled_from(["in", "out", "left", "right"]), st.floats(0, 100)), max_size=60))
def test_no_way_leads_out_of_the_extent(moves: list[tuple[str, float]]) -> None:
    view = ChartView()
    for move, at in moves:
        if move in ("in", "out"):
            view = view.zoom(1.5 if move == "in" else 1 / 1.5, EXTENT, at)
        else:
            view = view.pan(-0.25 if move == "left" else 0.25, EXTENT)
        low, high = view.span(EXTENT)
        assert low < high
        assert low >= -1e-6
        assert high <= 100 + 1e-6


def test_zooming_out_again_shows_everything_and_follows_new_points() -> None:
    view = ChartView().zoom(2, EXTENT, 30).zoom(1 / 2, EXTENT, 30)
    assert view.window is None
    assert view.span((0.0, 500.0)) == (0.0, 500.0)


def test_a_window_at_the_newest_end_follows_new_points() -> None:
    view = ChartView().zoom(4, EXTENT, 100)
    assert view.window == (75.0, math.inf)
    assert view.span((0.0, 120.0)) == (75.0, 120.0)


def test_zoom_without_a_point_is_around_the_cursor_or_the_middle() -> None:
    assert ChartView().zoom(2, EXTENT).window == (25.0, 75.0)
    assert ChartView(cursor=100.0).zoom(2, EXTENT).window == (50.0, math.inf)


def test_panning_stops_at_the_ends() -> None:
    view = ChartView(window=(40.0, 60.0))
    assert view.pan(0.25, EXTENT).window == (45.0, 65.0)
    assert view.pan(-9, EXTENT).span(EXTENT) == (0.0, 20.0)
    assert view.pan(9, EXTENT).span(EXTENT) == (80.0, 100.0)


def test_reset_shows_everything_and_puts_the_cursor_away() -> None:
    view = ChartView("epoch", (3.0, 4.0), log=True, smoothing=0.6, cursor=3.5).reset()
    assert view == ChartView("epoch", log=True, smoothing=0.6)


def test_smoothing_has_a_first_and_a_last_degree() -> None:
    view = ChartView()
    for expected in SMOOTHINGS[1:]:
        view = view.smoother()
        assert view.smoothing == expected
    assert view.smoother() == view
    assert ChartView().rougher() == ChartView()
    assert view.rougher().smoothing == SMOOTHINGS[-2]


def test_axes_come_around() -> None:
    view = ChartView()
    for expected in (*AXES[1:], AXES[0]):
        view = view.on(view.next_axis())
        assert view.axis == expected


def test_a_window_that_lost_its_width_is_given_up() -> None:
    assert ChartView().on("epoch", (2.0, 2.0)).window is None


def test_extent_translation_and_neighbours_come_from_the_points() -> None:
    short, long = curve([1.0] * 3), curve([1.0] * 50)
    assert extent([short, long], "step") == (1.0, 50.0)
    assert extent([curve([])], "step") is None
    assert translate([short, long], 20.0, "step", "epoch") == 2.0
    assert translate([short, long], math.inf, "step", "epoch") == math.inf
    assert translate([], 20.0, "step", "epoch") == 20.0
    assert neighbour([short, long], "step", 10.0, 0.1) == 11.0
    assert neighbour([short, long], "step", 10.0, 5.0) == 15.0
    assert neighbour([short, long], "step", 10.0, -5.0) == 5.0
    assert neighbour([short, long], "step", 50.0, 1.0) is None
    assert neighbour([curve([])], "step", 1.0, 1.0) is None
