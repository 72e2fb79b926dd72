"""A task without torch: a straight line fitted to points by gradient descent with momentum, in plain Python.

It starts in a fraction of a second, so the tests of runs and processes use it; and it proves that the trainer, the
run directory and the command line know nothing of networks. Its settings can make it slow, or make it fail.
"""

from __future__ import annotations

import json
import math
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalogue import Dataset, TaskRow, Variant
from engine.checkpoints import TRAINING_STATE, WEIGHTS
from engine.errors import LabError
from engine.randomness import Stream
from engine.settings import TrainSettings, setting
from engine.task import Evaluation, Health, Loss, Split, Task


class ToySettings(TrainSettings):
    points: int = setting(64, "points in the training split", ge=1)
    pace: float = setting(0.0, "time one update takes", "seconds", ge=0.0)
    poison_from: int = setting(0, "first update whose loss is NaN; 0 = none", ge=0)
    poison_to: int = setting(0, "last update whose loss is NaN", ge=0)
    fail_at: int = setting(0, "update that raises an unexpected error; 0 = none", ge=0)
    freeze_at: int = setting(0, "update that never ends; 0 = none", ge=0)
    children: int = setting(0, "processes the worker starts and leaves running", ge=0)


@dataclass
class Points:
    fingerprint: str
    splits: dict[Split, list[tuple[float, float]]]

    @property
    def counts(self) -> dict[Split, int]:
        return {split: len(points) for split, points in self.splits.items()}


def open_points(source: str, settings: ToySettings, cache: Path, say: Any) -> Points:
    draw = random.Random(7)

    def some(count: int) -> list[tuple[float, float]]:
        return [(x, 2 * x - 1 + draw.gauss(0, 0.1)) for x in (draw.uniform(-1, 1) for _ in range(count))]

    return Points("toy-points", {"train": some(settings.points), "val": some(16), "test": some(16)})


def open_file(source: str, settings: ToySettings, cache: Path, say: Any) -> Points:
    path = Path(source)
    if not path.exists():
        raise LabError("the dataset is gone", got=f"no file {path}", hint="bring it back, then labapp resume")
    values = [float(line) for line in path.read_text().split()]
    points = [(x, 2 * x - 1) for x in values]
    return Points(f"file-{len(values)}-{sum(values)}", {"train": points, "val": points[:4], "test": points[:4]})


@dataclass
class ToyArtifacts:
    shift: float

    @property
    def sources(self) -> Mapping[str, str]:
        return {}

    def save(self, directory: Path) -> None:
        (directory / "toy.json").write_text(json.dumps({"shift": self.shift}))


