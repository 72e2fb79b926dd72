"""Homes full of runs for measuring: finished ones written to disk as a worker leaves them, without training any."""

from __future__ import annotations

import math
import os
import random
import time
from pathlib import Path

from engine.catalogue import tasks
from engine.config import resolve
from engine.events import encode
from engine.files import write_json
from sessions.home import Home
from sessions.process import myself
from sessions.run.records import ARTIFACTS, CONFIG, EVENTS, LABELS, META, PROCESS, REQUEST, RESULT, RUN_VERSION, digest

DAY = 86_400
CONFUSION = [[91 if row == column else 1 for column in range(10)] for row in range(10)]
PER_CLASS = [
    {"class": f"class {number}", "precision": 0.91, "recall": 0.91, "f1": 0.91, "support": 100} for number in range(10)
]


def fill(root: Path, count: int, epochs: int = 40) -> Home:
    """A home with `count` finished runs of the image task, a few epochs of curves each."""
    home = Home(root).ensure()
    row = tasks()["images"]
    variants = list(row.variants)
    configs = {variant: resolve(row, variant, "sample") for variant in variants}
    draw = random.Random(1)
    for number in range(count):
        variant = variants[number % len(variants)]
        path = home.runs / f"{variant}-{number:06d}"
        path.mkdir()
        settings = configs[variant].settings.model_copy(update={"seed": number, "epochs": epochs})
        config = configs[variant].as_dict() | {"settings": settings.model_dump(mode="json")}
        content = configs[variant].to_toml().encode()
        (path / CONFIG).write_bytes(content)
        created = time.time() - DAY - 60 * (count - number)
        meta = {"v": RUN_VERSION, "created": created, "host": myself().host, "task": "images", "variant": variant}
        meta |= {"data": "sample", "config": config, "config_digest": digest(content)}
        write_json(path / META, meta, durable=False)
        write_json(path / LABELS, {"name": f"study {number}" if number % 5 == 0 else "", "tags": []}, durable=False)
        write_json(path / REQUEST, {"v": RUN_VERSION, "wanted": "run", "attempt": 1}, durable=False)
        process = {
            **myself().as_dict(),
            "pid": 2**22 + 5,
            "attempt": 1,
            "phase": "evaluating",
            "heartbeat": created + 50,
        }
        process |= {"total_steps": 16 * epochs}
        write_json(path / PROCESS, process | {"step": 16 * epochs, "epoch": epochs}, durable=False)
        (path / EVENTS).write_bytes(events(epochs, draw))
        write_json(path / RESULT, result(created, epochs, draw), durable=False)
        (path / ARTIFACTS).mkdir()
        long_ago = created + 60
        os.utime(path, (long_ago, long_ago))
    return home


def events(epochs: int, draw: random.Random) -> bytes:
    lines = [encode({"v": 1, "attempt": 1, "type": "start", "step": 0, "total_steps": 16 * epochs})]
    for epoch in range(1, epochs + 1):
        where = {"v": 1, "attempt": 1, "type": "metrics", "step": 16 * epoch, "epoch": epoch, "elapsed": 2.0 * epoch}
        fall = math.exp(-epoch / 10) + 0.02 * draw.random()
        for split in ("train", "val"):
            values = {"loss": 2 * fall, "accuracy": 1 - fall, "micro_f1": 1 - fall, "macro_f1": 1 - fall}
            lines.append(
                encode({**where, "split": split, "values": values | ({"lr": 0.1} if split == "train" else {})})
            )
    return b"".join(lines)


def result(created: float, epochs: int, draw: random.Random) -> dict[str, object]:
    metrics = {"loss": 0.4, "accuracy": round(0.5 + draw.random() / 2, 4), "micro_f1": 0.9, "macro_f1": 0.9}
    report = {"per_class": PER_CLASS, "confusion_matrix": CONFUSION}  # as engine.images.metrics.report makes it
    return {
        "v": RUN_VERSION, "attempt": 1, "status": "finished",
        "metrics": dict.fromkeys(("train", "val", "test"), metrics),
        "reports": dict.fromkeys(("train", "val", "test"), report), "step": 16 * epochs, "epoch": epochs,
        "best": {"step": 16 * epochs, "epoch": epochs, "metric": "accuracy", "value": metrics["accuracy"]},
        "timings": {"training": 2.0 * epochs, "evaluating": 1.0}, "started": created, "ended": created + 50,
    }  # fmt: skip


def live(home: Home, run_id: str) -> None:
    """Make a run look as if this process trained it now."""
    (home.runs / run_id / RESULT).unlink(missing_ok=True)
    beat(home, run_id, 640)


def beat(home: Home, run_id: str, step: int) -> None:
    """What a worker writes about once a second."""
    state = {**myself().as_dict(), "attempt": 1, "phase": "training", "heartbeat": time.time(), "v": RUN_VERSION}
    state |= {"step": step, "epoch": step / 16, "elapsed": step / 10, "total_steps": 100_000}
    write_json(home.runs / run_id / PROCESS, state, durable=False)
