"""Images per second of the trainer against the bound: the same update on one batch that never changes.

    python -m benchmarks.throughput [--norm bn] [--device cpu] [--compile] [--updates 60] [--repeats 5]

The bound does what no trainer can leave out: forward, loss, backward, optimizer step on a batch that is already on the
device. The trainer also draws, crops, mirrors and normalises the pictures, watches for NaN, averages the weights,
counts the confusion matrix, writes events and heartbeats and looks at what is wanted. Both run in turns, warmed up,
with the allocator settings of a worker; the ratio is of medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from sessions.process import STEADY

if "MALLOC_MMAP_THRESHOLD_" not in os.environ:  # read once, when a process starts
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks.throughput", *sys.argv[1:]], {**STEADY, **os.environ})

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.machine import describe
from engine.catalogue import IMAGES
from engine.config import Layer, resolve
from engine.images.data import PictureData, PictureSplit
from engine.images.task import ImageTask
from engine.learner import TorchLearner
from engine.optimizers import build_optimizer
from engine.randomness import Stream
from engine.task import Loss, Split
from models.norms import norm_factory
from models.resnet import ResNet
from sessions.run.reporter import RunReporter


def random_pictures(count: int) -> PictureData:
    """Pictures nobody can learn, as fast to read as any."""
    draw = np.random.default_rng(0)
    pictures = draw.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    split = PictureSplit(pictures, draw.integers(0, 10, count), [""] * count)

    def open_split(name: Split) -> PictureSplit:
        return split

    return PictureData(tuple("0123456789"), "0" * 64, 32, {"train": (count // 10,) * 10}, open_split)


def main() -> None:
    options = arguments()
    changes = {"device": options.device, "compile": options.compile, "precision": "auto"}
    config = resolve(IMAGES, options.norm, "cifar10", "best", [Layer("the benchmark", changes)])
    learner = TorchLearner(config.settings)
    print(describe(learner.device))
    print(f"images/{options.norm}, batch {config.settings.batch_size}, {learner.precision}, compile={options.compile}")
    task, data = ImageTask({"norm": options.norm}), random_pictures(20_000)
    artifacts = task.prepare(data, config.settings)
    task.attach(data, config.settings, artifacts, learner.device)
    learner.build(task, artifacts)
    size = config.settings.batch_size
    with tempfile.TemporaryDirectory() as folder:
        reporter = RunReporter(Path(folder), attempt=1)
        trainer_step = trainer_updates(task, learner, reporter)
        bound_step = bound_updates(learner, options.norm, options.compile)
        for step in (trainer_step, bound_step):
            seconds(step, 5, learner.device)
        found: dict[str, list[float]] = {"trainer": [], "bound": []}
        for _ in range(options.repeats):
            for name, step in (("trainer", trainer_step), ("bound", bound_step)):
                found[name].append(options.updates * size / seconds(step, options.updates, learner.device))
        reporter.close()
    for name, speeds in found.items():
        print(f"{name:8} {statistics.median(speeds):9,.0f} images/s  (from {min(speeds):,.0f} to {max(speeds):,.0f})")
    ratio = statistics.median(found["trainer"]) / statistics.median(found["bound"])
    print(f"trainer / bound = {ratio:.3f}  ({options.repeats} repeats of {options.updates} updates, in turns)")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--norm", default="bn", choices=IMAGES.variants)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def trainer_updates(task: ImageTask, learner: TorchLearner, reporter: RunReporter):  # type: ignore[no-untyped-def]
    """Updates as the trainer makes them, with everything it does beside."""
    state = {"epoch": 0, "step": 0}

    def run(updates: int) -> None:
        batches = iter(())
        for _ in range(updates):
            batch = next(batches, None)
            if batch is None:
                batches = task.batches("train", Stream(1, state["epoch"]))
                state["epoch"] += 1
                batch = next(batches)
            learner.update([batch], 0.1)
            state["step"] += 1
            reporter.beat("training", step=state["step"], epoch=0.0, elapsed=0.0, total_steps=1)
            if state["step"] % 50 == 0:
                learner.health()
                averages, seen = learner.averages()
                values = averages | task.running(seen)
                reporter.emit("metrics", step=state["step"], epoch=0.0, elapsed=0.0, split="train", values=values)
            reporter.wanted()

    return run


def bound_updates(learner: TorchLearner, norm: str, compile: bool):  # type: ignore[no-untyped-def]
    """The update alone, on one batch that stays where it is."""
    settings = learner.settings
    model = ResNet(2, 10, norm_factory(norm)).to(learner.device, memory_format=torch.channels_last)
    forward = torch.compile(model) if compile else model
    optimizer = build_optimizer(model, settings)
    images = torch.randn(settings.batch_size, 3, 32, 32, device=learner.device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (settings.batch_size,), device=learner.device)

    def run(updates: int) -> None:
        for _ in range(updates):
            with learner.accelerator.autocast():
                loss = Loss(F.cross_entropy(forward(images).float(), labels, label_smoothing=0.1), 1).sum
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return run


def seconds(step, updates: int, device: torch.device) -> float:  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    step(updates)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
