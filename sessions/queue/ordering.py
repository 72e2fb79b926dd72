"""Editing the queue: jobs put into it, its order, what waits for what."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import LabError, UsageError, nearest, unknown
from engine.files import cannot_write, write_json
from sessions.locks import holding
from sessions.machine.gpus import list_gpus
from sessions.process import kill_group
from sessions.queue.lineup import Waiter, Watch
from sessions.queue.process import ensure_queue
from sessions.queue.starting import KINDS, job_goes_on, job_waits, without_jobs
from sessions.queuefiles import queue_file, queue_folder, stamped
from sessions.run.records import REQUEST, RUN_VERSION, read_record
from sessions.run.runs import Run, locked
from sessions.run.status import waiting_ticket
from sessions.run.tickets import CPU, ID, TRAIN, jobs_of, new_job_id, new_ticket

if TYPE_CHECKING:
    from sessions.run.store import Store

PLACES = ("first", "last", "up", "down", "before")


def submit_job(
    store: Store, run: Run, kind: str, args: dict[str, Any], *, gpu: str = CPU, after: Sequence[str] = ()
) -> str:
    """Queue a job with a run: one of sessions.infer's operations with its args. Returns the job's id."""
    known = [each for each in KINDS if each != TRAIN]
    if kind not in known:
        raise unknown("kind of job", kind, known)
    check_after(store, after)
    job_id = new_job_id(kind)
    ticket = new_ticket(kind, gpu=gpu, after=after, seen=gpu != CPU and bool(list_gpus()), args=args)
    with locked(run.path):
        request = read_record(run.path).request or {"v": RUN_VERSION, "wanted": "run", "attempt": 0}
        jobs = request.get("jobs")
        jobs = {**(jobs if isinstance(jobs, dict) else {}), job_id: stamped(ticket, run.path)}
        write_json(run.path / REQUEST, {**request, "jobs": jobs})
    ensure_queue(store.home.root)
    return job_id


def cancel_job(store: Store, run_id: str, job_id: str) -> bool:
    """Take a job out of the queue, or end it. False when it has ended already."""
    path = store.home.runs / run_id
    with locked(path):
        request = read_record(path).request or {}
        job = next((each for each in jobs_of(request) if each.id == job_id), None)
        if job is None:
            return False
        if not job_waits(path, job):
            return job.process is not None and kill_group(job.process)
        if job_goes_on(path, job):
            raise LabError(f"job {job_id} is just being started", got="its process is not known yet", hint="try again")
        write_json(path / REQUEST, without_jobs(request, {job_id}))
    ensure_queue(store.home.root)
    return True


def move(store: Store, item: str, to: str, other: str | None = None) -> None:
    """Move a waiting run or job: first, last, up, down, or before another one."""
    if to not in PLACES:
        raise unknown("place", to, PLACES)
    with _editing(store):
        waiting = Watch(store.home.runs).look().waiting
        mover = _waiting(waiting, item)
        was = waiting.index(mover)
        rest = [each for each in waiting if each is not mover]
        if to == "before":
            place = rest.index(_waiting(rest, other or ""))
        else:
            place = {"first": 0, "last": len(rest), "up": max(0, was - 1), "down": min(len(rest), was + 1)}[to]
        if place == was:
            return
        position = between(rest[place - 1].ticket.position if place else None, _position(rest, place))
        if position is not None:
            _write(store, mover, {"position": position})
        else:  # no number left between the two: all anew, and none behind those to come
            first = min(each.ticket.submitted for each in waiting) - len(waiting)
            for number, each in enumerate([*rest[:place], mover, *rest[place:]]):
                _write(store, each, {"position": first + number})
    ensure_queue(store.home.root)


def _position(waiting: Sequence[Waiter], place: int) -> float | None:
    return waiting[place].ticket.position if place < len(waiting) else None


def between(low: float | None, high: float | None) -> float | None:
    """A position between two, or beyond the one there is; None when there is no number left."""
    if low is None or high is None:
        beyond = (high - 1 if high is not None else 0.0) if low is None else low + 1
        return beyond if beyond not in (low, high) else None
    middle = low + (high - low) / 2
    return middle if low < middle < high else None


def set_after(store: Store, item: str, after: Sequence[str]) -> None:
    """Let a waiting run or job wait for these runs and no others; none: for nothing."""
    check_after(store, after)
    with _editing(store):
        waiter = _waiting(Watch(store.home.runs).look().waiting, item)
        if waiter.job_id is None:
            for each in after:
                if _leads_to(store, each, waiter.run_id, set()):
                    raise UsageError(
                        "the runs would wait for each other",
                        got=f"{waiter.run_id} after {each}, which waits for {waiter.run_id}",
                        expected="an order in which something can start",
                    )
        _write(store, waiter, {"after": list(dict.fromkeys(after))})
    ensure_queue(store.home.root)


def _leads_to(store: Store, run_id: str, target: str, seen: set[str]) -> bool:
    """Whether a run waits, by way of others too, for the target."""
    if run_id == target:
        return True
    if run_id in seen or not ID.fullmatch(run_id):
        return False
    seen.add(run_id)
    ticket = waiting_ticket(read_record(store.home.runs / run_id))
    return ticket is not None and any(_leads_to(store, each, target, seen) for each in ticket.after)


def check_after(store: Store, after: Sequence[str]) -> None:
    """What is waited for must be there."""
    ids = store.ids() if after else []
    for each in after:
        if each not in ids:
            close = nearest(each, ids)
            hint = f"did you mean {close!r}?" if close else "labapp runs lists them"
            raise UsageError(f"there is no run {each!r} to wait for", got=each, expected="the id of a run", hint=hint)


def _waiting(waiting: Sequence[Waiter], item: str) -> Waiter:
    for each in waiting:
        if each.key == item:
            return each
    raise UsageError(
        f"{item!r} does not wait on this host",
        got=item,
        expected=", ".join(each.key for each in waiting[:8]) or "the queue is empty",
        hint="labapp queue lists what waits",
    )


def _write(store: Store, waiter: Waiter, changes: dict[str, Any]) -> None:
    """Change a ticket, unless it is gone meanwhile: then it was started, and there is nothing to change any more."""
    path: Path = store.home.runs / waiter.run_id
    with locked(path):
        request = read_record(path).request or {}
        if waiter.job_id is None and isinstance(request.get("ticket"), dict):
            write_json(path / REQUEST, {**request, "ticket": {**request["ticket"], **changes}})
        elif waiter.job_id in (jobs := request.get("jobs") or {}):
            jobs = {**jobs, waiter.job_id: {**jobs[waiter.job_id], **changes}}
            write_json(path / REQUEST, {**request, "jobs": jobs})


@contextlib.contextmanager
def _editing(store: Store) -> Iterator[None]:
    """Only one front end at a time changes the order."""
    folder = queue_folder(store.home.root)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with holding(queue_file(store.home.root, "order"), 20.0):
            yield
    except TimeoutError as error:
        raise LabError("the queue is being edited by another program", got=str(folder), hint="try again") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
