"""The one chart: curves that grow while they are looked at.

A chart is told its curves with `show` and its view with `apply`; it says `ViewChanged` when the person changed it.
Drawing happens in a thread, one at a time and the newest wish first; what is painted here is finished lines, with the
cursor laid over them. Keys are bound by whoever composes it, from CHART_ACTIONS.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from labapp.charts.actions import CHART_ACTIONS, ViewActions
from labapp.charts.curve import Curve, extent
from labapp.charts.legend import Paint, header
from labapp.charts.palette import OKABE_ITO, Palette
from labapp.charts.picture import Picture, Request
from labapp.charts.readout import reading, status
from labapp.charts.ticks import round_up
from labapp.charts.view import ZOOM, ChartView, Span
from labapp.output import clean, one_line

if TYPE_CHECKING:
    from labapp.charts.build import Builder

__all__ = ["CHART_ACTIONS", "Chart"]

FAINT = 0.6  # of the background in a raw curve behind its smoothed self
HIGHLIGHT = 0.3  # of the cursor's colour behind what it crosses


class Chart(ViewActions, Widget, can_focus=True):
    DEBOUNCE: ClassVar[float] = 0.05  # s between the starts of two drawings
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--title",
        "chart--text",
        "chart--muted",
        "chart--error",
        "chart--cursor",
    }
    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 1; }
    Chart > .chart--title { color: $foreground; text-style: bold; }
    Chart > .chart--text { color: $foreground; }
    Chart > .chart--muted { color: $foreground 60%; }
    Chart > .chart--error { color: $text-error; }
    Chart > .chart--cursor { color: $accent; }
    """

    class ViewChanged(Message):
        """The person looks at the curves in another way; other charts of the screen may follow."""

        def __init__(self, chart: Chart, view: ChartView):
            super().__init__()
            self.chart, self.view = chart, view

        @property
        def control(self) -> Chart:
            return self.chart

    class FileWanted(Message):
        """The points of the curves are wanted as a file."""

        def __init__(self, title: str, curves: tuple[Curve, ...]):
            super().__init__()
            self.title, self.curves = title, curves

    def __init__(self, title: str = "", *, id: str | None = None):
        super().__init__(id=id)
        self.title = title  # may be changed; the next `show` draws it
        self.palette: Palette = OKABE_ITO
        self.ascii: bool | None = None  # None: as the app says, which asked the terminal
        self.mono: bool | None = None  # None: as NO_COLOR says
        self.picture: Picture | None = None
        self.drawn = 0  # pictures so far
        self._curves: tuple[Curve, ...] = ()
        self._view = ChartView()
        self._hover: int | None = None  # column under the mouse
        self._lines: list[Strip] | None = None  # painted, until something changes
        self._failure = ""
        self._builder: Builder | None = None
        self._key: object = None  # of what is drawn, or being drawn
        self._worker: Worker[Picture] | None = None
        self._timer: Timer | None = None
        self._begun = -math.inf
        self._stale = False  # wishes came while drawing
        self._drag: tuple[int, ChartView] | None = None
        self._dragged = False

    # What is shown

    @property
    def view(self) -> ChartView:
        return self._view

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    def show(self, curves: Sequence[Curve]) -> None:
        """Show these curves, as far as their series go now. Costs next to nothing when nothing changed."""
        self._curves = tuple(curves)
        self._ask()

    def follow(self, view: ChartView) -> None:
        """Take over axis, window, smoothing and cursor of another chart of the screen; the scale stays one's own."""
        self.apply(replace(view, log=self._view.log))

    def apply(self, view: ChartView) -> None:
        """Look at the curves like this; says nothing to anybody."""
        if view != self._view:
            self._view = view
            self._repaint()
            self._ask()

    def change(self, view: ChartView) -> None:
        """Look at the curves like this because the person wants to: others may follow."""
        if view != self._view:
            self.apply(view)
            self.post_message(self.ViewChanged(self, view))

    @property
    def extent(self) -> Span:
        """The x range of all that could be shown."""
        return round_up(*(extent(self._curves, self._view.axis) or (0.0, 1.0)))

    # Drawing

    @property
    def busy(self) -> bool:
        """Whether a drawing is under way or waits for its turn."""
        return self._timer is not None or self._worker is not None

    def _ask(self) -> None:
        """Wish for a drawing: at once, after the pause since the last one, or when the one under way is done."""
        if not self.is_attached or not self.size or self._timer is not None:
            return
        if self._worker is not None:
            self._stale = True
            return
        wait = self._begun + self.DEBOUNCE - time.monotonic()
        if wait <= 0:
            self._start()
        else:
            self._timer = self.set_timer(wait, self._start)

    def _start(self) -> None:
        self._timer = None
        if not self.is_attached or not self.size:
            return
        request = self._request()
        key = (replace(request, curves=()), tuple(curve.fingerprint() for curve in request.curves))
        if key == self._key:
            return
        self._key = key
        self._begun = time.monotonic()
        self._worker = self.run_worker(
            partial(self._draw, request), name="chart", group="chart", exclusive=True, thread=True, exit_on_error=False
        )

    def _draw(self, request: Request) -> Picture:
        """In a thread: touches nothing of the widget but the builder, which only drawings use."""
        if self._builder is None:
            from labapp.charts.build import Builder  # numpy and plotext are imported with it

            self._builder = Builder()
        return self._builder.build(request)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker is not self._worker or not event.worker.is_finished:
            return
        event.stop()
        self._worker = None
        if event.state is WorkerState.SUCCESS:
            self.picture, self._failure = event.worker.result, ""
            self.drawn += 1
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            self._failure = f"this chart cannot be drawn: {type(error).__name__}: {error}"
        else:
            self._key = None
        self._repaint()
        if self._stale:
            self._stale = False
            self._ask()

    def _request(self) -> Request:
        return Request(
            curves=self._curves,
            view=self._view.at(None),  # the cursor is painted, not drawn
            width=self.size.width,
            height=self.size.height,
            paint=self._paint(),
            title=one_line(self.title),
            ascii=self._is_ascii,
            mono=self._is_mono,
        )

    @property
    def _is_ascii(self) -> bool:
        return bool(getattr(self.app, "ascii", False)) if self.ascii is None else self.ascii

    @property
    def _is_mono(self) -> bool:
        return bool(self.app.no_color) if self.mono is None else self.mono

    def _paint(self) -> Paint:
        """The theme's styles; without a background, which is the widget's."""
        parts = {}
        for name in ("title", "text", "muted", "error", "cursor"):
            found = self.get_component_rich_style(f"chart--{name}")
            parts[name] = Style(color=found.color, bold=found.bold)
        back = self.background_colors[1]
        dark = self.app.current_theme.dark
        lines = [Color.parse(self.palette.color(curve.slot, dark=dark)) for curve in self._curves]
        dim = self._is_mono or back.ansi is not None
        faint = [
            Style(color=line.rich_color, dim=True) if dim else Style(color=line.blend(back, FAINT).rich_color)
            for line in lines
        ]
        return Paint(**parts, lines=tuple(Style(color=line.rich_color) for line in lines), faint=tuple(faint))

    @property
    def cells(self) -> int:
        """Columns of the canvas as it was drawn last."""
        return self.picture.box.width if self.picture is not None and self.picture.box is not None else 100

    def release_pointer(self) -> None:
        """The cursor is read now, wherever the mouse rests."""
        self._hover = None
        self._repaint()

    def ask_for_file(self) -> None:
        self.post_message(self.FileWanted(self.title, self._curves))

    # Painting

    def _repaint(self) -> None:
        self._lines = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._lines is None:
            self._lines = self._paint_lines()
        line = self._lines[y] if y < len(self._lines) else Strip([])
        return line.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _paint_lines(self) -> list[Strip]:
        if self._failure:
            return [Strip([Segment(clean(self._failure).replace("\t", " "), self._paint().error)])]
        picture = self.picture
        if picture is None:
            return []
        request = picture.request
        at = self._reading_at(picture)
        values = reading(request.curves, request.view.axis, at, picture) if at is not None else picture.shown
        lines: list[Strip] = []
        if picture.plan.rows:
            words = status(request.view, picture, at)
            lines = header(
                request.title, words, request.curves, values, picture.plan, request.paint, request.width,
                trouble="" if at is not None else picture.trouble, ascii=request.ascii,
            )  # fmt: skip
        column = picture.column_of(at) if at is not None else None
        for row, strip in enumerate(picture.strips):
            inside = picture.box is not None and row < picture.box.height
            lines.append(self._cross(strip, column, request) if column is not None and inside else strip)
        return lines

    def _reading_at(self, picture: Picture) -> float | None:
        """The x under the mouse, else the cursor's, as long as the picture shows that axis."""
        if picture.box is None or picture.request.view.axis != self._view.axis:
            return None
        hovered = picture.x_of(self._hover) if self._hover is not None else None
        at = hovered if hovered is not None else self._view.cursor
        return at if at is None or picture.x.low <= at <= picture.x.high else None

    def _cross(self, strip: Strip, column: int, request: Request) -> Strip:
        """A row with the cursor's line through it; what it crosses stays readable."""
        before, cell, after = strip.crop(0, column), strip.crop(column, column + 1), strip.crop(column + 1)
        cursor = request.paint.cursor
        if not cell.text.strip():
            return Strip([*before, Segment("|" if request.ascii else "│", cursor), *after])
        mark = Style(reverse=True)
        if not request.mono and cursor.color is not None:
            behind = self.background_colors[1].blend(Color.from_rich_color(cursor.color), HIGHLIGHT)
            mark = Style(bgcolor=behind.rich_color)
        return Strip([*before, *(Segment(part.text, (part.style or Style()) + mark) for part in cell), *after])

    # Being looked at

    def on_mount(self) -> None:
        self._ask()

    def on_resize(self) -> None:
        self._repaint()
        self._ask()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ask()  # another theme, perhaps

    def _column(self, event: events.MouseEvent) -> int:
        return int(event.x) - self.gutter.left

    def on_mouse_move(self, event: events.MouseMove) -> None:
        column = self._column(event)
        if self._drag is not None:
            start, view = self._drag
            width = self.picture.box.width if self.picture is not None and self.picture.box is not None else 0
            if width and column != start:
                self._dragged = True
                self.change(replace(view.pan((start - column) / width, self.extent), cursor=self._view.cursor))
        elif column != self._hover:
            self._hover = column
            self._repaint()

    def on_leave(self) -> None:
        if self._hover is not None:
            self._hover = None
            self._repaint()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self._drag, self._dragged = (self._column(event), self._view), False
            self.capture_mouse()

    def on_mouse_up(self) -> None:
        self.release_mouse()
        self._drag = None

    def on_click(self, event: events.Click) -> None:
        if self._dragged or event.button not in (0, 1):
            return
        if event.chain == 2:
            self.action_reset_view()
        elif self.picture is not None and event.chain == 1:
            at = self.picture.x_of(self._column(event))
            if at is not None:
                self.change(self._view.at(at))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, ZOOM)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1 / ZOOM)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        event.prevent_default()
        at = self.picture.x_of(self._column(event)) if self.picture is not None else None
        self.change(self._view.zoom(factor, self.extent, at))
