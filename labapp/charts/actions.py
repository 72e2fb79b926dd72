"""What a person can do with a chart: one table, and the methods it names. Footer, help and bindings read the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labapp.charts.curve import Axis, Curve, neighbour, translate
from labapp.charts.view import PAN, ZOOM, ChartView, Span

# (action, default keys, help)
CHART_ACTIONS: tuple[tuple[str, str, str], ...] = (
    ("zoom_in", "plus,equals_sign", "zoom in around the cursor"),
    ("zoom_out", "minus", "zoom out"),
    ("pan_left", "left", "earlier"),
    ("pan_right", "right", "later"),
    ("cursor_left", "h,shift+left", "read the point before"),
    ("cursor_right", "l,shift+right", "read the next point"),
    ("cursor_off", "c", "put the reading line away"),
    ("reset_view", "0", "show everything"),
    ("toggle_log", "y", "logarithmic y axis"),
    ("cycle_x", "x", "x axis: step, epoch, time"),
    ("smooth_more", "w", "smoother"),
    ("smooth_less", "W", "rougher"),
    ("write_points", "E", "write the points of the chart as a CSV file"),
)


class ViewActions:
    """The actions, for a widget that has a view and curves."""

    if TYPE_CHECKING:

        @property
        def view(self) -> ChartView: ...
        @property
        def curves(self) -> tuple[Curve, ...]: ...
        @property
        def extent(self) -> Span: ...
        @property
        def cells(self) -> int: ...
        def change(self, view: ChartView) -> None: ...
        def release_pointer(self) -> None: ...
        def ask_for_file(self) -> None: ...

    def action_zoom_in(self) -> None:
        self.change(self.view.zoom(ZOOM, self.extent))

    def action_zoom_out(self) -> None:
        self.change(self.view.zoom(1 / ZOOM, self.extent))

    def action_pan_left(self) -> None:
        self.change(self.view.pan(-PAN, self.extent))

    def action_pan_right(self) -> None:
        self.change(self.view.pan(PAN, self.extent))

    def action_reset_view(self) -> None:
        self.change(self.view.reset())

    def action_toggle_log(self) -> None:
        self.change(self.view.toggle_log())

    def action_smooth_more(self) -> None:
        self.change(self.view.smoother())

    def action_smooth_less(self) -> None:
        self.change(self.view.rougher())

    def action_write_points(self) -> None:
        """All points of all curves that are shown, not only those in the window; the screen knows where to."""
        self.ask_for_file()

    def action_cycle_x(self) -> None:
        """The next x axis; the window and the cursor stay at the same moments."""
        here: Axis = self.view.axis
        there = self.view.next_axis()

        def moved(x: float) -> float:
            return translate(self.curves, x, here, there)

        window, cursor = self.view.window, self.view.cursor
        self.change(
            self.view.on(
                there,
                (moved(window[0]), moved(window[1])) if window is not None else None,
                moved(cursor) if cursor is not None else None,
            )
        )

    def action_cursor_left(self) -> None:
        self._step(-1)

    def action_cursor_right(self) -> None:
        self._step(1)

    def action_cursor_off(self) -> None:
        self.release_pointer()
        self.change(self.view.at(None))

    def _step(self, direction: int) -> None:
        """To the next point that lies in another column; from nowhere, to the window's last point."""
        low, high = self.view.span(self.extent)
        cursor = self.view.cursor
        if cursor is None or not low <= cursor <= high:
            at = neighbour(self.curves, self.view.axis, high + (high - low) * 1e-9, -(high - low) * 1e-9)
        else:
            at = neighbour(self.curves, self.view.axis, cursor, direction * (high - low) / self.cells)
        if at is not None and low <= at <= high:
            self.release_pointer()
            self.change(self.view.at(at))
