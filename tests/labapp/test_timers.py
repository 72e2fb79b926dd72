"""One-shot timers of the app on a machine that keeps it waiting."""

from __future__ import annotations

import itertools
import sys

import pytest
from textual import _time
from textual.pilot import Pilot
from textual.timer import Timer

from labapp.app import LabApp
from tests.conftest import Lab
from tests.labapp.screens.app import SMALL, drive, until


@pytest.fixture
def kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever a one-shot timer looks at the clock, a second has gone by since it did so before."""
    lost, real = itertools.count(), _time.get_time

    def get_time() -> float:
        asks = sys._getframe(1).f_locals.get("self")
        return real() + (next(lost) if isinstance(asks, Timer) and asks._repeat == 0 else 0)

    monkeypatch.setattr(_time, "get_time", get_time)


def test_a_timer_that_is_late_fires(lab: Lab, kept_waiting: None) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        fired: list[bool] = []
        app.set_timer(0.04, lambda: fired.append(True))
        await until(pilot, lambda: fired)

    drive(lab, work)


def test_a_new_size_is_taken(lab: Lab, kept_waiting: None) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        for size in ((40, 12), (100, 30)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: app.screen._compositor.size == size)

    drive(lab, work, size=SMALL)
