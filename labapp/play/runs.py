"""Which runs can be used, and on which screen. What a task's runs can do stands in its row of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from engine.catalogue import tasks
from engine.checkpoints import Checkpoints
from engine.errors import LabError, UsageError
from labapp.actions import SCREENS, ScreenRow
from labapp.live.rows import RunRow, entitle
from sessions.home import Home
from sessions.run.origin import refuse_without_weights
from sessions.run.records import CHECKPOINTS
from sessions.run.runs import Run


def usable(home: Home, rows: Iterable[RunRow], operation: str) -> list[RunRow]:
    """The runs whose task knows the operation and that have a checkpoint, in the order they come in. Looks at
    folders: in a thread."""
    return entitle([row for row in rows if can(row.task, operation) and has_checkpoint(home, row.id)])


def screen_for(home: Home, row: RunRow) -> ScreenRow:
    """The screen a run is tried on. Raises a LabError that says why there is none, and what helps. In a thread."""
    screens = [screen for screen in SCREENS if screen.operation]
    found = next((screen for screen in screens if can(row.task, screen.operation)), None)
    if found is None:
        able = dict.fromkeys(name for screen in screens for name in able_to(screen.operation))
        raise LabError(
            "no screen tries runs of this task", got=f"a run of {row.task}", expected=f"one of {', '.join(able)}"
        )
    if not has_checkpoint(home, row.id):
        refuse_without_weights(home.runs / row.id)
        raise LabError(
            "this run has no checkpoint yet", got=row.status, hint="wait for its first epoch, or resume it with R"
        )
    return found


def check_run(run: Run, operation: str, title: str) -> None:
    """For a command: `title` says what runs of another task are not for. Raises before anything is loaded."""
    if not can(run.task, operation):
        able = able_to(operation)
        raise UsageError(
            title,
            got=f"{run.id}, of task {run.task}",
            expected=f"a run of {' or '.join(able)}" if able else None,
            hint=f"labapp runs task:{able[0]} lists them" if able else None,
        )


def able_to(operation: str) -> list[str]:
    """The tasks that know an operation."""
    return [row.name for row in tasks().values() if operation in row.operations]


def can(task: str, operation: str) -> bool:
    known = tasks()
    return task in known and operation in known[task].operations


def has_checkpoint(home: Home, run_id: str) -> bool:
    try:
        return bool(Checkpoints(home.runs / run_id / CHECKPOINTS).steps())
    except OSError:
        return False
