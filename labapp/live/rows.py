"""A run as the list shows it: computed once per change, off the event loop, and compared to see what changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.values import shown
from labapp.output import clean, duration, number
from sessions.run.records import number_of, text_of
from sessions.run.runs import Run

LIVE = frozenset({"running", "stalled"})
TROUBLE = frozenset({"failed", "lost", "stalled"})
SHORT = {
    "accuracy": "acc",
    "micro_f1": "miF1",
    "macro_f1": "maF1",
    "weighted_f1": "weF1",
    "micro_precision": "prec",
    "micro_recall": "recall",
    "exact_match": "exact",
    "execution_accuracy": "exec",
    "token_accuracy": "tok acc",
    "novel/loss": "nov loss",
    "novel/exact_match": "nov exact",
    "novel/execution_accuracy": "nov exec",
    "novel/token_accuracy": "nov tok",
}
MOST_DIFFERENCES = 3  # settings named in a title


@dataclass(frozen=True)
class RunRow:
    """Everything the screens say of a run in one line. None where something is not known."""

    id: str
    task: str
    variant: str
    data: str
    recipe: str
    status: str
    detail: str
    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    title: str = ""  # its name, or what differs from its neighbours
    epoch: float = 0.0
    epochs: int = 0
    step: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    best: float | None = None
    monitor: str = ""
    loss: float | None = None  # of the training split, so far
    lr: float | None = None
    speed: float | None = None  # examples a second
    left: float | None = None  # seconds
    gpu: str = ""
    place: int = 0  # in the queue, from 1; 0 = does not wait
    created: float = 0.0
    ended: float = 0.0  # Unix time, as far as known
    saved: float = 0.0  # Unix time of the newest checkpoint
    error: str = ""
    live: bool = False  # it is being trained, as far as can be seen from here
    problems: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def label(self) -> str:
        """Variant and title, harmless to show."""
        return clean(f"{self.variant} {self.title or self.name}".strip())

    @property
    def target(self) -> str:
        return f"{self.task}/{self.variant}"


def row_of(run: Run) -> RunRow:
    """Look at a run once. Reads its events where its result does not say everything."""
    status = run.status
    ended = bool(run.record.result) and not status.process
    latest = {} if ended or status.name == "queued" else run.history.latest("train", whole=False)
    left = None
    goes_on = status.name in LIVE or (status.name == "remote" and not status.stale)
    asked = text_of(run.record.request, "wanted") if status.name in LIVE else ""
    asking = {"stop": "stopping", "pause": "pausing"}.get(asked, "")
    if goes_on and not asking and run.total_steps > run.step > 0 and run.seconds:
        left = run.seconds / run.step * (run.total_steps - run.step)
    beat = number_of(run.record.process, "heartbeat")
    return RunRow(
        id=run.id,
        task=clean(run.task),
        variant=clean(run.variant),
        data=clean(Path(run.data).name or run.data),
        recipe=clean(run.recipe),
        status=status.name,
        detail=clean(f"{asking}, {status.detail}" if asking else status.detail),
        name=clean(run.name),
        tags=tuple(clean(tag) for tag in run.tags),
        note=clean(run.note),
        epoch=run.epoch,
        epochs=run.epochs,
        step=run.step,
        total_steps=run.step if ended else run.total_steps,
        seconds=run.seconds,
        best=known(run.best),
        monitor=clean(run.monitor),
        loss=known(latest.get("loss")),
        lr=known(latest.get("lr")),
        speed=known(latest.get("throughput")),
        left=left,
        gpu=gpu_of(run.slot),
        created=run.created,
        ended=number_of(run.record.result, "ended") if ended else 0.0 if goes_on else beat,
        saved=run.history.saved[-1][1] if goes_on and run.history.saved else 0.0,
        error=clean(run.error.get("title", "")) if status.name == "failed" else "",
        live=goes_on and run.ticket is None,
        problems=tuple(clean(problem) for problem in run.record.problems),
        settings=run.settings,
    )


def known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def gpu_of(slot: str) -> str:
    """Where a run was put: cpu, or its GPU as the machine numbers it."""
    if not slot.startswith(("GPU-", "MIG-")):
        return clean(slot)
    if slot not in _labels:
        from sessions.queue.process import recent_gpus

        _labels.update({gpu.uuid: gpu.label for gpu in recent_gpus()})
    return _labels.setdefault(slot, clean(slot[4:10]))


_labels: dict[str, str] = {}  # by UUID, for as long as we live


def entitle(rows: Sequence[RunRow]) -> list[RunRow]:
    """Give each row its title: its name, else the settings in which it differs from those of the same kind."""
    kinds: dict[tuple[str, str, str], list[RunRow]] = {}
    for row in rows:
        kinds.setdefault((row.task, row.variant, row.data), []).append(row)
    varied = {kind: differing(each.settings for each in members) for kind, members in kinds.items()}
    return [replace(row, title=title_of(row, varied[row.task, row.variant, row.data])) for row in rows]


PLACE = frozenset({"device", "checkpoint_minutes", "residency"})  # where it ran, not what it was


def differing(many: Iterable[Mapping[str, Any]]) -> list[str]:
    """The settings that do not have one value in all of these."""
    seen: dict[str, Any] = {}
    varied: set[str] = set()
    for settings in many:
        for key, value in settings.items():
            if seen.setdefault(key, value) != value:
                varied.add(key)
    return [key for key in seen if key in varied and key not in PLACE]


def title_of(row: RunRow, varied: Sequence[str]) -> str:
    if row.name:
        return row.name
    said = [f"{key}={shown(row.settings[key])}" for key in varied if key in row.settings]
    return clean(" ".join(said[:MOST_DIFFERENCES]))


@dataclass(frozen=True)
class Column:
    """One column of the list: `width` in cells, `text` what stands there."""

    name: str
    header: str
    width: int
    right: bool = False


COLUMNS = (
    Column("status", "status", 8),
    Column("label", "run", 0),  # takes what is left
    Column("variant", "variant", 10),
    Column("task", "task", 8),
    Column("data", "data", 12),
    Column("recipe", "recipe", 6),
    Column("epoch", "epoch", 7, True),
    Column("best", "best val", 11, True),
    Column("speed", "speed", 8, True),
    Column("left", "left", 9, True),
    Column("gpu", "gpu", 4),
    Column("seconds", "trained", 9, True),
    Column("created", "started", 11),
    Column("id", "id", 16),
    Column("tags", "tags", 12),
)
DEFAULT_COLUMNS = ("status", "label", "data", "epoch", "best", "left", "speed", "gpu")
GROUPS = ("", "task", "variant", "data", "status", "none")  # "" = studies together, "none" = these taken apart too
BY_NAME = {column.name: column for column in COLUMNS}


def cell(row: RunRow, column: str, now: float) -> str:
    """What stands in a column of a row."""
    if column == "status":
        return f"{row.status} {row.place}" if row.place else row.status
    if column == "epoch":
        return f"{math.floor(row.epoch + 1e-9)}/{row.epochs}" if row.epochs else "-"
    if column == "best":
        return "-" if row.best is None else f"{number(row.best)} {SHORT.get(row.monitor, row.monitor)}"
    if column == "speed":
        return "-" if row.speed is None or not row.live else f"{quantity(row.speed)}/s"
    if column == "left":
        return "-" if row.left is None else duration(row.left)
    if column == "seconds":
        return duration(row.seconds) if row.seconds else "-"
    if column == "created":
        return ago(now - row.created) if row.created else "-"
    if column == "tags":
        return " ".join(row.tags)
    return str(getattr(row, column))


def sort_key(row: RunRow, column: str) -> Any:
    """What a column is sorted by; None where there is nothing."""
    value = " ".join(row.tags) if column == "tags" else getattr(row, column)
    return STATUS_ORDER.index(value) if column == "status" and value in STATUS_ORDER else value


STATUS_ORDER = ("running", "stalled", "queued", "paused", "remote", "lost", "failed", "stopped", "finished")


def quantity(value: float) -> str:
    """A count in at most five characters."""
    for unit in ("", "k", "M"):
        if abs(value) < 999.5:
            return f"{value:.0f}{unit}" if abs(value) >= 99.95 or not unit else f"{value:.1f}{unit}"
        value /= 1000
    return f"{value:.1f}G"


def ago(seconds: float) -> str:
    """How long ago, in one unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
