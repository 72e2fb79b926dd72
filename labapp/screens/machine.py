"""Machine: the GPUs and whose they are, CPU, memory, disk, and the queue with its keys."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Resize

from labapp.actions import MACHINE
from labapp.live.rows import RunRow
from labapp.messages import Done, Snapshot
from labapp.output import clean, duration, one_line
from labapp.screens.base import LabScreen, bindings_of
from labapp.widgets.dialogs import Confirm
from labapp.widgets.meters import Meters
from labapp.widgets.queue_list import Item, QueueList
from sessions.machine.sampler import Machine, place_of
from sessions.queue.process import Overview, Running, Waiting

LEAST_QUEUE = 6  # lines that the queue always has
LEAST_SEEN = 3  # lines of it in the smallest terminal
BARS = 2  # lines at the top and at the foot


class MachineScreen(LabScreen):
    """The machine above, the queue below."""

    where = MACHINE
    AUTO_FOCUS = "QueueList"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(MACHINE)]
    DEFAULT_CSS = """
    MachineScreen {
        & > #above { height: auto; scrollbar-size-vertical: 1; }
        & > #queue { height: 1fr; min-height: 3; border-top: solid $panel; }
        &.low > #queue { border-top: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.machine: Machine | None = None
        self.overview: Overview | None = None
        self.problem = ""
        self._limits = threading.Lock()  # + pressed twice counts twice

    def content(self) -> ComposeResult:
        with VerticalScroll(id="above"):
            yield Meters(id="meters")
        yield QueueList(id="queue")

    @property
    def queue(self) -> QueueList:
        return self.query_one("#queue", QueueList)

    # -- what is shown

    def on_mount(self) -> None:
        self.machine = self.lab.machine
        self.queue.show([Item(words="reading the queue...")])

    def on_screen_resume(self) -> None:
        self.machine = self.lab.machine or self.machine
        super().on_screen_resume()
        self.lab.machine_watch.show(True)

    def on_screen_suspend(self) -> None:
        self.lab.machine_watch.show(False)

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 16, "low")
        self.draw()

    def take_machine(self, machine: Machine) -> None:
        self.machine = machine
        self.draw()

    def take_queue(self, overview: Overview | None, problem: str) -> None:
        self.overview, self.problem = overview or self.overview, problem
        self.draw()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        self.lab.machine_watch.look()
        self.draw()

    def draw(self) -> None:
        """Bring everything up to date; widgets paint only what is different."""
        if not self.is_mounted or not self.is_current:
            return
        rows = {row.id: row for row in self.lab.snapshot.rows}
        overview = self.overview
        if overview is not None or self.problem:
            studies = {cell.run: study.name for study in reversed(self.lab.snapshot.studies) for cell in study.cells}
            self.queue.show(queue_items(overview, rows, self.machine, self.problem, studies))
        lines = max(0, self.size.height - BARS)
        wanted = len(self.queue._items) + (not self.has_class("low"))
        room = max(1, lines - min(max(LEAST_QUEUE, wanted), max(LEAST_QUEUE, lines // 3)))
        above = self.query_one("#above")
        above.display = lines > LEAST_SEEN
        above.styles.max_height = max(1, min(room, lines - LEAST_SEEN))
        runs: dict[str, list[str]] = {}
        for each in overview.running if overview else []:
            runs.setdefault(each.slot, []).append(each.run_id)
        names = {row.id: row.label for row in rows.values()}
        per_cpu = overview.limits.per_cpu if overview else 1
        self.query_one(Meters).show(self.machine, room, runs=runs, names=names, per_cpu=per_cpu)

    # -- what happens

    @on(QueueList.Opened)
    def _opened(self, message: QueueList.Opened) -> None:
        self.lab.open_run(message.item.run_id)

    def targets(self) -> list[RunRow]:
        """The run under the cursor; one that the filter hides, or that is not read yet, by its id alone."""
        item = self.queue.item
        if item is None:
            return []
        row = self.lab.snapshot.row(item.run_id)
        status = "queued" if item.waits else "running"
        return [row or RunRow(item.run_id, "?", "?", "?", "?", status, "", live=not item.waits)]

    def _each(self, verb: str, action: Callable[[Any, Any], object], rows: Sequence[RunRow]) -> None:
        super()._each(verb, action, rows)
        self.lab.machine_watch.look()

    def _job(self) -> Item | None:
        """What is under the cursor, if it is a job."""
        item = self.queue.item
        return item if item and item.job_id else None

    def action_open(self) -> None:
        if item := self.queue.item:
            self.lab.open_run(item.run_id)

    def action_earlier(self) -> None:
        self._move("up")

    def action_later(self) -> None:
        self._move("down")

    def action_first(self) -> None:
        self._move("first")

    def _move(self, to: str) -> None:
        item = self.queue.item
        if item is None:
            self.post_message(Done("the queue is empty"))
        elif not item.waits:
            self.post_message(Done(f"{item.name} does not wait any more"))
        else:
            key = item.key

            def work() -> None:
                from sessions import control

                try:
                    control.move(self.lab.new_store(), key, to)
                finally:
                    self.lab.machine_watch.look()

            self.lab.in_thread(work)

    def action_pause(self) -> None:
        if self._job():
            self.post_message(Done("a job cannot be held; S takes it out"))
        else:
            super().action_pause()

    def action_resume(self) -> None:
        if self._job():
            self.post_message(Done("a job is never held"))
        else:
            super().action_resume()

    def action_stop(self) -> None:
        """A run that goes on is asked to stop, one that waits is taken out; a job has no half-way: it is ended."""
        job = self._job()
        if job is None:
            super().action_stop()
        elif job.waits:
            self._cancel(job)
        else:

            def answered(yes: bool | None) -> None:
                if yes:
                    self._cancel(job)

            self.app.push_screen(
                Confirm(f"End {job.kind} of {job.name} now?", hint="What it has done is lost."), answered
            )

    def _cancel(self, job: Item) -> None:
        def work() -> None:
            from sessions import control

            try:
                found = control.cancel_job(self.lab.new_store(), job.run_id, job.job_id or "")
                self.app.post_message(Done(f"{job.kind} {'taken out' if found else 'had ended already'}"))
            finally:
                self.lab.machine_watch.look()

        self.lab.in_thread(work)

    def action_more_slots(self) -> None:
        self._change_slots(1)

    def action_fewer_slots(self) -> None:
        self._change_slots(-1)

    def _change_slots(self, by: int) -> None:
        """How many at once on each GPU; where there is none, on the CPU."""
        with_gpu = bool(self.machine and self.machine.cards)

        def work() -> None:
            from sessions.queue.limits import MOST, read_limits, set_limits
            from sessions.queue.process import ensure_queue

            home = self.lab.home.ensure().root
            with self._limits:
                now = read_limits(home)
                wanted = (now.per_gpu if with_gpu else now.per_cpu) + by
                if not 1 <= wanted <= MOST:
                    self.app.post_message(Done("one at a time is the least" if by < 0 else f"{MOST} is the most"))
                    return
                set_limits(home, per_gpu=wanted) if with_gpu else set_limits(home, per_cpu=wanted)
            try:
                ensure_queue(home)
            finally:
                self.lab.machine_watch.look()

        self.lab.in_thread(work)


# -- the queue in lines


def queue_items(
    overview: Overview | None, rows: dict[str, RunRow], machine: Machine | None, problem: str,
    studies: Mapping[str, str] | None = None,
) -> list[Item]:  # fmt: skip
    """What goes on, then what waits. `studies`: which one a run belongs to."""
    studies = studies or {}
    items = [Item(words=clean(problem))] if problem else []
    if overview is None:
        return items
    gpus = {card.uuid: place_of(card) for card in machine.cards} if machine else {}
    limits = overview.limits
    at_once = f"{limits.per_gpu} on each GPU, {limits.per_cpu} on the CPU" if gpus else f"{limits.per_cpu} on the CPU"
    items.append(Item(words=f"going on: {len(overview.running)}   (at once: {at_once}; + and - change it)"))
    items += [_running(each, rows.get(each.run_id), gpus, studies) for each in overview.running]
    if overview.waiting:
        items.append(Item(words=f"waiting: {len(overview.waiting)}   (< > F move, P holds, R releases, S takes out)"))
        items += [_waiting(each, rows.get(each.run_id), gpus, studies) for each in overview.waiting]
    else:
        items.append(Item(words="nothing waits", held=True))
    return items


def _running(each: Running, row: RunRow | None, gpus: dict[str, str], studies: Mapping[str, str]) -> Item:
    words = each.status
    if row and not each.job_id:
        words += f" {row.detail}" if row.step == 0 and row.detail else ""
        words += f"  epoch {math.floor(row.epoch + 1e-9)}/{row.epochs}" if row.step and row.epochs else ""
        words += f"  {duration(row.left)} left" if row.left is not None else ""
    return Item(
        each.job_id or each.run_id, each.run_id, each.job_id, "on", gpus.get(each.slot, each.slot or "?")[:12],
        _name(each.run_id, row), one_line(each.kind), one_line(words), trouble=each.status == "stalled",
        study=one_line(studies.get(each.run_id, "")),
    )  # fmt: skip


def _waiting(each: Waiting, row: RunRow | None, gpus: dict[str, str], studies: Mapping[str, str]) -> Item:
    return Item(
        each.key, each.run_id, each.job_id, str(each.place), one_line(gpus.get(each.gpu, each.gpu)),
        _name(each.run_id, row), one_line(each.kind), one_line(each.reason or "starts now"),
        waits=True, held=each.held, study=one_line(studies.get(each.run_id, "")),
    )  # fmt: skip


def _name(run_id: str, row: RunRow | None) -> str:
    return one_line(f"{row.label} ({run_id})" if row and row.title else run_id)
