"""The queue of a home on this host: its process, `python -P -m sessions.queue HOME`, and what front ends ask of it.

The process starts what waits, in order and as slots come free; it is the parent of what it starts and so learns how
it ended. It keeps nothing to itself: all state lies in the run directories, so it may be killed at any time, the
workers live on, and whoever has something to start starts it again. It leaves when there is nothing to do.

A front end publishes what it wants, then rings the bell, then looks whether a process holds the lock. The process
looks once more after it has let go of the lock. So between the two nothing is overlooked.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from engine.errors import LabError
from engine.files import explained
from sessions.locks import is_at, is_held, lock_within
from sessions.machine import gpus as machine
from sessions.machine.gpus import Gpu
from sessions.process import (
    Identity,
    child_environment,
    has_children,
    myself,
    python_command,
    reap,
    spawn_detached,
)
from sessions.queue.limits import read_limits
from sessions.queue.lineup import Lineup, Waiter, Watch
from sessions.queue.notify import tell
from sessions.queue.settle import note_trouble, settle_job
from sessions.queue.slots import Limits, Use, plan
from sessions.queue.starting import start, start_job
from sessions.queuefiles import queue_file, queue_folder
from sessions.run.tickets import CPU

if TYPE_CHECKING:
    from sessions.run.store import Store

TICK = 0.2  # seconds between looks at the bell and the children
LOOK_EVERY = 10.0  # seconds between looks at everything
LOOK_AT_GPUS_EVERY = 5.0  # seconds, while something waits for one
PATIENCE = 5.0  # seconds without anything to do before the process leaves
LOCK_PATIENCE = 2.0  # seconds: a front end that looks whether we are there holds the lock for an instant
RETRY_AFTER, RETRY_AT_MOST = 2.0, 60.0  # seconds before something that could not be started is tried again
UNREADY_AT_MOST = 25  # times in a row
LONGEST_LOG = 1 << 20  # bytes


# -- what front ends ask


def ensure_queue(home: Path) -> bool:
    """Wake the queue process of a home, or start one where there is none. True when one was started."""
    with explained(queue_folder(home)):
        queue_folder(home).mkdir(mode=0o700, exist_ok=True)
        bell = queue_file(home, "bell")
        bell.touch(mode=0o600)
        now = time.time_ns()  # the clock that touch uses ticks too slowly to tell two rings apart
        os.utime(bell, ns=(now, now))
        if is_held(queue_file(home, "lock")):
            return False
        log = queue_file(home, "log")
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
    spawn_detached(python_command("sessions.queue", str(home)), log, child_environment())
    return True


def queue_process(home: Path) -> Identity | None:
    """The queue process of a home on this host, while it lives."""
    try:
        found = Identity.from_dict(json.loads(queue_file(home, "lock").read_bytes()))
    except (OSError, ValueError):
        return None
    return found if found is not None and found.is_alive() else None


@dataclass(frozen=True)
class Waiting:
    """A line of the queue."""

    run_id: str
    job_id: str | None
    kind: str
    place: int  # from 1
    gpu: str  # as it was asked for: auto, cpu, an index or a UUID
    reason: str  # why it does not start yet; "" when it is about to
    after: tuple[str, ...]
    held: bool

    @property
    def key(self) -> str:
        return self.job_id or self.run_id


@dataclass(frozen=True)
class Running:
    """Something that goes on on this host."""

    run_id: str
    job_id: str | None
    kind: str
    slot: str  # cpu, the UUID of a GPU, or "" when that is not known
    status: str


@dataclass(frozen=True)
class Overview:
    waiting: list[Waiting]
    running: list[Running]
    limits: Limits


_watches: WeakKeyDictionary[Store, Watch] = WeakKeyDictionary()


def watch_of(store: Store) -> Watch:
    """The one watch of a store, which remembers what need not be looked at again."""
    return _watches.get(store) or _watches.setdefault(store, Watch(store.home.runs))


def overview(store: Store, gpus: list[Gpu] | None = None) -> Overview:
    """The queue of this host as it is now. `gpus` spares asking for them, which is done only if something needs one."""
    lineup = watch_of(store).look()
    found = recent_gpus() if gpus is None and wants_gpu(lineup) else gpus or []
    limits = read_limits(store.home.root)
    reasons = plan([each.want() for each in lineup.waiting], lineup.uses(), found, limits).reasons
    waiting = [
        Waiting(
            each.run_id, each.job_id, each.ticket.kind, place, each.ticket.gpu,
            each.ticket.trouble or reasons.get(each.key, ""), each.ticket.after, each.held,
        )
        for place, each in enumerate(lineup.waiting, 1)
    ]  # fmt: skip
    running = [Running(each.run_id, each.job_id, each.kind, each.slot, each.status) for each in lineup.going]
    return Overview(waiting, running, limits)


def wants_gpu(lineup: Lineup) -> bool:
    return any(each.ticket.gpu != CPU and not each.want().waits for each in lineup.waiting)


_asked: tuple[float, list[Gpu]] = (float("-inf"), [])


def recent_gpus() -> list[Gpu]:
    """All GPUs of the machine, asked for every few seconds at most: with a driver at rest that takes a while."""
    global _asked
    if time.monotonic() - _asked[0] > LOOK_AT_GPUS_EVERY / 2:
        _asked = (time.monotonic(), machine.list_gpus({}))
    return _asked[1]


# -- the process


class Queue:
    """One process's turn at a home's queue."""

    def __init__(self, home: Path, patience: float = PATIENCE):
        self.home, self.patience = home, patience
        self.ended = False  # asked to, by SIGTERM
        self._watch = Watch(home / "runs")
        self._lock: int | None = None
        self._rung = 0
        self._lineup = Lineup()
        self._signals: dict[int, int] = {}  # pid of a child that ended -> signal that ended it
        self._retry: dict[str, tuple[float, float]] = {}  # what could not be started -> (when again, after how long)
        self._unready: dict[str, int] = {}  # what was not ready to be started -> how often in a row
        self._said = ""  # the last traceback
        self._again = False  # there is such a thing: it will be in a moment

    def run(self) -> None:
        """Serve until there is nothing to do, or another process does it."""
        patience = LOCK_PATIENCE
        while self._take_lock(patience):
            try:
                self._serve()
            finally:
                self._drop_lock()
            # Whoever submitted something before we let go of the lock took us for alive.
            if self.ended or not self._anything():
                return
            patience = 0.0

    def _serve(self) -> None:
        last_busy, look_at = time.monotonic(), 0.0
        while not self.ended:
            rung = self._bell()
            left = reap()
            self._signals |= {pid: number for pid, number in left.items() if number}
            now = time.monotonic()
            if rung or left or self._again or now >= look_at or self._somebody_left():
                pause = self._turn_safely()
                if pause is None:
                    if now - last_busy >= self.patience and not has_children():
                        return
                    pause = max(TICK, self.patience - (now - last_busy))
                else:
                    last_busy = now
                look_at = time.monotonic() + pause
                if not self._holds_lock():
                    return
            time.sleep(TICK)

    def _turn_safely(self) -> float | None:
        """A turn that whatever happens does not end us."""
        try:
            return self.turn()
        except Exception:
            said = traceback.format_exc()
            if said != self._said:  # it may be the same at every turn
                self._say(said)
            self._said = said
            return 1.0

    def turn(self) -> float | None:
        """Look at everything and do what there is to do; seconds until the next look, None when nothing is left."""
        self._beat()
        self._trim_log()
        lineup = self._lineup = self._watch.look()
        for run_id, job_id, process in lineup.ended_jobs:
            with self._logged(job_id):
                settle_job(self.home / "runs" / run_id, job_id, self._signals.pop(process.pid, 0) if process else 0)
        for run_id, _ in lineup.to_tell:
            with self._logged(run_id):
                tell(self.home / "runs" / run_id, queue_file(self.home, "log"))
        self._start_what_can(lineup)
        if not (lineup.going or lineup.to_tell or any(not each.held for each in lineup.waiting)):
            return None
        again = [when - time.monotonic() for key, (when, _) in self._retry.items() if self._rests(key)]
        if any(each.starting for each in lineup.waiting):
            again.append(1.0)  # until it speaks
        return min([*again, LOOK_AT_GPUS_EVERY if wants_gpu(lineup) else LOOK_EVERY])

    def _start_what_can(self, lineup: Lineup) -> None:
        waiting = {each.key: each for each in lineup.waiting}
        self._retry = {key: each for key, each in self._retry.items() if key in waiting}
        self._unready = {key: count for key, count in self._unready.items() if key in waiting}
        gpus = machine.list_gpus({}) if wants_gpu(lineup) else []
        limits, uses = read_limits(self.home), lineup.uses()
        self._again = False
        failed = True
        while failed:  # what one could not use is there for the next
            failed = False
            wants = [each.want() for key, each in waiting.items() if not self._rests(key)]
            for key, slot in plan(wants, uses, gpus, limits).starts:
                if self._start(waiting[key], slot):
                    uses.append(Use(slot))
                    del waiting[key]
                elif self._rests(key):
                    failed = True
                else:
                    self._again = True

    def _rests(self, key: str) -> bool:
        """Whether something could not be started a moment ago."""
        return key in self._retry and self._retry[key][0] > time.monotonic()

    def _start(self, waiter: Waiter, slot: str) -> bool:
        path = self.home / "runs" / waiter.run_id
        try:
            started = start(path, slot) if waiter.job_id is None else start_job(path, waiter.job_id, slot)
        except Exception as error:  # whatever is wrong with this one, others wait behind it
            self._put_off(waiter, _in_a_line(error))
            return False
        if started is not None:
            self._say(f"{waiter.key} started on {slot}, process {started.pid}")
            return True
        # Taken away meanwhile; or its last worker is on its way out, which is a matter of moments.
        count = self._unready[waiter.key] = self._unready.get(waiter.key, 0) + 1
        if count % UNREADY_AT_MOST == 0:
            self._put_off(waiter, "the worker of its last attempt has not left yet")
        return False

    def _put_off(self, waiter: Waiter, why: str) -> None:
        pause = min(RETRY_AT_MOST, 2 * self._retry.get(waiter.key, (0.0, RETRY_AFTER / 2))[1])
        self._retry[waiter.key] = (time.monotonic() + pause, pause)
        self._say(f"{waiter.key} cannot be started, again in {pause:.0f} s: {why}")
        with self._logged(waiter.key):
            note_trouble(self.home / "runs" / waiter.run_id, waiter.job_id, why)

    def _anything(self) -> bool:
        lineup = self._watch.look()
        return bool(lineup.going or lineup.to_tell or any(not each.held for each in lineup.waiting))

    def _somebody_left(self) -> bool:
        """Whether something that goes on has ended, though it is not our child: we do not hear of those."""
        return any(not each.process.is_alive() for each in self._lineup.going)

    def _bell(self) -> bool:
        try:
            rung = queue_file(self.home, "bell").stat().st_mtime_ns
        except OSError:
            return False
        changed, self._rung = rung != self._rung, rung
        return changed

    def _beat(self) -> None:
        """Say to other hosts that we live."""
        with contextlib.suppress(OSError):
            queue_file(self.home, "beat").touch(mode=0o600)

    def _take_lock(self, patience: float) -> bool:
        with contextlib.suppress(FileNotFoundError):  # the home is gone
            self._lock = lock_within(queue_file(self.home, "lock"), patience)
        if self._lock is None:
            return False
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps(myself().as_dict()).encode(), 0)
        return True

    def _drop_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _holds_lock(self) -> bool:
        """Whether the lock file is still the one we hold: the home may have been moved away under us."""
        return self._lock is not None and is_at(self._lock, queue_file(self.home, "lock"))

    @contextlib.contextmanager
    def _logged(self, about: str) -> Iterator[None]:
        """A run that cannot be worked on, or is not there any more, is a line in the log."""
        try:
            yield
        except Exception as error:
            self._say(f"{about}: {_in_a_line(error)}")

    def _trim_log(self) -> None:
        """Keep the log short while we run: it is our standard output, opened to append, so it is emptied in place."""
        log = queue_file(self.home, "log")
        with contextlib.suppress(OSError):
            if log.stat().st_size <= LONGEST_LOG:
                return
            with log.open("rb") as file:
                file.seek(-LONGEST_LOG, os.SEEK_END)
                log.with_suffix(".log.old").write_bytes(file.read(LONGEST_LOG))
            os.truncate(log, 0)

    def _say(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: a name that this locale cannot write
            print(time.strftime("%Y-%m-%d %H:%M:%S"), message, flush=True)


def _in_a_line(error: Exception) -> str:
    if isinstance(error, LabError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def main(arguments: list[str]) -> int:
    queue = Queue(Path(arguments[0]), *map(float, arguments[1:]))

    def end(*_: object) -> None:
        queue.ended = True

    # Handlers that do nothing rather than SIG_IGN: what we start must not inherit that.
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    queue.run()
    return 0
