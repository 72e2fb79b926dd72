"""The lines of a run's events.jsonl: one JSON object each, NaN and infinities as strings. Torch-free.

Every event has v (format), attempt, type, step (optimizer updates done), epoch (passes done, fractional within one),
elapsed (training seconds over all attempts) and time (Unix seconds); the rest depends on the type.
"""

from __future__ import annotations

import json
import math
from typing import Any

EVENTS_VERSION = 1
TYPES = ("start", "resume", "metrics", "checkpoint", "warning", "error", "end")


def encode(event: dict[str, Any]) -> bytes:
    """One line with its newline, in plain ASCII so that a cut never splits a character."""
    return json.dumps(jsonable(event), separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The event in a line; None when the line is not one (garbage, a half line ended by a later attempt)."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return None
    if not all(isinstance(event.get(key, 0), (int, float)) for key in ("step", "epoch", "elapsed", "attempt", "v")):
        return None
    values = event.get("values")
    if values is not None:
        if not isinstance(values, dict):
            return None
        event["values"] = {str(key): number(value) for key, value in values.items()}
    return event


def jsonable(value: Any) -> Any:
    """NaN and infinities become the strings "nan", "inf" and "-inf", at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(each) for each in value]
    return value


def number(value: Any) -> float:
    """A metric's value back as a float; anything unreadable is NaN."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
