"""What a run is doing, derived from what can be seen: files and live processes. No field is trusted to say it."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from sessions.process import Identity, host
from sessions.records import Record, number_of, table_of, text_of

STALLED_AFTER = 60.0  # seconds without a heartbeat in the training phase
REMOTE_STALE_AFTER = {"training": 60.0}  # by phase; the others may be silent for long
REMOTE_STALE_DEFAULT = 900.0

STATUSES = ("queued", "running", "stalled", "paused", "remote", "finished", "stopped", "failed", "lost")
ENDED = frozenset({"finished", "stopped", "failed"})
RESUMABLE = frozenset({"stopped", "failed", "paused", "lost"})


@dataclass(frozen=True)
class Status:
    """A status's name, a phrase that explains it, and the process behind it while it lives."""

    name: str
    detail: str = ""
    process: Identity | None = None
    stale: bool = False  # remote only: silent for so long that it may be taken over


def derive(record: Record, now: float | None = None) -> Status:
    """The first of these that holds: result, other host, live process, paused, never started, lost."""
    now = time.time() if now is None else now
    if record.gone:
        return Status("lost", "its folder is gone")
    ended = text_of(record.result, "status")
    if ended in ENDED:
        return Status(ended, text_of(table_of(record.result, "error"), "title"))
    identity, attempt = latest_process(record)
    owner = identity.host if identity else text_of(record.meta, "host")
    if owner and owner != host():
        return _remote(record, owner, identity, now)
    own_beat = number_of(record.process, "attempt") == attempt
    phase = text_of(record.process, "phase") if own_beat else "starting"
    if identity is not None and identity.is_alive():
        silent = now - number_of(record.process, "heartbeat", now)
        if own_beat and phase == "training" and silent > STALLED_AFTER:
            return Status("stalled", f"no sign of life for {silent:.0f} s", identity)
        return Status("running", phase, identity)
    asked = text_of(record.request, "wanted") == "pause"
    if asked and (identity is None or phase == "paused"):
        return Status("paused")
    if identity is None and attempt == 0:
        return Status("queued")
    return Status("lost", _why_lost(record, attempt, phase))


def latest_process(record: Record) -> tuple[Identity | None, int]:
    """The newest attempt's process: the worker's own word, or the launcher's while the worker has not spoken yet."""
    spoken = int(number_of(record.process, "attempt"))
    launched = int(number_of(record.request, "attempt"))
    if launched > spoken:
        return Identity.from_dict(table_of(record.request, "spawned")), launched
    return Identity.from_dict(record.process), spoken


def _remote(record: Record, owner: str, identity: Identity | None, now: float) -> Status:
    """A run of another host: its heartbeat is all that can be known."""
    silent = now - number_of(record.process, "heartbeat", number_of(record.meta, "created"))
    limit = REMOTE_STALE_AFTER.get(text_of(record.process, "phase"), REMOTE_STALE_DEFAULT)
    words = f"on {owner}" + (f", silent for {silent:.0f} s" if silent > limit else "")
    return Status("remote", words, identity, stale=silent > limit)


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
