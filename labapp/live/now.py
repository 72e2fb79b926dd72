"""What a run, or a study, is doing, in a line at the foot."""

from __future__ import annotations

import math

from rich.text import Text

from labapp.live.rows import LIVE, RunRow, ago, quantity
from labapp.live.studies import StudyRow
from labapp.output import duration, number


def now_line(row: RunRow, now: float) -> Text:
    """What a run is doing, in a line."""
    text = Text(f" {row.label}", style="bold", no_wrap=True, overflow="ellipsis")
    parts: list[str] = []
    if row.status in LIVE:
        parts = [f"step {row.step:,}"]
        parts += [f"loss {number(row.loss)}"] if row.loss is not None else []
        parts += [f"lr {row.lr:.3g}"] if row.lr is not None else []
        parts += [f"{quantity(row.speed)} examples/s"] if row.speed is not None else []
        parts += [f"on {row.gpu}"] if row.gpu else []
        parts += [f"{duration(row.left)} left"] if row.left is not None else []
        parts += [f"saved {ago(now - row.saved)}"] if row.saved else []
        if row.step == 0:
            parts = [row.detail or "starting"]
    else:
        parts = [row.status + (f": {row.detail}" if row.detail else "")]
        parts += [row.error] if row.error and row.error != row.detail else []
        parts += [f"epoch {math.floor(row.epoch + 1e-9)}/{row.epochs}"] if row.step else []
        parts += [f"trained {duration(row.seconds)}"] if row.seconds else []
    if row.best is not None:
        parts.append(f"best val {row.monitor} {number(row.best)}")
    parts += [row.problems[0]] if row.problems else []
    return text.append("  " + "  ".join(parts), "not bold")


def study_line(study: StudyRow, hidden: int) -> Text:
    """How far a study is, and what it asks. `hidden` of its runs are not shown."""
    text = Text(f" {study.title}", style="bold", no_wrap=True, overflow="ellipsis")
    parts = [f"{study.done} of {study.total} finished", study.words, study.end]
    parts += [f"{hidden} hidden by the filter"] if hidden else []
    parts += [study.question]
    return text.append("  " + "  ".join(filter(None, parts)), "not bold")
