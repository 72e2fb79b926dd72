"""How curves are looked at: the x axis, the window on it, the scale, the smoothing, the cursor. Pure, and shareable."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from labapp.charts.curve import AXES, Axis

SMOOTHINGS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
ZOOM = 1.5  # of one step
PAN = 0.25  # of the window, in one step
CLOSEST = 1e-6  # of the extent: no window is narrower

Span = tuple[float, float]


@dataclass(frozen=True)
class ChartView:
    """A window that ends in infinity grows with the curves; None shows all of them.

    Methods return the view that follows; `extent` is the x range of all that could be shown.
    """

    axis: Axis = "step"
    window: Span | None = None
    log: bool = False  # the y axis
    smoothing: float = 0.0  # weight of the past, in [0, 1)
    cursor: float | None = None  # an x

    def span(self, extent: Span) -> Span:
        """The window in numbers."""
        low, high = self.window or (-math.inf, math.inf)
        low = extent[0] if math.isinf(low) else low
        high = extent[1] if math.isinf(high) else high
        return (low, high) if low < high else extent

    def zoom(self, factor: float, extent: Span, at: float | None = None) -> ChartView:
        """Show 1/factor of the width, keeping the point `at` (the cursor, the middle) where it is."""
        low, high = self.span(extent)
        if at is None:
            at = self.cursor if self.cursor is not None and low <= self.cursor <= high else (low + high) / 2
        at = min(max(at, low), high)
        width = max((high - low) / factor, CLOSEST * (extent[1] - extent[0]), 1e-9 * max(map(abs, extent)))
        share = (at - low) / (high - low)
        start = at - share * width
        return self._within(start, start + width, extent)

    def pan(self, share: float, extent: Span) -> ChartView:
        """Move by a share of the window's width, no further than the extent's ends."""
        low, high = self.span(extent)
        shift = share * (high - low)
        shift = min(max(shift, extent[0] - low), extent[1] - high) if extent[0] <= low and high <= extent[1] else shift
        return self._within(low + shift, high + shift, extent)

    def _within(self, low: float, high: float, extent: Span) -> ChartView:
        slack = 1e-9 * (extent[1] - extent[0])
        start = -math.inf if low <= extent[0] + slack else low
        end = math.inf if high >= extent[1] - slack else high
        return replace(self, window=None if math.isinf(start) and math.isinf(end) else (start, end))

    def reset(self) -> ChartView:
        """All of the curves, no cursor."""
        return replace(self, window=None, cursor=None)

    def toggle_log(self) -> ChartView:
        return replace(self, log=not self.log)

    def next_axis(self) -> Axis:
        return AXES[(AXES.index(self.axis) + 1) % len(AXES)]

    def on(self, axis: Axis, window: Span | None = None, cursor: float | None = None) -> ChartView:
        """On another x axis; the window and the cursor are those of that axis."""
        window = window if window is not None and window[0] < window[1] else None
        return replace(self, axis=axis, window=window, cursor=cursor)

    def smoother(self) -> ChartView:
        return replace(self, smoothing=min((s for s in SMOOTHINGS if s > self.smoothing), default=self.smoothing))

    def rougher(self) -> ChartView:
        return replace(self, smoothing=max((s for s in SMOOTHINGS if s < self.smoothing), default=self.smoothing))

    def at(self, cursor: float | None) -> ChartView:
        return replace(self, cursor=cursor)
