"""Acting on runs: launch, stop, pause, resume, kill, label, delete. Each checks what the run really does first.

What starts a run is the queue process alone (`start`): a launch or a resume gives a run its place in the queue.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.config import Config
from engine.errors import LabError, UsageError, newer
from engine.files import explained, write_json
from sessions.locks import is_held
from sessions.machine.gpus import list_gpus
from sessions.process import Identity, kill_group, reap
from sessions.queue.limits import set_limits
from sessions.queue.ordering import cancel_job, check_after, move, set_after, submit_job
from sessions.queue.process import ensure_queue
from sessions.queue.starting import START_LOCK, being_started, job_goes_on, start
from sessions.queuefiles import stamped
from sessions.run.origin import refuse_resume
from sessions.run.records import CONFIG, LABELS, REQUEST, RESULT, RUN_VERSION, WORKER_LOCK, number_of, table_of, text_of
from sessions.run.runs import Run, locked, read_run
from sessions.run.status import RESUMABLE, interrupted, last_attempt
from sessions.run.store import Store, check_tags
from sessions.run.tickets import AUTO, CPU, TRAIN, jobs_of, new_ticket

__all__ = [
    "cancel_job", "delete", "kill", "label", "launch", "move", "pause", "resume", "set_after", "set_limits", "start",
    "stop", "submit_job",
]  # fmt: skip

SETTLE = 5.0  # seconds a process that ended may take to be gone


def launch(
    store: Store,
    config: Config,
    *,
    name: str = "",
    tags: Iterable[str] = (),
    note: str = "",
    gpu: str = AUTO,
    after: Sequence[str] = (),
) -> Run:
    """Create a run with its place in the queue, and wake the queue. `gpu`: auto, cpu, an index or a UUID."""
    check_after(store, after)
    ticket = new_ticket(TRAIN, attempt=1, gpu=gpu, after=after, seen=_sees_gpu(config.settings.device))
    path = store.create(config, name=name, tags=tags, note=note, ticket=ticket)
    try:
        ensure_queue(store.home.root)
    except LabError as error:
        title, hint = f"run {path.name} is queued, but nothing there to start it", "labapp queue tries again"
        raise LabError(title, got=f"{error.title}: {error.got}", hint=hint) from error
    return store.read(path.name)


def resume(store: Store, run: Run, *, take_over: bool = False) -> Run:
    """Queue a run again, at the place it had, to go on from its last checkpoint; or let go of one that is held."""
    with locked(run.path):
        run = read_run(run.path)
        _refuse_newer(run)
        status, request = run.status, run.record.request or {"v": RUN_VERSION}
        if status.name in RESUMABLE:
            refuse_resume(run.record)
        if status.name == "remote":
            _refuse_remote(run, take_over)
        elif status.name not in RESUMABLE:
            raise UsageError(
                f"run {run.id} is {status.name}",
                got=f"resume of a run that is {status.name}",
                expected="a run that is stopped, failed, paused or lost",
                hint=f"labapp train --from {run.id} repeats it" if status.name == "finished" else None,
            )
        if run.ticket is not None and status.name == "paused":
            write_json(run.path / REQUEST, {**request, "wanted": "run"})
        else:
            if _worker_holds(run.path):
                raise LabError(
                    "a worker still has this run", got=str(run.path / WORKER_LOCK), hint="labapp kill it first"
                )
            ticket = stamped(_ticket_again(run, moved=status.name == "remote"), run.path)
            write_json(run.path / REQUEST, {**request, "wanted": "run", "ticket": ticket})
    ensure_queue(store.home.root)
    return store.read(run.id)


def _ticket_again(run: Run, *, moved: bool) -> dict[str, Any]:
    """A ticket for a run that had one before: where it was in the queue, in the environment of now."""
    device = text_of(run.settings, "device")
    placed = table_of(run.record.request, "placed")
    if run.ticket is not None:
        placed = {"position": run.ticket.position, "gpu": run.ticket.gpu}
    gpu = text_of(placed, "gpu") or (CPU if device == CPU else AUTO)
    return new_ticket(
        TRAIN,
        attempt=last_attempt(run.record) + 1,
        position=number_of(placed, "position") or None,
        gpu=AUTO if moved and gpu != CPU else gpu,  # a GPU named on another host is not here
        seen=_sees_gpu(device),
        before=text_of(run.record.request, "wanted"),
    )


def _sees_gpu(device: str) -> bool:
    return device.startswith("cuda") and bool(list_gpus())


def stop(run: Run) -> None:
    """Ask for: finish the step, save, evaluate, write the result. A run that waits is taken out of the queue."""
    _ask(run, "stop")


def pause(run: Run) -> None:
    """Ask for: save and exit, to be resumed. A run that waits is held where it is in the queue."""
    _ask(run, "pause")


def _ask(run: Run, wanted: str) -> None:
    with locked(run.path):
        run = read_run(run.path)
        _refuse_newer(run)
        request = run.record.request or {"v": RUN_VERSION}
        waits = run.ticket is not None and run.status.name in ("queued", "paused")
        if waits and wanted == "stop":
            _take_out(run)
        elif run.status.name in ("running", "stalled", "queued"):
            write_json(run.path / REQUEST, {**request, "wanted": wanted})
        else:
            raise UsageError(
                f"run {run.id} is {run.status.name}",
                got=f"{wanted} of a run that is {run.status.name}",
                expected="a run that is running or queued",
                hint=f"it is {run.status.detail.split(',')[0]}: act on it there"
                if run.status.name == "remote"
                else None,
            )
    if waits:
        ensure_queue(run.path.parent.parent)


def _take_out(run: Run) -> None:
    """Out of the queue; what the run was before its ticket it is again. Its lock must be held."""
    write_json(run.path / REQUEST, _request_taken_out(run))


def _request_taken_out(run: Run) -> dict[str, Any]:
    """The request without its ticket, everything undone that an interrupted start may have done."""
    request, ticket = dict(run.record.request or {}), run.ticket
    if ticket is None:
        return request
    if interrupted(run.record, ticket):
        if being_started(run.path / START_LOCK):
            raise LabError(f"run {run.id} is just being started", got="its worker has not spoken yet", hint="try again")
        request["attempt"] = ticket.attempt - 1
        for key in ("spawned", "standing_in", "tell", "slot"):
            request.pop(key, None)
        kept = run.path / f"result.{ticket.attempt - 1}.json"
        if kept.exists() and not (run.path / RESULT).exists():
            with explained(kept):
                os.rename(kept, run.path / RESULT)
    before = text_of(request.pop("ticket"), "before")
    wanted = "stop" if ticket.attempt == 1 else before if before in ("pause", "stop") else "run"
    return {**request, "wanted": wanted, "placed": {"position": ticket.position, "gpu": ticket.gpu}}


def kill(run: Run) -> None:
    """End a run's whole process group at once, or take it out of the queue; one that is not alive is refused."""
    with locked(run.path):
        run = read_run(run.path)
        if run.status.name == "remote":
            _refuse_remote(run, take_over=False)
        if run.ticket is not None:
            _take_out(run)
            return
        process = run.status.process
        if process is None:
            raise _not_alive(run)
        request = run.record.request or {"v": RUN_VERSION}
        write_json(run.path / REQUEST, {**request, "killed": last_attempt(run.record)})
        killed = kill_group(process)
    _await_end(process)
    if not killed:  # it ended by itself meanwhile
        raise _not_alive(read_run(run.path))


