"""From the rows of a comparison to what a chart is told: one curve a row, over several seeds their mean in a band."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.studies.averages import Point, averaged
from engine.task import lower_is_better
from labapp.charts.curve import Curve, length
from sessions.run.history import History, Series


@dataclass(frozen=True)
class Drawn:
    """A row whose curve is shown."""

    label: str
    slot: int
    runs: tuple[str, ...]


def curves_of(rows: Sequence[Drawn], histories: Mapping[str, History], split: str, metric: str) -> list[Curve]:
    """The curves of one metric. A row of one run has that run's own; of several the mean, with the spread as a band."""
    found = []
    for row in rows:
        known = [histories[run].series.get((split, metric)) for run in row.runs if run in histories]
        series = [each for each in known if each is not None]
        if len(series) == 1:
            found.append(
                Curve(row.runs[0] if len(row.runs) == 1 else "", row.label, row.slot, series[0], metric=metric)
            )
        elif series:
            middle, below, above = mean_series(series, bounds(metric))
            found.append(Curve(row.label, row.label, row.slot, middle, metric=metric, band=(below, above)))
    return found


def bounds(metric: str) -> tuple[float, float]:
    """What a metric can be: a band that goes beyond it would show what no seed can reach."""
    return 0.0, math.inf if lower_is_better(metric) else 1.0


def mean_series(seeds: Sequence[Series], within: tuple[float, float]) -> tuple[Series, Series, Series]:
    """The mean over seeds, and a spread below and above it, as far as that can be."""
    low, high = within
    parts = Series(), Series(), Series()
    for point in averaged(points(each) for each in seeds):
        below, above = point.mean - point.spread, point.mean + point.spread
        below, above = max(below, min(low, point.mean)), min(above, max(high, point.mean))
        for part, value in zip(parts, (point.mean, below, above), strict=True):
            part.steps.append(round(point.step))
            part.epochs.append(point.epoch)
            part.elapsed.append(point.elapsed)
            part.values.append(value)
            part.partial.append(0)
    return parts


def points(series: Series) -> list[Point]:
    """What was measured at the ends of epochs; another thread may be adding to it."""
    return [
        Point(series.epochs[place], series.steps[place], series.elapsed[place], series.values[place])
        for place in range(min(length(series), len(series.partial)))
        if not series.partial[place]
    ]
