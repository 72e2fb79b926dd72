"""Which runs the See screen can be used with. Looks at folders: in a thread."""

from __future__ import annotations

from collections.abc import Iterable

from engine.catalogue import tasks
from engine.checkpoints import Checkpoints
from engine.errors import LabError
from labapp.live.rows import RunRow, entitle
from sessions.home import Home
from sessions.run.records import CHECKPOINTS

OPERATION = "explain"  # what a task's runs must be able to do


def seeable(home: Home, rows: Iterable[RunRow]) -> list[RunRow]:
    """The runs of the image task that have a checkpoint, in the order they come in."""
    return entitle([row for row in rows if can_explain(row) and has_checkpoint(home, row.id)])


def check_seeable(home: Home, row: RunRow) -> None:
    """Raises a LabError that says why a run cannot be looked at, and what helps."""
    if not can_explain(row):
        able = ", ".join(each.name for each in tasks().values() if OPERATION in each.operations)
        raise LabError(
            "See shows what a network sees in pictures", got=f"a run of {row.task}", expected=f"one of {able}"
        )
    if not has_checkpoint(home, row.id):
        raise LabError(
            "this run has no checkpoint yet", got=row.status, hint="wait for its first epoch, or resume it with R"
        )


def can_explain(row: RunRow) -> bool:
    known = tasks()
    return row.task in known and OPERATION in known[row.task].operations


def has_checkpoint(home: Home, run_id: str) -> bool:
    try:
        return bool(Checkpoints(home.runs / run_id / CHECKPOINTS).steps())
    except OSError:
        return False
