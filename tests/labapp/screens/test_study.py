"""Launching a whole study from the app: what would be trained is said before, and nothing is trained twice."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from engine.errors import LabError
from labapp.app import LabApp
from labapp.screens.study import StudyScreen
from sessions.study import launching
from sessions.study.folder import Studies
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until
from tests.studies import QUEUES, end, start, toy

TOML = (
    'title = "Two lines"\nquestion = "Is a shift needed?"\ntask = "toy"\nvariants = ["line", "slope"]\n'
    'metric = "loss"\nsettings = { epochs = 2 }\naxes = [{ setting = "points", values = [8, 16] }]\n'
)


@pytest.fixture(autouse=True)
def _no_queue_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUEUES:
        monkeypatch.setattr(f"{name}.ensure_queue", lambda home: False)


@pytest.fixture(autouse=True)
def _mine(lab: Lab) -> None:
    (lab.store.home.ensure().studies / "a-mine.toml").write_text(TOML)


def foot(screen: StudyScreen) -> str:
    return str(screen.query_one("#will").render())  # type: ignore[attr-defined]


async def opened(app: LabApp, pilot: Pilot[None], name: str = "a-mine") -> StudyScreen:
    """The screen, by the keys that lead there, with a study planned."""
    await pilot.press("2")
    await until(pilot, lambda: getattr(app.screen, "checked", None) is not None)
    await pilot.press("f4")
    screen: Any = await until(pilot, lambda: app.screen if isinstance(app.screen, StudyScreen) else None)
    await until(pilot, lambda: screen.chosen is not None)
    while screen.chosen.name != name:
        await pilot.press("f4")
    await until(pilot, lambda: screen.planned is not None)
    assert isinstance(screen, StudyScreen)
    return screen


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_it_says_what_will_happen_and_launches_it(lab: Lab, size: tuple[int, int]) -> None:
    end(lab, lab.create("toy/slope", epochs=2, points=8).id)

    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        assert foot(screen).startswith("4 cells: 1 there already, 3 to train")
        assert "Is a shift needed?" in text_of(app)
        screen.choices.go("seeds")
        screen.show_pane(screen.choices)
        await pilot.press("2")
        await until(pilot, lambda: "4 cells x 2 seeds: 1 there already, 7 to train" in foot(screen))
        await pilot.press("f5")
        await until(pilot, lambda: app.current_mode == "runs")
        runs: Any = app.screen
        await until(pilot, lambda: runs.runs.study is not None and runs.runs.study.name == "a-mine")
        assert "1/8 done" in text_of(app)

    drive(lab, work, size=size)
    (launched,) = Studies(lab.store.home).all()
    assert len(launched.members) == 8
    assert len(lab.store.ids()) == 8


def test_settings_recipe_and_cells_are_changed_for_all_its_runs(lab: Lab) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        keys = {line.key for line in screen.settings.lines.lines}
        assert "points" not in keys, "an axis is no setting of all its runs"
        assert "seed" not in keys
        screen.show_pane(screen.settings)
        screen.settings.go("lr")
        await pilot.press("0", "full_stop", "7")
        assert screen.wanted is not None
        assert screen.wanted.settings == {"epochs": 2, "lr": 0.7}
        await pilot.press("x")
        assert "cannot be launched" in foot(screen)
        await pilot.press("f5")
        assert lab.store.ids() == []
        await pilot.press("f9", "f6")
        assert screen.wanted is not None
        assert (screen.wanted.settings, screen.wanted.recipe) == ({"epochs": 2}, "seed")
        screen.show_pane(screen.choices)
        screen.choices.go("only")
        await pilot.press(*"slop")
        assert "no such cell" in foot(screen)
        await pilot.press("e")
        await until(pilot, lambda: foot(screen).startswith("2 cells: 2 to train"))

    drive(lab, work)


def test_a_launched_study_is_taken_up_again_from_the_list(lab: Lab) -> None:
    launched = start(lab, toy("norms", settings={"epochs": 3}), [1, 2])

    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("d")
        screen: Any = await until(pilot, lambda: app.screen if isinstance(app.screen, StudyScreen) else None)
        await until(pilot, lambda: screen.planned is not None)
        assert screen.chosen.name == launched.id
        assert foot(screen).startswith("2 cells x 2 seeds: 4 go on, nothing new to train")
        await pilot.press("escape")
        assert app.current_mode == "runs"

    drive(lab, work)


def test_a_study_that_cannot_be_read_is_said_and_the_others_are_there(lab: Lab) -> None:
    (lab.store.home.studies / "bad.toml").write_text("task = ")

    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        assert "norms" in screen.studies
        assert any("bad.toml" in notice for notice in notices(app))

    drive(lab, work)


def test_why_it_cannot_be_planned_stays_until_it_can(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = launching.plan

    def refuse(*args: Any, **more: Any) -> Any:
        raise LabError("the data cannot be read", got="no such folder")

    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot)
        monkeypatch.setattr(launching, "plan", refuse)
        screen.choices.go("seeds")
        screen.show_pane(screen.choices)
        await pilot.press("2")
        await until(pilot, lambda: "cannot be read: no such folder" in foot(screen))
        await pilot.press("f8")  # draws everything anew
        assert "cannot be read: no such folder" in foot(screen)
        await pilot.press("f5")
        assert not lab.store.ids()
        monkeypatch.setattr(launching, "plan", planned)
        await pilot.press("f1", "escape")  # away and back
        await until(pilot, lambda: foot(screen).startswith("4 cells x 2 seeds: 8 to train"))

    drive(lab, work)


def test_the_settings_of_one_variant_are_shown_and_go_along(lab: Lab) -> None:
    (lab.store.home.ensure().studies / "b-own.toml").write_text(TOML + "own = { slope = { epochs = 5 } }\n")

    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await opened(app, pilot, "b-own")
        assert "slope: epochs=5" in text_of(app)
        assert screen.chosen is not None
        assert screen.chosen.wanted().own == {"slope": {"epochs": 5}}

    drive(lab, work, size=LARGE)
