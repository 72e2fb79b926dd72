"""The curve of several seeds: at every epoch the mean of those that got there, and how far they spread.

Seeds of one cell take the same epochs but not always the same steps or times, so epochs are the common axis. Where a
seed ended early, the mean from there on is over those that are left; running averages within an epoch are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DIGITS = 6  # of an epoch: what is nearer is one moment


@dataclass(frozen=True)
class Point:
    """One value of one seed."""

    epoch: float
    step: float
    elapsed: float  # training seconds
    value: float  # may be NaN or infinite


@dataclass(frozen=True)
class Averaged:
    """All seeds at one epoch. NaN where no value was finite."""

    epoch: float
    step: float  # means too
    elapsed: float
    mean: float
    spread: float  # standard deviation with n - 1; 0 of a single seed
    count: int  # of seeds with a finite value


def averaged(seeds: Iterable[Sequence[Point]]) -> list[Averaged]:
    """By epoch, in order. Of a seed that has an epoch twice the later counts."""
    at: dict[float, list[Point]] = {}
    for points in seeds:
        for epoch, point in {round(each.epoch, DIGITS): each for each in points if math.isfinite(each.epoch)}.items():
            at.setdefault(epoch, []).append(point)
    return [_together(epoch, at[epoch]) for epoch in sorted(at)]


def _together(epoch: float, points: Sequence[Point]) -> Averaged:
    values = [point.value for point in points if math.isfinite(point.value)]
    middle = mean(values)
    spread = math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1)) if len(values) > 1 else 0.0
    steps, elapsed = mean([point.step for point in points]), mean([point.elapsed for point in points])
    return Averaged(epoch, steps, elapsed, middle, spread if values else math.nan, len(values))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
