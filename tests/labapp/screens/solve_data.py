"""Opening the Solve screen in tests, and typing into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.solve import SolveScreen
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, drive, until
from tests.untrained import solver

HOSTILE = (
    "[red]3[/red] 4", "\x1b[31m3\x1b[0m and 4", "3 \u202eabc\u202c \u200b\u200d 4", "東京都 3 中文字 4",
    "3 and " + "x" * 3_000, "[@click=app.quit]3[/] 4", "e\u0301 3 a\u0301 4", "שלום 3 مرحبا 4",
    "\x00\x07\x9b 3", "1 " * 300, "9" * 400,
)  # fmt: skip
Work = Callable[[LabApp, Pilot[None], SolveScreen], Awaitable[Any]]


@pytest.fixture
def run(lab: Lab) -> Run:
    return solver(lab, "first")


def screen(app: LabApp) -> SolveScreen:
    assert isinstance(app.screen, SolveScreen), app.screen
    return app.screen


def opened(lab: Lab, work: Work, size: tuple[int, int] = LARGE, **options: Any) -> Any:
    """Do `work` once the screen has a run."""

    async def go(app: LabApp, pilot: Pilot[None]) -> Any:
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, SolveScreen) and screen(app).run_id)
        return await work(app, pilot, screen(app))

    return drive(lab, go, size=size, **options)


async def typed(pilot: Pilot[None], shown: SolveScreen, text: str) -> None:
    """As if it were pasted over what was there; until its beams are there, and where it looked."""
    shown.field.value = text
    await pilot.pause()
    await until(pilot, lambda: not shown.busy)


async def pressed(pilot: Pilot[None], shown: SolveScreen, *keys: str) -> None:
    """Until nothing is awaited any more."""
    await pilot.press(*keys)
    await pilot.pause()
    await until(pilot, lambda: not shown.busy)


def programs(shown: SolveScreen) -> list[str]:
    """What stands in the table."""
    return [row.beam.program for row in shown.table.rows]
