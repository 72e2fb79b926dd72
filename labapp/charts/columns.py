"""A series as numpy arrays, grown by what is new. Shares no memory with the series, whose arrays stay free to grow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labapp.charts.curve import Axis, column, length
from labapp.charts.smoothing import Floats, Smoother
from sessions.run.history import Series

TAIL = 32  # last points compared at each look, to notice that a resume took points back


class Growing:
    """Numbers in an array that doubles when it is full."""

    def __init__(self) -> None:
        self._store: NDArray[np.float64] = np.empty(1024, np.float64)
        self.count = 0

    @property
    def array(self) -> NDArray[np.float64]:
        return self._store[: self.count]

    def extend(self, values: NDArray[np.float64]) -> None:
        need = self.count + len(values)
        if need > len(self._store):
            grown = np.empty(max(need, 2 * len(self._store)), self._store.dtype)
            grown[: self.count] = self.array
            self._store = grown
        self._store[self.count : need] = values
        self.count = need


class Columns:
    """What is drawn of one series. `refresh` takes over what is new, from any thread but one at a time."""

    def __init__(self, series: Series):
        self.series = series
        self._forget()

    def _forget(self) -> None:
        self.count = 0
        self.values = Growing()  # NaN where not finite
        self.bad: dict[str, Growing] = {name: Growing() for name in ("nan", "inf", "-inf")}  # indices
        self.not_positive = 0
        self.minimum = math.inf
        self.maximum = -math.inf
        self.last = math.nan  # as it came: may be infinite
        self._x: dict[Axis, Growing] = {}
        self._smooth: Growing | None = None
        self._smoother = Smoother(0.0)
        self._tail = np.empty((3, 0))

    def refresh(self) -> None:
        """Take over new points; begin anew when earlier ones changed."""
        series = self.series
        if self.count and (length(series) < self.count or self._changed()):
            self._forget()
        start, end = self.count, length(series)
        raw = np.array(series.values[start:end], dtype=np.float64)
        if not len(raw):
            return
        self._take(raw)
        self._tail = self._read_tail(self.count)
        self.last = float(raw[-1])

    def _take(self, raw: Floats) -> None:
        finite = np.isfinite(raw)
        if not finite.all():
            for name, where in (("nan", np.isnan(raw)), ("inf", np.isposinf(raw)), ("-inf", np.isneginf(raw))):
                self.bad[name].extend(np.flatnonzero(where).astype(np.float64) + self.count)
            raw = np.where(finite, raw, np.nan)
            finite_values = raw[finite]
        else:
            finite_values = raw
        if len(finite_values):
            self.minimum = min(self.minimum, float(finite_values.min()))
            self.maximum = max(self.maximum, float(finite_values.max()))
            self.not_positive += int(np.count_nonzero(finite_values <= 0))
        self.values.extend(raw)
        self.count = self.values.count

    def _read_tail(self, count: int) -> Floats:
        """(3, up to TAIL): the last of `count` points, straight from the series."""
        series, part = self.series, slice(max(count - TAIL, 0), count)
        columns: tuple[Sequence[float], ...] = (series.values[part], series.steps[part], series.elapsed[part])
        shortest = min(len(each) for each in columns)
        return np.array([each[:shortest] for each in columns], dtype=np.float64)

    def _changed(self) -> bool:
        now = self._read_tail(self.count)
        return now.shape != self._tail.shape or not np.array_equal(now, self._tail, equal_nan=True)

    def x(self, axis: Axis) -> Floats:
        """(count,): never falling, even where a file put together by hand is."""
        grown = self._x.setdefault(axis, Growing())
        if grown.count < self.count:
            new = np.array(column(self.series, axis)[grown.count : self.count], dtype=np.float64)
            before = grown.array[-1] if grown.count else (new[np.isfinite(new)][:1].tolist() or [0.0])[0]
            new[~np.isfinite(new)] = before
            np.maximum.accumulate(new, out=new)
            grown.extend(np.maximum(new, before))
        return grown.array[: self.count]

    def smooth(self, weight: float) -> Floats:
        """(count,): the smoothed values; kept, and continued, for one weight at a time."""
        if self._smooth is None or self._smoother.weight != weight:
            self._smooth, self._smoother = Growing(), Smoother(weight)
        if self._smooth.count < self.count:
            self._smooth.extend(self._smoother.extend(self.values.array[self._smooth.count :]))
        return self._smooth.array
