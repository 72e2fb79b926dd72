"""What stands at the right of a chart's title, and the values where its cursor is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labapp.charts.curve import Axis, Curve, column, length, nearest
from labapp.charts.legend import Shown
from labapp.charts.picture import Picture
from labapp.charts.ticks import clock_unit, compact
from labapp.charts.view import ChartView
from labapp.output import duration


def status(view: ChartView, picture: Picture, at: float | None) -> str:
    """What the axes are; or the moment that is read."""
    if at is not None:
        return moment(picture.request.curves, view.axis, at)
    words = [f"elapsed {clock_unit(picture.x.high)}" if view.axis == "elapsed" else view.axis]
    if view.smoothing:
        words.append(f"smooth {view.smoothing:g}")
    if view.log:
        words.append("log")
    if view.window is not None:
        words.append("zoom")
    return "  ".join(words)


def moment(curves: Sequence[Curve], axis: Axis, at: float) -> str:
    """The step, the epoch and the time of the point nearest to x among all curves."""
    best: tuple[float, str] | None = None
    for curve in curves:
        index = nearest(curve.series, axis, at)
        if index is None:
            continue
        series = curve.series
        distance = abs(column(series, axis)[index] - at)
        if best is None or distance < best[0]:
            step, epoch, elapsed = series.steps[index], series.epochs[index], series.elapsed[index]
            words = f"epoch {epoch:.4g}" if math.isfinite(epoch) else ""
            seconds = duration(elapsed) if math.isfinite(elapsed) else ""
            best = (distance, "  ".join(part for part in (f"step {step:,}", words, seconds) if part))
    return best[1] if best is not None else compact(at)


def reading(curves: Sequence[Curve], axis: Axis, at: float, picture: Picture) -> list[Shown | None]:
    """Each curve's value, as it was measured, at its point nearest to x; None beyond the curve's ends."""
    slack = (picture.x.high - picture.x.low) / max(picture.box.width if picture.box else 1, 1)
    found: list[Shown | None] = []
    for curve in curves:
        index = nearest(curve.series, axis, at)
        count = length(curve.series)
        xs = column(curve.series, axis)
        inside = index is not None and xs[0] - slack <= at <= xs[count - 1] + slack
        found.append(Shown(float(curve.series.values[index])) if inside and index is not None else None)
    return found
