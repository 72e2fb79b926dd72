"""Compare: runs or a study's cells side by side. Curves on top, numbers below with what reports state beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Static
from textual.worker import Worker

from labapp.actions import COMPARE
from labapp.charts.view import ChartView
from labapp.compare.curves import Drawn, curves_of
from labapp.compare.gathering import Gathered, Gatherer, Subject
from labapp.compare.lines import NAME, SECONDS, Laid, numbers, what_differs
from labapp.compare.words import EMPTY, NOTHING, about_row, head_line
from labapp.fit import tidy
from labapp.messages import Done, Snapshot
from labapp.screens.base import bindings_of, chart_bindings
from labapp.screens.compare_actions import BOTH, NUMBERS, CompareActions
from labapp.widgets.chart import Chart
from labapp.widgets.pick import Pick
from labapp.widgets.stat_table import StatTable
from labapp.widgets.table import Table
from sessions.run.history import History

FIRST = 8  # rows whose curves are drawn when nothing was chosen: more cannot be followed
MARKED = "the marked runs"  # no study has such an id


class CompareScreen(CompareActions):
    """What is shown follows from what was gathered in a thread, and from how it is looked at."""

    where = COMPARE
    AUTO_FOCUS = "StatTable"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(COMPARE), *chart_bindings()]
    DEFAULT_CSS = """
    CompareScreen {
        & > #head { height: 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #body { height: 1fr; }
        & #curves { height: 1fr; }
        & #numbers { height: 1fr; max-height: 100%; }
        & > #about { height: auto; max-height: 5; padding: 0 1; background: $surface; }
        & > #legend { height: auto; max-height: 3; padding: 0 1; color: $foreground 60%; }
        & > #words { height: 1fr; padding: 1 2; display: none; }
        &.numbers #curves, &.curves #numbers { display: none; }
        &.wordy > #words { display: block; }
        &.wordy > #body, &.wordy > #about, &.wordy > #legend { display: none; }
        &.curves > #legend { display: none; }
        &.curves > #about { max-height: 1; }
        &.low > #about, &.low > #legend { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.subject = Subject()
        self.histories: Mapping[str, History] = {}
        self._gatherer: Gatherer | None = None
        self._looking = self._stale = False
        self._marks: tuple[str, ...] = ()  # that were taken over from the list of runs
        self._asked = False  # whether it was offered to choose

    def content(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with Vertical(id="body"):
            yield Chart(id="curves")
            yield StatTable(id="numbers")
        yield Static(id="words", markup=False)
        yield Static(id="about", markup=False)
        yield Static(id="legend", markup=False)

    def on_mount(self) -> None:
        self.chart.apply(ChartView(axis="epoch"))  # seeds have epochs in common
        self._say_nothing()
        self._arrange()

    # -- what is compared

    def on_screen_resume(self) -> None:
        """Runs that were marked or asked for since are compared now; without any, there is a choice."""
        asked, self.lab.to_compare = self.lab.to_compare, ()
        study, self.lab.study_to_compare = self.lab.study_to_compare, ""
        marks = self.lab.marked if self.lab.marked != self._marks else ()
        self._marks = self.lab.marked
        if study:
            self.compare(Subject(study=study))
        elif asked or marks:
            self.compare(Subject(runs=asked or marks))
        elif self.subject == Subject() and not self._asked:
            self._asked = True
            self.action_another()
        self._watching = self.watched()
        super().on_screen_resume()

    def begin(
        self, work: Callable[[], Coroutine[None, None, None]], group: str, *, exclusive: bool = False
    ) -> Worker[None]:
        """Start something; of what is exclusive the newest alone goes on."""
        return self.run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)

    def compare(self, subject: Subject) -> None:
        """Show these side by side."""
        if subject != self.subject:
            self.subject, self.found, self.drawn = subject, None, []
            self.histories = {}
            self.query_one("#head", Static).update(" reading...")
        self.look()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        if self.is_mounted:
            self.look()

    def look(self) -> None:
        """Read what is compared, in a thread; what is shown follows when something is different."""
        if self.subject == Subject():
            return
        if self._looking:
            self._stale = True
            return
        self._looking = True
        self.begin(self._look, "look")

    def action_report(self) -> None:
        """Write up what is shown, in a process; where the file is and how to fetch it is said."""
        subject, home = self.subject, self.lab.home

        def work() -> None:
            from labapp.charts.points import said
            from labapp.compare.writing import write_report

            self.app.post_message(Done(said(write_report(home, subject)), lasting=True))

        self.post_message(Done("the report is being written"))
        self.lab.in_thread(work)

    async def _look(self) -> None:
        try:
            self._gatherer = self._gatherer or Gatherer(self.lab.home)
            found = await asyncio.to_thread(self._gatherer.gather, self.subject)
            if self.is_mounted and found.subject == self.subject and (not self.found or found.mark != self.found.mark):
                self._take(found)
        except Exception as error:  # a fault of ours is said, and is not the end of the screen
            self.lab.fault(error, "these cannot be compared")
        finally:
            self._looking = False
        if self._stale and self.is_mounted:
            self._stale = False
            self.look()

    def _take(self, found: Gathered) -> None:
        before, self.found = self.found, found
        comparison = found.comparison
        if comparison is None:
            self._say_nothing(found.problem)
            return
        self.set_class(False, "wordy")
        splits = comparison.splits
        split = self.wanted.split if self.wanted.split in splits else splits[-1] if splits else ""
        metrics = comparison.metrics(split)
        fresh = before is None or before.comparison is None
        metric = comparison.metric if fresh or self.wanted.metric not in metrics else self.wanted.metric
        metric = metric if metric in metrics or not metrics else metrics[0]
        follows = fresh or self.wanted.sort not in (*metrics, NAME, SECONDS)
        self.wanted = replace(
            self.wanted, split=split, metric=metric, sort=metric if follows else self.wanted.sort,
            worst_first=self.wanted.worst_first and not fresh,
        )  # fmt: skip
        labels = [row.label for row in comparison.sorted_by(split, self.wanted.sort).rows]
        self.drawn = [label for label in self.drawn if label in labels] or labels[:FIRST]
        self.show()
        self.watch_drawn()

    def _say_nothing(self, problem: str = "") -> None:
        """What to do when there is nothing to compare."""
        self.set_class(True, "wordy")
        self.query_one("#words", Static).update(Text(f"{tidy(problem)}\n\n{NOTHING}" if problem else EMPTY))
        self.query_one("#head", Static).update("")

    # -- what is shown

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 12, "low")
        self._arrange()
        self.show()

    def show(self) -> None:
        """Bring everything up to date with what was found and how it is looked at."""
        if not self.is_mounted or self.found is None or self.comparison is None:
            return
        laid = self.laid()
        table = self.table
        table.show(laid.lines, laid.columns)
        room = max(4, self.size.height // 2 - 3)
        table.styles.height = min(len(laid.lines) + 1, room) if self.view == BOTH else "1fr"
        head = head_line(self.found, self.wanted, self.differing, laid.left_out)
        self.query_one("#head", Static).update(head, layout=False)
        words = [*laid.legend, *(f"! {each}" for each in self.found.cautions)]
        self.query_one("#legend", Static).update(Text("\n".join(map(tidy, words))))
        self._say_about()
        self.draw()

    def laid(self) -> Laid:
        """The table as it is now."""
        assert self.comparison is not None
        if self.differing:
            return what_differs(self.comparison, self.wanted, self.slots)
        width = self.size.width - 1
        return numbers(self.comparison, self.wanted, width, self.slots, ascii=self.lab.ascii)

    @property
    def slots(self) -> dict[str, int]:
        """Colours by row: a row keeps its own however they are sorted."""
        rows = self.comparison.rows if self.comparison else ()
        return {row.label: place for place, row in enumerate(rows) if row.label in self.drawn}

    def _say_about(self) -> None:
        comparison = self.comparison
        line = self.table.line
        row = next((row for row in comparison.rows if line and row.label == line.key), None) if comparison else None
        text = Text("\n".join(map(tidy, about_row(row, self.wanted.split, self.wanted.metric)))) if row else Text("")
        self.query_one("#about", Static).update(text)

    @on(Table.Moved)
    def _moved(self) -> None:
        self._say_about()

    # -- curves

    def watched(self) -> frozenset[str]:
        return frozenset(run for each in self._rows_drawn() for run in each.runs)

    def _rows_drawn(self) -> list[Drawn]:
        comparison = self.comparison
        slots = self.slots
        rows = comparison.rows if comparison else ()
        return [Drawn(row.label, slots[row.label], row.runs) for row in rows if row.label in slots]

    def take_curves(self, histories: Mapping[str, History]) -> None:
        self.histories = histories
        self.draw()

    def draw(self) -> None:
        """Means over seeds are worked out in a thread; the newest wish wins."""
        if not self.is_mounted or self.view == NUMBERS or self.has_class("wordy"):
            return
        self.begin(self._draw, "draw", exclusive=True)

    async def _draw(self) -> None:
        split = self.wanted.split if self.wanted.split in ("train", "val") else "val"
        rows, metric = self._rows_drawn(), self.wanted.metric
        try:
            curves = await asyncio.to_thread(curves_of, rows, self.histories, split, metric)
        except Exception as error:
            self.lab.fault(error, "the curves cannot be drawn")
            return
        several = any(curve.band for curve in curves)
        what = (
            f"{metric} while training" if split == "train" else f"{split} {metric}"
        )  # not what the table has at the end
        self.chart.title = what + (" (mean and spread of seeds)" if several else "")
        self.chart.show(curves)

    # -- actions

    def action_another(self) -> None:
        """Choose what to compare: studies are looked for in a thread."""
        self.begin(self._choose, "choose", exclusive=True)

    async def _choose(self) -> None:
        try:
            self._gatherer = self._gatherer or Gatherer(self.lab.home)
            studies = await asyncio.to_thread(self._gatherer.launched)
        except Exception as error:
            self.lab.fault(error, "the studies cannot be listed")
            return
        marks = self.lab.marked
        choices = {MARKED: f"{MARKED} ({len(marks)})"} if marks else {}
        choices |= {name: tidy(words) for name, words in studies.items()}
        if not choices:
            if self.subject != Subject():
                self.post_message(Done("no study was launched here, and no run is marked in Runs"))
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self.compare(Subject(runs=marks) if name == MARKED else Subject(study=name))

        await self.app.push_screen(Pick("What to compare?", choices, self.subject.study or MARKED), chosen)
