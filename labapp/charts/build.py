"""From curves and a view to lines of styled text. Heavy (numpy, plotext): import it where a chart is drawn, off the
event loop. One `Builder` serves one chart and keeps what it read of each series between two drawings."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from labapp.charts import plot
from labapp.charts.columns import Columns
from labapp.charts.curve import Curve, extent
from labapp.charts.decimate import Decimated, boundaries, decimate, within
from labapp.charts.legend import Layout, Shown, layout
from labapp.charts.palette import marker
from labapp.charts.picture import Box, Picture, Request
from labapp.charts.raster import ASCII, BRAILLE, Canvas, Ints, cells, dash, shade, spans
from labapp.charts.smoothing import Floats
from labapp.charts.sparkline import sparkline
from labapp.charts.ticks import HUGE, Scale, compact, log_scale, round_up, values_scale, x_scale
from labapp.fit import fit

SMALLEST = (16, 5)  # columns and rows of a chart; below it is a sparkline
LETTERS_EVERY = 24  # cells between two markers along a line, where there is no colour to follow
MOST = 100  # curves in one chart; plotext knows 255 colours, two a curve
ERROR = 2  # colour codes; curves begin at 16
FIRST = 16


@dataclass(frozen=True)
class Line:
    """One curve's decimated points, y still in the metric's unit (or its logarithm)."""

    place: int
    raw: Decimated
    smooth: Decimated | None
    band: tuple[Decimated, Decimated] | None = None


class Builder:
    """Draws one chart at a time, from whatever thread."""

    def __init__(self) -> None:
        self._columns: dict[int, Columns] = {}
        self._lock = threading.Lock()

    def build(self, request: Request) -> Picture:
        """Draw. Raises nothing that a reader of runs can cause; what it raises is a mistake of ours."""
        with self._lock:
            return self._build(request)

    def _build(self, request: Request) -> Picture:
        curves = request.curves[:MOST]
        every = [series for curve in curves for series in curve.all_series]
        kept = {id(series): self._columns.get(id(series)) or Columns(series) for series in every}
        self._columns = kept  # holds the series, so that an id stays its own
        columns = [kept[id(curve.series)] for curve in curves]
        bands = [tuple(kept[id(series)] for series in curve.band or ()) for curve in curves]
        for each in kept.values():
            each.refresh()
        shown = tuple(_shown(curve, each, request) for curve, each in zip(curves, columns, strict=True))
        if request.width < SMALLEST[0] or request.height < SMALLEST[1]:
            strips = _sparklines(request, columns)
            return Picture(request, Layout(0, False, 0), tuple(strips), None, Scale(0, 1), (0.0, 1.0), shown)
        plan = layout(request.title, curves, request.width, request.height)
        return _Drawing(request, plan, columns, bands, shown).picture()


class _Drawing:
    """One chart being drawn."""

    def __init__(
        self, request: Request, plan: Layout, columns: list[Columns], bands: Sequence[tuple[Columns, ...]],
        shown: tuple[Shown, ...],
    ):  # fmt: skip
        self.request, self.plan, self.columns, self.bands, self.shown = request, plan, columns, bands, shown
        self.curves = request.curves[:MOST]
        self.grid = ASCII if request.ascii else BRAILLE
        width, height = request.width, request.height - plan.rows
        self.left = 6 if width >= 30 else 5 if width >= 24 else 0
        self.scene = plot.Scene(width, height, self.left, ascii=request.ascii)
        self.across, self.up = self.scene.canvas
        self.dots = self.across * self.grid.across
        self.extent = round_up(*(extent(self.curves, request.view.axis) or (0.0, 1.0)))
        self.x = request.view.span(self.extent)

    def picture(self) -> Picture:
        request = self.request
        canvas = Canvas(self.across, self.up, self.grid)
        lines = [self._line(place, *each) for place, each in enumerate(zip(self.columns, self.bands, strict=True))]
        y = self._y_scale(lines)
        if y is not None:
            for line in reversed(lines):
                self._lay_band(canvas, line, y)
            for line in reversed(lines):
                self._lay(canvas, line, y, soft=True)
            for line in reversed(lines):
                self._lay(canvas, line, y, soft=False)
        self._mark_bad(canvas)
        x = x_scale(*self.x, self.across, clock=request.view.axis == "elapsed", whole=request.view.axis == "step")
        layers = {
            code: (xs, [self.up - 1 - row for row in rows], text) for code, (xs, rows, text) in canvas.layers().items()
        }
        scene = replace(
            self.scene,
            layers=layers,
            x_ticks=[(min(int(x.share(at) * self.across), self.across - 1), text) for at, text in x.ticks],
            y_ticks=_rows_of(y, self.up, self.left) if y is not None else (),
        )
        strips = [self._strip(row) for row in plot.draw(scene)]
        if y is None:
            words = "no data yet" if not any(each.count for each in self.columns) else self._why_empty()
            strips[(self.up - 1) // 2] = self._message(strips[(self.up - 1) // 2], words)
        box = Box(self.left + 1, self.plan.rows, self.across, self.up)
        trouble = self._trouble()
        return Picture(request, self.plan, tuple(strips), box, x, self.extent, self.shown, trouble)

    def _line(self, place: int, columns: Columns, band: Sequence[Columns]) -> Line:
        """The points of a curve, thinned to the columns of dots."""
        weight = self.request.view.smoothing
        below, above = (self._points(each, weight) for each in band) if band else (None, None)
        ends = (below, above) if below is not None and above is not None else None
        return Line(place, self._points(columns), self._points(columns, weight) if weight else None, ends)

    def _points(self, columns: Columns, weight: float = 0.0) -> Decimated:
        x = columns.x(self.request.view.axis)
        values = columns.smooth(weight) if weight else columns.values.array
        if self.request.view.log:
            values = _positive(values, columns)
        return self._thin(x, values, boundaries(x, *self.x, self.dots))

    def _thin(self, x: Floats, y: Floats, cuts: NDArray[np.int64]) -> Decimated:
        points = decimate(x, y, cuts)
        if self.request.view.log:
            low, high = _logarithm(points.low), _logarithm(points.high)
            points = replace(points, low=np.fmin(low, high), high=high, line_y=_logarithm(points.line_y))
        return within(points, *self.x)

    def _y_scale(self, lines: list[Line]) -> Scale | None:
        """Around all that is seen; None when nothing is."""
        drawn = [points for line in lines for points in (line.raw, *(line.band or ()))]
        seen = [part for points in drawn for part in (points.low, points.high, points.line_y)]
        values = np.concatenate(seen) if seen else np.empty(0)
        low, high = np.fmin.reduce(values, initial=np.nan), np.fmax.reduce(values, initial=np.nan)
        if math.isnan(low):
            return None
        scale = log_scale if self.request.view.log else values_scale
        return scale(float(low), float(high), self.up, max(self.left, 5))

    def _lay(self, canvas: Canvas, line: Line, y: Scale, *, soft: bool) -> None:
        """A curve: smoothed, over its raw self drawn faint; or raw alone."""
        points = line.raw if soft or line.smooth is None else line.smooth
        if soft and line.smooth is None:
            return
        curve = self.curves[line.place]
        bottom, top = self._spans(points, y)
        if curve.second and not soft:
            dash(bottom, top, self.grid)
        code = FIRST + 2 * line.place + soft
        canvas.lay(cells(bottom, top, self.grid, self.up), code, soft=soft)
        drawn = np.flatnonzero(top >= 0)
        if soft or not len(drawn):
            return
        places = [int(drawn[-1])]
        if (self.request.mono or self.request.ascii) and len(self.curves) > 1:
            first = (line.place * LETTERS_EVERY // len(self.curves) + LETTERS_EVERY // 4) * self.grid.across
            places += [int(dot) for dot in drawn if (dot - first) % (LETTERS_EVERY * self.grid.across) == 0]
        glyph = marker(curve.slot, second=curve.second, ascii=self.request.ascii)
        for dot in places:
            row = self.up - 1 - int(bottom[dot] + top[dot]) // 2 // self.grid.up
            canvas.put(dot // self.grid.across, row, glyph, code)

    def _lay_band(self, canvas: Canvas, line: Line, y: Scale) -> None:
        """Faint, and under everything: how far what the curve is the mean of spreads."""
        if line.band is not None:
            (bottom, _), (_, top) = (self._spans(each, y) for each in line.band)
            bits = shade(np.where(top < 0, -1, bottom), np.where(bottom < 0, -2, top), self.grid, self.up)
            canvas.lay(bits, FIRST + 2 * line.place + 1, soft=True)

    def _spans(self, points: Decimated, y: Scale) -> tuple[Ints, Ints]:
        shares = replace(
            points, low=_share(points.low, y), high=_share(points.high, y), line_y=_share(points.line_y, y)
        )
        return spans(shares, self.x, self.dots, self.up * self.grid.up)

    def _mark_bad(self, canvas: Canvas) -> None:
        """A red x where values were not finite: at the top for +inf, else at the bottom."""
        for columns in self.columns:
            x = columns.x(self.request.view.axis)
            cuts = boundaries(x, *self.x, self.across)
            for name, found in columns.bad.items():
                counts = np.diff(np.searchsorted(found.array, cuts))
                for column in np.flatnonzero(counts).tolist():
                    canvas.put(column, 0 if name == "inf" else self.up - 1, "x", ERROR)

    def _trouble(self) -> str:
        bad = sum(found.count for columns in self.columns for found in columns.bad.values())
        dropped = sum(columns.not_positive for columns in self.columns) if self.request.view.log else 0
        words = [f"{_count(bad)} not finite"] if bad else []
        return ", ".join(words + ([f"{_count(dropped)} <= 0 left out"] if dropped else []))

    def _why_empty(self) -> str:
        if self.request.view.log and all(columns.maximum <= 0 for columns in self.columns):
            return "nothing above 0 to show on a log scale"
        return "no values here" if self.request.view.window else "no finite values"

    def _strip(self, row: plot.Row) -> Strip:
        return Strip([Segment(text, self._style(code)) for text, code in row]).adjust_cell_length(self.request.width)

    def _style(self, code: int) -> Style:
        paint = self.request.paint
        if code == ERROR:
            return paint.error
        place, soft = divmod(code - FIRST, 2)
        if place < 0:
            return paint.muted
        return paint.faint[place] if soft else paint.lines[place]

    def _message(self, strip: Strip, words: str) -> Strip:
        start = self.left + 1
        text = fit(words, min(len(words), self.across), ascii=self.request.ascii)
        text = " " * ((self.across - len(text)) // 2) + text
        return Strip([*strip.crop(0, start), Segment(text, self.request.paint.muted)]).adjust_cell_length(
            self.request.width
        )


def _positive(values: Floats, columns: Columns) -> Floats:
    return np.where(values > 0, values, np.nan) if columns.not_positive else values


def _logarithm(values: Floats) -> Floats:
    """NaN also where an average of tiny values has become 0."""
    return np.log10(np.where(values > 0, values, np.nan))


def _share(values: Floats, scale: Scale) -> Floats:
    size = max(abs(scale.low), abs(scale.high))
    clipped = np.clip(values, -HUGE, HUGE)
    shares: Floats = (clipped / size - scale.low / size) / (scale.high / size - scale.low / size)
    return shares


def _rows_of(scale: Scale, rows: int, width: int) -> list[tuple[int, str]]:
    """Ticks by row; where two would share a row, or a label, the first stays. No label is ever cut: rather none."""
    found: dict[int, str] = {}
    for at, text in scale.ticks:
        row = min(max(int(scale.share(at) * rows), 0), rows - 1)
        if row not in found and text not in found.values() and len(text) <= width:
            found[row] = text
    return list(found.items())


def _shown(curve: Curve, columns: Columns, request: Request) -> Shown:
    lower = request.is_lower_better(curve)
    best = columns.minimum if lower else columns.maximum
    if not columns.count:
        return Shown(math.nan, None, lower)
    return Shown(columns.last, best if curve.best else None, lower)


def _sparklines(request: Request, columns: Sequence[Columns]) -> list[Strip]:
    """One line a curve, where there is no room for a chart: marker, course, last value."""
    lines: list[Strip] = []
    for place, (curve, each) in enumerate(zip(request.curves, columns, strict=False)):
        if len(lines) == request.height:
            break
        value = compact(each.last, 7) if each.count else ""
        room = request.width - 2
        course = room - 1 - len(value) if room >= len(value) + 5 else room
        x = each.x(request.view.axis)
        text = ""
        if each.count and course > 0:
            low, high = request.view.span(extent([curve], request.view.axis) or (0.0, 1.0))
            values = each.smooth(request.view.smoothing) if request.view.smoothing else each.values.array
            points = decimate(x, values, boundaries(x, low, high if high > low else low + 1.0, course))
            ends = np.stack((points.low, points.high), axis=1).ravel().tolist()
            text = sparkline(ends, len(points.column), request.ascii)
        sign = marker(curve.slot, second=curve.second, ascii=request.ascii)
        tail = f" {value}" if course < room else ""
        parts = [
            Segment(f"{sign} {text.ljust(course)}", request.paint.lines[place]),
            Segment(tail, request.paint.muted),
        ]
        lines.append(Strip(parts).adjust_cell_length(request.width))
    blank = Strip.blank(request.width)
    return lines + [blank] * (request.height - len(lines))


def _count(number: int) -> str:
    return f"{number:,}"
