"""A whole laboratory in one command, for a machine that is lent for minutes: all variants, several seeds, side by side.

    python -m benchmarks.lab --data PATH [--epochs 100] [--seeds 1 2 3] [--batch8] [--parallel 7] [--budget 540]
                             [--keep benchmarks/runs] [--home DIR] [--set KEY=VALUE]... [--gpu auto]

The trainings go through labapp's own queue, `--parallel` of them at once on the card (or on the CPU). PATH is a folder
of pictures, a dataset's name, or CIFAR-10's archive (cifar-10-binary.tar.gz). Seeds come in turn: all variants with
the first one before any with the second. A training is not begun when, by the pace of those before it, it would not
end within the budget (seconds, from the start of this command). What still goes on at the budget is paused; the same
command with the same --home goes on from there and leaves out what is finished. Every finished run is kept under
--keep as `labapp export --format record` writes it, and stands in the table at the end: test accuracy by variant,
mean and spread over seeds, beside the goals, which are for 100 epochs of the original CIFAR-10.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

KEPT = Path(__file__).parent / "runs"
VARIANTS = ("torch-bn", "bn", "in", "bin", "ln", "gn", "none")
GOALS = {"torch-bn": 0.910, "bn": 0.910, "in": 0.887, "bin": 0.907, "ln": 0.888, "gn": 0.890, "none": 0.880}
GOALS_BATCH8 = {"bn": 0.915, "gn": 0.885}
BATCH, SMALL_BATCH = 128, 8
ARCHIVE = ".tar.gz"  # CIFAR-10's: other data is a folder or a name
RESUMABLE = ("paused", "stopped", "lost", "failed")
ENDED = ("finished", "stopped", "lost", "failed")
LOOK_EVERY = 2.0  # seconds
BESIDE = 20.0  # seconds of a run that are no training: starting, the last evaluation
LEAVE = 15.0  # seconds before the budget at which the unfinished are paused: their checkpoints take a moment


@dataclass(frozen=True)
class Plan:
    """One training to be made."""

    variant: str
    seed: int
    batch: int
    epochs: int

    @property
    def name(self) -> str:
        return f"{self.variant}-batch-{self.batch}-{self.epochs}-epochs-seed-{self.seed}"

    @property
    def work(self) -> float:
        """Its updates, up to the size of the data: what its time is taken to grow with."""
        return self.epochs / self.batch


def plans(options: argparse.Namespace) -> list[Plan]:
    """In the order they are begun."""
    found = []
    for seed in options.seeds:
        found += [Plan(variant, seed, BATCH, options.epochs) for variant in options.variants]
        if options.batch8:
            epochs = options.batch8_epochs or options.epochs
            found += [Plan(variant, seed, SMALL_BATCH, epochs) for variant in GOALS_BATCH8]
    return found


class Lab:
    """labapp's command line on one home."""

    def __init__(self, home: Path, parallel: int):
        self.home = home
        threads = max(1, (os.cpu_count() or 1) // parallel)  # side by side, more would only be in each other's way
        self.environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "LABAPP_HOME": str(home)}
        self.call("queue", "--per-gpu", str(parallel), "--per-cpu", str(parallel))

    def call(self, *arguments: str) -> Any:
        command = [sys.executable, "-m", "labapp", *arguments, "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"labapp {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def data(self, source: str) -> str:
        """What to give to --data: CIFAR-10's archive is taken in first."""
        if not source.endswith(ARCHIVE):
            return source
        self.call("data", "fetch", "cifar10", "--from", source)
        return "cifar10"

    def launch(self, plan: Plan, data: str, gpu: str, settings: Sequence[str]) -> None:
        values = (f"epochs={plan.epochs}", f"batch_size={plan.batch}", f"seed={plan.seed}", *settings)
        changes = [part for value in values for part in ("--set", value)]
        target = f"images/{plan.variant}"
        self.call("train", target, "--data", data, "--gpu", gpu, "--name", plan.name, *changes)

    def runs(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those with these names, by name."""
        wanted = set(names)
        return {run["name"]: run for run in self.call("runs") if run["name"] in wanted}


def seconds_for(plan: Plan, runs: dict[str, dict[str, Any]], plans: Sequence[Plan]) -> float:
    """What a training will take by the slowest pace so far, of its own variant if known; 0 when nothing is known."""
    paces: dict[str, list[float]] = {}
    for each in plans:
        run = runs.get(each.name, {})
        if run.get("epoch", 0) >= 1:
            paces.setdefault(each.variant, []).append(run["seconds"] / (each.work * run["epoch"] / each.epochs))
    known = paces.get(plan.variant) or [pace for each in paces.values() for pace in each]
    return BESIDE + max(known) * plan.work if known else 0.0


def main() -> None:
    options = arguments()
    begun = time.monotonic()
    lab = Lab(options.home, options.parallel)
    todo = plans(options)
    data = lab.data(options.data)
    run_all(lab, todo, data, options, begun + options.budget)
    runs = lab.runs(plan.name for plan in todo)
    for plan in todo:
        if runs.get(plan.name, {}).get("status") == "finished":
            keep(lab, plan, options.keep)
    print(f"\n{machine(lab, todo, runs)}; {time.monotonic() - begun:.0f} s of {options.budget:.0f} s")
    print("\n".join(table(todo, runs)))


def run_all(lab: Lab, todo: Sequence[Plan], data: str, options: argparse.Namespace, deadline: float) -> None:
    """Begin and follow the trainings until all have ended or the time is over."""
    runs = lab.runs(plan.name for plan in todo)
    waiting = [plan for plan in todo if plan.name not in runs]
    for name, run in runs.items():
        if run["status"] in RESUMABLE:
            say(f"going on with {name} from epoch {run['epoch']:.0f}")
            lab.call("resume", run["id"])
    told: dict[str, str] = {}
    while True:
        runs = lab.runs(plan.name for plan in todo)
        tell(runs, told)
        left = deadline - LEAVE - time.monotonic()
        going = [run for run in runs.values() if run["status"] not in ENDED]
        if left <= 0 or not (going or waiting):
            break
        if waiting and len(going) < options.parallel:
            plan = next((each for each in waiting if seconds_for(each, runs, todo) <= left), None)
            if plan is not None:
                waiting.remove(plan)
                lab.launch(plan, data, options.gpu, options.set)
                continue
            say(f"no time for {', '.join(each.name for each in waiting)}")
            waiting.clear()
        time.sleep(LOOK_EVERY)
    if going:
        say(f"the time is over for {len(going)} of them: paused, the same command with --home {lab.home} goes on")
        lab.call("pause", *(run["id"] for run in going), "--wait")


def tell(runs: dict[str, dict[str, Any]], told: dict[str, str]) -> None:
    """Say what became of the runs since the last look."""
    for name, run in runs.items():
        if told.get(name) != run["status"]:
            told[name] = run["status"]
            test = run["metrics"]["test"].get("accuracy")
            result = f", test accuracy {test:.4f}" if run["status"] == "finished" and test is not None else ""
            why = f": {run['error']['title']}" if run["error"] else ""
            say(f"{name}: {run['status']}, epoch {run['epoch']:.0f}, {run['seconds']:.0f} s{result}{why}")


def keep(lab: Lab, plan: Plan, folder: Path) -> None:
    lab.call("export", plan.name, "--format", "record", "--out", str(folder), "--force")


def table(todo: Sequence[Plan], runs: dict[str, dict[str, Any]]) -> list[str]:
    """Test accuracy by variant and batch size over the finished seeds."""
    lines = ["variant   batch  epochs  seeds    test   spread best val   seconds    goal"]
    groups: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    for plan in todo:
        finished = [run for run in [runs.get(plan.name)] if run and run["status"] == "finished"]
        groups.setdefault((plan.variant, plan.batch, plan.epochs), []).extend(finished)
    for (variant, batch, epochs), found in groups.items():
        goal = (GOALS if batch == BATCH else GOALS_BATCH8)[variant]
        start = f"{variant:<10}{batch:>5}{epochs:>8}{len(found):>7}"
        if not found:
            lines.append(f"{start}{'-':>8}{'':>28}{goal:>8.3f}")
            continue
        test = [run["metrics"]["test"]["accuracy"] for run in found]
        mean, spread = statistics.mean(test), max(test) - min(test)
        val = statistics.mean(run["best"]["value"] for run in found)
        taken = statistics.mean(run["seconds"] for run in found)
        lines.append(f"{start}{mean:>8.4f}{spread:>9.4f}{val:>9.4f}{taken:>10.0f}{goal:>8.3f}  {mean - goal:+.3f}")
    lines.append("spread: largest minus smallest over seeds; goals: 100 epochs of the original CIFAR-10")
    return lines


def machine(lab: Lab, todo: Sequence[Plan], runs: dict[str, dict[str, Any]]) -> str:
    """What the first finished run says it was computed on."""
    for plan in todo:
        if runs.get(plan.name, {}).get("status") == "finished":
            path = Path(lab.call("show", plan.name)["path"], "meta.json")
            attempts = json.loads(path.read_text()).get("attempts") or [{}]
            return ", ".join(
                f"{key} {value}" for key, value in attempts[-1].items() if key in ("device_name", "precision")
            )
    return "no run is finished"


def say(text: str) -> None:
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True, help="a folder of pictures, CIFAR-10's archive, or a dataset's name")
    parser.add_argument("--variants", nargs="+", default=VARIANTS, choices=VARIANTS)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--batch8", action="store_true", help="bn and gn with a batch of 8 too: 16 times as many updates"
    )
    parser.add_argument("--batch8-epochs", type=int, default=0, help="for these; 0 = as many as --epochs")
    parser.add_argument("--parallel", type=int, default=7, help="trainings side by side")
    parser.add_argument("--budget", type=float, default=540.0, help="seconds")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where finished runs are kept")
    parser.add_argument(
        "--home", type=Path, help="where the trainings are made; else in your cache, by data and settings"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for every training")
    parser.add_argument("--gpu", default="auto", help="as for labapp train")
    options = parser.parse_args()
    if options.home is None:  # other data or settings are another experiment
        digest = hashlib.sha256(json.dumps([options.data, sorted(options.set), options.gpu]).encode()).hexdigest()[:10]
        options.home = platformdirs.user_cache_path("labapp") / f"laboratory-{digest}"
    return options


if __name__ == "__main__":
    main()
