"""How far a study is: what became of its runs, and when it will be done."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.task import lower_is_better
from sessions.run.runs import Run
from sessions.run.status import GOING_ON
from sessions.study.folder import Launched, Member

ORDER = ("running", "stalled", "queued", "paused", "finished", "stopped", "failed", "lost", "remote", "deleted")


@dataclass(frozen=True)
class Standing:
    """What counts of one run: the list of runs has it without reading the run again."""

    status: str
    epoch: float
    epochs: int
    seconds: float
    best: float = math.nan
    monitor: str = ""


@dataclass(frozen=True)
class Progress:
    """One study at one moment."""

    counts: Counter[str]  # runs by status; `deleted` for those that are not there any more
    done: float  # fraction of all passes over the training data
    seconds_left: float  # of training, one run after the other; NaN when nothing of it has been timed
    ends_in: float = math.nan  # seconds, with as many at a time as go on now; NaN when that is not known
    best: str = ""  # the cell with the best validation value so far, mean over its finished runs
    value: float = math.nan  # its
    monitor: str = ""  # the metric that is

    @property
    def status(self) -> str:
        """running | queued | finished | ended (with runs that did not finish) | empty"""
        if self.counts["running"] or self.counts["stalled"]:
            return "running"
        if self.counts["queued"] or self.counts["remote"]:
            return "queued"
        if not self.counts:
            return "empty"
        return "finished" if set(self.counts) == {"finished"} else "ended"

    @property
    def words(self) -> str:
        """`3 finished, 1 running, 1 failed`."""
        return ", ".join(f"{self.counts[name]} {name}" for name in ORDER if self.counts[name])


def progress_of(launched: Launched, runs: Mapping[str, Run]) -> Progress:
    """`runs` by id, of the whole home or of the study."""
    there = {each.run: standing_of(runs[each.run]) for each in launched.members if each.run in runs}
    return progress(launched.members, there)


def standing_of(run: Run) -> Standing:
    return Standing(run.status.name, run.epoch, run.epochs, run.seconds, run.best, run.monitor)


def progress(members: Sequence[Member], standings: Mapping[str, Standing]) -> Progress:
    """`standings` of the runs that are there, by id. A run that stands for two cells is trained, and counted, once."""
    once = list({each.run: each for each in members}.values())
    counts = Counter(standings[each.run].status if each.run in standings else "deleted" for each in once)
    done = sum(_fraction(standings[each.run]) for each in once if each.run in standings) / len(once) if once else 0.0
    left = _seconds_left(once, standings)
    at_once = max(1, counts["running"] + counts["stalled"] + counts["remote"])
    ends_in = math.nan if not left or any(map(math.isnan, left)) else max(max(left), sum(left) / at_once)
    return Progress(counts, done, sum(left), ends_in, *_best(members, standings))


def _fraction(run: Standing) -> float:
    if run.status == "finished":
        return 1.0
    return min(1.0, run.epoch / run.epochs) if run.epochs else 0.0


def _seconds_left(members: Sequence[Member], standings: Mapping[str, Standing]) -> list[float]:
    """Of each run that goes on. What runs of the same cell took a pass, else those of the study, is taken for what the
    others will take."""
    paces = {run: each.seconds / each.epoch for run, each in standings.items() if each.epoch > 0 and each.seconds > 0}
    cells: dict[str, list[float]] = {}
    for member in members:
        if member.run in paces:
            cells.setdefault(member.cell, []).append(paces[member.run])
    anywhere = _mean([pace for each in cells.values() for pace in each])
    left = []
    for member in members:
        run = standings.get(member.run)
        if run is not None and run.status in GOING_ON:
            pace = paces.get(member.run) or _mean(cells.get(member.cell, [])) or anywhere or math.nan
            left.append(pace * max(0.0, run.epochs - run.epoch))
    return left


def _best(members: Sequence[Member], standings: Mapping[str, Standing]) -> tuple[str, float, str]:
    """The best cell so far; none where the runs were not judged by the same."""
    cells: dict[str, list[Standing]] = {}
    for member in members:
        run = standings.get(member.run)
        if run is not None and run.status == "finished" and not math.isnan(run.best):
            cells.setdefault(member.cell, []).append(run)
    monitors = {run.monitor for each in cells.values() for run in each}
    if len(monitors) != 1:
        return "", math.nan, ""
    monitor = monitors.pop()
    means = {cell: _mean([run.best for run in runs]) for cell, runs in cells.items()}
    best = (min if lower_is_better(monitor) else max)(means, key=lambda cell: means[cell])
    return best, means[best], monitor


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
