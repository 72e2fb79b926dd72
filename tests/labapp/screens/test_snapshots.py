"""How the screens look, as pictures: a class per screen, two sizes, dark and light.

A picture that changed on purpose is accepted with `pytest --snapshot-update tests/labapp/screens/test_snapshots.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks.homes import fill
from labapp.app import LabApp
from labapp.face import Face
from labapp.widgets.chart import Chart
from sessions.home import Home
from sessions.machine.cards import Card, Cards
from sessions.machine.sampler import Machine, Memory, Sampler
from sessions.machine.tenants import Tenant
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, until
from tests.labapp.screens.seeing import FakePlayground, playground
from tests.labapp.screens.solving import FakeSolver, solver_process
from tests.labapp.screens.tagging import FakeTagger, tagger_process
from tests.untrained import solver, tagger

__all__ = ["playground", "solver_process", "tagger_process"]
GIB = 2**30
WHO = (Tenant(11, 40 * GIB, True, "me", True, "bn-000001"), Tenant(12, 30 * GIB, True, "ana"))
CARDS = tuple(
    Card(n, f"GPU-{n}", "NVIDIA H200", 140 * GIB, 71 * GIB, 0.98, 64, 512.0, 700.0, tenants=WHO) for n in (0, 1)
)
MACHINE = Machine("ml-server", gpus=Cards(CARDS), memory=Memory(512 * GIB, 96 * GIB))
LOOKS = [(SMALL, "lab-dark"), (SMALL, "lab-light"), (LARGE, "lab-dark")]  # a theme changes colours, not what fits
both = pytest.mark.parametrize(
    ("size", "theme"), LOOKS, ids=lambda each: each if isinstance(each, str) else str(each[0])
)


@pytest.fixture
def picture(snap_compare: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Compare the screen after some keys, in a home of finished runs that never changes."""
    monkeypatch.setattr(Sampler, "sample", lambda self: MACHINE)  # a machine is never the same twice
    home = Home(tmp_path / "home")

    def take(
        size: tuple[int, int], theme: str, *keys: str, runs: int = 6, checkpoints: bool = False, taggers: int = 0,
        solvers: int = 0,
    ) -> bool:  # fmt: skip
        for name in ("second", "first")[2 - taggers :]:
            tagger(Lab(home.root), name)
        for _ in range(solvers):
            solver(Lab(home.root), "first")
        if runs and not taggers and not solvers:
            fill(home.root, runs)
        for run in home.runs.iterdir() if checkpoints else ():
            (run / "checkpoints" / "step-640").mkdir(parents=True)
            (run / "checkpoints" / "step-640" / "checkpoint.json").write_text("{}")

        async def prepare(pilot: Pilot[None]) -> None:
            app = pilot.app
            assert isinstance(app, LabApp)
            await until(pilot, lambda: app.snapshot.complete and app.machine is not None)
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                await settled(pilot)
            await settled(pilot)
            assert app.focused is None or app.focused.region, f"nobody sees {app.focused!r}, which has the keyboard"
            for box in app.screen.query(Input):
                box.cursor_blink = False  # else it is a matter of luck whether the cursor is seen
            await pilot.pause(0.3)

        async def settled(pilot: Pilot[None]) -> None:
            # a screen that is still being filled would take the next key otherwise than a filled one
            await until(pilot, lambda: not any(worker.is_running for worker in pilot.app.workers))
            await until(pilot, lambda: not any(chart.busy for chart in pilot.app.screen.query(Chart)))
            await until(pilot, lambda: not getattr(pilot.app.screen, "busy", False))
            await pilot.pause()

        app = LabApp(home, Face(theme=theme, bell=False))
        return bool(snap_compare(app, terminal_size=size, run_before=prepare))

    return take


@pytest.fixture
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal is that the tests run in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@both
class TestRuns:
    def test_list_and_curves(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "space", "down", "space", "down")

    def test_welcome(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, runs=0)

    def test_help(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "question_mark")

    def test_a_question(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "down", "D")


@both
class TestRun:
    def test_charts(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "enter")

    def test_report(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "enter", "right_square_bracket")


class TestCompare:
    @pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: str(size[0]))
    def test_curves_and_numbers(self, picture: Any, size: tuple[int, int]) -> None:
        assert picture(size, "lab-dark", "space", "down", "space", "down", "space", "v")


@both
class TestNew:
    def test_form(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "2")

    def test_settings_with_something_wrong(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "2", "f3", "end", "up", "x")


@both
class TestTag:
    @pytest.fixture(autouse=True)
    def _colours(self, coloured: None) -> None:
        """The types have some."""

    def test_what_is_typed(self, picture: Any, tagger_process: FakeTagger, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "4", *"In Paris", taggers=1)

    def test_two_runs_and_the_corpus(
        self, picture: Any, tagger_process: FakeTagger, size: tuple[int, int], theme: str
    ) -> None:
        asked: list[str] = []  # the runs, in the order in which they are asked

        def second(run: str) -> bool:
            asked.append(run)
            return run != asked[0]

        tagger_process.second_run = second
        assert picture(size, theme, "4", "f8", "f8", "f8", "f7", "f7", "f4", "enter", taggers=2)

    def test_nothing_typed_yet(
        self, picture: Any, tagger_process: FakeTagger, size: tuple[int, int], theme: str
    ) -> None:
        assert picture(size, theme, "4", taggers=1)


@both
class TestSolve:
    def test_an_example_with_a_program_of_ones_own(
        self, picture: Any, coloured: None, solver_process: FakeSolver, size: tuple[int, int], theme: str
    ) -> None:
        assert picture(size, theme, "5", "f8", "ctrl+y", *"add(n0,n2)", "up", solvers=1)


@both
class TestSee:
    @pytest.fixture(autouse=True)
    def _colours(self, coloured: None) -> None:
        """Pictures have some."""

    def test_classes_and_pictures(
        self, picture: Any, playground: FakePlayground, size: tuple[int, int], theme: str
    ) -> None:
        assert picture(size, theme, "6", "tab", "right", "space", "down", checkpoints=True)

    def test_one_large(self, picture: Any, playground: FakePlayground, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "6", "tab", "right", "right", "enter", checkpoints=True)


@both
class TestMachine:
    def test_gpus_and_queue(self, picture: Any, size: tuple[int, int], theme: str) -> None:
        assert picture(size, theme, "7")
