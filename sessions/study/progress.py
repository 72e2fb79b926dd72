"""How far a study is: what became of its runs, and when it will be done."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sessions.run.runs import Run
from sessions.study.folder import Launched, Member

GOING_ON = frozenset({"queued", "running", "stalled", "remote"})


@dataclass(frozen=True)
class Progress:
    """One study at one moment."""

    counts: Counter[str]  # runs by status; `deleted` for those that are not there any more
    done: float  # fraction of all passes over the training data
    seconds_left: float  # of training, one run after the other; NaN when nothing of it has been timed

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
        order = ("running", "stalled", "queued", "paused", "finished", "stopped", "failed", "lost", "remote", "deleted")
        return ", ".join(f"{self.counts[name]} {name}" for name in order if self.counts[name])


def progress_of(launched: Launched, runs: Mapping[str, Run]) -> Progress:
    """`runs` by id, of the whole home or of the study."""
    members = [(each, runs.get(each.run)) for each in launched.members]
    counts = Counter("deleted" if run is None else run.status.name for _, run in members)
    standing = [run for _, run in members if run is not None]
    done = sum(_fraction(run) for run in standing) / len(members) if members else 0.0
    return Progress(counts, done, _seconds_left(members, standing))


def _fraction(run: Run) -> float:
    if run.status.name == "finished":
        return 1.0
    return min(1.0, run.epoch / run.epochs) if run.epochs else 0.0


def _seconds_left(members: Sequence[tuple[Member, Run | None]], standing: Sequence[Run]) -> float:
    """What runs of the same cell took a pass, else those of the study, is taken for what the others will take."""
    paces = {run.id: run.seconds / run.epoch for run in standing if run.epoch > 0 and run.seconds > 0}
    left = 0.0
    for member, run in members:
        if run is None or run.status.name not in GOING_ON:
            continue
        cell = [paces[each.run] for each, _ in members if each.cell == member.cell and each.run in paces]
        pace = paces.get(run.id) or _mean(cell) or _mean(list(paces.values()))
        if not pace:
            return math.nan
        left += pace * max(0.0, run.epochs - run.epoch)
    return left


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
