"""A home's folder for its queues: one bell and one key, and for each host a lock, a log, a beat and limits.

The key makes a ticket hold for one run of one home only. Run directories are copied and handed on, and a ticket says
what is to be started and in which environment: one that came from elsewhere, or a second copy, must start nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Any

from engine.files import explained
from sessions.process import host

QUEUE = "queue"
KEY_LENGTH = 64  # hexadecimal digits


def queue_folder(home: Path) -> Path:
    return home / QUEUE


def queue_file(home: Path, kind: str, of_host: str | None = None) -> Path:
    """bell, or a host's lock, log, beat or json: this one's, unless another is named."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", host() if of_host is None else of_host)
    return queue_folder(home) / (kind if kind == "bell" else f"{name}.{kind}")


def stamped(ticket: dict[str, Any], run: Path) -> dict[str, Any]:
    """A ticket for this run in this home, and for no copy of it."""
    return {**ticket, "run": run.name, "key": _mark(_home_key(run.parent.parent), run.name)}


def own_tickets(request: dict[str, Any] | None, run: Path) -> dict[str, Any] | None:
    """What request.json says, without tickets and jobs that were not made for this run in this home."""
    if not request or not (request.get("ticket") or request.get("jobs")):
        return request
    key = _read_key(run.parent.parent / QUEUE / "key")
    mark = _mark(key, run.name) if key else None

    def mine(ticket: Any) -> bool:
        return (
            isinstance(ticket, dict) and mark is not None and (ticket.get("run"), ticket.get("key")) == (run.name, mark)
        )

    kept = {name: value for name, value in request.items() if name != "ticket" or mine(value)}
    if isinstance(jobs := kept.get("jobs"), dict):
        kept["jobs"] = {job_id: job for job_id, job in jobs.items() if mine(job)}
    return kept


def _mark(key: str, run_id: str) -> str:
    """The key itself must not stand in files that are handed on."""
    return hashlib.blake2b(run_id.encode(), key=bytes.fromhex(key), digest_size=16).hexdigest()


def _home_key(home: Path) -> str:
    """The home's key, made at the first need: a link appears as a whole, and only one of two can make it."""
    path = queue_folder(home) / "key"
    if key := _read_key(path):
        return key
    with explained(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".key.{secrets.token_hex(4)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(KEY_LENGTH // 2))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)
            if not _read_key(path):  # damaged
                os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        return path.read_text()


def _read_key(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        found = path.read_text()
        if re.fullmatch(rf"[0-9a-f]{{{KEY_LENGTH}}}", found):
            return found
    return ""
