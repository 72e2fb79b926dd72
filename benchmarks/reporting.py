"""What a worker's own bookkeeping costs: `python -m benchmarks.reporting`.

A training on the embedded sample in this process, with every call of the reporter (events, heartbeat, looking for
what is wanted) timed; their share of the training's seconds is what logging costs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import describe
from engine.catalogue import parse_target
from engine.config import Layer, resolve
from engine.jobs import TrainJob
from sessions.home import Home
from sessions.run.reporter import RunReporter
from sessions.run.store import Store


class TimedReporter(RunReporter):
    """Adds up what its calls take."""

    spent = 0.0
    calls = 0

    def _timed(self, method: Callable[..., Any], *args: Any, **values: Any) -> Any:
        begun = time.perf_counter()
        try:
            return method(*args, **values)
        finally:
            self.spent += time.perf_counter() - begun
            self.calls += 1

    def emit(self, type: str, **values: Any) -> None:
        self._timed(super().emit, type, **values)

    def beat(self, phase: Any, **values: Any) -> None:
        self._timed(super().beat, phase, **values)

    def wanted(self) -> Any:
        return self._timed(super().wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--data", default=None)
    options = parser.parse_args()
    row, variant = parse_target("images/bn")
    print(describe(torch.device("cpu")), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).ensure()
        config = resolve(row, variant, options.data, "best", [Layer("the benchmark", {"epochs": options.epochs})])
        directory = Store(home).create(config)
        reporter = TimedReporter(directory, 1)
        job = TrainJob(config, directory, home.cache, lambda message: None)
        job.prepare()
        outcome = job.train(reporter)
        trained = outcome.progress.elapsed
        print(f"trained {trained:.1f} s, {outcome.progress.step} updates, {reporter.calls} calls of the reporter")
        print(f"logging {reporter.spent:.3f} s = {reporter.spent / trained:.2%} of the training (goal under 1 %)")


if __name__ == "__main__":
    main()
