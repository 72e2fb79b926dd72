"""Following runs from outside: a progress bar on stderr, read from their directories.

While one of them waits for its turn, the queue's process is looked after too: whoever waits wants it to live.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from engine.errors import LabError
from labapp.output import clean, duration, number
from sessions.process import reap
from sessions.queue.process import Waiting, ensure_queue, overview
from sessions.run.runs import Run
from sessions.run.status import GOING_ON
from sessions.run.store import Store

LOOK_EVERY = 0.25  # seconds
WAKE_EVERY = 2.0  # seconds between looks whether the queue's process lives, while something waits


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
    places = Places(store)
    with noted_interrupts() as leave_if_interrupted, bar:
        while True:
            leave_if_interrupted()
            reap()
            runs = [store.read(run_id) for run_id in run_ids]
            places.look(runs)
            for run in runs:
                if run.id not in lines:
                    lines[run.id] = bar.add_task("", total=1.0, label=clean(run.name or run.id), state="")
                done = run.epoch / run.epochs if run.epochs else 0.0
                state = state_line(run, places.of(run))
                bar.update(lines[run.id], completed=min(done, 1.0), state=state)
                if bar.disable and not quiet:
                    _plain(run, state, said, console)
            bar.refresh()
            if not any(run.status.name in GOING_ON for run in runs):
                return runs
            time.sleep(LOOK_EVERY)


@contextlib.contextmanager
def noted_interrupts() -> Iterator[Callable[[], None]]:
    """Ctrl-C is raised where one asks for it: wherever it comes, it might come in a callback, and be lost there.
    A second one is raised at once."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    def raise_noted() -> None:
        if noted:
            raise KeyboardInterrupt

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else somebody ignores it for a reason
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield raise_noted
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Places:
    """Where the followed runs are in the queue, and why they wait there."""

    def __init__(self, store: Store):
        self.store = store
        self._waiting: dict[str, Waiting] = {}
        self._woken = float("-inf")

    def look(self, runs: Sequence[Run]) -> None:
        self._waiting = {}
        if not any(run.status.name == "queued" for run in runs):
            return
        if time.monotonic() - self._woken > WAKE_EVERY:
            self._woken = time.monotonic()
            with contextlib.suppress(LabError):  # a home one may only read can be followed too
                ensure_queue(self.store.home.root)
        self._waiting = {each.key: each for each in overview(self.store).waiting}

    def of(self, run: Run) -> str:
        """`2nd, waits for gpu 0`."""
        found = self._waiting.get(run.id)
        return "" if found is None else ordinal(found.place) + (f", {found.reason}" if found.reason else "")


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th..."""
    teens = 10 < number % 100 < 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _plain(run: Run, state: str, said: dict[str, str], console: Console) -> None:
    """Without a terminal: a line whenever an epoch is done or the phase or the place in the queue changes."""
    key = f"{run.status.name} {state if run.status.name == 'queued' else run.status.detail} {int(run.epoch)}"
    if said.get(run.id) != key:
        said[run.id] = key
        console.print(f"{clean(run.id)} {state}", soft_wrap=True, markup=False)


def state_line(run: Run, place: str = "") -> str:
    """One run's state in a line: what it does or waits for, how far, how well, how long still."""
    if run.status.name not in ("running", "stalled"):
        detail = (place if run.status.name == "queued" else "") or run.status.detail
        return run.status.name + (f": {clean(detail)}" if detail else "")
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
