"""What keys do on the Compare screen: other columns, another order, another split, what differs, one row's curve."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from labapp.compare.gathering import Gathered
from labapp.compare.lines import Laid, Wanted
from labapp.cycle import after
from labapp.messages import Done
from labapp.screens.base import LabScreen
from labapp.widgets.chart import Chart
from labapp.widgets.stat_table import StatTable
from labapp.widgets.table import Table

if TYPE_CHECKING:
    from engine.studies.comparison import Comparison

TALL = 30  # rows from which curves and numbers stand one above the other
MOST = 16  # curves that can be drawn
BOTH, NUMBERS, CURVES = "both", "numbers", "curves"


class CompareActions(LabScreen):
    """How it is looked at; what is looked at is the screen's."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Gathered | None = None
        self.wanted = Wanted("", "", "")
        self.drawn: list[str] = []  # labels of the rows whose curves are shown
        self.tall_view, self.small_view = BOTH, NUMBERS
        self.differing = False
        self._watching: frozenset[str] = frozenset()

    # -- for the screen to fill in

    def show(self) -> None:
        """Bring everything up to date with what was found and how it is looked at."""
        raise NotImplementedError

    def laid(self) -> Laid:
        """The table as it is now."""
        raise NotImplementedError

    # -- what there is

    @property
    def comparison(self) -> Comparison | None:
        return self.found.comparison if self.found else None

    @property
    def chart(self) -> Chart:
        return self.query_one("#curves", Chart)

    @property
    def table(self) -> StatTable:
        return self.query_one("#numbers", StatTable)

    def watch_drawn(self) -> None:
        """Have the curves sent of what is drawn now."""
        if self.is_current and self.watched() != self._watching:
            self._watching = self.watched()
            self.lab.watcher.watch(self._watching)

    # -- one pane or two

    @property
    def views(self) -> tuple[str, ...]:
        return (BOTH, NUMBERS, CURVES) if self.size.height >= TALL else (NUMBERS, CURVES)

    @property
    def view(self) -> str:
        return self.tall_view if self.size.height >= TALL else self.small_view

    def see(self, view: str) -> None:
        """Both, or one of them; a terminal that grows or shrinks has a choice of its own."""
        if self.size.height >= TALL:
            self.tall_view = view
        else:
            self.small_view = view
        self._arrange()

    def _arrange(self) -> None:
        self.set_class(self.view == NUMBERS, NUMBERS)
        self.set_class(self.view == CURVES, CURVES)

    # -- actions

    def _metrics(self) -> list[str]:
        comparison = self.comparison
        return comparison.metrics(self.wanted.split) if comparison else []

    def action_split(self) -> None:
        comparison = self.comparison
        if comparison and comparison.splits:
            self.wanted = replace(self.wanted, split=after(self.wanted.split, comparison.splits))
            names = self._metrics()
            if self.wanted.metric not in names and names:
                self.wanted = replace(self.wanted, metric=names[0])
            self.show()

    def action_metric(self) -> None:
        if names := self._metrics():
            follows = self.wanted.sort == self.wanted.metric
            metric = after(self.wanted.metric, names)
            self.wanted = replace(self.wanted, metric=metric, sort=metric if follows else self.wanted.sort)
            self.show()

    def action_sort(self) -> None:
        keys = [key for key in dict.fromkeys((*self.laid().keys, *self._metrics())) if key] if self._metrics() else []
        if keys:
            self.sort_by(after(self.wanted.sort, keys) if not self.differing else keys[0])

    def sort_by(self, key: str) -> None:
        """By this column; the same again turns the order round."""
        again = key == self.wanted.sort
        self.wanted = replace(self.wanted, sort=key, worst_first=not self.wanted.worst_first if again else False)
        self.show()

    @on(Table.HeaderClicked)
    def _header_clicked(self, event: Table.HeaderClicked) -> None:
        keys = self.laid().keys if self.comparison else ()
        if 0 <= event.column < len(keys) and keys[event.column]:
            self.sort_by(keys[event.column])

    def action_reverse(self) -> None:
        self.wanted = replace(self.wanted, worst_first=not self.wanted.worst_first)
        self.show()

    def action_differences(self) -> None:
        comparison = self.comparison
        if comparison and not comparison.differences and not self.differing:
            self.post_message(Done("no setting differs"))
            return
        self.differing = not self.differing
        if self.view == CURVES:
            self.see(NUMBERS)
        self.show()

    def action_view(self) -> None:
        self.see(after(self.view, self.views))
        (self.chart if self.view == CURVES else self.table).focus()
        self.show()

    def action_mark(self) -> None:
        label = self._label()
        if label in self.drawn:
            self.drawn.remove(label)
        elif label and len(self.drawn) < MOST:
            self.drawn.append(label)
        elif label:
            self.post_message(Done(f"{MOST} curves can be told apart; space on another row takes its curve away"))
        self.watch_drawn()
        self.show()

    def _label(self) -> str:
        line = self.table.line
        return line.key if line is not None and isinstance(line.key, str) else ""

    def _runs(self) -> tuple[str, ...]:
        comparison = self.comparison
        return next((row.runs for row in comparison.rows if row.label == self._label()), ()) if comparison else ()

    @on(Table.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if runs := self._runs():
            self.lab.open_run(runs[0])

    def action_copy(self) -> None:
        if runs := self._runs():
            self.lab.copy(" ".join(runs))
