"""Whole charts, from series to lines of text, at every size and with every kind of value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labapp.charts.build import Builder
from labapp.charts.curve import Curve
from labapp.charts.palette import FILLED, HOLLOW, marker
from labapp.charts.view import ChartView
from tests.labapp.charts.making import canvas, curve, drawn, filled, grow, request, series

NAN, INF = math.nan, math.inf
CURVES = {
    "none": [],
    "empty": [[]],
    "one point": [[0.5]],
    "constant": [[1.0] * 50],
    "zero": [[0.0] * 50],
    "all nan": [[NAN] * 20],
    "nan and inf": [[1.0, NAN, 2.0, INF, 0.5, -INF, 1.0]],
    "negative": [[-1.0, -2.0, -3.0]],
    "huge": [[1e308, -1e308, 1.7e308]],
    "tiny": [[5e-324, 1e-310, 1e-300]],
    "huge and tiny": [[1e300, 1e-300, 0.0]],
    "hair's breadth": [[2.302585, 2.302586, 2.302585]],
    "many": [[math.exp(-i / 300) + place for i in range(1000)] for place in range(12)],
}
VIEWS = {
    "plain": ChartView(),
    "log": ChartView(log=True),
    "smooth": ChartView(smoothing=0.9),
    "both, zoomed, by time": ChartView("elapsed", (1.0, 3.0), log=True, smoothing=0.6),
    "a window beyond all points": ChartView(window=(1e6, 2e6)),
    "a narrow window": ChartView("epoch", (0.15, 0.1500001)),
}
SIZES = [(w, h) for w in (1, 2, 3, 7, 15, 16, 17, 24, 30, 40, 59, 60, 120) for h in (1, 2, 4, 5, 6, 8, 9, 12, 30)]
HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "[bold red]x[/]",
    "[/",
    "a\tb\nc",
    "世界" * 20,
    "e\u0301\u202e",
    "",
    " " * 50,
    "x" * 300,
]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("values", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
def test_whatever_the_values_there_is_a_chart(values: list[list[float]], view: ChartView, ascii: bool) -> None:
    curves = [curve(each, place, f"run {place}") for place, each in enumerate(values)]
    for width, height in ((60, 16), (120, 30), (40, 8)):
        picture = drawn(curves, view, width, height, title="loss", ascii=ascii)
        assert len(picture.strips) + picture.plan.rows == height
        assert all(strip.cell_length == width for strip in picture.strips)
        if ascii:
            assert all(strip.text.isascii() for strip in picture.strips)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_size_is_filled_exactly(width: int, height: int) -> None:
    curves = [curve([1 / (i + 1) for i in range(100)], place, f"run {place}", second=place == 1) for place in range(3)]
    picture = drawn(curves, ChartView(smoothing=0.6), width, height, title="val loss")
    assert len(picture.strips) + picture.plan.rows == height
    assert all(strip.cell_length == width for strip in picture.strips)


@given(
    st.lists(st.lists(st.floats(), max_size=60), max_size=3),
    st.sampled_from(sorted(VIEWS)),
    st.integers(1, 70),
    st.integers(1, 20),
)
@settings(max_examples=150, deadline=None)
def test_no_values_and_no_size_break_it(values: list[list[float]], view: str, width: int, height: int) -> None:
    picture = drawn([curve(each, place) for place, each in enumerate(values)], VIEWS[view], width, height)
    assert len(picture.strips) + picture.plan.rows == height
    assert all(strip.cell_length == width for strip in picture.strips)


def test_too_little_room_for_a_chart_shows_a_line_for_each_curve() -> None:
    picture = drawn([curve([0, 1, 2, 3], 0), curve([3, 2, 1, 0.5], 1)], width=20, height=2)
    assert picture.box is None
    assert [strip.text.split() for strip in picture.strips] == [["●", "▁▃▆█", "3.000"], ["▲", "█▅▂▁", "0.5000"]]


def test_a_rising_curve_goes_from_the_lower_left_to_the_upper_right_and_ends_in_its_marker() -> None:
    rows = canvas(drawn([curve([float(i) for i in range(101)])]))
    cells = sorted(filled(rows), key=lambda cell: (cell[0], -cell[1]))
    assert cells[0][1] == len(rows) - 1
    assert cells[-1][1] == 0
    assert [row for _, row in cells] == sorted((row for _, row in cells), reverse=True)
    column, row = cells[-1]
    assert rows[row][column] == marker(0)


def test_a_spike_in_a_long_curve_is_seen() -> None:
    values = [0.0] * 50_000
    values[20_000] = 1.0
    assert any(row == 0 for _, row in filled(canvas(drawn([curve(values)]))))


def test_what_is_not_finite_is_marked_at_its_edge_and_counted() -> None:
    values = [1.0, 2.0] * 50
    values[20], values[50], values[80] = NAN, INF, -INF
    picture = drawn([curve(values)])
    rows = canvas(picture)
    at = [picture.column_of(step) - picture.box.left for step in (21, 51, 81)]  # type: ignore[operator, union-attr]
    assert rows[-1][at[0]] == "x"
    assert rows[0][at[1]] == "x"
    assert rows[-1][at[2]] == "x"
    assert picture.trouble == "3 not finite"
    styles = {part.style for strip in picture.strips for part in strip if part.text.strip() == "x"}
    assert styles == {picture.request.paint.error}


def test_a_logarithmic_axis_leaves_out_what_is_not_positive_and_says_so() -> None:
    values = [10.0, 0.0, 1.0, -5.0, 0.1]
    picture = drawn([curve(values)], ChartView(log=True))
    assert picture.trouble == "2 <= 0 left out"
    assert "log scale" in "".join(strip.text for strip in drawn([curve([-1.0, 0.0])], ChartView(log=True)).strips)


def test_a_chart_without_points_says_so() -> None:
    for curves in ([], [curve([])]):
        assert "no data yet" in "".join(strip.text for strip in drawn(curves).strips)
    assert "no finite values" in "".join(strip.text for strip in drawn([curve([NAN])]).strips)


def test_the_raw_curve_stays_behind_its_smoothed_self() -> None:
    values = [math.sin(i) for i in range(500)]
    picture = drawn([curve(values)], ChartView(smoothing=0.99))
    styles = [part.style for strip in picture.strips for part in strip if part.text.strip()]
    assert picture.request.paint.faint[0] in styles
    assert picture.request.paint.lines[0] in styles
    plain = drawn([curve(values)])
    assert plain.request.paint.faint[0] not in [part.style for strip in plain.strips for part in strip]


def test_last_and_best_stand_beside_each_curve() -> None:
    loss = curve([3.0, 1.0, 2.0])
    assert drawn([loss], title="train/val loss").shown[0].best == 1.0
    assert drawn([loss], title="val micro_f1").shown[0].best == 3.0
    assert drawn([curve([3.0, 1.0, 2.0], metric="loss")], title="anything").shown[0].best == 1.0
    assert drawn([curve([3.0, 1.0, 2.0], metric="novel/loss")], title="anything").shown[0].best == 1.0
    assert drawn([curve([3.0, 1.0], best=False)]).shown[0].best is None
    assert drawn([loss]).shown[0].last == 2.0


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("ascii", [False, True])
def test_foreign_labels_never_reach_the_plot_and_change_no_width(label: str, ascii: bool) -> None:
    picture = drawn([curve([1.0, 2.0, 3.0], label=label)], ascii=ascii)
    allowed = {chr(0x2800 + code) for code in range(256)} | set(" .-'|A" if ascii else " ●")
    assert set("".join(canvas(picture))) <= allowed
    assert all(strip.cell_length == 60 for strip in picture.strips)


def test_new_points_are_drawn_and_a_resume_takes_points_back() -> None:
    builder, made = Builder(), series([0.0, 1.0] * 20)
    curves = [Curve("run", "run", 0, made)]
    before = builder.build(request(curves))
    grow(made, [5.0])
    grown = builder.build(request(curves))
    assert grown.shown[0].last == 5.0
    assert grown.strips != before.strips
    made.cut(40)
    assert builder.build(request(curves)).strips == before.strips


def test_the_plot_stays_where_it_is_when_values_change_a_digit() -> None:
    places = set()
    for last in (0.1, 0.9999, -0.123456, 12345.678, 1e-9, -1e9):
        picture = drawn([curve([0.5, last])])
        assert picture.box is not None
        places.add((picture.box, picture.plan))
    assert len(places) == 1


def test_without_colours_markers_lie_along_the_lines() -> None:
    curves = [curve([place + i / 1000 for i in range(500)], place) for place in range(3)]
    text = "".join(canvas(drawn(curves, mono=True, width=120)))
    assert all(text.count(marker(place)) > 1 for place in range(3))
    coloured = "".join(canvas(drawn(curves, width=120)))
    assert all(coloured.count(marker(place)) == 1 for place in range(3))


def test_the_lesser_curve_of_a_pair_is_dashed_with_a_hollow_marker() -> None:
    made = [0.5] * 100
    solid, dashed = (canvas(drawn([curve(made, second=second)])) for second in (False, True))
    assert len(filled(dashed)) < len(filled(solid))
    assert FILLED[0] in "".join(solid)
    assert HOLLOW[0] in "".join(dashed)


def test_x_marks_are_of_their_axis() -> None:
    made = series([1.0] * 600, seconds=1.0, per_epoch=100.0)
    last_line = {axis: drawn([Curve("r", "r", 0, made)], ChartView(axis)).strips[-1].text.split() for axis in
                 ("step", "epoch", "elapsed")}  # fmt: skip
    assert last_line["step"][-1] == "600"
    assert last_line["epoch"][-1] == "6"
    assert last_line["elapsed"][-1] == "10:00"


def test_a_window_shows_its_part_only() -> None:
    made = curve([0.0] * 50 + [1.0] * 50)
    picture = drawn([made], ChartView(window=(60.0, 80.0)))
    assert len({row for _, row in filled(canvas(picture))}) == 1
    assert picture.column_of(59.0) is None
    assert picture.column_of(60.0) == picture.box.left  # type: ignore[union-attr]
    assert picture.x_of(picture.box.left) == pytest.approx(60.0, abs=0.5)  # type: ignore[union-attr]


def test_more_curves_than_colours_are_left_out_rather_than_mixed_up() -> None:
    curves = [curve([float(place), 1.0], place, f"run {place}") for place in range(130)]
    assert len(drawn(curves, width=120, height=30).shown) == 100
