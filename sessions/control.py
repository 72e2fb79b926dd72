"""Acting on runs: launch, stop, pause, resume, kill, label. Each checks what the run really does before it acts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from engine.errors import LabError, UsageError, newer
from engine.files import cannot_write, explained, write_json
from sessions.process import child_environment, kill_group, myself, python_command, reap, spawn_detached
from sessions.records import CONFIG, LABELS, OUTPUT, REQUEST, RESULT, RUN_VERSION, WORKER_LOCK, number_of, table_of
from sessions.runs import Run, locked, read_run
from sessions.status import RESUMABLE
from sessions.store import Store, check_tags

if TYPE_CHECKING:  # importing it costs what the app's first frame may take
    from engine.config import Config

SETTLE = 5.0  # seconds a process that ended may take to be gone


def launch(
    store: Store,
    config: Config,
    *,
    name: str = "",
    tags: Iterable[str] = (),
    note: str = "",
    environment: dict[str, str] | None = None,
) -> Run:
    """Create a run and start its worker. `environment` adds to the worker's (a chosen GPU)."""
    path = store.create(config, name=name, tags=tags, note=note)
    with locked(path):
        _start(path, environment)
    return store.read(path.name)


def resume(store: Store, run: Run, *, take_over: bool = False) -> Run:
    """Go on from the last checkpoint in a new attempt."""
    with locked(run.path):
        run = read_run(run.path)
        _refuse_newer(run)
        status = run.status
        if status.name == "remote":
            _refuse_remote(run, take_over)
        elif status.name not in RESUMABLE:
            raise UsageError(
                f"run {run.id} is {status.name}",
                got=f"resume of a run that is {status.name}",
                expected="a run that is stopped, failed, paused or lost",
                hint=f"labapp train --from {run.id} repeats it" if status.name == "finished" else None,
            )
        if _worker_holds(run.path):
            raise LabError("a worker still has this run", got=str(run.path / WORKER_LOCK), hint="labapp kill it first")
        _start(run.path)
    return store.read(run.id)


def _start(path: Path, environment: dict[str, str] | None = None) -> None:
    """Start a worker for the next attempt; whatever fails, the run is afterwards as it was. Its lock must be held."""
    run = read_run(path)
    before = run.record.request or {"v": RUN_VERSION, "wanted": "run", "attempt": 0}
    last = _last_attempt(run)
    chosen = environment if environment is not None else table_of(before, "environment")
    chosen = {key: value for key, value in chosen.items() if isinstance(value, str)}
    request = {**before, "wanted": "run", "attempt": last + 1, "environment": chosen}
    result, kept = path / RESULT, path / f"result.{last}.json"
    # Until the worker is there we stand in for it: if we die now, the run is lost and can be resumed.
    write_json(path / REQUEST, {**request, "spawned": myself().as_dict()})
    try:
        with explained(result):
            if result.exists():
                os.rename(result, kept)
        command = python_command("sessions.worker", str(path))
        identity = spawn_detached(command, path / OUTPUT, child_environment(chosen))
    except BaseException:
        if kept.exists() and not result.exists():
            os.rename(kept, result)
        write_json(path / REQUEST, before)
        raise
    write_json(path / REQUEST, {**request, "spawned": identity.as_dict()})


def _last_attempt(run: Run) -> int:
    return max(int(number_of(each, "attempt")) for each in (run.record.process, run.record.request, run.record.result))


def stop(run: Run) -> None:
    """Ask for: finish the step, save, evaluate, write the result. A run that is not alive is refused."""
    _ask(run, "stop")


def pause(run: Run) -> None:
    """Ask for: save and exit, to be resumed."""
    _ask(run, "pause")


def _ask(run: Run, wanted: str) -> None:
    with locked(run.path):
        run = read_run(run.path)
        _refuse_newer(run)
        if run.status.name not in ("running", "stalled"):
            raise UsageError(
                f"run {run.id} is {run.status.name}",
                got=f"{wanted} of a run that is {run.status.name}",
                expected="a run that is running",
                hint=f"it belongs to {run.status.detail.split(',')[0].removeprefix('on ')}: act on it there"
                if run.status.name == "remote"
                else None,
            )
        request = run.record.request or {"v": RUN_VERSION}
        write_json(run.path / REQUEST, {**request, "wanted": wanted})


def kill(run: Run) -> bool:
    """End a run's whole process group at once. False when nothing was alive."""
    with locked(run.path):
        run = read_run(run.path)
        if run.status.name == "remote":
            _refuse_remote(run, take_over=False)
        process = run.status.process
        if process is None:
            return False
        request = run.record.request or {"v": RUN_VERSION}
        write_json(run.path / REQUEST, {**request, "killed": _last_attempt(run)})
        killed = kill_group(process)
    deadline = time.monotonic() + SETTLE
    while process.is_alive() and time.monotonic() < deadline:
        reap()
        time.sleep(0.02)
    reap()
    return killed


def delete(store: Store, run: Run) -> Path:
    """Move a run to the trash; one that is alive, here or elsewhere, is refused."""
    with locked(run.path):
        run = read_run(run.path)
        alive = run.status.process is not None or _worker_holds(run.path)
        if alive and not run.status.stale:
            raise UsageError(
                f"run {run.id} is {run.status.name}",
                got=f"delete of a run that is {run.status.name}",
                expected="a run that has ended",
                hint=f"labapp stop {run.id}, or labapp kill {run.id}, first",
            )
        target = store.home.trash / run.id
        with explained(target):
            if target.exists():
                target = store.home.trash / f"{run.id}-{int(time.time())}"
            os.rename(run.path, target)
    return target


def label(
    store: Store, run: Run, *, name: str | None = None, add: Iterable[str] = (), drop: Iterable[str] = (),
    note: str | None = None,
) -> Run:  # fmt: skip
    """Set name and note, add and drop tags; what is not given stays."""
    check_tags(add := list(add))
    with store.naming(), locked(run.path):
        if name is not None and name != run.name:
            store.check_name(name)
        run = read_run(run.path)
        labels: dict[str, Any] = {
            **(run.record.labels or {}),
            "name": run.name if name is None else name,
            "tags": sorted({*run.tags, *add} - {*drop}),
            "note": run.note if note is None else note,
        }
        write_json(run.path / LABELS, labels)
    return store.read(run.id)


def _worker_holds(path: Path) -> bool:
    """Whether a live worker has the run, whatever its records say; one that is on its way out is waited for."""
    lock = FileLock(path / WORKER_LOCK)
    try:
        lock.acquire(timeout=SETTLE)
    except Timeout:
        return True
    except OSError as error:
        raise cannot_write(path / WORKER_LOCK, error) from error
    lock.release()
    return False


def _refuse_newer(run: Run) -> None:
    if run.record.newer:
        raise newer(run.path / CONFIG, "of a later version", RUN_VERSION)


def _refuse_remote(run: Run, take_over: bool) -> None:
    """A run of another host is left alone, unless it is stale and somebody asked to take it over."""
    if take_over and run.status.stale:
        return
    raise UsageError(
        f"run {run.id} is {run.status.detail}",
        got="a run of another host",
        expected="one that has been silent for long, and --take-over" if take_over else "a run of this host",
        hint="labapp resume --take-over when that host is gone" if run.status.stale else "act on it there",
    )
