"""What a chart asks to be drawn, and what it gets back. Light: neither numpy nor plotext."""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from engine.task import lower_is_better
from labapp.charts.curve import Curve
from labapp.charts.legend import Layout, Paint, Shown
from labapp.charts.ticks import Scale
from labapp.charts.view import ChartView, Span


@dataclass(frozen=True)
class Request:
    """All that a drawing depends on, the series' contents aside."""

    curves: tuple[Curve, ...]
    view: ChartView
    width: int
    height: int
    paint: Paint
    title: str = ""  # harmless already
    ascii: bool = False
    mono: bool = False  # no colours to tell curves apart

    def is_lower_better(self, curve: Curve) -> bool:
        """By the metric's name; where a curve has none, by a word of the title."""
        words = [curve.metric] if curve.metric else self.title.lower().replace("/", " ").split()
        return any(lower_is_better(word) for word in words)


@dataclass(frozen=True)
class Box:
    """The canvas within the widget, in cells."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    request: Request
    plan: Layout
    strips: tuple[Strip, ...]  # everything below the header
    box: Box | None  # None: there is no plot, only lines
    x: Scale
    extent: Span
    shown: tuple[Shown, ...]
    trouble: str = ""  # what is not drawn as it is

    def column_of(self, x: float) -> int | None:
        """The cell of the widget where an x lies, if it is in the window."""
        if self.box is None or not self.x.low <= x <= self.x.high:
            return None
        return self.box.left + min(int(self.x.share(x) * self.box.width), self.box.width - 1)

    def x_of(self, column: int) -> float | None:
        """The x in the middle of a cell of the widget, if that is on the canvas."""
        if self.box is None or not 0 <= column - self.box.left < self.box.width:
            return None
        return self.x.low + (column - self.box.left + 0.5) / self.box.width * (self.x.high - self.x.low)
