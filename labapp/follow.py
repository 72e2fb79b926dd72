"""Following runs from outside: a progress bar on stderr, read from their directories."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from labapp.output import clean, duration, number
from sessions.process import reap
from sessions.runs import Run
from sessions.store import Store

LOOK_EVERY = 0.25  # seconds
GOING_ON = frozenset({"queued", "running", "stalled", "remote"})


def follow(store: Store, run_ids: Sequence[str], *, quiet: bool = False) -> list[Run]:
    """Wait until none of the runs goes on any more; returns how they ended."""
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.fields[label]}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[state]}", markup=False),
        console=console,
        disable=quiet or not console.is_terminal,
        auto_refresh=False,
        transient=False,
    )
    lines: dict[str, TaskID] = {}
    said: dict[str, str] = {}
    with bar:
        while True:
            reap()
            runs = [store.read(run_id) for run_id in run_ids]
            for run in runs:
                if run.id not in lines:
                    lines[run.id] = bar.add_task("", total=1.0, label=clean(run.name or run.id), state="")
                done = run.epoch / run.epochs if run.epochs else 0.0
                bar.update(lines[run.id], completed=min(done, 1.0), state=state_line(run))
                if bar.disable and not quiet:
                    _plain(run, said, console)
            bar.refresh()
            if not any(run.status.name in GOING_ON for run in runs):
                return runs
            time.sleep(LOOK_EVERY)


def _plain(run: Run, said: dict[str, str], console: Console) -> None:
    """Without a terminal: a line whenever an epoch is done or the phase changes."""
    key = f"{run.status.name} {run.status.detail} {int(run.epoch)}"
    if said.get(run.id) != key:
        said[run.id] = key
        console.print(f"{clean(run.id)} {state_line(run)}", soft_wrap=True, markup=False)


def state_line(run: Run) -> str:
    """One run's state in a line: what it does, how far, how well, how long still."""
    if run.status.name not in ("running", "stalled"):
        return run.status.name + (f": {clean(run.status.detail)}" if run.status.detail else "")
    if run.step == 0:
        return f"{run.status.detail}..."
    train, validation = run.metrics["train"], run.metrics["val"]
    parts = [f"epoch {run.epoch:.1f}/{run.epochs}"]
    if "loss" in train:
        parts.append(f"loss {number(train['loss'])}")
    if run.monitor in validation:
        parts.append(f"val {run.monitor} {number(validation[run.monitor])}")
    if run.total_steps > run.step and run.seconds:
        parts.append(f"{duration(run.seconds / run.step * (run.total_steps - run.step))} left")
    if run.status.name == "stalled":
        parts.append(f"stalled: {run.status.detail}")
    return "  ".join(parts)