class ToyTask:
    def __init__(self, options: Mapping[str, Any]):
        self.slope_only = bool(options.get("slope_only"))

    def prepare(self, data: Points, settings: ToySettings) -> ToyArtifacts:
        points = data.splits["train"]
        return ToyArtifacts(sum(x for x, _ in points) / len(points))

    def restore(self, directory: Path) -> ToyArtifacts:
        return ToyArtifacts(json.loads((directory / "toy.json").read_text())["shift"])

    def model(self, settings: ToySettings, artifacts: ToyArtifacts, *, blank: bool = False) -> list[float]:
        draw = random.Random(Stream(settings.seed).seed_for("weights"))
        return [draw.gauss(0, 1), 0.0 if self.slope_only else draw.gauss(0, 1)]

    def attach(self, data: Points, settings: ToySettings, artifacts: ToyArtifacts, device: Any) -> None:
        self.data, self.settings, self.shift = data, settings, artifacts.shift

    def example_count(self, split: Split) -> int:
        return len(self.data.splits[split])

    def batch_count(self, split: Split) -> int:
        return -(-self.example_count(split) // self.settings.batch_size)

    def batches(self, split: Split, rng: Stream, start: int = 0) -> Iterator[list[tuple[float, float]]]:
        points = list(self.data.splits[split])
        random.Random(rng.seed_for("order")).shuffle(points)
        size = self.settings.batch_size
        for number in range(start, self.batch_count(split)):
            yield points[number * size : (number + 1) * size]

    def loss(self, model: list[float], batch: list[tuple[float, float]]) -> Loss:
        errors = [model[0] * (x - self.shift) + model[1] - y for x, y in batch]
        gradient = [
            sum(2 * error * (x - self.shift) for error, (x, _) in zip(errors, batch, strict=True)),
            sum(2 * error for error in errors),
        ]
        return Loss(sum(error * error for error in errors), len(batch), {"gradient": gradient})

    def running(self, seen: Mapping[str, Any]) -> dict[str, float]:
        return {}

    def validate(self, model: list[float]) -> Evaluation:
        return self.evaluate(model, "val")

    def evaluate(self, model: list[float], split: Split) -> Evaluation:
        points = self.data.splits[split]
        loss = self.loss(model, points)
        return Evaluation({"loss": loss.sum / loss.count}, len(points), {"slope": model[0]})

    def predict(self, model: list[float], inputs: Sequence[float]) -> list[dict[str, Any]]:
        return [{"y": model[0] * (x - self.shift) + model[1]} for x in inputs]


def safetensors(weights: list[float]) -> bytes:
    """The file as safetensors has it: length of the header, header, numbers."""
    end = 8 * len(weights)
    header = json.dumps({"line": {"dtype": "F64", "shape": [len(weights)], "data_offsets": [0, end]}}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(weights)}d", *weights)


def numbers(content: bytes) -> list[float]:
    """The same back; a list in JSON is taken too."""
    if content.startswith(b"["):
        return list(json.loads(content))
    data = content[8 + struct.unpack("<Q", content[:8])[0] :]
    return list(struct.unpack(f"<{len(data) // 8}d", data))


class ToyLearner:
    def __init__(self, settings: ToySettings):
        self.settings = settings
        self.device = "abacus"
        self.compiles = False

    def describe(self) -> dict[str, str]:
        return {"device": self.device, "precision": "double"}

    def build(self, task: Task, artifacts: Any, *, blank: bool = False) -> None:
        assert "torch" not in sys.modules, "the toy must not need torch"
        self.task = task
        self.weights = task.model(self.settings, artifacts)
        self.velocity = [0.0, 0.0]
        self.done = self.skipped = self.streak = 0
        self.start_epoch()
        for _ in range(self.settings.children):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def load_for_use(self, task: Task, artifacts: Any, checkpoint: Path) -> None:
        self.task = task
        self.load_weights(checkpoint)

    def update(self, batches: Sequence[Any], learning_rate: float) -> None:
        self.done += 1
        settings = self.settings
        if self.done == settings.fail_at:
            raise RuntimeError("the abacus broke")
        while self.done == settings.freeze_at:
            time.sleep(0.05)
        time.sleep(settings.pace)
        losses = [self.task.loss(self.weights, batch) for batch in batches]
        count = sum(loss.count for loss in losses)
        gradient = [sum(loss.seen["gradient"][i] for loss in losses) / count for i in range(2)]
        if settings.poison_from <= self.done <= settings.poison_to:
            gradient = [math.nan, math.nan]
        if any(math.isnan(each) for each in gradient):
            self.skipped += 1
            self.streak += 1
            return
        self.streak = 0
        self.sums = [self.sums[0] + sum(loss.sum for loss in losses), self.sums[1] + count]
        self.velocity = [settings.momentum * v + g for v, g in zip(self.velocity, gradient, strict=True)]
        self.weights = [w - learning_rate * v for w, v in zip(self.weights, self.velocity, strict=True)]

    def health(self) -> Health:
        return Health(self.skipped, self.streak)

    def averages(self) -> tuple[dict[str, float], dict[str, Any]]:
        return {"loss": self.sums[0] / self.sums[1] if self.sums[1] else math.nan}, {}

    def start_epoch(self) -> None:
        self.sums = [0.0, 0.0]

    def evaluation_model(self) -> list[float]:
        return self.weights

    def save(self, directory: Path) -> None:
        (directory / WEIGHTS).write_bytes(safetensors(self.weights))
        state = [self.velocity, self.done, self.skipped, self.streak, self.sums]
        (directory / TRAINING_STATE).write_text(json.dumps(state))

    def load(self, directory: Path) -> None:
        self.load_weights(directory)
        state = json.loads((directory / TRAINING_STATE).read_text())
        self.velocity, self.done, self.skipped, self.streak, self.sums = state

    def load_weights(self, directory: Path) -> None:
        self.weights = numbers((directory / WEIGHTS).read_bytes())


class DyingLearner:
    """Takes its whole process with it, as a crashing extension module does."""

    def __init__(self, settings: ToySettings):
        os._exit(86)


def seed(variant: str, data: str, known: Mapping[str, Any]) -> dict[str, Any]:
    return {"epochs": 4, "batch_size": 8, "lr": 0.05}


def best(variant: str, data: str, known: Mapping[str, Any]) -> dict[str, Any]:
    return {**seed(variant, data, known), "lr": 0.1}


ROW = TaskRow(
    name="toy",
    title="a line through points",
    settings="tests.toy:ToySettings",
    implementation="tests.toy:ToyTask",
    recipes={"seed": "tests.toy:seed", "best": "tests.toy:best"},
    variants={"line": Variant("slope and shift"), "slope": Variant("slope alone", {"slope_only": True})},
    datasets={"points": Dataset("noisy points on a line", "tests.toy:open_points", embedded=True)},
    default_dataset="points",
    path_dataset=Dataset("numbers in a file", "tests.toy:open_file"),
    learner="tests.toy:ToyLearner",
    examples="points",
)

# Rows that go wrong before the training begins.
BROKEN_IMPORT = TaskRow(**{**vars(ROW), "name": "broken", "learner": "tests.no_such_module:Learner"})
DYING = TaskRow(**{**vars(ROW), "name": "dying", "learner": "tests.toy:DyingLearner"})
