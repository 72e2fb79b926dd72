"""Runs, the home: the list on the left, the curves of the selected and marked runs, what the selected one does now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Input, Static

from engine.errors import LabError
from labapp.actions import RUNS
from labapp.charts.sparkline import sparkline
from labapp.live.curves import curves
from labapp.live.now import now_line, study_line
from labapp.live.rows import STATUS_ORDER, RunRow
from labapp.messages import Snapshot
from labapp.output import clean, number
from labapp.screens.base import bindings_of, chart_bindings
from labapp.screens.runs_keys import SLOTS, RunsKeys
from labapp.screens.settling import Settling
from labapp.widgets.chart import Chart
from labapp.widgets.run_list import RunList
from labapp.widgets.welcome import Welcome
from sessions.run.history import History
from sessions.run.query import Query

WIDE = 100  # columns from which the charts stand beside the list
CHART_LINES = 10  # from so many that the list leaves, one chart stands below it
OTHER_LINES = 4  # of the screen: the top, the counts, the line of now, the keys
LONGEST_SPARK = 10_000  # values


class RunsScreen(RunsKeys):
    """All runs."""

    where = RUNS
    AUTO_FOCUS = "RunList"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(RUNS),
        *chart_bindings(),
        Binding("escape", "leave_filter", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.settling = Settling(self)
        self.histories: Mapping[str, History] = {}
        self.metric = ""  # chosen; "" = what the selected run is judged by
        self.away = ""
        self._fetching: frozenset[str] = frozenset()  # the runs whose curves were asked for
        self._looked_around = False  # whether the cursor was put somewhere after all runs had been read
        self.awaited = ""  # a run or a study just launched: the cursor goes there when it is shown

    def content(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Static(id="counts", markup=False)
                yield RunList(id="list")
                yield Welcome()
                yield Static(id="spark", markup=False)
            with Container(id="charts"):
                yield Chart(id="main")
                with Horizontal(id="below"):
                    yield Chart("loss", id="loss")
                    yield Chart("speed", id="speed")
        yield Static(id="now", markup=False)
        yield Input(placeholder="words, task:images status:running accuracy:.9.. not:draft", id="filter")

    def on_mount(self) -> None:
        state, runs = self.lab.state, self.runs
        runs.set_reactive(RunList.columns, state.columns)
        runs.set_reactive(RunList.sort_column, state.sort)
        runs.set_reactive(RunList.reversed, state.reverse)
        runs.set_reactive(RunList.group_by, state.group)
        runs.unfolded = list(state.unfolded)
        self.query_one("#filter", Input).display = False
        self.query_one(Welcome).display = False
        self.query_one("#counts", Static).update("reading the runs...")
        self.watch(self.runs, "virtual_size", self.make_room, init=False)

    @property
    def runs(self) -> RunList:
        return self.query_one("#list", RunList)

    @property
    def charts(self) -> list[Chart]:
        """Those that are shown."""
        if self.has_class("wide"):
            return list(self.query(Chart))
        return [self.query_one("#main", Chart)] if self.has_class("under") else []

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 12, "low")
        self.make_room()

    def make_room(self) -> None:
        """Where the charts stand: beside the list; one of them under a list that leaves room for it; nowhere."""
        before = self.charts
        (width, height), lines = self.size, self.runs.virtual_size.height
        wide = width >= WIDE
        under = not wide and not self.has_class("empty") and height - OTHER_LINES - lines >= CHART_LINES
        self.set_class(wide, "wide")
        self.set_class(under, "under")
        self.runs.styles.height = lines if under else None
        if before != self.charts:
            self.draw()

    # -- what is shown

    def take_snapshot(self, snapshot: Snapshot) -> None:
        if not self.is_mounted:
            return
        empty = snapshot.complete and snapshot.total == 0 and not snapshot.problem
        if empty != self.query_one(Welcome).display:
            self.query_one(Welcome).display, self.runs.display = empty, not empty
            (self.query_one(Welcome) if empty else self.runs).focus()
        if empty != self.has_class("empty"):
            self.set_class(empty, "empty")
            self.make_room()
        if snapshot.complete and not snapshot.problem:
            self.runs.forget(snapshot.ids)
        self.runs.show(snapshot.rows, snapshot.studies)
        if self.awaited and snapshot.row(self.awaited):
            self.runs.select(self.awaited)
            self.awaited = ""
        elif any(study.id == self.awaited for study in snapshot.studies):
            self.runs.select_study(self.awaited)
            self.awaited = ""
        self._count(snapshot)
        self._say_now()
        if not snapshot.rows:
            self.draw()  # what the filter hides has no curve

    def select_when_shown(self, which: str) -> None:
        """Put the cursor on a run or a study as soon as it is in the list."""
        self.awaited = which
        self.take_snapshot(self.lab.snapshot)

    def take_curves(self, histories: Mapping[str, History]) -> None:
        self.histories = histories
        self.draw()

    def take_away(self, sentence: str) -> None:
        self.away = sentence
        self._count(self.lab.snapshot)

    def _count(self, snapshot: Snapshot) -> None:
        self.lab.marked = tuple(self.runs.marks)
        self.say_keys()
        if snapshot.problem:
            words = snapshot.problem
        elif not snapshot.complete and not snapshot.rows:
            words = "reading the runs..."
        elif not snapshot.complete:
            words = f"the newest {len(snapshot.rows)} runs; reading the others..."
        else:
            count = {row.status: 0 for row in snapshot.rows}
            for row in snapshot.rows:
                count[row.status] += 1
            words = "  ".join(f"{count[name]} {name}" for name in STATUS_ORDER if name in count)
            if not snapshot.rows:
                words = (
                    f"none of {snapshot.total} runs matches (/ changes the filter)" if snapshot.total else "no run yet"
                )
            elif len(snapshot.rows) != snapshot.total:
                words += f"  of {snapshot.total} (/ changes the filter)"
        text = Text(clean(words), no_wrap=True, overflow="ellipsis")
        if self.away:
            text = Text(self.away + "  ", style="bold", no_wrap=True, overflow="ellipsis").append_text(text)
        if self.runs.marks:
            text.append(f"  {len(self.runs.marks)} marked", "bold")
        self.query_one("#counts", Static).update(text, layout=False)

    def watched(self) -> frozenset[str]:
        return frozenset(self.slots()) if self.is_mounted else frozenset()

    def shown(self) -> list[RunRow]:
        """The runs whose curves are shown, in the order of their colours."""
        slots, rows = self.slots(), {row.id: row for row in self.lab.snapshot.rows}
        return [rows[run_id] for run_id in sorted(slots, key=lambda run_id: slots[run_id]) if run_id in rows]

    def slots(self) -> dict[str, int]:
        """Colours: the marked runs keep theirs; the one under the cursor has the first that is free. On a study, and
        nothing marked, its first runs."""
        taken, study = dict(self.runs.marks), self.runs.study
        if not taken and study is not None:
            return {row.id: number for number, row in enumerate(self.runs.runs_of(study)[:SLOTS])}
        if self.runs.selected and self.runs.selected not in taken:
            free = (slot for slot in range(SLOTS + 1) if slot not in taken.values())
            taken[self.runs.selected] = next(free)
        return taken

    def draw(self) -> None:
        """Bring the charts up to date; where there is no room for them, the line of the selected run."""
        if not self.is_mounted:
            return
        rows, slots = self.shown(), self.slots()
        selected = self.runs.row or (rows[-1] if rows else None)
        metric = self.metric or (selected.monitor if selected else "")
        if not self.charts:
            self._draw_spark(None if self.runs.study else selected, metric)
            return
        main, loss, speed = (self.query_one(f"#{name}", Chart) for name in ("main", "loss", "speed"))
        alone = len(rows) == 1  # there is room for both splits, and in the first epoch there is only one
        main.title = f"{'' if alone else 'val '}{metric}" if metric else "no run is selected"
        main.show(curves(rows, self.histories, slots, metric, ("val", "train") if alone else ("val",)))
        if not self.has_class("wide"):
            return
        loss.title = "loss"
        loss.show(curves(rows, self.histories, slots, "loss", ("train", "val")))
        speed.title = "examples/s"
        speed.show(curves(rows, self.histories, slots, "throughput", ("train",), best=False))

    def _draw_spark(self, row: RunRow | None, metric: str) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        history = self.histories.get(row.id) if row else None
        candidates = (("val", metric), ("train", metric), ("train", "loss"))  # before the first validation the others
        found = next((each for each in candidates if history and each in history.series), None)
        series = history.series[found] if history and found else None
        if row and found and series and len(series.values):
            room = max(8, self.size.width - 34)
            text.append(f" {' '.join(found)} ", "dim")
            text.append(sparkline(list(series.values[-LONGEST_SPARK:]), room, self.lab.ascii))
            text.append(f" {number(series.values[-1])}", "bold")
            if row.best is not None and found == ("val", row.monitor):
                text.append(f" best {number(row.best)}", "dim")
        self.query_one("#spark", Static).update(text, layout=False)

    def _say_now(self) -> None:
        row, study = self.runs.row, self.runs.study
        if study is not None:
            said = study_line(study, len(study.cells) - len(self.runs.runs_of(study)))
        else:
            said = now_line(row, time.time()) if row else Text()
        self.query_one("#now", Static).update(said, layout=False)

    # -- what happens

    @on(RunList.Selected)
    def _selected(self) -> None:
        if self.away and self.lab.snapshot.complete and self._looked_around:
            self.away = ""  # somebody moved: it has been read
            self._count(self.lab.snapshot)
        self._looked_around = self.lab.snapshot.complete
        self.say_keys()
        self._say_now()
        self.settling.later("curves", self._fetch)

    def _fetch(self) -> None:
        """Ask for the curves of what is selected and marked now; they are drawn when they come."""
        if self.is_current and self.watched() != self._fetching:
            self._fetching = self.watched()
            self.lab.watcher.watch(self._fetching)
        else:
            self.draw()

    def on_screen_resume(self) -> None:
        self._fetching = self.watched()
        super().on_screen_resume()

    @on(RunList.Turned)
    def _turned(self, message: RunList.Turned) -> None:
        self.turn(message.study_id)

    @on(RunList.Opened)
    def _opened(self, message: RunList.Opened) -> None:
        self.lab.open_run(message.run_id)

    @on(Chart.ViewChanged)
    def _view_changed(self, message: Chart.ViewChanged) -> None:
        """All charts of a screen share the x axis, the window, the smoothing and the cursor; log is each one's own."""
        for chart in self.charts:
            if chart is not message.chart:
                chart.follow(message.view)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, message: Input.Changed) -> None:
        try:
            words = message.value.split()
            self.lab.watcher.filter(Query.parse(words) if words else None)
            self.query_one("#filter").remove_class("wrong")
        except LabError as error:  # half typed as well
            self.query_one("#filter").add_class("wrong")
            self.query_one("#counts", Static).update(Text(clean(f"{error.title}: {error.expected or error.hint}")))

    @on(Input.Submitted, "#filter")
    def _filter_taken(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = bool(box.value)
        self.runs.focus()
