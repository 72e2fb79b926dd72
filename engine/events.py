"""The lines of a run's events.jsonl: one JSON object each, NaN and infinities as strings. Torch-free.

Every event has v (format), attempt, type, step (optimizer updates done), epoch (passes done, fractional within one),
elapsed (training seconds over all attempts) and time (Unix seconds); the rest depends on the type.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeGuard

EVENTS_VERSION = 1
NUMBERS = ("v", "attempt", "step", "epoch", "elapsed", "time", "from_step", "total_steps")  # where they stand at all
LARGEST = 2**53  # of these numbers: up to here every integer is a float too
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
    if not all(is_finite(found := event.get(key, 0)) and abs(found) <= LARGEST for key in NUMBERS):
        return None
    if "values" in event:
        values = event["values"]
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


def is_finite(value: Any) -> TypeGuard[float]:
    """Whether a value read from a file is a number one can compute with."""
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def number(value: Any) -> float:
    """A metric's value back as a float; anything unreadable is NaN."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
