"""A chart that is resized, removed, misled, or shown on a poor terminal, in a running app."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from textual.pilot import Pilot

from labapp.charts.curve import Curve
from labapp.widgets.chart import Chart
from sessions.run.history import Series
from tests.labapp.charts.appearing import Bound, Charts, in_app, settled, shown
from tests.labapp.charts.making import grow, series


def test_a_storm_of_sizes_ends_in_a_chart_of_the_last() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        for width, height in [(1, 1), (200, 60), (10, 3), (40, 8), (16, 5), (17, 4), (2, 30), (120, 2), (100, 30)]:
            await pilot.resize_terminal(width, height)
            for y in range(chart.size.height):
                assert chart.render_line(y).cell_length == chart.size.width
        while chart.size != (100, 30):
            await pilot.pause()
        await settled(pilot)
        assert chart.picture is not None
        assert (chart.picture.request.width, chart.picture.request.height) == (100, 30)

    in_app(test)


def test_a_chart_that_goes_while_it_is_drawn_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from labapp.charts.build import Builder

    begun, may_end = threading.Event(), threading.Event()
    build = Builder.build

    def slow(self: Builder, request: Any) -> Any:
        begun.set()
        assert may_end.wait(10)
        return build(self, request)

    monkeypatch.setattr(Builder, "build", slow)

    async def run() -> None:
        chart = Bound("loss", id="chart")
        app = Charts(chart)
        async with app.run_test(size=(80, 24)) as pilot:
            chart.show([Curve("run", "bn", 0, series([1.0, 2.0]))])
            await asyncio.to_thread(begun.wait, 10)
            chart.show([Curve("run", "bn", 0, series([1.0, 2.0, 3.0]))])
            await chart.remove()
            may_end.set()
            await pilot.pause()
            assert not app.query(Chart)
            assert chart.drawn == 0

    asyncio.run(run())


def test_a_mistake_while_drawing_is_a_line_in_the_chart_and_the_next_drawing_may_do_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from labapp.charts.build import Builder

    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Builder, "_build", lambda self, request: 1 / 0)
            grow(made, [1.0])
            chart.show(list(chart.curves))
            await settled(pilot)
        assert "cannot be drawn: ZeroDivisionError" in shown(chart).splitlines()[0]
        assert pilot.app.is_running
        grow(made, [1.0])
        chart.show(list(chart.curves))
        await settled(pilot)
        assert "bn 1.000" in shown(chart)

    in_app(test)


def test_another_theme_is_another_drawing() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        styles = []
        for theme in ("textual-light", "textual-dark", "nord"):
            pilot.app.theme = theme
            await settled(pilot)
            assert chart.picture is not None
            styles.append(chart.picture.request.paint)
        assert styles[0].lines != styles[1].lines
        assert styles[1].muted != styles[2].muted

    in_app(test)


def test_in_ascii_nothing_else_is_shown() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        chart.show([Curve("a", "世界 é", 0, made), Curve("b", "b", 1, made, second=True)])
        await pilot.press("h", "w")
        await settled(pilot)
        assert shown(chart).isascii()

    in_app(test, ascii=True)


def test_without_colours_faint_is_an_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        await pilot.press("w")
        await settled(pilot)
        assert chart.picture is not None
        assert chart.picture.request.mono
        assert all(style.dim for style in chart.picture.request.paint.faint)

    in_app(test)


def test_a_title_may_change_and_is_harmless() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        chart.title = "accu\x1bracy [/]"
        chart.show(list(chart.curves))
        await settled(pilot)
        assert shown(chart).startswith("accu\N{REPLACEMENT CHARACTER}racy [/]")

    in_app(test)


def test_foreign_labels_are_shown_as_they_are_but_harmless() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        chart.show([Curve("run", "[bold]\x1b[31m\tx[/]", 0, made)])
        await settled(pilot)
        assert "[bold]\N{REPLACEMENT CHARACTER}[31m x[/]" in shown(chart)

    in_app(test)


def test_a_series_may_grow_in_another_thread_meanwhile() -> None:
    async def test(pilot: Pilot[None], chart: Chart, made: Series) -> None:
        writer = threading.Thread(target=lambda: [grow(made, [1.0] * 50) for _ in range(400)])
        writer.start()
        while writer.is_alive():
            chart.show(list(chart.curves))
            await settled(pilot)
        writer.join()
        chart.show(list(chart.curves))
        await settled(pilot)
        assert chart.picture is not None
        assert chart.picture.extent[1] >= len(made.steps)

    in_app(test)
