"""Driving the app in tests: start it in a home, press keys, wait for what must come, never sleep blindly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual.notifications import Notification, Notifications
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.face import Face
from sessions.home import Home
from tests.conftest import Lab

SMALL, LARGE = (80, 24), (160, 45)
PATIENCE = 60.0  # seconds


class Remembered(Notifications):
    """They are gone from the screen after seconds, in which a busy machine may not get as far as looking."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Notification] = []

    def add(self, notification: Notification) -> Remembered:
        self.all.append(notification)
        super().add(notification)
        return self


def drive(
    lab: Lab, work: Callable[[LabApp, Pilot[None]], Awaitable[Any]], *, size: tuple[int, int] = LARGE,
    face: Face | None = None, **options: Any,
) -> Any:  # fmt: skip
    """Run the app without a terminal and do `work` with it once it has read the runs."""

    async def run() -> Any:
        app = LabApp(Home(lab.store.home.root), face or Face(), **options)
        app._notifications = Remembered()
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: app.snapshot.complete)
            return await work(app, pilot)

    return asyncio.run(run())


async def until(pilot: Pilot[Any], holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until something holds; what it was is returned."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"waited in vain; the screen shows\n{text_of(pilot.app)}"
        await pilot.pause(0.02)
    await pilot.pause()
    return found


def text_of(app: LabApp) -> str:
    """Everything on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in line)[:width].rstrip() for line in lines[:height])


def notices(app: LabApp) -> list[str]:
    """What the app has said so far."""
    assert isinstance(app._notifications, Remembered)
    return [f"{notice.title} {notice.message}" for notice in app._notifications.all]
