"""Everything that waits and everything that goes on in a home, read from its run directories.

Cheap to ask again: of a run that asks for nothing only the version of its request.json is looked at.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from sessions.process import Identity, host
from sessions.queue.slots import Use, Want
from sessions.queue.starting import START_LOCK, being_started, job_lock, job_result, job_waits
from sessions.run.records import REQUEST, Record, read_record, table_of, text_of
from sessions.run.status import UNDECIDED, Status, derive, interrupted, is_held, latest_process, waiting_ticket
from sessions.run.tickets import CPU, ID, TRAIN, Ticket, jobs_of

GOES_ON = UNDECIDED - {"remote"}  # on this host


@dataclass(frozen=True)
class Waiter:
    """A run or a job that waits for its turn on this host."""

    run_id: str
    job_id: str | None
    ticket: Ticket
    held: bool = False
    starting: bool = False  # was being started when the queue process ended: there is a process that has not spoken
    slot: str = ""  # where, if so
    pending: tuple[str, ...] = ()  # those of `after` that still go on
    newer: bool = False  # written by a newer labapp

    @property
    def key(self) -> str:
        return self.job_id or self.run_id

    @property
    def order(self) -> tuple[float, float, str]:
        return self.ticket.position, self.ticket.submitted, self.key

    def want(self) -> Want:
        """As `slots.plan` takes it."""
        why = "held: labapp resume lets it go on" if self.held else ""
        why = why or ("waits for " + ", ".join(self.pending) if self.pending else "")
        why = why or ("is being started" if self.starting else "")
        why = why or ("was written by a newer labapp" if self.newer else "")
        return Want(self.key, self.ticket.gpu, self.ticket.mask, self.ticket.seen, why)


@dataclass(frozen=True)
class Going:
    """A run or a job that goes on on this host."""

    run_id: str
    job_id: str | None
    kind: str
    slot: str
    process: Identity
    status: str

    def use(self) -> Use:
        return Use(self.slot, self.process.pid)


@dataclass
class Lineup:
    """One look at a home."""

    waiting: list[Waiter] = field(default_factory=list)  # in order
    going: list[Going] = field(default_factory=list)
    to_tell: list[tuple[str, str]] = field(default_factory=list)  # runs that ended and nobody was told: (id, status)
    ended_jobs: list[tuple[str, str, Identity | None]] = field(default_factory=list)  # to be taken off their lists

    def uses(self) -> list[Use]:
        """The slots in use, by those that have not spoken yet too."""
        return [each.use() for each in self.going] + [Use(each.slot) for each in self.waiting if each.starting]


class Watch:
    """Looks at a home again and again."""

    def __init__(self, runs: Path):
        self.runs = runs
        self._quiet: dict[str, tuple[int, int, int]] = {}  # runs that ask for nothing -> version of their request
        self._looking = threading.Lock()

    def look(self) -> Lineup:
        with self._looking:  # a front end may ask from several threads
            return self._look()

    def _look(self) -> Lineup:
        found = Lineup()
        statuses: dict[str, Status] = {}
        ids = self._ids()
        for run_id in ids:
            version = _version(self.runs / run_id / REQUEST)
            if version is not None and self._quiet.get(run_id) == version:
                continue
            record = read_record(self.runs / run_id)
            if record.gone:
                continue
            statuses[run_id] = derive(record)
            if _take(found, record, statuses[run_id]) or version is None:
                self._quiet.pop(run_id, None)
            else:
                self._quiet[run_id] = version
        for gone in self._quiet.keys() - ids:
            del self._quiet[gone]
        found.waiting = [self._with_pending(each, statuses) for each in found.waiting]
        found.waiting.sort(key=lambda each: each.order)
        return found

    def _ids(self) -> set[str]:
        try:
            return {name for name in os.listdir(self.runs) if ID.fullmatch(name)}
        except OSError:
            return set()

    def _with_pending(self, waiter: Waiter, statuses: dict[str, Status]) -> Waiter:
        if not waiter.ticket.after:
            return waiter
        pending = tuple(each for each in waiter.ticket.after if ID.fullmatch(each) and self._goes_on(each, statuses))
        return replace(waiter, pending=pending)

    def _goes_on(self, run_id: str, statuses: dict[str, Status]) -> bool:
        """Whether a run has still to be waited for: one that rests does, one that ended in any way does not."""
        if run_id not in statuses:
            statuses[run_id] = derive(read_record(self.runs / run_id))
        status = statuses[run_id]
        return status.name in GOES_ON or (status.name == "remote" and not status.stale)


def _version(path: Path) -> tuple[int, int, int] | None:
    with contextlib.suppress(OSError):
        found = path.stat()
        if time.time() - found.st_mtime > 2:  # one just written may be written again within the same tick of the clock
            return found.st_ino, found.st_mtime_ns, found.st_size
    return None


def _take(found: Lineup, record: Record, status: Status) -> bool:
    """Sort one run in. False when it asks for nothing, and will not until its request changes."""
    here = host()
    run_id, request = record.path.name, record.request
    busy = False
    ticket = waiting_ticket(record)
    if ticket is not None:
        if ticket.host == here:
            busy = True
            starting = interrupted(record, ticket) and being_started(record.path / START_LOCK)
            slot = text_of(request, "slot")
            found.waiting.append(Waiter(run_id, None, ticket, is_held(record), starting, slot, newer=record.newer))
    elif status.process is not None and status.process.is_here():
        busy = True
        found.going.append(Going(run_id, None, TRAIN, _slot(record), status.process, status.name))
    elif "tell" in (request or {}) and status.name not in GOES_ON:
        identity, _ = latest_process(record)
        if identity is None or identity.is_here():
            busy = True
            found.to_tell.append((run_id, status.name))
    else:
        # Paused with something to tell: its resume changes the request. Lost for now: a worker may still come up.
        busy = request is None
    return _take_jobs(found, record) or busy


def _take_jobs(found: Lineup, record: Record) -> bool:
    path, busy = record.path, False
    for job in jobs_of(record.request):
        if job.ticket.host != host():
            continue
        busy = True
        if job_waits(path, job):
            starting = job.standing_in and being_started(job_lock(path, job.id))
            found.waiting.append(Waiter(path.name, job.id, job.ticket, False, starting, job.slot, newer=record.newer))
        elif job.process is not None and job.process.is_alive():
            found.going.append(Going(path.name, job.id, job.ticket.kind, job.slot, job.process, "running"))
        elif job_result(path, job.id).exists() or job.process is not None:
            found.ended_jobs.append((path.name, job.id, job.process))
    return busy


def _slot(record: Record) -> str:
    """Where a run that goes on is; older ones did not say, their environment and configuration may."""
    chosen = text_of(table_of(record.request, "environment"), "CUDA_VISIBLE_DEVICES")
    slot = text_of(record.request, "slot")
    if slot or chosen.startswith(("GPU-", "MIG-")):
        return slot or chosen
    return CPU if text_of(table_of(record.config, "settings"), "device") == CPU else ""
