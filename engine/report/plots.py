"""What a figure shows, as plain data; `engine.report.figures` draws it. Torch-free, and nothing is imported to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Line:
    """A curve. `slot` picks colour and marker, the same for one thing in all figures of a report."""

    label: str
    slot: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()  # the spread below and above, where there is one
    high: tuple[float, ...] = ()
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    lines: tuple[Line, ...]
    x_label: str
    y_label: str
    ticks: tuple[str, ...] = ()  # names of x = 0, 1, 2 ..., where x is no quantity
    error_axis: bool = False  # 1 - y at the right


@dataclass(frozen=True)
class Lines:
    """Panels side by side, `columns` in a row, with one legend above; `shared` says which have one scale of y."""

    panels: tuple[Panel, ...]
    columns: int = 2
    shared: Literal["row", "all", "none"] = "row"

    def mapped(self, change: Callable[[str], str]) -> Lines:
        return replace(
            self,
            panels=tuple(
                replace(
                    each,
                    title=change(each.title),
                    ticks=tuple(map(change, each.ticks)),
                    lines=tuple(replace(line, label=change(line.label)) for line in each.lines),
                )
                for each in self.panels
            ),
        )


@dataclass(frozen=True)
class Heat:
    """A confusion matrix: colour is the share of the row, the number the count."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    title: str = ""

    def mapped(self, change: Callable[[str], str]) -> Heat:
        return replace(self, names=tuple(map(change, self.names)), title=change(self.title))


@dataclass(frozen=True)
class Point:
    """A mean with its spread, and what it is the mean of."""

    label: str
    slot: int
    value: float
    spread: float  # NaN where there is none
    seeds: tuple[float, ...] = ()
    others: tuple[tuple[str, float], ...] = ()  # what others report: (who, value)


@dataclass(frozen=True)
class Points:
    """One value for each thing, one below the other."""

    points: tuple[Point, ...]
    x_label: str

    def mapped(self, change: Callable[[str], str]) -> Points:
        return replace(self, points=tuple(replace(each, label=change(each.label)) for each in self.points))


Plot = Lines | Heat | Points
