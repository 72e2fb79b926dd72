"""Opening the Tag screen in tests, and typing into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.tag import TagScreen
from labapp.widgets.pick import Pick
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, drive, until
from tests.untrained import tagger

TEXT = "Barack Obama visited the United Nations in Paris."
HOSTILE = (
    "[red]Paris[/red]", "\x1b[31mParis\x1b[0m", "Paris \u202eabc\u202c \u200b\u200d", "東京都 Paris 中文字",
    "x" * 4_000, "[@click=app.quit]q[/] Paris", "e\u0301a\u0301 Paris", "שלום Paris مرحبا", "\x00\x07\x9b Paris",
)  # fmt: skip
Work = Callable[[LabApp, Pilot[None], TagScreen], Awaitable[Any]]


@pytest.fixture
def run(lab: Lab) -> Run:
    return tagger(lab, "first")


def screen(app: LabApp) -> TagScreen:
    assert isinstance(app.screen, TagScreen), app.screen
    return app.screen


def opened(lab: Lab, work: Work, size: tuple[int, int] = LARGE, **options: Any) -> Any:
    """Do `work` once the screen has a run."""

    async def go(app: LabApp, pilot: Pilot[None]) -> Any:
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, TagScreen) and screen(app).run_id)
        return await work(app, pilot, screen(app))

    return drive(lab, go, size=size, **options)


async def typed(pilot: Pilot[None], shown: TagScreen, text: str) -> None:
    """As if it were pasted over what was there; until the tags are there."""
    shown.field.value = text
    await pilot.pause()
    await until(pilot, lambda: not shown.busy)


async def pressed(pilot: Pilot[None], shown: TagScreen, *keys: str) -> None:
    """Until nothing is awaited any more."""
    await pilot.press(*keys)
    await pilot.pause()
    await until(pilot, lambda: not shown.busy)


async def picked(app: LabApp, pilot: Pilot[None], key: str, *keys: str) -> None:
    """Open a question, answer it with these keys."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, TagScreen) and not screen(app).busy)
