"""What a run is doing, derived from what can be seen: files and live processes. No field is trusted to say it."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

from sessions.process import Identity, host
from sessions.queuefiles import queue_file
from sessions.run.records import Record, number_of, table_of, text_of
from sessions.run.tickets import Ticket, ticket_of

STALLED_AFTER = 60.0  # seconds without a heartbeat in the training phase
REMOTE_STALE_AFTER = {"training": 60.0}  # by phase; the others may be silent for long
REMOTE_STALE_DEFAULT = 900.0
HELD = "held in the queue"

STATUSES = ("queued", "running", "stalled", "paused", "remote", "finished", "stopped", "failed", "lost")
ENDED = frozenset({"finished", "stopped", "failed"})
ALIVE = frozenset({"running", "stalled", "queued"})  # here, or waiting to be
GOING_ON = ALIVE | {"remote"}  # or will, by themselves
UNDECIDED = GOING_ON | {"paused"}  # may still end well
RESUMABLE = frozenset({"stopped", "failed", "paused", "lost"})


@dataclass(frozen=True)
class Status:
    """A status's name, a phrase that explains it, and the process behind it while it lives."""

    name: str
    detail: str = ""
    process: Identity | None = None
    stale: bool = False  # remote only: silent for so long that it may be taken over


def derive(record: Record, now: float | None = None) -> Status:
    """The first of these that holds: waits for its next attempt, result, imported, never started, other host, live
    process, paused, lost."""
    now = time.time() if now is None else now
    if record.gone:
        return Status("lost", "its folder is gone")
    ticket = waiting_ticket(record)
    if ticket is not None:
        return _waiting(record, ticket, now)
    ended = text_of(record.result, "status")
    if ended in ENDED:
        return Status(ended, text_of(table_of(record.result, "error"), "title"))
    identity, attempt = latest_process(record)
    imported = table_of(record.meta, "imported")
    if imported and identity is None and attempt == 0:
        return Status("stopped", f"imported; it was {text_of(imported, 'status', 'unfinished')} when it was exported")
    wanted = text_of(record.request, "wanted")
    if identity is None and attempt == 0:
        return _never_started(wanted)
    owner = identity.host if identity else text_of(record.meta, "host")
    if owner and owner != host():
        return _remote(record, owner, identity, now)
    own_beat = number_of(record.process, "attempt") == attempt
    phase = text_of(record.process, "phase") if own_beat else "starting"
    if identity is not None and identity.is_alive():
        silent = now - number_of(record.process, "heartbeat", now)
        if own_beat and phase == "training" and silent > STALLED_AFTER:
            return Status("stalled", f"no sign of life for {roughly(silent)}", identity)
        return Status("running", phase, identity)
    if wanted == "pause" and (identity is None or phase == "paused"):
        return Status("paused")
    return Status("lost", _why_lost(record, attempt, phase))


def last_attempt(record: Record) -> int:
    """The latest attempt that has begun."""
    return max(int(number_of(each, "attempt")) for each in (record.process, record.request, record.result))


def waiting_ticket(record: Record) -> Ticket | None:
    """The ticket of a run that waits for its turn: one for an attempt later than everything that has begun.

    While it is being started the ticket stays, and the run waits until its worker is known: should whoever starts it
    die or be unable to say what it spawned, the lock that a worker inherits tells whether there is one
    (`sessions.queue.starting.being_started`), and not a process that only stands in for it.
    """
    ticket = ticket_of((record.request or {}).get("ticket"))
    if ticket is None or ticket.attempt <= max(
        int(number_of(each, "attempt")) for each in (record.process, record.result)
    ):
        return None
    return ticket


def interrupted(record: Record, ticket: Ticket) -> bool:
    """Whether starting this ticket has begun already."""
    return number_of(record.request, "attempt") >= ticket.attempt


def is_held(record: Record) -> bool:
    return text_of(record.request, "wanted") == "pause"


def _waiting(record: Record, ticket: Ticket, now: float) -> Status:
    if ticket.host != host():
        silent = now - max(ticket.submitted, last_beat(record.path.parent.parent, ticket.host))
        return Status("remote", f"queued on {ticket.host}", stale=silent > REMOTE_STALE_DEFAULT)
    if is_held(record):
        return Status("paused", HELD)
    return Status("queued", f"after {', '.join(ticket.after)}" if ticket.after else "")


def last_beat(home: Path, of_host: str) -> float:
    """When the queue process of a host last said that it lives; 0 when it never did."""
    try:
        return queue_file(home, "beat", of_host).stat().st_mtime
    except (OSError, ValueError):
        return 0.0


def _never_started(wanted: str) -> Status:
    if wanted == "pause":
        return Status("paused", HELD)
    if wanted == "stop":
        return Status("stopped", "taken out of the queue before it started")
    return Status("lost", "it never started and is not in the queue any more; labapp resume queues it")


def latest_process(record: Record) -> tuple[Identity | None, int]:
    """The newest attempt's process: the worker's own word, or the launcher's while the worker has not spoken yet.

    One that only stands in for the worker is none: whoever acts on a run must not act on the queue process.
    """
    spoken = int(number_of(record.process, "attempt"))
    launched = int(number_of(record.request, "attempt"))
    if launched > spoken:
        if (record.request or {}).get("standing_in") is True:
            return None, launched
        return Identity.from_dict(table_of(record.request, "spawned")), launched
    return Identity.from_dict(record.process), spoken


def _remote(record: Record, owner: str, identity: Identity | None, now: float) -> Status:
    """A run of another host: its heartbeat is all that can be known."""
    silent = now - number_of(record.process, "heartbeat", number_of(record.meta, "created"))
    limit = REMOTE_STALE_AFTER.get(text_of(record.process, "phase"), REMOTE_STALE_DEFAULT)
    words = f"on {owner}" + (f", silent for {roughly(silent)}" if silent > limit else "")
    return Status("remote", words, identity, stale=silent > limit)


def roughly(seconds: float) -> str:
    """A long time in words that do not change, and have everything drawn again, with every second."""
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h" if seconds < 2 * 86400 else f"{seconds // 86400:.0f} days"


def _why_lost(record: Record, attempt: int, phase: str) -> str:
    """As much as is known of how a process vanished."""
    if number_of(record.request, "killed") == attempt:
        return "killed on request"
    if phase == "terminated":
        return "asked to end (SIGTERM) after saving"
    number = int(number_of(record.exit, "signal")) if number_of(record.exit, "attempt") == attempt else 0
    if number == signal.SIGKILL:
        return "killed: out of memory?"
    if number:
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    if phase == "starting":
        return "the worker died before it could say why; see its log"
    return f"its process vanished while {phase}" if phase else "its process vanished"
