"""The Charts, Features and Config tabs of a run."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.run import RunScreen
from labapp.screens.run_tabs.charts import ChartsPane
from labapp.screens.run_tabs.config import ConfigPane
from labapp.screens.run_tabs.features import FeaturesPane
from labapp.widgets.chart import Chart
from labapp.widgets.table import Table
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, notices, text_of, until
from tests.labapp.screens.run_data import at_tab, image_run, opened


class TestCharts:
    @pytest.mark.parametrize(("size", "count"), [(SMALL, 1), (LARGE, 4), ((120, 26), 2), ((90, 50), 2)])
    def test_are_as_many_as_there_is_room_for(self, lab: Lab, size: tuple[int, int], count: int) -> None:
        run = image_run(lab)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            charts = await until(pilot, lambda: [chart for chart in shown.query(Chart) if chart.region])
            assert len(charts) == count
            await until(pilot, lambda: all(chart.curves for chart in charts))
            assert charts[0].title.startswith("accuracy")
            assert [curve.label for curve in charts[0].curves] == ["val", "train"]

        opened(lab, run, look, size=size)

    def test_m_goes_through_everything_where_there_is_one(self, lab: Lab) -> None:
        run = image_run(lab)

        async def cycle(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            pane, chart = shown.pane, shown.query(Chart).first()
            assert isinstance(pane, ChartsPane)
            await until(pilot, lambda: chart.curves)
            found = []
            for _ in pane.choices():
                found.append(chart.title.split(" (")[0])
                await pilot.press("m")
            assert found == ["accuracy", "micro_f1", "macro_f1", "loss", "learning rate", "examples/s"]
            assert chart.title.startswith("accuracy")

        opened(lab, run, cycle, size=SMALL)

    def test_share_the_window_the_axis_and_the_cursor_but_not_the_scale(self, lab: Lab) -> None:
        run = image_run(lab)

        async def turn(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            charts = list(shown.query(Chart))
            await until(pilot, lambda: all(chart.curves for chart in charts) and charts[0].picture)
            await pilot.press("x", "plus", "w", "h", "y")
            first = charts[0].view
            assert (first.axis, first.log) == ("epoch", True)
            assert first.window is not None
            for chart in charts[1:]:
                view = chart.view
                assert (view.axis, view.window, view.smoothing, view.cursor) == (
                    first.axis, first.window, first.smoothing, first.cursor,
                )  # fmt: skip
                assert not view.log

        opened(lab, run, turn)

    def test_e_in_capitals_writes_the_points_and_says_where_and_how_to_fetch_them(self, lab: Lab) -> None:
        run = image_run(lab)

        async def write(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            chart = shown.query(Chart).first()
            await until(pilot, lambda: chart.curves)
            await pilot.press("E")
            path = run.path / "artifacts" / "accuracy.csv"
            said = await until(pilot, lambda: [each for each in notices(app) if "scp" in each])
            assert str(path) in said[0]
            assert path.read_text().startswith("run,curve,metric,step,epoch,elapsed,partial,value\n")

        opened(lab, run, write)


class TestFeatures:
    def test_are_one_chart_of_all_quantiles_and_the_final_ones(self, lab: Lab) -> None:
        run = image_run(lab)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Features")
            assert isinstance(shown.pane, FeaturesPane)
            curves = await until(pilot, lambda: shown.pane.query_one(Chart).curves)
            assert [curve.label for curve in curves] == ["1 %", "99 %"]
            assert "2.5000" in text_of(app)

        opened(lab, run, look, size=SMALL)

    def test_of_a_task_without_any_are_said_to_be_none(self, lab: Lab) -> None:
        finished = lab.finished(epochs=2)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Features")
            await until(pilot, lambda: "measures no quantiles" in text_of(app))

        opened(lab, finished, look)


class TestConfig:
    def test_marks_what_somebody_chose_and_not_what_follows_from_it(self, lab: Lab) -> None:
        run = image_run(lab, epochs=40, lr=0.05)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Config")
            pane = shown.pane
            assert isinstance(pane, ConfigPane)
            await until(pilot, lambda: pane.told is not None)
            marked = {line.key: line.cells for line in pane.query_one(Table).lines if line.kind == "mark"}
            assert {key: cells[1:3] for key, cells in marked.items()} == {"epochs": ("40", "12"), "lr": ("0.05", "0.2")}
            pane.query_one(Table).select("lr")
            await until(pilot, lambda: "learning rate at the top of the schedule" in text_of(app))
            for words in ("git commit", "identity", "data fingerprint", "seed"):
                assert any(words in line.cells[0] for line in pane.query_one(Table).lines)

        opened(lab, run, look)

    def test_of_an_unknown_task_or_a_newer_version_shows_plain_values(self, lab: Lab) -> None:
        finished = lab.finished(epochs=2)
        path = finished.path / "config.toml"
        path.write_text(path.read_text().replace('"toy"', '"[red]later[/]"').replace("v = 1\n", "v = 99\n", 1))

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Config")
            await until(pilot, lambda: "does not know its task" in text_of(app))
            assert "batch_size" in text_of(app)

        opened(lab, finished, look)
