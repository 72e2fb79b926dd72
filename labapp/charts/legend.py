"""The lines above a chart: its title, what the axes show, and every curve with its last and best value.

Widths depend on labels and sizes alone, never on values, so that nothing moves when a number changes a digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from labapp.charts.curve import Curve
from labapp.charts.palette import marker
from labapp.charts.ticks import compact
from labapp.fit import fit

VALUE = 7  # cells of a number
LABEL = 24  # cells of a label, at most
STATUS = 34  # cells kept for what stands at the right of the title
GAP = 2


@dataclass(frozen=True)
class Paint:
    """Styles of this moment's theme; lines and their faint versions by the curve's place in the list."""

    title: Style
    text: Style
    muted: Style
    error: Style
    cursor: Style
    lines: tuple[Style, ...] = ()
    faint: tuple[Style, ...] = ()


@dataclass(frozen=True)
class Shown:
    """What stands beside a curve's label."""

    last: float
    best: float | None = None  # None: best means nothing here
    lower: bool = False  # less is better


@dataclass(frozen=True)
class Layout:
    """Where the lines above the plot go; `detail` is how much of each curve fits: 2 last and best, 1 last, 0 label."""

    rows: int
    merged: bool  # title and curves share the first row
    detail: int


def item_width(curve: Curve, detail: int) -> int:
    label = min(cell_len(curve.words), LABEL)
    return 2 + label + (1 + VALUE if detail >= 1 else 0) + (1 + VALUE if detail == 2 else 0)


def layout(title: str, curves: Sequence[Curve], width: int, height: int) -> Layout:
    """As few rows as hold everything; in a low chart, less of it."""
    words = cell_len(title) + GAP
    for detail in (2, 1, 0):
        widths = [item_width(curve, detail) for curve in curves]
        alone = sum(widths) + GAP * len(widths)
        if height < 8:
            if words + alone <= width or detail == 0:
                return Layout(1, True, detail)
            continue
        if words + alone + STATUS <= width:
            return Layout(1, True, detail)
        rows = len(flow(widths, width))
        allowed = max(1, (height - 4) // 5)
        if rows <= allowed or detail == 0:
            return Layout(1 + min(rows, allowed), False, detail)
    raise AssertionError("the last detail is always taken")


def flow(widths: Sequence[int], width: int) -> list[list[int]]:
    """Indices of items row by row."""
    rows: list[list[int]] = [[]]
    room = width
    for index, each in enumerate(widths):
        if each > room and rows[-1]:
            rows.append([])
            room = width
        rows[-1].append(index)
        room -= each + GAP
    return rows


def item(curve: Curve, shown: Shown | None, detail: int, paint: Paint, place: int, *, ascii: bool) -> list[Segment]:
    """A curve's marker, label and values."""
    label = fit(curve.words, min(cell_len(curve.words), LABEL), ascii=ascii)
    if ascii:
        label = ascii_only(label)
    line = paint.lines[place]
    sign = marker(curve.slot, second=curve.second, ascii=ascii)
    parts = [Segment(f"{sign} ", line), Segment(label, paint.text)]
    if detail >= 1:
        last = None if shown is None else shown.last
        style = paint.error if last is not None and not math.isfinite(last) else line
        text = "-" if last is None else compact(last, VALUE)
        parts.append(Segment(" " + text.ljust(VALUE), style))
    if detail == 2:
        best = None if shown is None else shown.best
        arrow = ("v" if ascii else "↓") if shown is not None and shown.lower else ("^" if ascii else "↑")
        known = best is not None and math.isfinite(best)
        text = arrow + compact(best, VALUE - 1) if known and best is not None else ""
        parts.append(Segment(" " + text.ljust(VALUE), paint.muted))
    return parts


def header(
    title: str,
    status: str,
    curves: Sequence[Curve],
    values: Sequence[Shown | None],
    plan: Layout,
    paint: Paint,
    width: int,
    *,
    trouble: str = "",
    ascii: bool = False,
) -> list[Strip]:
    """The lines themselves, each `width` cells wide. `trouble` stands before the status, as an error."""
    items = [
        item(curve, shown, plan.detail, paint, place, ascii=ascii)
        for place, (curve, shown) in enumerate(zip(curves, values, strict=True))
    ]
    sizes = [cell_len("".join(part.text for part in each)) for each in items]
    if ascii:
        title, status, trouble = ascii_only(title), ascii_only(status), ascii_only(trouble)
    first = [Segment(title, paint.title), Segment(" " * GAP)] if title else []
    if plan.merged:
        right = cell_len(status) + (GAP + cell_len(trouble) if trouble else 0)
        room = width - cell_len(title) - (GAP if title else 0)
        if right > max(room - sum(sizes) - GAP * len(sizes), 0):
            status = trouble = ""
            right = 0
        return [
            _line(
                first + _row(items, sizes, list(range(len(items))), room - right, paint), status, trouble, paint, width
            )
        ]
    lines = [_line(first, status, trouble, paint, width)]
    rows = flow(sizes, width)
    kept = rows[: plan.rows - 1]
    if len(rows) > len(kept):  # the last row takes all that is left over, and counts what does not fit
        kept[-1] = [index for row in rows[len(kept) - 1 :] for index in row]
    lines += [Strip(_row(items, sizes, row, width, paint)).adjust_cell_length(width) for row in kept]
    return lines


def _row(items: list[list[Segment]], sizes: list[int], chosen: list[int], room: int, paint: Paint) -> list[Segment]:
    """As many items as there is room for; `+n` for the others."""
    parts: list[Segment] = []
    for position, index in enumerate(chosen):
        left = len(chosen) - position
        more = f"+{left}"
        if sizes[index] + (0 if left == 1 else GAP + len(f"+{left - 1}")) > room:
            if len(more) <= room:
                parts.append(Segment(more, paint.muted))
            break
        parts += [*items[index], Segment(" " * GAP)]
        room -= sizes[index] + GAP
    return parts


def _line(left: list[Segment], status: str, trouble: str, paint: Paint, width: int) -> Strip:
    right = [Segment(status, paint.muted)] if status else []
    if trouble:
        right = [Segment(trouble, paint.error), *([Segment(" " * GAP)] if status else []), *right]
    size = sum(cell_len(part.text) for part in right)
    if size > width:
        right, size = [], 0
    room = width - size - (1 if size else 0)
    body = Strip(left).adjust_cell_length(max(room, 0))
    return Strip([*body, *([Segment(" ")] if size else []), *right]).adjust_cell_length(width)


def ascii_only(text: str) -> str:
    """For terminals that know nothing else; one sign a cell."""
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text)
