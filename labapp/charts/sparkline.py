"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=*#"


def sparkline(values: Sequence[float], width: int, ascii: bool = False) -> str:
    """`values` in at most `width` characters, scaled between their minimum and maximum; what is not finite is a space.

    More values than characters are taken in groups, of each the one furthest from what was shown before it, so that
    spikes survive.
    """
    if width <= 0 or not len(values):
        return ""
    bars = ASCII_BARS if ascii else BARS
    shown = _thinned(values, min(width, len(values)))
    finite = [value for value in shown if value is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(" " if value is None else bars[_level(value, low, high, len(bars))] for value in shown)


def _thinned(values: Sequence[float], count: int) -> list[float | None]:
    shown: list[float | None] = []
    before: float | None = None
    for index in range(count):
        group = values[index * len(values) // count : (index + 1) * len(values) // count]
        finite = [value for value in group if math.isfinite(value)]
        if not finite:
            shown.append(None)
            continue
        distances = [abs(value - before) for value in finite] if before is not None else [0.0]
        before = finite[distances.index(max(distances))] if len(finite) > 1 else finite[0]
        shown.append(before)
    return shown


def _level(value: float, low: float, high: float, levels: int) -> int:
    if low == high:
        return levels // 2
    scale = max(abs(low), abs(high))  # differences of huge values would overflow
    share = (value / scale - low / scale) / (high / scale - low / scale)
    return min(int(share * levels), levels - 1)