def _not_alive(run: Run) -> UsageError:
    return UsageError(f"run {run.id} is {run.status.name}", got="kill of a run that is not alive")


def _await_end(process: Identity) -> None:
    deadline = time.monotonic() + SETTLE
    while process.is_alive() and time.monotonic() < deadline:
        reap()
        time.sleep(0.02)
    reap()


def delete(store: Store, run: Run) -> Path:
    """Move a run to the trash, out of the queue; one that is alive, here or elsewhere, is refused."""
    with locked(run.path):
        run = read_run(run.path)
        elsewhere = run.status.name == "remote"
        alive = elsewhere or run.status.process is not None or _worker_holds(run.path)
        if alive and not run.status.stale:
            raise UsageError(
                f"run {run.id} is {run.status.name}",
                got=f"delete of a run that is {run.status.name}",
                expected="a run that has ended",
                hint=f"labapp stop {run.id}, or labapp kill {run.id}, first",
            )
        busy = [each.id for each in jobs_of(run.record.request) if job_goes_on(run.path, each)]
        if busy:
            hint = f"labapp queue drop {busy[0]} ends it"
            raise UsageError(f"a job with run {run.id} is running", got=", ".join(busy), hint=hint)
        # Restored, it must neither start by itself nor tell of an end long past.
        request = _request_taken_out(run)
        rest = {key: value for key, value in request.items() if key not in ("jobs", "tell")}
        if rest != (run.record.request or {}):
            write_json(run.path / REQUEST, rest)
        target = store.home.ensure().trash / run.id
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
    with explained(path / WORKER_LOCK):
        return is_held(path / WORKER_LOCK, SETTLE)


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
