"""How much may run at once on a host of a home: limits that the user sets."""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import UsageError
from engine.files import explained, write_json
from sessions.queue.slots import Limits
from sessions.queuefiles import queue_file, queue_folder
from sessions.run.records import number_of

MOST = 64  # at once on one GPU, or on the CPU


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
