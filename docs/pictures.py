"""The pictures of the app in this folder: `python docs/pictures.py`, about seven minutes on two CPU cores.

Trains four image networks, a tagger and a solver on the embedded samples through the queue, as a user would, and takes
the screen of the running app with the last of them still training. `--home DIR` takes the runs of a home that is
there already.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from engine.catalogue import parse_target
from engine.config import resolve
from labapp.app import LabApp
from labapp.commands.demo import PROBLEM
from labapp.face import Face
from labapp.live.rows import RunRow
from labapp.screens.compare import CompareScreen
from labapp.screens.run import RunScreen
from labapp.screens.see import SeeScreen
from labapp.screens.solve import SolveScreen
from labapp.screens.tag import TagScreen
from sessions import control
from sessions.home import Home
from sessions.inference import Inference
from sessions.run.store import Store

HERE = Path(__file__).parent
TARGETS = (
    "images/in",
    "images/bn",
    "ner/bilstm-crf",
    "mathqa/attention",
    "images/gn",
    "images/bin",
)  # the last is still training then
SENTENCE = "On Monday Washington met officials of the Bank of Wessex in Jordan ."
SIZE = (132, 38)
ENOUGH = 0.5  # of the last training


def launch(home: Home) -> None:
    store = Store(home.ensure())
    for target in TARGETS:
        control.launch(store, resolve(*parse_target(target), "sample"))


async def take(home: Home) -> None:
    """Watch in the app itself until the last run is half done, then picture each screen."""
    app = LabApp(home, Face(theme="lab-dark", bell=False))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        while not app.snapshot.rows or not all(far_enough(row) for row in app.snapshot.rows):
            await pilot.pause(0.5)
        await pilot.press("home")
        for row in app.snapshot.rows:
            await pilot.press(*(("space", "down") if row.task == "images" else ("down",)))
        await pilot.press("home")
        await pilot.pause(2.0)
        save(app, "runs")
        await pilot.press("v")
        await compared(pilot)
        save(app, "compare")
        await pilot.press("1", "home")
        await pilot.press("end", "enter")
        await pilot.pause(1.0)
        assert isinstance(app.screen, RunScreen)
        await pilot.press("right_square_bracket")
        await pilot.pause(2.0)
        save(app, "report")
        await pilot.press("escape", "2")
        await pilot.pause(2.0)
        save(app, "new")
        await pilot.press("1", "end", "up", "t")
        await seen(pilot)
        save(app, "see")
        await pilot.press("4", *SENTENCE)
        await tagged(pilot)
        save(app, "tag")
        await pilot.press("escape", "5", *PROBLEM)
        await solved(pilot)
        save(app, "solve")


async def compared(pilot: Pilot[None]) -> None:
    """Until Compare shows numbers."""
    screen = pilot.app.screen
    assert isinstance(screen, CompareScreen)
    while screen.comparison is None:
        await pilot.pause(0.5)
    await pilot.pause(2.0)


async def solved(pilot: Pilot[None]) -> None:
    """Until Solve shows the beams of what was typed, the best of them worked out with where the network looked."""
    screen = pilot.app.screen
    assert isinstance(screen, SolveScreen)
    while screen.busy or screen.solved is None:
        await pilot.pause(0.5)
    await pilot.pause(2.0)


async def tagged(pilot: Pilot[None]) -> None:
    """Until Tag shows what was typed."""
    screen = pilot.app.screen
    assert isinstance(screen, TagScreen)
    while screen.busy or not screen.tagged.stacks:
        await pilot.pause(0.5)
    await pilot.pause(1.0)


async def seen(pilot: Pilot[None]) -> None:
    """Until See shows a picture three times."""
    screen = pilot.app.screen
    assert isinstance(screen, SeeScreen)
    while not screen.large.found:
        await pilot.pause(0.5)
    await pilot.pause(1.0)


def contact_sheet(home: Home) -> None:
    """gradcam.png: one class of the second run."""
    run = next(run for run in Store(home).all() if run.variant == "bn")
    with tempfile.TemporaryDirectory() as folder, Inference(home) as inference:
        found = inference.ask("gradcam", run=run.id, out=folder, classes=["heart"])
        shutil.copyfile(found["sheets"][0], HERE / "gradcam.png")


def far_enough(row: RunRow) -> bool:
    return row.epochs > 0 and row.epoch >= ENOUGH * row.epochs


def save(app: LabApp, name: str) -> None:
    (HERE / f"{name}.svg").write_text(app.export_screenshot(title="labapp"), encoding="utf-8")
    print(f"{name}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    chosen = parser.parse_args().home
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}  # as a reader's terminal, whatever runs this
    if chosen is not None:
        asyncio.run(take(Home(chosen)))
        contact_sheet(Home(chosen))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        launch(home)
        asyncio.run(take(home))
        contact_sheet(home)


if __name__ == "__main__":
    main()
