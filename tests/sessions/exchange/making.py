"""Runs written by hand, as a worker would have left them: no process is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.checkpoints import TRAINING_STATE, WEIGHTS, Checkpoints
from engine.events import encode, jsonable
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.toy import safetensors

REPORT = {
    "per_class": [
        {"class": "=cat", "precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1},
        {"class": "dog", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
    ],
    "confusion_matrix": [[1, 0], [1, 0]],
}


def made(lab: Lab, name: str = "first", status: str | None = "finished", *, weights: bool = True, **more: Any) -> Run:
    """A run with two epochs of curves; `status` None leaves it without a result."""
    run = lab.create(name=name, tags=["keep"], epochs=2, **more)
    lines = [event("start", 0, total_steps=16)]
    lines += [event("metrics", 4, split="train", values={"loss": 0.75}, partial=True)]
    for step, loss in ((8, 0.5), (16, float("nan"))):
        lines += [event("metrics", step, split="train", values={"loss": loss + 0.1}, partial=False)]
        lines += [event("metrics", step, split="val", values={"loss": loss, "accuracy": 0.5}, partial=False)]
    warning = event("warning", 16, message="left over: /home/somebody/lab/runs/x/file.bin")
    (run.path / "events.jsonl").write_bytes(b"".join(map(encode, [*lines, warning])))
    write(run.path / "request.json", {"v": 1, "wanted": "run", "attempt": 0})
    if weights:
        Checkpoints(run.path / "checkpoints").save(8, progress(8), save)
        Checkpoints(run.path / "checkpoints").save(16, progress(16), save)
        preprocessing = run.path / "preprocessing"
        preprocessing.mkdir()
        write(preprocessing / "toy.json", {"shift": 0.25})
        write(preprocessing / "data.json", {"fingerprint": "toy-points", "counts": {"train": 64}})
    if status is not None:
        write(run.path / "result.json", result(status))
    (run.path / "artifacts").mkdir()
    write(run.path / "artifacts" / "mistakes.json", {"val": [{"name": "@a dog", "class": "dog", "predicted": "=cat"}]})
    meta = json.loads((run.path / "meta.json").read_text())
    attempt = {"attempt": 1, "device": "abacus", "host": "secret-host", "versions": {"labapp": "0.1.0"}}
    write(run.path / "meta.json", meta | {"attempts": [attempt], "fingerprint": "toy-points", "identity": "abc"})
    return lab.read(run)


def event(type: str, step: int, **values: Any) -> dict[str, Any]:
    about = {"v": 1, "attempt": 1, "type": type, "step": step, "epoch": step / 8, "elapsed": step / 4}
    return about | {"time": 1_700_000_000.0 + step} | values


def progress(step: int) -> dict[str, Any]:
    return {"step": step, "epoch": step // 8, "best_step": 8, "best_epoch": 1, "best_value": 0.5}


def save(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(safetensors([2.0, -1.0]))
    (folder / TRAINING_STATE).write_text("[]")


def result(status: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "v": 1, "attempt": 1, "status": status, "step": 16, "epoch": 2, "timings": {"training": 4.0},
        "metrics": {"train": {"loss": 0.25}, "val": {"loss": 0.5, "accuracy": 0.5}, "test": {"loss": float("inf")}},
        "examples": {"train": 64, "val": 16, "test": 16}, "reports": {"val": REPORT},
        "best": {"step": 8, "epoch": 1, "metric": "loss", "value": 0.5},
        "started": 1_700_000_000.0, "ended": 1_700_000_009.0,
    }  # fmt: skip
    if status == "failed":
        error = {"title": "no room", "got": "no space left on /home/somebody/lab/x", "expected": None, "hint": None}
        found |= {"error": error, "traceback": "File /home/somebody/code.py"}
    return found


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(jsonable(value)))
