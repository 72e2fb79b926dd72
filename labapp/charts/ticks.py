"""Where an axis is marked and how a number is written in few characters. Steps of 1, 2 and 5 (for time: of a clock)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

CLOCK = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)  # s
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
FLATTEST = 1e-3  # a span narrower than this share of the values is widened: its labels could not be told apart
HUGE = 1e300  # beyond it differences overflow


@dataclass(frozen=True)
class Scale:
    """An axis: its ends, and its marks as (place, label). On a log axis ends and places are decimal logarithms."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high end."""
        size = max(abs(self.low), abs(self.high))
        return (value / size - self.low / size) / (self.high / size - self.low / size)


def nice_step(span: float, count: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that divides a span into at most `count` parts."""
    rough = span / max(count, 1)
    if not (rough > 0 and math.isfinite(rough)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    if power == 0.0:
        return rough
    return next((m * power for m in (1, 2, 5) if m * power >= rough * (1 - 1e-9)), 10 * power)


def multiples(low: float, high: float, step: float) -> list[float]:
    """Multiples of a step between two ends."""
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [index * step for index in range(first, min(last, first + 1000) + 1)]


def values_scale(low: float, high: float, rows: int, width: int) -> Scale:
    """The y axis around finite values. Its ends are round numbers, so that they rarely move as values come in."""
    low, high = max(low, -HUGE), min(high, HUGE)
    size = max(abs(low), abs(high))
    if high - low <= FLATTEST * size or size < 1e-290:
        middle, half = low / 2 + high / 2, max(FLATTEST * size, 0.5 if size < 1e-290 else 0.0)
        low, high = middle - half, middle + half
        size = max(abs(low), abs(high))
    step = nice_step(high - low, max(rows / 3, 1))
    grain = step / 2
    low, high = math.floor(low / grain + 1e-6) * grain, math.ceil(high / grain - 1e-6) * grain
    return Scale(low, high, tuple((at, label(at, step, size, width)) for at in multiples(low, high, step)))


def log_scale(low: float, high: float, rows: int, width: int) -> Scale:
    """The y axis around positive values whose decimal logarithms are given."""
    if high - low < 0.1:
        low, high = low - 0.05, high + 0.05
    low, high = math.floor(low * 10 + 1e-6) / 10, math.ceil(high * 10 - 1e-6) / 10
    room = max(rows / 3, 1)
    decades = [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    if len(decades) >= 2:
        kept = decades[:: math.ceil(len(decades) / room)]
        if len(decades) * 3 <= room:
            kept = sorted(power + math.log10(m) for power in range(math.floor(low), math.ceil(high)) for m in (1, 2, 5))
        return Scale(low, high, tuple((at, bare(10.0**at, width)) for at in kept if low <= at <= min(high, 308.0)))
    bottom, top = 10.0**low, 10.0 ** min(high, 308.0)
    step = nice_step(top - bottom, room)
    places = [value for value in multiples(bottom, top, step) if value > 0]
    return Scale(low, high, tuple((math.log10(value), label(value, step, top, width)) for value in places))


def round_up(low: float, high: float) -> tuple[float, float]:
    """The x range of everything: from 0 when that is near, to a round number, so that a growing curve rarely moves."""
    low = 0.0 if 0 < low <= 0.1 * high else low
    if high <= low:
        return low, low + max(1.0, 1e-6 * abs(low))
    grain = nice_step(high - low, 20)
    return low, max(math.ceil(high / grain - 1e-6) * grain, high)


def x_scale(low: float, high: float, columns: int, *, clock: bool, whole: bool) -> Scale:
    """The x axis: whole steps, epochs, or seconds on a clock, as many marks as there is room for."""
    step = 1.0
    for count in range(max(columns // 8, 1), 0, -1):
        step = clock_step(high - low, count) if clock else nice_step(high - low, count)
        if whole:
            step = max(step, 1.0)
        places = multiples(low, high, step)
        size = max(abs(low), abs(high))
        ticks = tuple((at, clock_label(at, high) if clock else label(at, step, size, 9)) for at in places)
        widest = max((len(text) for _, text in ticks), default=0)
        if (widest + 3) * len(ticks) <= columns + 3:
            return Scale(low, high, ticks)
    return Scale(low, high, ticks[:1] if ticks and len(ticks[0][1]) <= columns else ())


def clock_step(span: float, count: int) -> float:
    rough = span / max(count, 1)
    if rough > CLOCK[-1]:
        return CLOCK[-1] * nice_step(span / CLOCK[-1], count)
    return (
        next((each for each in CLOCK if each >= rough), nice_step(span, count))
        if rough >= CLOCK[0]
        else nice_step(span, count)
    )


def clock_label(seconds: float, longest: float) -> str:
    """m:ss, or h:mm on an axis of an hour and more; tenths and less as they are."""
    if longest >= 3600:
        minutes = round(seconds / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    if longest < 5:
        return f"{seconds:.3g}"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def clock_unit(longest: float) -> str:
    return "h:mm" if longest >= 3600 else "s" if longest < 5 else "m:ss"


def label(value: float, step: float, size: float, width: int) -> str:
    """A mark's value, as exact as its neighbours need, in at most `width` characters if that can be."""
    if abs(value) < step * 1e-6:
        return "0"
    if 1e-4 <= size < 1e5 and step >= 1e-6:
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        text = f"{value:.{digits}f}"
        if len(text) <= width and size < 1e4:
            return text
    for unit, letter in UNITS:
        if size >= 1e4 and unit <= size < 1e15:
            digits = max(0, -math.floor(math.log10(step / unit) + 1e-9))
            text = f"{value / unit:.{digits}f}{letter}"
            if len(text) <= width:
                return text
    return compact(value, width)


def bare(value: float, width: int) -> str:
    """A round number without the zeros it does not need."""
    return f"{value:.3g}" if 0.999e-3 < value < 999.5 else re.sub(r"\.0+(?=\D|$)", "", compact(value, width))


def compact(value: float, width: int = 6) -> str:
    """A number in at most `width` (5 or more) characters, with as many digits as fit, up to four that count."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if 1e-3 <= size < 9999.5:
        digits = max(0, 3 - math.floor(math.log10(size))) if size >= 1 else 4
        for places in range(digits, -1, -1):
            text = f"{value:.{places}f}"
            if len(text) <= width and float(text) != 0:
                return text
    for unit, letter in reversed(UNITS):
        if size >= 999.95 and size < 999.95 * unit:
            return f"{value / unit:.1f}{letter}" if width >= 6 + (value < 0) else f"{value / unit:.0f}{letter}"
    for places in (3, 2, 1, 0):
        mantissa, _, exponent = f"{value:.{places}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= width:
            return text
    return text
