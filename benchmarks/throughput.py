"""Images per second of the trainer against the loop everybody writes, and against the bound.

    python -m benchmarks.throughput [--norm bn] [--device cpu] [--compile] [--updates 60] [--repeats 5]

The peer is `benchmarks.everybody`: uint8 arrays in RAM, PIL transforms per picture, a DataLoader with two workers,
fp32, contiguous, eager, SGD. It trains the same network on the same pictures, in a process of its own with the
allocator everybody has. The bound does what no trainer can leave out: forward, loss, backward, optimizer step on one
batch that is already on the device and never changes. The trainer also draws, crops, mirrors and normalises the
pictures, watches for NaN, averages the weights, counts the confusion matrix, writes events and heartbeats and looks at
what is wanted; trainer and bound share a process with a worker's allocator. Threads are torch's default everywhere.

All are measured warm and in turns: not timed are five updates of trainer and bound (with them the compilation), and of
the peer the first ten of every measurement, in which its workers start and fill their queues. Ratios are of medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.steady import as_a_worker

if __name__ == "__main__":
    as_a_worker()

import torch
from torch.nn import functional as F

from benchmarks.everybody import Elsewhere, random_arrays
from benchmarks.machine import describe
from engine.catalogue import IMAGES
from engine.config import Layer, resolve
from engine.images.batches import Batch
from engine.images.data import PictureData, PictureSplit
from engine.images.task import ImageTask
from engine.learner import TorchLearner
from engine.optimizers import build_optimizer
from engine.randomness import Stream
from engine.task import Loss, Split
from models.norms import norm_factory
from models.resnet import ResNet
from sessions.run.reporter import RunReporter

GOALS = {"cpu": 2.0, "cuda": 10.0}  # trainer / peer
BOUND_GOAL = 0.95  # trainer / bound
WARM_UP = 5

Updates = Callable[[int], None]


def main() -> None:
    options = arguments()
    changes = {"device": options.device, "compile": "on" if options.compile else "off", "precision": "auto"}
    config = resolve(IMAGES, options.norm, "cifar10", "best", [Layer("the benchmark", changes)])
    learner = TorchLearner(config.settings)
    print(describe(learner.device))
    print(f"images/{options.norm}, batch {config.settings.batch_size}, {learner.precision}, compile={options.compile}")
    task, data = ImageTask({"norm": options.norm}), random_pictures(156 * 128)
    settings: Any = config.settings  # an image task's
    artifacts = task.prepare(data, settings)
    task.attach(data, settings, artifacts, learner.device)
    learner.build(task, artifacts)
    size = config.settings.batch_size
    with tempfile.TemporaryDirectory() as folder:
        reporter = RunReporter(Path(folder), attempt=1)
        peer = Elsewhere(options.norm, learner.device, options.updates)
        steps = {
            "trainer": trainer_updates(task, learner, reporter),
            "bound": bound_updates(learner, options.norm, options.compile),
        }
        for step in steps.values():
            seconds(step, WARM_UP, learner.device)
        found: dict[str, list[float]] = {name: [] for name in ("everybody", *steps)}
        for _ in range(options.repeats):
            found["everybody"].append(peer.speed())
            for name, step in steps.items():
                found[name].append(options.updates * size / seconds(step, options.updates, learner.device))
        peer.close()
        reporter.close()
    for name, speeds in found.items():
        print(f"{name:9} {statistics.median(speeds):9,.0f} images/s  (from {min(speeds):,.0f} to {max(speeds):,.0f})")
    say_ratio("everybody", found, GOALS[learner.device.type])
    say_ratio("bound", found, BOUND_GOAL)
    print(f"medians of {options.repeats} repeats of {options.updates} updates, in turns")


def say_ratio(other: str, found: dict[str, list[float]], goal: float) -> None:
    ratio = statistics.median(found["trainer"]) / statistics.median(found[other])
    print(f"trainer / {other:9} = {ratio:6.3f}  goal {goal:g}: {'met' if ratio >= goal else 'missed'}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--norm", default="bn", choices=IMAGES.variants)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="the trainer and the bound; everybody's loop is eager")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def random_pictures(count: int) -> PictureData:
    """What the peer has, as our task takes it."""
    images, labels = random_arrays(count)
    split = PictureSplit(images, labels, [""] * count)

    def open_split(name: Split) -> PictureSplit:
        return split

    return PictureData(tuple("0123456789"), "0" * 64, 32, {"train": (count // 10,) * 10}, open_split)


def trainer_updates(task: ImageTask, learner: TorchLearner, reporter: RunReporter) -> Updates:
    """Updates as the trainer makes them, with everything it does beside."""
    state = {"epoch": 0, "step": 0}
    batches: Iterator[Batch] = iter(())  # goes on over measurements, as epochs do

    def run(updates: int) -> None:
        nonlocal batches
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


def bound_updates(learner: TorchLearner, norm: str, compile: bool) -> Updates:
    """The update alone, on one batch that stays where it is."""
    settings = learner.settings
    model = ResNet(2, 10, norm_factory(norm)).to(learner.device).to(memory_format=torch.channels_last)
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


def seconds(step: Updates, updates: int, device: torch.device) -> float:
    begun = time.perf_counter()
    step(updates)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
