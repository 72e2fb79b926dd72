"""Starting what waits: a run's next attempt, or a job. Only the queue process does, and never twice.

A start is: say in request.json that it begins, spawn, say what was spawned. The ticket stays until the last of these,
so nothing is lost if we are killed in between; and the child inherits a lock that we took before, so whoever goes on
from there knows from the kernel whether there is a child.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import explained, write_json
from sessions.locks import is_held as lock_is_held
from sessions.locks import try_lock
from sessions.process import Identity, child_environment, host, myself, python_command, spawn_detached
from sessions.run.records import (
    ARTIFACTS,
    EXIT,
    OUTPUT,
    REQUEST,
    RESULT,
    WORKER_LOCK,
    Record,
    read_record,
    table_of,
)
from sessions.run.runs import locked
from sessions.run.status import interrupted, is_held, waiting_ticket
from sessions.run.tickets import CPU, TRAIN, Job, Ticket, environment_for, jobs_of

# What can be queued: kind -> the module whose process carries it out. All but a training are started as
# `python -P -m MODULE RUN_DIRECTORY JOB_ID`; sessions.queue.jobs does whatever sessions.infer has an operation for.
KINDS: dict[str, str] = {TRAIN: "sessions.worker", "evaluate": "sessions.queue.jobs", "gradcam": "sessions.queue.jobs"}

START_LOCK = ".start.lock"


def start(path: Path, slot: str = "") -> Identity | None:
    """Start a run's next attempt in a slot; None when it is not waiting any more, or cannot be started just now.

    `slot` is `cpu` or a GPU's UUID; "" leaves the GPUs as the submission found them. Whatever fails, the run is
    afterwards as it was.
    """
    with locked(path):
        record = read_record(path)
        ticket = waiting_ticket(record)
        if ticket is None or ticket.host != host() or is_held(record) or record.newer:
            return None
        with _start_lock(path / START_LOCK, again=interrupted(record, ticket)) as lock:
            # The worker of the last attempt writes its result before it goes.
            if lock is None or lock_is_held(path / WORKER_LOCK):
                return None
            return _start(record, ticket, slot, lock)


def _start(record: Record, ticket: Ticket, slot: str, lock: int) -> Identity:
    path, before = record.path, record.request or {}
    chosen = gpu_environment(ticket, slot)
    request = {
        **before,
        "wanted": "run",
        "attempt": ticket.attempt,
        "environment": chosen,
        "slot": slot,
        "placed": {"position": ticket.position, "gpu": ticket.gpu},  # where a resume puts it again
        "tell": ticket.attempt,
    }
    # Until the worker is there we stand in for it.
    write_json(path / REQUEST, {**request, "spawned": myself().as_dict(), "standing_in": True})
    result, kept = path / RESULT, path / f"result.{ticket.attempt - 1}.json"
    try:
        with explained(result):
            if result.exists():
                os.rename(result, kept)
        identity = spawn_detached(
            python_command(KINDS[TRAIN], str(path)),
            path / OUTPUT,
            child_environment(base=environment_for(ticket, chosen)),
            exit_note=(path / EXIT, ticket.attempt),
            keep_open=(lock,),
        )
    except BaseException:
        if kept.exists() and not result.exists():
            os.rename(kept, result)
        write_json(path / REQUEST, before)
        raise
    del request["ticket"]
    _conclude(path / REQUEST, {**request, "spawned": identity.as_dict(), "standing_in": False})
    return identity


def start_job(path: Path, job_id: str, slot: str = "") -> Identity | None:
    """Start one of a run's jobs; None when it does not wait any more."""
    with locked(path):
        record = read_record(path)
        job = next((each for each in jobs_of(record.request) if each.id == job_id), None)
        if job is None or not job_waits(path, job) or job.ticket.host != host() or record.newer:
            return None
        if job.ticket.kind not in KINDS:
            raise LabError(f"this labapp knows no jobs of kind {job.ticket.kind}", expected=", ".join(KINDS))
        with explained(path / ARTIFACTS):
            (path / ARTIFACTS).mkdir(exist_ok=True)
        with _start_lock(job_lock(path, job_id), again=job.standing_in) as lock:
            return None if lock is None else _start_job(record, job, slot, lock)


def _start_job(record: Record, job: Job, slot: str, lock: int) -> Identity:
    path, request = record.path, record.request or {}
    entry = {**request["jobs"][job.id], "slot": slot, "spawned": myself().as_dict(), "standing_in": True}
    jobs = {**request["jobs"]}
    write_json(path / REQUEST, {**request, "jobs": {**jobs, job.id: entry}})
    try:
        identity = spawn_detached(
            python_command(KINDS[job.ticket.kind], str(path), job.id),
            path / ARTIFACTS / f"{job.id}.log",
            child_environment(base=environment_for(job.ticket, gpu_environment(job.ticket, slot))),
            keep_open=(lock,),
        )
    except BaseException:
        write_json(path / REQUEST, request)
        raise
    entry = {**entry, "spawned": identity.as_dict(), "standing_in": False}
    _conclude(path / REQUEST, {**request, "jobs": {**jobs, job.id: entry}})
    return identity


def _conclude(path: Path, request: dict[str, Any]) -> None:
    """Say what was spawned. It lives, whether this can be written or not, and holds a lock: it is not started twice."""
    try:
        write_json(path, request)
    except LabError as error:
        print(error, file=sys.stderr, flush=True)


def gpu_environment(ticket: Ticket, slot: str) -> dict[str, str]:
    """What makes a process see exactly its slot."""
    if slot not in ("", CPU):
        return {"CUDA_VISIBLE_DEVICES": slot}
    return {"CUDA_VISIBLE_DEVICES": ""} if ticket.gpu == CPU else {}


@contextlib.contextmanager
def _start_lock(path: Path, *, again: bool) -> Iterator[int | None]:
    """The lock of one start, inherited by its child. None when an earlier try, which was interrupted, left a child."""
    if again and being_started(path):
        yield None
        return
    with explained(path):
        path.unlink(missing_ok=True)  # the last start's: something left over from it may hold it for long
        lock = try_lock(path)
    try:
        yield lock
    finally:
        if lock is not None:
            os.close(lock)


def being_started(path: Path) -> bool:
    """Whether an interrupted start left a child that has not spoken yet."""
    try:
        return path.exists() and lock_is_held(path)
    except OSError:
        return False


def job_lock(path: Path, job_id: str) -> Path:
    return path / ARTIFACTS / f".{job_id}.lock"


def job_waits(path: Path, job: Job) -> bool:
    """Whether a job has not been started yet."""
    return job.process is None and not job_result(path, job.id).exists()


def job_goes_on(path: Path, job: Job) -> bool:
    """Whether a job has a process, one that has not spoken yet included."""
    if job.process is None:
        return job.standing_in and being_started(job_lock(path, job.id))
    return job.process.is_alive()


def job_result(path: Path, job_id: str) -> Path:
    return path / ARTIFACTS / f"{job_id}.json"


def without_jobs(request: dict[str, Any], done: set[str]) -> dict[str, Any]:
    """A request without some of its jobs."""
    left = {job_id: raw for job_id, raw in table_of(request, "jobs").items() if job_id not in done}
    rest = {key: value for key, value in request.items() if key != "jobs"}
    return {**rest, "jobs": left} if left else rest
