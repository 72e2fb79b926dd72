"""What every screen has: help, palette, themes, going back and forth, leaving; and the line at the foot."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from engine.errors import LabError
from labapp.actions import RUNS, SCREENS, actions_of
from labapp.app import LabApp
from labapp.face import Face
from labapp.screens.help import HelpScreen
from labapp.screens.runs import RunsScreen
from labapp.themes import THEMES
from labapp.widgets.bars import KeyBar, TopBar, key_name
from labapp.widgets.run_list import RunList
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, text_of, until
from tests.studies import end


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_numbers_switch_screens_from_anywhere_and_escape_leads_home(lab: Lab, size: tuple[int, int]) -> None:
    lab.finished(epochs=1)

    async def go(app: LabApp, pilot: Pilot[None]) -> None:
        for target in SCREENS:
            await pilot.press(target.key)
            await until(pilot, lambda target=target: app.current_mode == target.name)  # type: ignore[misc]
            if target.name != "runs":
                await pilot.press(*["escape"] * (2 if target.name in ("tag", "solve") else 1))  # out of its field first
                await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("7")
        await until(pilot, lambda: app.current_mode == "machine")

    drive(lab, go, size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE, (20, 5)])
def test_help_lists_every_action_of_the_screen_and_closes_again(lab: Lab, size: tuple[int, int]) -> None:
    async def ask(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        if size == LARGE:
            shown = text_of(app)
            for action in actions_of(RUNS):
                assert action.help.split(":")[0][:30] in " ".join(shown.split()), action.name
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    drive(lab, ask, size=size)


def test_the_palette_finds_actions_by_name_and_does_them(lab: Lab) -> None:
    lab.finished(epochs=1)

    async def find(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"theme lab-light-safe")
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.theme == "lab-light-safe")

    drive(lab, find)


def test_themes_go_round(lab: Lab) -> None:
    async def turn(app: LabApp, pilot: Pilot[None]) -> None:
        seen = []
        for _ in THEMES:
            seen.append(app.theme)
            await pilot.press("ctrl+t")
            await pilot.pause()
        assert seen == [theme.name for theme in THEMES]
        assert app.theme == THEMES[0].name

    drive(lab, turn)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_leaving(lab: Lab, key: str) -> None:
    async def leave(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.press(key)
        await until(pilot, lambda: not app._running or app._exit)
        assert app.return_code == 0

    drive(lab, leave)


def test_the_foot_shows_the_users_keys(lab: Lab) -> None:
    async def look(app: LabApp, pilot: Pilot[None]) -> None:
        assert "v mark" in text_of(app)
        assert "space mark" not in text_of(app)

    drive(lab, look, face=Face(keys=MappingProxyType({"mark": "v"})))


def test_the_foot_leaves_out_what_the_run_under_the_cursor_would_not_do(lab: Lab) -> None:
    waits, ended = lab.create(name="waits"), lab.create(name="ended")
    end(lab, ended.id)

    async def look(app: LabApp, pilot: Pilot[None]) -> None:
        runs = app.screen.query_one(RunList)
        await until(pilot, lambda: runs.row is not None and runs.row.id == ended.id)
        assert not {"S stop", "P pause", "R resume"} & foot(app)
        assert "t try" in foot(app), "in their place, also at 80 columns"
        await pilot.press("down")
        await until(pilot, lambda: "S stop" in foot(app))
        assert {"S stop", "P pause"} <= foot(app)
        assert "R resume" not in foot(app)
        assert runs.row is not None
        assert runs.row.id == waits.id
        await pilot.press("space", "up", "space")
        await until(pilot, lambda: len(runs.marks) == 2)
        assert "S stop" in foot(app), "one of the marked runs can be stopped"
        await pilot.press("u")
        await until(pilot, lambda: not runs.marks)
        assert "S stop" not in foot(app), "the cursor is on the one that has ended"

    drive(lab, look, size=SMALL)


def foot(app: LabApp) -> set[str]:
    """The keys below with their words."""
    return {part.strip() for part in str(app.screen.query_one(KeyBar).render()).split("  ")}


def test_keys_at_the_foot_and_screens_at_the_top_can_be_clicked(lab: Lab) -> None:
    async def click(app: LabApp, pilot: Pilot[None]) -> None:
        await pilot.click(KeyBar, offset=(1, 0))
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
        await pilot.click(TopBar, offset=(text_of(app).index("7 Machine"), 0))
        await until(pilot, lambda: app.current_mode == "machine")

    drive(lab, click)


@pytest.mark.parametrize(("key", "name"), [("question_mark", "?"), ("ctrl+p", "ctrl+p"), ("less_than_sign", "<")])
def test_keys_are_written_as_people_read_them(key: str, name: str) -> None:
    assert key_name(key) == name


def test_a_fault_of_ours_in_a_thread_is_said_and_is_not_the_end(lab: Lab) -> None:
    async def fail(app: LabApp, pilot: Pilot[None]) -> None:
        app.in_thread(lambda: 1 // 0)
        await until(pilot, lambda: "failed unexpectedly" in text_of(app))
        await pilot.press("down")

    drive(lab, fail)


def test_a_home_that_cannot_be_read_is_said_where_the_runs_are_counted(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.finished(epochs=1)

    def unreadable() -> list[Run]:
        raise LabError("the home cannot be read", got="Permission denied")

    async def lose(app: LabApp, pilot: Pilot[None]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(app.watcher.store, "all", unreadable)
            await until(pilot, lambda: "Permission denied" in text_of(app))
        await until(pilot, lambda: "1 finished" in text_of(app))

    drive(lab, lose)


def test_when_the_disk_does_not_answer_the_age_of_what_is_shown_is_said(lab: Lab) -> None:
    async def hang(app: LabApp, pilot: Pilot[None]) -> None:
        app.watcher.stop()
        app.machine_watch.stop()
        app.watcher.looked -= 40.0
        app._say_age()
        await until(pilot, lambda: "s ago: the home does not answer" in text_of(app))

    drive(lab, hang)
