"""A chart in a running app, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot

from labapp.charts.curve import Curve
from labapp.charts.view import ChartView
from labapp.widgets.chart import CHART_ACTIONS, Chart
from sessions.run.history import Series
from tests.labapp.charts.making import series


class Bound(Chart):
    BINDINGS = [Binding(keys, action, words) for action, keys, words in CHART_ACTIONS]  # noqa: RUF012


class Charts(App[None]):
    def __init__(self, *charts: Chart):
        super().__init__()
        self.charts = charts
        self.changes: list[ChartView] = []

    def compose(self) -> ComposeResult:
        yield from self.charts

    def on_chart_view_changed(self, event: Chart.ViewChanged) -> None:
        assert event.control is event.chart
        self.changes.append(event.view)


async def settled(pilot: Pilot[None]) -> None:
    """Until every chart has drawn what it was asked to."""
    await pilot.pause()
    while any(chart.busy for chart in pilot.app.query(Chart)):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def in_app(
    test: Callable[[Pilot[None], Chart, Series], Awaitable[None]],
    values: list[float] | None = None,
    size: tuple[int, int] = (80, 24),
    **attributes: Any,
) -> None:
    async def run() -> None:
        made = series(values if values is not None else [float(i % 7) for i in range(100)])
        chart = Bound("val loss", id="chart")
        for name, value in attributes.items():
            setattr(chart, name, value)
        app = Charts(chart)
        async with app.run_test(size=size) as pilot:
            chart.show([Curve("run", "bn", 0, made)])
            chart.focus()
            await settled(pilot)
            await test(pilot, chart, made)

    asyncio.run(run())


def shown(chart: Chart) -> str:
    return "\n".join(chart.render_line(y).text for y in range(chart.size.height))
