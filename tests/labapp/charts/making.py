"""Series and curves for the tests of charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.style import Style

from labapp.charts.build import Builder
from labapp.charts.curve import Curve
from labapp.charts.legend import Paint
from labapp.charts.picture import Picture, Request
from labapp.charts.view import ChartView
from sessions.run.history import Series


def series(values: Iterable[float], *, every: int = 1, per_epoch: float = 10.0, seconds: float = 0.5) -> Series:
    made = Series()
    grow(made, values, every=every, per_epoch=per_epoch, seconds=seconds)
    return made


def grow(
    made: Series, values: Iterable[float], *, every: int = 1, per_epoch: float = 10.0, seconds: float = 0.5
) -> None:
    for value in values:
        step = (len(made.steps) + 1) * every
        made.steps.append(step)
        made.epochs.append(step / per_epoch)
        made.elapsed.append(step * seconds)
        made.values.append(value)
        made.partial.append(False)


def curve(values: Iterable[float], slot: int = 0, label: str = "run", **more: object) -> Curve:
    return Curve(label, label, slot, series(values), **more)  # type: ignore[arg-type]


def paint(curves: int) -> Paint:
    """Styles that can be told apart."""
    lines = tuple(Style(color=f"color({20 + place})") for place in range(curves))
    faint = tuple(Style(color=f"color({120 + place})") for place in range(curves))
    return Paint(Style(bold=True), Style(), Style(color="white"), Style(color="red"), Style(reverse=True), lines, faint)


def request(
    curves: Sequence[Curve], view: ChartView | None = None, width: int = 60, height: int = 16, **more: object
) -> Request:
    return Request(tuple(curves), view or ChartView(), width, height, paint(len(curves)), **more)  # type: ignore[arg-type]


def drawn(
    curves: Sequence[Curve], view: ChartView | None = None, width: int = 60, height: int = 16, **more: object
) -> Picture:
    return Builder().build(request(curves, view, width, height, **more))


def canvas(picture: Picture) -> list[str]:
    """The text of the plot's cells, the top row first."""
    box = picture.box
    assert box is not None
    return [strip.text[box.left : box.left + box.width] for strip in picture.strips[: box.height]]


def filled(rows: Sequence[str]) -> set[tuple[int, int]]:
    """(column, row) of all cells that are not blank."""
    return {(column, row) for row, text in enumerate(rows) for column, char in enumerate(text) if char != " "}
