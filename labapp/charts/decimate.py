"""As many points as a screen has columns: of each column the first, the last, the least and the greatest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labapp.charts.smoothing import Floats


@dataclass(frozen=True)
class Decimated:
    """The columns that hold points, in order, one entry each. NaN in `low` and `high`: nothing finite."""

    column: NDArray[np.int64]
    low: Floats
    high: Floats
    line_x: Floats  # (2 * columns + up to 2): first and last of each column, and the points beyond the window's ends
    line_y: Floats


def boundaries(x: Floats, low: float, high: float, columns: int) -> NDArray[np.int64]:
    """(columns + 1,): the points of column c are those of index [c] to [c + 1], exclusive; x never falls."""
    edges = np.linspace(low, high, columns + 1)
    cuts = np.searchsorted(x, edges, side="left")
    cuts[-1] = np.searchsorted(x, high, side="right")
    return cuts


def within(points: Decimated, low: float, high: float) -> Decimated:
    """Lines from points beyond the window begin and end at its border, at the height they have there."""
    x, y = points.line_x.copy(), points.line_y.copy()
    if len(x) < 2:
        return points
    for end, inner, border in ((0, 1, low), (-1, -2, high)):
        outside = x[end] < border if end == 0 else x[end] > border
        if outside and x[inner] != x[end]:
            share = (border - x[inner]) / (x[end] - x[inner])
            x[end], y[end] = border, y[inner] * (1 - share) + y[end] * share
    return replace(points, line_x=x, line_y=y)


def decimate(x: Floats, y: Floats, cuts: NDArray[np.int64]) -> Decimated:
    """The columns between `boundaries`. Every finite extreme of a column is kept, in one pass over its points."""
    filled = np.flatnonzero(cuts[:-1] < cuts[1:])
    first, last = cuts[:-1][filled], cuts[1:][filled] - 1
    begin, end = int(cuts[0]), int(cuts[-1])
    if len(filled):
        low = np.fmin.reduceat(y[:end], first)
        high = np.fmax.reduceat(y[:end], first)
    else:
        low = high = np.empty(0)
    ends = np.stack((first, last), axis=1).ravel()
    around = np.concatenate(([begin - 1] if begin else [], ends, [end] if end < len(x) else [])).astype(np.int64)
    return Decimated(filled, low, high, x[around], y[around])
