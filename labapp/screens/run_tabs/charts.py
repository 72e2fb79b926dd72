"""The Charts tab: a metric, the loss, the learning rate and the speed, as many at a time as there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Resize

from labapp.charts.curve import Curve
from labapp.cycle import after
from labapp.live.curves import NOT_MEASURES, metrics_of
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.widgets.chart import Chart
from sessions.run.history import History, Series

WIDE, HIGH = 110, 26  # cells from which two charts stand side by side, and one above the other
OTHERS = ("loss", "lr", "throughput")
TITLES = {"lr": "learning rate", "throughput": "examples/s"}
SPLITS = ("val", "train")  # validation counts, training stands beside it


class ChartsPane(Pane):
    """The first chart shows what `m` chose, the others what is in OTHERS."""

    DEFAULT_CSS: ClassVar[str] = "ChartsPane { layout: grid; grid-size: 1 1; grid-gutter: 0 1; }"

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.metric = ""  # chosen; "" = what the run is judged by

    def compose(self) -> ComposeResult:
        yield Chart(id="chart-main")
        for name in OTHERS:
            yield Chart(id=f"chart-{name}")

    def arrive(self) -> None:
        self.query_one("#chart-main").focus()

    @property
    def shown(self) -> int:
        """How many charts there is room for."""
        return (1 + (self.size.width >= WIDE)) * (1 + (self.size.height >= HIGH))

    def on_resize(self, event: Resize) -> None:
        across, down = 1 + (event.size.width >= WIDE), 1 + (event.size.height >= HIGH)
        self.styles.grid_size_columns, self.styles.grid_size_rows = across, down
        for number, chart in enumerate(self.query(Chart)):
            chart.display = number < across * down
        self.draw()

    def take(self, seen: Seen) -> None:
        before = self.seen
        super().take(seen)
        if before is None or before.row.monitor != seen.row.monitor or before.row.status != seen.row.status:
            self.draw()

    def take_history(self, history: History) -> None:
        super().take_history(history)
        self.draw()

    def choices(self) -> list[str]:
        """What the first chart can show: everything that no other chart shows."""
        beside = OTHERS[: self.shown - 1]
        names = metrics_of([self.history]) if self.history else []
        return [name for name in (*names, *OTHERS[1:]) if name not in beside]

    def next_metric(self) -> None:
        names = self.choices()
        if names:
            self.metric = after(self._main(names), names)
            self.draw()

    def _main(self, names: list[str]) -> str:
        """What the first chart shows: the choice, else what the run is judged by, else the first there is."""
        if self.metric in names:
            return self.metric
        monitor = self.seen.row.monitor if self.seen else ""
        return monitor if monitor in names else names[0] if names else monitor

    def draw(self) -> None:
        if not self.is_mounted or self.seen is None:
            return
        names = self.choices()
        main = self._main(names)
        place = f" ({names.index(main) + 1} of {len(names)}, m next)" if self.shown == 1 and main in names else ""
        for chart, metric in zip(self.query(Chart), (main, *OTHERS), strict=True):
            if not chart.display:
                continue
            found = list(split_curves(self.seen.path.name, self.history, metric)) if self.history else []
            nothing = "" if found else ": nothing yet"
            chart.title = TITLES.get(metric, metric) + nothing + (place if metric == main else "")
            chart.show(found)

    @on(Chart.ViewChanged)
    def _view_changed(self, message: Chart.ViewChanged) -> None:
        """All charts share the x axis, the window, the smoothing and the cursor; log is each one's own."""
        for chart in self.query(Chart):
            if chart is not message.chart:
                chart.follow(message.view)


def split_curves(run: str, history: History, metric: str) -> Iterator[Curve]:
    """Validation and training of one metric, each in its own colour."""
    for slot, split in enumerate(SPLITS):
        series: Series | None = history.series.get((split, metric))
        if series is not None:
            measure = metric not in NOT_MEASURES
            yield Curve(run, split, slot, series, second=slot > 0 and measure, metric=metric, best=measure)
