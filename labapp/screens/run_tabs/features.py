"""The Features tab: how the penultimate features are spread, over the training and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from engine.task import SPLITS
from labapp.charts.curve import Curve
from labapp.live.curves import QUANTILES, quantiles_of
from labapp.output import number
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.widgets.chart import Chart
from labapp.widgets.table import Column, Line, Table
from sessions.run.history import History
from sessions.run.records import number_of, table_of

NONE_YET = "There are no quantiles yet: they are measured at the end of every epoch."
NONE = "This task measures no quantiles of features."


class FeaturesPane(Pane):
    """A chart of all quantiles, and below it the final ones by split."""

    DEFAULT_CSS: ClassVar[str] = """
    FeaturesPane > #no-features { padding: 1 2; color: $text-muted; }
    FeaturesPane > Table { height: auto; max-height: 5; border-top: solid $panel; }
    """

    def compose(self) -> ComposeResult:
        yield Static(NONE_YET, id="no-features", markup=False)
        yield Chart("quantiles of the penultimate features", id="chart-features")
        yield Table(id="final-features")

    def on_mount(self) -> None:
        self.query_one("#no-features").display = False

    def arrive(self) -> None:
        self.query_one(Chart).focus()

    def take(self, seen: Seen) -> None:
        super().take(seen)
        self._show()

    def take_history(self, history: History) -> None:
        super().take_history(history)
        self._show()

    def _show(self) -> None:
        names = quantiles_of(self.history) if self.history else []
        measured = table_of(self.seen.record.result, "metrics") if self.seen else {}
        final = {split: table_of(measured, split) for split in SPLITS}
        at_end = sorted({name for values in final.values() for name in values if name.startswith(QUANTILES)})
        chart, table, none = self.query_one(Chart), self.query_one(Table), self.query_one("#no-features", Static)
        chart.display, table.display = bool(names), bool(at_end)
        none.display = not names and not at_end
        if none.display:
            going_on = self.seen is not None and not self.seen.ended
            history = self.history
            measured_once = history is not None and any(split == "val" for split, _ in list(history.series))
            none.update(NONE_YET if going_on and not measured_once else NONE)
        if names and self.history and self.seen:
            chart.show(list(quantile_curves(self.seen.path.name, self.history, names)))
        columns = (Column("at the end"), *(Column(percent(name), right=True) for name in at_end))
        rows = [
            Line((split, *(number(number_of(values, name)) for name in at_end)), key=split)
            for split, values in final.items()
            if values
        ]
        table.show(rows, columns)


def quantile_curves(run: str, history: History, names: list[str]) -> Iterator[Curve]:
    """Every quantile in its own colour; the training split, where it was measured, beside validation."""
    splits = [split for split in ("val", "train") if any((split, name) in history.series for name in names)]
    for slot, name in enumerate(names):
        for split in splits:
            series = history.series.get((split, name))
            if series is not None:
                label = percent(name) + (f" {split}" if len(splits) > 1 else "")
                yield Curve(run, label, slot, series, second=split == "train", metric=name, best=False)


def percent(name: str) -> str:
    """`feature_q01` as people say it."""
    digits = name.removeprefix(QUANTILES)
    return f"{int(digits)} %" if digits.isdigit() else digits
