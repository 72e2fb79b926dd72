"""Opening the See screen in tests: runs it can be used with, and waiting for what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.files import write_json
from labapp.app import LabApp
from labapp.screens.see import SeeScreen
from labapp.widgets.pick import Pick
from sessions import control
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, drive, until
from tests.labapp.screens.run_data import image_run

HOSTILE = ("[red]cat[/red]", "\x1b[31mdog\x1b[0m", "中文字", "a" * 10_000, "", "[@click=app.quit]q[/]\nx")
Work = Callable[[LabApp, Pilot[None], SeeScreen], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal is that the tests run in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def with_checkpoint(lab: Lab, **more: Any) -> Run:
    """An image run that can be used; each has a name of its own."""
    run = image_run(lab, **more)
    control.label(lab.store, run, name=f"run-{len(lab.store.all())}")
    give_checkpoint(run)
    return run


def give_checkpoint(run: Run) -> None:
    folder = run.path / "checkpoints" / "step-30"
    folder.mkdir(parents=True)
    write_json(folder / "checkpoint.json", {"v": 1})


@pytest.fixture
def run(lab: Lab) -> Run:
    return with_checkpoint(lab)


def screen(app: LabApp) -> SeeScreen:
    assert isinstance(app.screen, SeeScreen), app.screen
    return app.screen


def seen(lab: Lab, work: Work, size: tuple[int, int] = LARGE, **options: Any) -> Any:
    """Do `work` once the pictures of the first class are there."""

    async def go(app: LabApp, pilot: Pilot[None]) -> Any:
        await pilot.press("6")
        await until(pilot, lambda: isinstance(app.screen, SeeScreen) and screen(app).gallery.thumbs)
        return await work(app, pilot, screen(app))

    return drive(lab, go, size=size, **options)


async def explained(pilot: Pilot[None], shown: SeeScreen) -> None:
    """Until the large picture is of the one under the cursor."""

    def there() -> bool:
        thumb, found = shown.gallery.thumb, shown.large.found
        return thumb is not None and found is not None and found.name == thumb.name

    await until(pilot, there)


async def picked(app: LabApp, pilot: Pilot[None], key: str, *keys: str) -> None:
    """Open a question, answer it with these keys."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, SeeScreen))
