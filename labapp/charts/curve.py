"""A curve: one series of one run, and how it is told from its neighbours."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from labapp.output import one_line
from sessions.run.history import Series

Axis = Literal["step", "epoch", "elapsed"]
AXES: tuple[Axis, ...] = ("step", "epoch", "elapsed")


@dataclass(frozen=True, eq=False)
class Curve:
    """What a chart is told of one curve. The series belongs to its reader, who lets it grow meanwhile."""

    run: str  # its id; empty for what several runs have in common
    label: str  # foreign text
    slot: int  # colour and marker; a run keeps its slot wherever it is shown
    series: Series
    second: bool = False  # the lesser of a pair (train beside val): dashed, with a hollow marker
    metric: str = ""  # its name, to know whether less is better; else the chart's title tells
    best: bool = True  # whether a best value means anything (it does not for a learning rate)
    band: tuple[Series, Series] | None = None  # how far below and above it what it is the mean of spreads

    @property
    def words(self) -> str:
        """The label, harmless and on one line."""
        return one_line(self.label)

    def fingerprint(self) -> tuple[object, ...]:
        """Equal when there is nothing new to draw."""
        series = self.series
        count = length(series)
        end = (series.steps[count - 1], series.elapsed[count - 1], repr(series.values[count - 1])) if count else ()
        band = tuple(map(id, self.band or ()))
        return (self.run, self.label, self.slot, self.second, self.metric, self.best, id(series), count, end, band)

    @property
    def all_series(self) -> tuple[Series, ...]:
        """All that is drawn of it."""
        return (self.series, *(self.band or ()))


def length(series: Series) -> int:
    """Points that are whole: another thread may be in the middle of adding one."""
    return min(len(series.steps), len(series.epochs), len(series.elapsed), len(series.values))


def column(series: Series, axis: Axis) -> Sequence[float]:
    """The x values of an axis."""
    if axis == "step":
        return series.steps
    return series.epochs if axis == "epoch" else series.elapsed


def extent(curves: Iterable[Curve], axis: Axis) -> tuple[float, float] | None:
    """From the first to the last x of all curves; None when there is no point."""
    ends: list[float] = []
    for curve in curves:
        count = length(curve.series)
        if count:
            xs = column(curve.series, axis)
            ends += [float(x) for x in (xs[0], xs[count - 1]) if math.isfinite(x)]
    return (min(ends), max(ends)) if ends else None


def nearest(series: Series, axis: Axis, x: float) -> int | None:
    """The index of the point nearest to x; None in an empty series."""
    count = length(series)
    if not count:
        return None
    xs = column(series, axis)
    after = bisect.bisect_left(xs, x, 0, count)
    candidates = [index for index in (after - 1, after) if 0 <= index < count]
    return min(candidates, key=lambda index: abs(xs[index] - x))


def neighbour(curves: Iterable[Curve], axis: Axis, x: float, stride: float) -> float | None:
    """The nearest x of any point at least `stride` further on (back, when negative); None when there is none."""
    found: list[float] = []
    for curve in curves:
        count = length(curve.series)
        xs = column(curve.series, axis)
        if stride > 0:
            index = max(bisect.bisect_left(xs, x + stride, 0, count), bisect.bisect_right(xs, x, 0, count))
        else:
            index = min(bisect.bisect_right(xs, x + stride, 0, count), bisect.bisect_left(xs, x, 0, count)) - 1
        if 0 <= index < count:
            found.append(float(xs[index]))
    return (min(found) if stride > 0 else max(found)) if found else None


def translate(curves: Iterable[Curve], x: float, source: Axis, target: Axis) -> float:
    """The same moment on another axis, read from the longest curve; infinite ends stay what they are."""
    if not math.isfinite(x):
        return x
    longest = max((curve.series for curve in curves), key=length, default=None)
    index = nearest(longest, source, x) if longest is not None else None
    return float(column(longest, target)[index]) if longest is not None and index is not None else x
