"""The chart as a person meets it: in an app, growing, resized, zoomed, and gone while it is being drawn."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from textual import events
from textual.pilot import Pilot

from labapp.charts.curve import Curve
from labapp.charts.view import ChartView
from labapp.widgets.chart import CHART_ACTIONS, Chart
from sessions.run.history import Series
from tests.labapp.charts.appearing import Bound, Charts, in_app, settled, shown
from tests.labapp.charts.making import grow, series

TAKEN = "enter space escape tab up down pageup pagedown home end n d S P R K slash question_mark colon u q g o m e f v"


def test_plotext_and_numpy_wait_for_the_first_chart() -> None:
    code = (
        "import sys, labapp.widgets.chart, labapp.charts.sparkline;"
        "print([name for name in ('numpy', 'plotext', 'pydantic', 'torch') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_it_shows_its_title_its_curve_and_its_values() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        text = shown(chart)
        assert "val loss  ● bn 1.000   ↓0" in text
        assert text.splitlines()[0].endswith("step")

    in_app(test)


def test_it_grows_when_its_series_grows_and_rests_when_nothing_changed() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        drawn = chart.drawn
        for _ in range(3):
            chart.show(list(chart.curves))
            await settled(pilot)
        assert chart.drawn == drawn
        grow(made, [3.25])
        chart.show(list(chart.curves))
        await settled(pilot)
        assert chart.drawn == drawn + 1
        assert "3.250" in shown(chart)
        made.cut(100)
        chart.show(list(chart.curves))
        await settled(pilot)
        assert chart.drawn == drawn + 2
        assert "3.250" not in shown(chart)

    in_app(test)


def test_many_wishes_at_once_are_few_drawings_and_the_newest_wins() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        for value in range(200):
            grow(made, [float(value)])
            chart.show(list(chart.curves))
        await settled(pilot)
        assert chart.drawn <= 4
        assert "199.0" in shown(chart)

    in_app(test)


KEYS = {
    "plus": lambda view: view.window == pytest.approx((50 - 100 / 3, 50 + 100 / 3)),
    "y": lambda view: view.log,
    "x": lambda view: view.axis == "epoch",
    "w": lambda view: view.smoothing == 0.3,
    "h": lambda view: view.cursor == 100.0,
    "l": lambda view: view.cursor == 100.0,
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_changes_the_view_and_says_so(key: str) -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        await pilot.press(key)
        await settled(pilot)
        assert KEYS[key](chart.view)
        app = pilot.app
        assert isinstance(app, Charts)
        assert app.changes == [chart.view]

    in_app(test)


def test_every_action_exists_and_takes_no_key_of_the_apps() -> None:
    keys = [key for _, names, _ in CHART_ACTIONS for key in names.split(",")]
    assert len(keys) == len(set(keys))
    assert not set(keys) & (set(TAKEN.split()) | set("123456789"))
    for action, _, words in CHART_ACTIONS:
        assert callable(getattr(Chart, f"action_{action}"))
        assert words


def test_zoom_pan_and_reset() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        await pilot.press("plus", "right", "right")
        assert chart.view.window == pytest.approx((100 / 3, float("inf")))
        await pilot.press("left", "minus")
        assert chart.view.window is None
        await pilot.press("w", "plus", "h", "0")
        assert chart.view == ChartView(smoothing=0.3)
        await pilot.press("W")
        assert chart.view == ChartView()

    in_app(test)


def test_the_window_and_the_cursor_stay_at_their_moment_on_another_axis() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        chart.apply(ChartView(window=(20.0, 60.0), cursor=40.0))
        await pilot.press("x")
        assert chart.view == ChartView("epoch", (2.0, 6.0), cursor=4.0)
        await pilot.press("x")
        assert chart.view == ChartView("elapsed", (10.0, 30.0), cursor=20.0)
        await settled(pilot)
        assert "0:20" in shown(chart)

    in_app(test)


def test_the_cursor_reads_the_points_and_draws_nothing_anew() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        drawn = chart.drawn
        await pilot.press("h", "h")
        await settled(pilot)
        assert chart.view.cursor == 98.0
        text = shown(chart)
        assert "bn 6.000" in text
        assert "step 98  epoch 9.8  49 s" in text
        assert "│" in text.splitlines()[10]
        assert chart.drawn == drawn
        await pilot.press("l", "l", "l")
        assert chart.view.cursor == 100.0
        await pilot.press(next(keys for action, keys, _ in CHART_ACTIONS if action == "cursor_off").split(",")[0])
        assert chart.view.cursor is None
        assert "epoch 9.8" not in shown(chart)

    in_app(test, values=[float(i % 7) for i in range(99)] + [1.0])


def test_charts_share_a_view() -> None:
    async def run() -> None:
        one, two = Bound("loss", id="one"), Bound("accuracy", id="two")
        app = Charts(one, two)
        async with app.run_test(size=(80, 40)) as pilot:
            for chart in (one, two):
                chart.show([Curve("run", "bn", 0, series([1.0, 2.0, 3.0]))])
            await settled(pilot)
            one.action_cycle_x()
            two.apply(one.view)
            await settled(pilot)
            assert app.changes == [one.view]
            assert shown(two).splitlines()[0].endswith("epoch")

    asyncio.run(run())


def test_the_wheel_zooms_at_the_pointer() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        assert chart.picture is not None
        column = chart.picture.column_of(25.0)
        assert column is not None
        await pilot._post_mouse_events([events.MouseScrollUp], "#chart", (column, 10))  # the pilot has no wheel
        low, high = chart.view.span((0.0, 100.0))
        assert high - low == pytest.approx(100 / 1.5)
        assert (25.0 - low) / (high - low) == pytest.approx(0.25, abs=0.02)
        await pilot._post_mouse_events([events.MouseScrollDown], "#chart", (column, 10))
        await settled(pilot)
        assert chart.view.window is None

    in_app(test)


def test_a_click_reads_a_drag_pans_a_double_click_resets() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        await pilot.click(chart, offset=(40, 10))
        assert chart.view.cursor == pytest.approx(45, abs=3)
        chart.apply(ChartView(window=(40.0, 60.0)))
        await settled(pilot)
        await pilot.mouse_down(chart, offset=(40, 10))
        await pilot.hover(chart, offset=(50, 10))
        await pilot.mouse_up(chart, offset=(50, 10))
        low, high = chart.view.span((0.0, 100.0))
        assert high - low == pytest.approx(20)
        assert low == pytest.approx(40 - 10 / 73 * 20, abs=0.1)
        assert chart.view.cursor is None
        await pilot.click(chart, offset=(40, 10), times=2)
        assert chart.view == ChartView()

    in_app(test)


def test_what_is_under_the_mouse_is_read_until_it_leaves() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        drawn = chart.drawn
        await pilot.hover(chart, offset=(40, 10))
        assert "epoch" in shown(chart).splitlines()[0]
        assert chart.view.cursor is None
        chart.post_message(events.Leave(chart))
        await pilot.pause()
        assert "epoch" not in shown(chart).splitlines()[0]
        assert chart.drawn == drawn

    in_app(test)
