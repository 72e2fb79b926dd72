"""Opening a run in the app; and a finished image run written by hand, with as many classes as one likes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from engine.catalogue import parse_target
from engine.config import Layer, resolve
from engine.events import encode
from engine.files import write_json
from labapp.app import LabApp
from labapp.screens.run import RunScreen
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, drive, until

STEPS = 3
LONG = {"epochs": 2000, "pace": 0.004}  # a run of the toy task that goes on
HOSTILE = ("[red]cat[/]", "\x1b[31mdog\x1b[0m", "中文字", "a" * 10_000, "")


def image_run(lab: Lab, classes: int = 10, names: tuple[str, ...] = (), **settings: Any) -> Run:
    row, variant = parse_target("images/bn")
    config = resolve(row, variant, None, "best", [Layer("the test", settings)])
    path = lab.store.create(config, name="pictures", note="[b]note[/b] \x1b[2J")
    known = [*names, *(f"class{number}" for number in range(len(names), classes))]
    write_json(path / "result.json", result_of(known))
    (path / "artifacts").mkdir()
    write_json(path / "artifacts" / "mistakes.json", {split: mistakes_of(known) for split in ("val", "test")})
    (path / "events.jsonl").write_bytes(b"".join(events()))
    (path / "output.log").write_text("drawing the sample\n")
    return lab.read(lab.store.read(path.name))


def result_of(names: list[str]) -> dict[str, Any]:
    count = len(names)
    matrix = [[90 if row == column else (row + column) % 3 for column in range(count)] for row in range(count)]
    matrix[1][0] = 40  # the fullest mistake
    rows = [
        {"class": name, "precision": 0.5, "recall": 0.5, "f1": 0.1 + 0.8 * number / count, "support": 100}
        for number, name in enumerate(names)
    ]
    quantiles = {"feature_q01": 0.01, "feature_q20": 0.2, "feature_q80": 0.8, "feature_q99": 2.5}
    metrics = {"loss": 0.4, "accuracy": 0.8125, "micro_f1": 0.8125, "macro_f1": 0.8, **quantiles}
    report = {"per_class": rows, "confusion_matrix": matrix}
    splits = ("train", "val", "test")
    return {
        "v": 1, "attempt": 1, "status": "finished", "metrics": dict.fromkeys(splits, metrics),
        "examples": dict.fromkeys(splits, 100 * count), "reports": dict.fromkeys(splits, report),
        "best": {"step": 30, "epoch": 3, "metric": "accuracy", "value": 0.8125}, "step": 30, "epoch": 3.0,
        "timings": {"training": 12.0, "evaluating": 1.0}, "started": 1e9, "ended": 1e9 + 13,
    }  # fmt: skip


def mistakes_of(names: list[str]) -> list[dict[str, Any]]:
    """The surest first: 2 taken for 1, then 1 taken for 0 twice."""
    return [
        {"name": "test/two/7", "class": names[2], "predicted": names[1], "confidence": 0.99},
        {"name": "test/one/8", "class": names[1], "predicted": names[0], "confidence": 0.95},
        {"name": "test/one/9", "class": names[1], "predicted": names[0], "confidence": 0.9},
    ]


def events() -> list[bytes]:
    """Three epochs."""
    common = {"v": 1, "attempt": 1, "time": 1e9}
    found = [encode({**common, "type": "start", "step": 0, "epoch": 0.0, "elapsed": 0.0, "total_steps": 30})]
    for epoch in range(1, STEPS + 1):
        at = {**common, "type": "metrics", "step": 10 * epoch, "epoch": float(epoch), "elapsed": 4.0 * epoch}
        measured = {"loss": 1 / epoch, "accuracy": 0.2 * epoch, "micro_f1": 0.2 * epoch, "macro_f1": 0.2 * epoch}
        found.append(encode({**at, "split": "train", "values": {**measured, "lr": 0.1, "throughput": 100.0}}))
        quantiles = {"feature_q01": 0.01 * epoch, "feature_q99": 2.0 * epoch}
        found.append(encode({**at, "split": "val", "values": {**measured, **quantiles}}))
        found.append(encode({**at, "type": "checkpoint", "split": "val", "best": 10 * epoch}))
    return found


def screen(app: LabApp) -> RunScreen:
    assert isinstance(app.screen, RunScreen), app.screen
    return app.screen


def opened(
    lab: Lab, run: Run, work: Callable[[LabApp, Pilot[None], RunScreen], Awaitable[Any]], *,
    size: tuple[int, int] = LARGE,
) -> Any:  # fmt: skip
    """Open a run and do `work` once its first tab is there."""

    async def go(app: LabApp, pilot: Pilot[None]) -> Any:
        app.open_run(run.id)
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.pane is not None)
        return await work(app, pilot, screen(app))

    return drive(lab, go, size=size)


async def at_tab(pilot: Pilot[None], shown: RunScreen, name: str) -> None:
    """Go there with the keys."""
    while shown.tab != name:
        before = shown.tab
        await pilot.press("]")
        await until(pilot, lambda before=before: shown.tab != before and shown.pane is not None)
    await until(
        pilot, lambda: not shown.pane._reading and all(w.is_finished for w in shown.workers if w.group == "fetch")
    )
