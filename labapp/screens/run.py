"""One run: how it goes, and everything known of it in tabs. Each tab is built when it is first shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Static

from labapp.actions import RUN
from labapp.live.rows import RunRow, row_of
from labapp.messages import Snapshot
from labapp.output import clean
from labapp.screens.base import LabScreen, bindings_of, chart_bindings
from labapp.screens.run_tabs.artifacts import ArtifactsPane
from labapp.screens.run_tabs.charts import ChartsPane
from labapp.screens.run_tabs.config import ConfigPane
from labapp.screens.run_tabs.features import FeaturesPane
from labapp.screens.run_tabs.head import head
from labapp.screens.run_tabs.log import LogPane
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.screens.run_tabs.report import ReportPane
from labapp.screens.run_tabs.trouble import TroublePane
from labapp.widgets.tabs import TabLine
from sessions.run.history import History
from sessions.run.records import EVENTS, Record, RecordCache
from sessions.run.runs import Run
from sessions.run.status import Status, derive

ERROR = "Error"
TABS: dict[str, type[Pane]] = {
    ERROR: TroublePane,
    "Charts": ChartsPane,
    "Report": ReportPane,
    "Features": FeaturesPane,
    "Config": ConfigPane,
    "Log": LogPane,
    "Artifacts": ArtifactsPane,
}
LOOK_EVERY = 1.0  # seconds between looks at the run's files
SLOW_LOOK = 2.0  # on a slow line


class RunScreen(LabScreen):
    """Watches its run's files itself: the list may be filtered, or the run be gone."""

    where = RUN
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(RUN),
        *chart_bindings(),
        Binding("escape", "leave", show=False),
    ]
    DEFAULT_CSS = """
    RunScreen {
        & > #head { height: auto; max-height: 3; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #panes { height: 1fr; }
    }
    """

    def __init__(self, run_id: str):
        super().__init__()
        self.run_id = run_id
        self.seen: Seen | None = None
        self.history: History | None = None
        self.tab = ""
        self.panes: dict[str, Pane] = {}
        self._records = RecordCache()
        self._looking = False
        self._own_history: History | None = None

    def content(self) -> ComposeResult:
        yield Static(" reading the run...", id="head", markup=False)
        yield TabLine(id="tabs")
        yield ContentSwitcher(id="panes")

    def on_mount(self) -> None:
        self.set_interval(SLOW_LOOK if self.lab.face.low_bandwidth else LOOK_EVERY, self.look)
        self.look()

    # -- what is known of the run

    def watched(self) -> frozenset[str]:
        return frozenset({self.run_id})

    def take_snapshot(self, snapshot: Snapshot) -> None:
        if self.is_mounted:
            self.look()

    def take_curves(self, histories: Mapping[str, History]) -> None:
        history = histories.get(self.run_id)
        if history is None:
            return
        self.history = history
        pane = self.pane
        if pane is not None:
            pane.take_history(history)

    def on_resize(self) -> None:
        if self.is_mounted:
            self._say_head()

    def look(self) -> None:
        """Look at the run's files in a thread; what is shown follows when something is different."""
        if self._looking or not self.is_mounted or not self.is_active:
            return
        self._looking = True
        self.run_worker(self._look(), group="look", exit_on_error=False)
        pane = self.pane
        if pane is not None:
            pane.look()

    async def _look(self) -> None:
        try:
            record, status = await asyncio.to_thread(self._read)
            before = self.seen
            if record.gone and before is not None:
                if not before.gone:
                    await self._take(replace(before, status=status, gone=True))
                return
            row = await self._row(record, status)
            seen = Seen(record, status, row, self._problems(record), record.gone)
            if before is None or seen.record is not before.record or replace(seen, record=before.record) != before:
                await self._take(seen)
        except Exception as error:  # a fault of ours is said, and is not the end of the screen
            self.lab.fault(error, "this screen cannot show everything")
        finally:
            self._looking = False

    def _read(self) -> tuple[Record, Status]:
        """In a thread. The record is the one known, as long as nothing in it is different."""
        record = self._records.read(self.lab.home.runs / self.run_id)
        if self.seen is not None and record == self.seen.record:
            record = self.seen.record
        return record, derive(record)

    async def _row(self, record: Record, status: Status) -> RunRow:
        """The list's row of it, else one of our own: it may be hidden by the filter, or not be there any more."""
        row = self.lab.snapshot.row(self.run_id)
        if row is not None and row.status == status.name:
            return row
        known = self.history
        if known is None:
            self._own_history = self._own_history or History(record.path / EVENTS)
        history = known or self._own_history
        assert history is not None
        return await asyncio.to_thread(row_of, Run(record, status, history, known is not None))

    def _problems(self, record: Record) -> tuple[str, ...]:
        found = list(record.problems)
        if self.history is not None and self.history.garbage:
            found.append(f"{record.path / EVENTS}: {self.history.garbage} damaged lines passed over: nothing to do")
        return tuple(clean(problem.replace(f"{record.path}/", "")) for problem in found)

    async def _take(self, seen: Seen) -> None:
        before, self.seen = self.seen, seen
        self._say_head()
        self.say_keys()
        failed_now = before is not None and seen.troubled and not before.troubled
        if failed_now or self.tab not in self.tabs:
            await self.show_tab(ERROR if seen.troubled else "Charts")
        else:
            self._say_tabs()
        if self.pane is not None:
            self.pane.take(seen)

    def _say_head(self) -> None:
        if self.seen is not None:
            colours, ascii = self.app.get_css_variables(), self.lab.ascii
            told = head(self.seen, time.time(), self.size.width, colours, ascii=ascii)
            self.query_one("#head", Static).update(told)

    # -- tabs

    @property
    def tabs(self) -> tuple[str, ...]:
        """The error's is there when there is an error."""
        troubled = self.seen is not None and (self.seen.troubled or bool(self.seen.problems))
        return tuple(name for name in TABS if name != ERROR or troubled)

    @property
    def pane(self) -> Pane | None:
        """What is shown of the run now."""
        return self.panes.get(self.tab)

    async def show_tab(self, name: str) -> Pane | None:
        """Show a tab; it is built when it is shown for the first time."""
        if name != self.tab and name in self.tabs:
            self.tab = name
            self._say_tabs()
            switcher, pane = self.query_one("#panes", ContentSwitcher), self.panes.get(name)
            if pane is None:
                pane = TABS[name](id=f"pane-{name.lower()}")
                await switcher.add_content(pane)
                self.panes[name] = pane
            if self.tab == name:  # nobody was faster
                switcher.current = pane.id
                self._tell(pane)
                pane.arrive()
        return self.pane

    def _tell(self, pane: Pane) -> None:
        """What it missed while it was not shown."""
        if self.seen is not None:
            pane.take(self.seen)
        if self.history is not None:
            pane.take_history(self.history)
        pane.look()

    def _say_tabs(self) -> None:
        self.query_one(TabLine).show(self.tabs, self.tab, frozenset({ERROR}))

    @on(TabLine.Chosen)
    async def _tab_chosen(self, event: TabLine.Chosen) -> None:
        await self.show_tab(event.name)

    async def action_next_tab(self) -> None:
        await self._turn(1)

    async def action_previous_tab(self) -> None:
        await self._turn(-1)

    async def _turn(self, by: int) -> None:
        names = self.tabs
        if self.tab in names:
            await self.show_tab(names[(names.index(self.tab) + by) % len(names)])

    # -- actions

    def meant(self) -> list[RunRow]:
        return [self.seen.row] if self.seen is not None and not self.seen.gone else []

    def action_again(self) -> None:
        if self.targets():
            self.lab.new_from(self.run_id)

    def action_try_out(self) -> None:
        for row in self.targets():
            self.lab.try_out(row)

    def action_copy(self) -> None:
        pane = self.pane
        line = pane.to_copy() if isinstance(pane, ArtifactsPane) else ""
        if line:
            self.lab.copy(line)
        else:
            super().action_copy()

    async def action_metric(self) -> None:
        shown = self.tab == "Charts"
        pane = await self.show_tab("Charts")
        if shown and isinstance(pane, ChartsPane):
            pane.next_metric()

    async def action_search(self) -> None:
        pane = await self.show_tab("Log")
        if isinstance(pane, LogPane):
            pane.search()

    async def action_next_match(self) -> None:
        pane = await self.show_tab("Log")
        if isinstance(pane, LogPane):
            pane.next_match()

    async def action_next_error(self) -> None:
        await self._in_report(ReportPane.next_error)

    async def action_split(self) -> None:
        await self._in_report(ReportPane.next_split)

    async def action_order(self) -> None:
        await self._in_report(ReportPane.toggle_order)

    async def action_view(self) -> None:
        await self._in_report(ReportPane.toggle_view)

    async def _in_report(self, action: Callable[[ReportPane], object]) -> None:
        pane = await self.show_tab("Report")
        if isinstance(pane, ReportPane):
            action(pane)

    async def action_leave(self) -> None:
        """Escape: out of the search, else back to where one came from."""
        pane = self.pane
        if not (isinstance(pane, LogPane) and pane.leave()):
            await self.app.run_action("app.back")
