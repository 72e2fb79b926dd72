"""Debiased exponential moving average, as TensorBoard smooths its curves, in numpy and continued as points come in.

With weight w of the past and the finite values v_1, v_2, ... of a series

    m_0 = 0,    m_n = w m_(n-1) + (1 - w) v_n,    smoothed_n = m_n / (1 - w^n)

so that early points are not drawn towards zero (the bias correction of Adam: Kingma and Ba, 2015, section 3). Values
that are not finite are passed over: they show as gaps and leave the average as it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 64  # values averaged in one row of a matrix product


class Smoother:
    """The average of a series so far; `extend` gives what new values smooth to."""

    def __init__(self, weight: float):
        if not 0.0 <= weight < 1.0:
            raise ValueError(f"a smoothing weight is in [0, 1), not {weight}")
        self.weight = weight
        self._mean = 0.0
        self._count = 0

    def extend(self, values: Floats) -> Floats:
        """(n,) -> (n,); NaN where a value is not finite."""
        finite = np.isfinite(values)
        all_finite = bool(finite.all())
        kept = values if all_finite else values[finite]
        if not len(kept):
            return np.full(len(values), np.nan)
        means = exponential_means(kept, self.weight, self._mean)
        with np.errstate(under="ignore"):
            counts = np.arange(self._count + 1, self._count + len(kept) + 1, dtype=np.float64)
            smoothed = means / -np.expm1(counts * np.log(self.weight)) if self.weight else means
        self._mean = float(means[-1])
        self._count += len(kept)
        if all_finite:
            return smoothed
        spread = np.full(len(values), np.nan)
        spread[finite] = smoothed
        return spread


def exponential_means(values: Floats, weight: float, start: float) -> Floats:
    """m_n of the module's equation, with m_0 = start; all values finite.

    Rows of a block are averaged by one triangular matrix; the ends of blocks are an average of the same kind with
    weight w^BLOCK, found by recursion. Sums of terms of one sign, so nothing cancels or overflows.
    """
    if len(values) <= BLOCK:
        means, mean = np.empty(len(values)), start
        for index, value in enumerate(values.tolist()):
            mean = weight * mean + (1.0 - weight) * value
            means[index] = mean
        return means
    rows = len(values) // BLOCK
    body = values[: rows * BLOCK].reshape(rows, BLOCK)
    lags = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    with np.errstate(under="ignore"):
        kernel = np.where(lags >= 0, (1.0 - weight) * np.power(weight, np.maximum(lags, 0), dtype=np.float64), 0.0)
        fading = np.power(weight, np.arange(1, BLOCK + 1), dtype=np.float64)
        own = body @ kernel.T  # (rows, BLOCK): averages that start from nothing in each row
        # the end of row r is fading[-1] * (end of row r - 1) + own[r, -1]: the same recursion, without its (1 - w)
        ends = exponential_means(own[:, -1] / (1.0 - fading[-1]), float(fading[-1]), start)
        before = np.concatenate(([start], ends[:-1]))
        own += before[:, None] * fading
    rest = exponential_means(values[rows * BLOCK :], weight, float(ends[-1]))
    return np.concatenate((own.ravel(), rest))
