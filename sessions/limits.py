"""A home's folder for its queues: one bell, and for each host a lock, a log, a beat and limits that the user sets."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engine.errors import UsageError
from engine.files import explained, write_json
from sessions.process import host
from sessions.records import number_of
from sessions.slots import Limits
from sessions.status import QUEUE

MOST = 64  # at once on one GPU, or on the CPU


def queue_folder(home: Path) -> Path:
    return home / QUEUE


def queue_file(home: Path, kind: str) -> Path:
    """bell, or this host's lock, log, beat or json."""
    return queue_folder(home) / (kind if kind == "bell" else f"{re.sub(r'[^A-Za-z0-9_.-]', '_', host())}.{kind}")


def read_limits(home: Path) -> Limits:
    """The limits of this host; what cannot be read is as if nobody had set it."""
    try:
        raw = json.loads(queue_file(home, "json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return Limits()
    values = {}
    for name in ("per_gpu", "per_cpu"):
        found = int(number_of(raw if isinstance(raw, dict) else {}, name))
        if 1 <= found <= MOST:
            values[name] = found
    return Limits(**values)


def set_limits(home: Path, *, per_gpu: int | None = None, per_cpu: int | None = None) -> Limits:
    """Set the limits of this host that are given; returns all of them."""
    now = read_limits(home)
    chosen = Limits(now.per_gpu if per_gpu is None else per_gpu, now.per_cpu if per_cpu is None else per_cpu)
    for option, value in (("--per-gpu", chosen.per_gpu), ("--per-cpu", chosen.per_cpu)):
        if not 1 <= value <= MOST:
            raise UsageError(f"{option} cannot be {value}", got=str(value), expected=f"1 to {MOST}")
    with explained(queue_folder(home)):
        queue_folder(home).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(queue_file(home, "json"), {"v": 1, "per_gpu": chosen.per_gpu, "per_cpu": chosen.per_cpu})
    return chosen
