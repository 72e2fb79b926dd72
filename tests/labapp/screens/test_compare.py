"""The Compare screen, driven by keys over runs written by hand."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.compare import CompareScreen
from labapp.screens.run import RunScreen
from labapp.widgets.chart import Chart
from labapp.widgets.pick import Pick
from tests.compared import end, finished, grow, launched, study, write
from tests.conftest import Lab, configured
from tests.labapp.screens.app import SMALL, drive, notices, text_of, until

CELLS = {"bn batch_size=8": [0.80, 0.82], "bn batch_size=128": [0.90, 0.92], "gn batch_size=8": [0.89, 0.91]}


def screen(app: LabApp) -> CompareScreen:
    assert isinstance(app.screen, CompareScreen), app.screen
    return app.screen


async def shown(app: LabApp, pilot: Pilot[None]) -> CompareScreen:
    """Once there is something to see, and the chart has what belongs to it."""
    await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparison is not None)
    await until(pilot, lambda: not any(worker.is_running for worker in app.workers))
    return screen(app)


def first_cells(app: LabApp) -> list[str]:
    return [line.cells[0] for line in screen(app).table.lines]


class TestAStudy:
    @pytest.fixture(autouse=True)
    def cells(self, lab: Lab) -> None:
        launched(lab, study(data="cifar10"), CELLS)

    def test_is_written_up_at_a_key(self, lab: Lab) -> None:
        async def write_up(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("3")
            await until(pilot, lambda: isinstance(app.screen, Pick))
            await pilot.press("enter")
            await shown(app, pilot)
            await pilot.press("R")
            await until(pilot, lambda: any("scp" in words for words in notices(app)))

        drive(lab, write_up)
        (path,) = lab.store.home.exports.glob("*.html")
        assert "report 001" in path.read_text()

    def test_is_chosen_and_shown_with_its_curves_its_numbers_and_what_reports_state(self, lab: Lab) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("3")
            await until(pilot, lambda: isinstance(app.screen, Pick))
            await pilot.press("enter")
            here = await shown(app, pilot)
            await until(pilot, lambda: len(here.query_one(Chart).curves) == 3)
            assert all(curve.band for curve in here.query_one(Chart).curves)
            assert list(here.query_one(Chart).curves[1].series.epochs) == [1.0, 2.0, 3.0]
            assert here.query_one(Chart).curves[1].series.values[-1] == pytest.approx(0.91)
            assert first_cells(app)[:2] == ["bn batch_size=128", "gn batch_size=8"]
            text = text_of(app)
            for words in (
                "0.9100 ±.0141 *",
                "0.9000 ±.0141 ~",
                "0.8139 +.0961",
                "report 001 (2021), 1.2.1",
                "not dist",
            ):
                assert words in text

        drive(lab, look)

    def test_is_sorted_split_and_asked_for_what_differs_with_keys(self, lab: Lab) -> None:
        async def press(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("3")
            await until(pilot, lambda: isinstance(app.screen, Pick))
            await pilot.press("enter")
            here = await shown(app, pilot)
            best = first_cells(app)[0]
            await pilot.press("r")
            assert first_cells(app)[2] == best  # what has no number stays last
            while here.wanted.sort != "name":
                await pilot.press("s")
            assert first_cells(app)[0] == "bn batch_size=8"
            assert here.wanted.split == "test"
            await pilot.press("p")
            assert "train" in text_of(app)
            await pilot.press("d")
            assert [column.title for column in here.table.columns] == ["", "variant", "batch_size"]
            await pilot.press("d", "p", "home", "space")
            await until(pilot, lambda: len(here.chart.curves) == 2)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, RunScreen))

        drive(lab, press)

    def test_shows_one_thing_at_a_time_where_there_is_little_room(self, lab: Lab) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("3")
            await until(pilot, lambda: isinstance(app.screen, Pick))
            await pilot.press("enter")
            here = await shown(app, pilot)
            assert "0.9100" in text_of(app)
            assert not here.chart.region
            await pilot.press("v")
            await until(pilot, lambda: here.chart.picture is not None)
            assert not here.table.region
            for size in ((20, 5), (1, 1), (250, 70)):
                await pilot.resize_terminal(*size)
            assert here.table.region
            assert here.chart.region

        drive(lab, look, size=SMALL)


class TestRuns:
    def test_that_are_marked_are_compared_and_text_not_ours_does_nothing(self, lab: Lab) -> None:
        for name, value in (("[red]one[b]", 0.8), ("two", 0.9)):
            finished(lab, name=name, metrics={"accuracy": value}, lr=value / 10, curve=[0.1, value])

        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space", "down", "space", "v")
            await shown(app, pilot)
            assert first_cells(app) == ["two", "[red]one[b]"]
            assert "[red]one[b]" in text_of(app)
            await pilot.press("1", "u", "home", "3")
            await shown(app, pilot)
            assert len(first_cells(app)) == 2  # marks that were taken away change nothing
            await pilot.press("1", "v")
            await until(pilot, lambda: first_cells(app) == ["two"] or first_cells(app) == ["bn"])

        drive(lab, look)

    def test_that_go_on_are_followed_and_win_nothing_before_they_end(self, lab: Lab) -> None:
        finished(lab, name="done", metrics={"accuracy": 0.8}, curve=[0.5, 0.8])
        going = write(lab, configured("images/gn"), "going", {"accuracy": 0.0}, curve=[0.9], ended=False)

        async def follow(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space", "down", "space", "v", "p", "p")
            here = await shown(app, pilot)
            while here.wanted.split != "val":
                await pilot.press("p")
            assert "0.9000" in text_of(app)
            assert "*" not in text_of(app)  # alone among those that have ended
            grow(lab, going.id, "accuracy", [0.9, 0.95])
            end(lab, going.id, {"accuracy": 0.95})
            await until(pilot, lambda: "0.9500 *" in text_of(app))
            await until(pilot, lambda: [len(each.series.values) for each in here.chart.curves] == [2, 2])

        drive(lab, follow)

    def test_of_two_tasks_are_not_compared_and_it_is_said_why(self, lab: Lab) -> None:
        finished(lab)
        finished(lab, "ner/bilstm", metrics={"micro_f1": 0.5})

        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space", "down", "space", "v")
            await until(pilot, lambda: "runs of different tasks cannot be compared" in text_of(app))
            await pilot.press("s", "m", "p", "d", "r", "v", "space", "enter", "Y")
            assert isinstance(app.screen, CompareScreen)

        drive(lab, look)

    def test_without_any_there_is_a_word_on_what_to_do(self, lab: Lab) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("3")
            await until(pilot, lambda: "labapp study norms" in text_of(app))
            await pilot.press("s", "m", "p", "d", "r", "v", "a", "space", "enter", "Y")
            assert "Mark runs" in text_of(app)
            assert not [word for word in notices(app) if "fail" in word]

        drive(lab, look)
