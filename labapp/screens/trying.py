"""What the screens that use a trained run share: finding such runs, and having one of them chosen."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from labapp.fit import tidy
from labapp.live.rows import RunRow
from labapp.messages import Done, Example, RunsFound, UseRun
from labapp.screens.base import LabScreen
from labapp.widgets.pick import Pick

AGAIN = 5.0  # seconds between looks for a run, while there is none
BEGIN, CHOOSE = "begin", "choose"  # what runs are looked for: to begin with the newest, or to choose one


class Trying(LabScreen):
    """`operation` is what a task's runs must be able to do to be used here."""

    operation: ClassVar[str]
    questions: ClassVar[dict[str, str]]  # by what they are looked for: over the list to choose from
    no_other: ClassVar[str]  # said where there is none
    _looking = False

    def on_mount(self) -> None:
        self.set_interval(AGAIN, lambda: self.take_snapshot(self.lab.snapshot) if self.is_current else None)

    # -- for the screen to fill in

    @property
    def run_id(self) -> str:
        """The run that is used; nothing while there is none."""
        raise NotImplementedError

    def show_run(self, run_id: str) -> None:
        """Use this one."""
        raise NotImplementedError

    def show_none(self) -> None:
        """There is no run that can be used."""
        raise NotImplementedError

    def picked(self, purpose: str, run_id: str) -> None:
        """One was chosen."""
        self.show_run(run_id)

    def picks_from(self, purpose: str, rows: tuple[RunRow, ...]) -> tuple[RunRow, ...]:
        """Those of the runs found that can be chosen."""
        return rows

    # -- finding

    def find_runs(self, purpose: str) -> None:
        """Look for runs that can be used, in a thread."""
        if self._looking:
            return
        self._looking = True

        def work() -> None:
            from labapp.play.runs import usable

            try:
                rows = usable(self.lab.home, self.lab.watcher.rows, self.operation)
                self.post_message(RunsFound(tuple(rows), purpose))
            finally:
                self._looking = False

        self.lab.in_thread(work)

    @on(RunsFound)
    def _runs_found(self, message: RunsFound) -> None:
        message.stop()
        purpose = message.purpose
        rows = message.rows if purpose == BEGIN else self.picks_from(purpose, message.rows)
        if not rows:
            if self.run_id:
                self.post_message(Done(self.no_other))
            else:
                self.show_none()
        elif purpose != BEGIN:
            titles = {row.id: tidy(f"{row.label}   {row.data}   {row.status}   {row.id}") for row in rows}

            def picked(run_id: str | None) -> None:
                if run_id is not None:
                    self.picked(purpose, run_id)

            self.app.push_screen(Pick(self.questions[purpose], titles, self.run_id), picked)
        elif not self.run_id:
            self.show_run(rows[0].id)

    @on(UseRun)
    def _use_run(self, message: UseRun) -> None:
        self.show_run(message.run_id)
        if message.example is not None:
            self.begin_with(message.example)

    def begin_with(self, example: Example) -> None:
        """Look at this one first."""
        raise NotImplementedError

    def row_of(self, run_id: str) -> RunRow | None:
        """What is known of a run."""
        rows = (*self.lab.snapshot.rows, *self.lab.watcher.rows)
        return next((row for row in rows if row.id == run_id), None)

    def action_another(self) -> None:
        self.find_runs(CHOOSE)


def name_of(row: RunRow | None, run_id: str) -> str:
    """A run as a head line names it."""
    if row is None:
        return run_id
    return row.label if row.title else f"{row.label} {run_id}".strip()
