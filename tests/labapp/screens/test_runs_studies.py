"""Studies on the home screen: one foldable row over their runs, and keys that act on them."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.runs import RunsScreen
from labapp.widgets.dialogs import Confirm
from sessions.study.folder import Launched
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, text_of, until
from tests.studies import QUEUES, end, start, toy

HOSTILE = "[red]x[/red] \x1b[31m evil {braces}"


@pytest.fixture(autouse=True)
def _no_queue_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUEUES:
        monkeypatch.setattr(f"{name}.ensure_queue", lambda home: False)


@pytest.fixture
def study(lab: Lab) -> Launched:
    """Two cells with two seeds: one run finished, one failed, two wait; and a run in no study."""
    lab.create("toy/line", name="alone", epochs=7)
    launched = start(lab, toy("norms", title=HOSTILE, question="Which is best?"), [1, 2])
    metrics = {"metrics": {"val": {"loss": 0.25}}, "best": {"metric": "loss", "value": 0.25}}
    end(lab, launched.members[0].run, **metrics)
    end(lab, launched.members[2].run, "failed")
    return launched


def runs(app: LabApp) -> Any:
    assert isinstance(app.screen, RunsScreen)
    return app.screen.runs


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_study_is_one_row_that_unfolds_and_remembers_it(lab: Lab, study: Launched, size: tuple[int, int]) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = text_of(app)
        assert "1/4 done" in screen
        assert "evil {braces}" in screen
        assert "alone" in screen
        assert "seed 2" not in screen
        assert runs(app).study is not None
        assert runs(app).row is None
        await pilot.press("enter")
        assert [f"{cell}  seed {seed}" in text_of(app) for cell in ("line", "slope") for seed in (1, 2)] == [True] * 4
        await pilot.press("down", "down", "f")
        assert runs(app).study is not None
        assert "seed 2" not in text_of(app)
        await pilot.press("f")
        app.remember()

    drive(lab, work, size=size)

    async def again(app: LabApp, pilot: Pilot[None]) -> None:
        assert "seed 2" in text_of(app)

    drive(lab, again, size=size)


def test_it_is_live_and_the_cursor_stays_on_it(lab: Lab, study: Launched) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        for member in study.members:
            end(lab, member.run, metrics={"val": {"loss": 0.5}}, best={"metric": "loss", "value": 0.5})
        await until(pilot, lambda: "4/4 done" in text_of(app))
        assert "best" in text_of(app)
        assert runs(app).study.id == study.id
        before = app.snapshot
        app.watcher.turn()
        assert app.snapshot is before

    drive(lab, work)


def test_keys_ask_and_act_on_those_of_its_runs_that_they_are_for(lab: Lab, study: Launched) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "Stop 2 runs, 2 of 4 of the study" in " ".join(text_of(app).split())
        await pilot.press("n")
        assert {lab.store.read(each.run).status.name for each in study.members} == {"finished", "failed", "queued"}
        await pilot.press("R", "y")
        await until(pilot, lambda: lab.store.read(study.members[2].run).status.name == "queued")
        await pilot.press("S", "y")
        await until(pilot, lambda: app.snapshot.studies[0].status == "ended")
        found = [lab.store.read(each.run).status.name for each in study.members]
        assert found.count("finished") == 1
        assert found.count("queued") == 0
        assert lab.store.find("alone").status.name == "queued"

    drive(lab, work)


def test_space_marks_its_runs_and_on_it_their_curves_are_shown(lab: Lab, study: Launched) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        ids = {each.run for each in study.members}
        assert {row.id for row in app.screen.shown()} == ids
        await pilot.press("space", "down")
        assert set(runs(app).marks) == ids
        await pilot.press("up", "space")
        assert runs(app).marks == {}

    drive(lab, work)


def test_filter_sort_and_grouping(lab: Lab, study: Launched) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"study:norms", "enter")
        await until(pilot, lambda: len(app.snapshot.rows) == 4)
        assert "alone" not in text_of(app)
        await pilot.press("escape", "slash", *"status:failed", "enter")
        await until(pilot, lambda: len(app.snapshot.rows) == 1)
        assert "1/4 done" in text_of(app)
        assert [row.id for row in app.screen.targets()] == [study.members[2].run]
        await pilot.press("escape", "escape", "slash", *"study:norm", "enter")
        await until(pilot, lambda: "unknown study" in app.snapshot.problem)
        await pilot.press("escape", "escape", *"GGGGG")
        await until(pilot, lambda: len(app.snapshot.rows) == 5)
        assert runs(app).group_by == "none"
        assert "1/4 done" not in text_of(app)
        await pilot.press("G")
        assert "1/4 done" in text_of(app)

    drive(lab, work)


def test_v_on_it_compares_its_cells(lab: Lab, study: Launched) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("v")
        screen: Any = await until(pilot, lambda: app.screen if app.current_mode == "compare" else None)
        await until(pilot, lambda: screen.subject.study == study.id)

    drive(lab, work)
