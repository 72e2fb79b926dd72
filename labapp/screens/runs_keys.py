"""The keys of the Runs screen: what is marked, opened, acted on, and how the list is ordered.

On a study a key acts on its runs that the filter shows, and asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from labapp.cycle import after
from labapp.live.curves import metrics_of
from labapp.live.rows import BY_NAME, COLUMNS, GROUPS, RunRow
from labapp.live.studies import StudyRow
from labapp.messages import Done
from labapp.screens.base import LabScreen
from labapp.widgets.dialogs import Choose
from labapp.widgets.run_lines import FLAT
from sessions.run.status import ALIVE, RESUMABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labapp.messages import Snapshot
    from labapp.widgets.run_list import RunList
    from sessions.run.history import History

SLOTS = 8  # runs whose curves can be told apart
ENDED = RESUMABLE | {"finished"}
# What is asked when a key acts on a study, and which of its runs it is for.
OF_A_STUDY = {
    "stopping": ("Stop {}", ALIVE),
    "pausing": ("Pause {}", ALIVE),
    "resuming": ("Resume {}", RESUMABLE),
    "killed": ("Kill {}", ALIVE),
    "in the trash:": ("Move {} to the trash", ENDED),
}


class RunsKeys(LabScreen):
    """The actions, for a screen that has a list of runs."""

    histories: Mapping[str, History]
    metric: str
    away: str

    if TYPE_CHECKING:

        @property
        def runs(self) -> RunList: ...
        def shown(self) -> list[RunRow]: ...
        def draw(self) -> None: ...
        def _count(self, snapshot: Snapshot) -> None: ...
        def _fetch(self) -> None: ...

    def meant(self) -> list[RunRow]:
        """The marked runs, else those of the study under the cursor, else the run there."""
        if self.runs.marks:
            rows = {row.id: row for row in self.lab.snapshot.rows}
            return [rows[run_id] for run_id in self.runs.marks if run_id in rows]
        if self.runs.study is not None:
            return self.runs.runs_of(self.runs.study)
        return [self.runs.row] if self.runs.row else []

    def targets(self) -> list[RunRow]:
        found = self.meant()
        if self.runs.marks and not found:
            self.post_message(Done("the marked runs are hidden by the filter: escape takes it away, u the marks"))
        return found

    def study_meant(self) -> StudyRow | None:
        """The study that keys act on: no run is marked, and the cursor is on it."""
        return None if self.runs.marks else self.runs.study

    def act(
        self, verb: str, action: Callable[[Any, Any], object], *, question: str = "", hint: str = "",
        rows: Sequence[RunRow] | None = None,
    ) -> None:  # fmt: skip
        study = self.study_meant()
        if study is not None and rows is None and verb in OF_A_STUDY:
            asked, fitting = OF_A_STUDY[verb]
            rows = [row for row in self.targets() if row.status in fitting]
            if not rows:
                self.post_message(Done(f"no run of {study.title}: it is {study.status}, {study.done} finished"))
                return
            name = study.title.replace("{", "{{").replace("}", "}}")
            of = "all" if len(rows) == study.total else f"{len(rows)} of {study.total}"
            question = f"{asked}, {of} of the study {name}?"
        super().act(verb, action, question=question, hint=hint, rows=rows)

    # -- studies

    def action_fold(self) -> None:
        """Unfold the study under the cursor, or fold the one it is in."""
        study = self.runs.around
        if study is None:
            self.post_message(Done("no study is here; labapp study, or n and then F4, launches one"))
            return
        self.turn(study.id)

    def turn(self, study_id: str) -> None:
        self.runs.turn(study_id)
        self.lab.state.unfolded = tuple(self.runs.unfolded)

    def _mark_study(self, study: StudyRow) -> None:
        """Its runs, as many as can be told apart; all marked already: none of them."""
        ids = [row.id for row in self.runs.runs_of(study)]
        if all(run_id in self.runs.marks for run_id in ids):
            for run_id in ids:
                self.runs.toggle_mark(run_id, SLOTS)
            return
        fits = [self.runs.toggle_mark(run_id, SLOTS) for run_id in ids if run_id not in self.runs.marks]
        if not all(fits):
            told = f"{sum(fits)} of {len(fits)} are marked: {SLOTS} runs can be told apart"
            self.post_message(Done(f"{told}; u takes all marks away"))

    # -- runs

    def action_open(self) -> None:
        """A run; a study is unfolded, or folded."""
        if self.runs.study is not None:
            self.turn(self.runs.study.id)
        elif self.runs.row:
            self.lab.open_run(self.runs.row.id)

    def action_mark(self) -> None:
        if self.runs.study is not None:
            self._mark_study(self.runs.study)
        elif self.runs.row is None:
            return
        elif not self.runs.toggle_mark(self.runs.row.id, SLOTS):
            self.post_message(Done(f"{SLOTS} runs can be told apart; u takes all marks away"))
        self._count(self.lab.snapshot)
        self.draw()
        self._fetch()

    def action_unmark_all(self) -> None:
        self.runs.marks.clear()
        self.runs.refresh()
        self._count(self.lab.snapshot)
        self.draw()
        self._fetch()

    def action_try_out(self) -> None:
        if self.runs.row:
            self.lab.try_out(self.runs.row)

    def action_compare(self) -> None:
        """The runs meant; of a study its cells, with all its runs."""
        study = self.study_meant()
        if study is not None:
            self.lab.compare_study(study.id)
        elif rows := self.targets():
            self.lab.compare([row.id for row in rows])

    def action_new(self) -> None:
        self.lab.action_go("new")

    def action_again(self) -> None:
        if self.runs.study is not None:
            self.lab.new_study(self.runs.study.id)
        elif self.runs.row:
            self.lab.new_from(self.runs.row.id)

    def action_label(self) -> None:
        if self.study_meant() is not None:
            self.post_message(Done("a study has the name it was launched with: labapp study NAME --as ANOTHER"))
        else:
            super().action_label()

    def action_copy(self) -> None:
        study = self.study_meant()
        if study is not None:
            self.lab.copy(study.id)
        else:
            super().action_copy()

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def action_leave_filter(self) -> None:
        """Escape takes the filter away; without one, the message of what ended meanwhile, then the marks."""
        box = self.query_one("#filter", Input)
        if box.display:
            box.value = ""
            box.display = False
            self.runs.focus()
        elif self.away:
            self.away = ""
            self._count(self.lab.snapshot)
        else:
            self.action_unmark_all()

    def action_sort(self) -> None:
        names = [name for name in (*self.runs.columns, "created") if name in BY_NAME]
        names = list(dict.fromkeys(names))
        here = names.index(self.runs.sort_column) if self.runs.sort_column in names else -1
        self.runs.sort_column = names[(here + 1) % len(names)]
        self._remember(f"sorted by {BY_NAME[self.runs.sort_column].header}")

    def action_reverse(self) -> None:
        self.runs.reversed = not self.runs.reversed
        self._remember("")

    def action_group(self) -> None:
        groups = [each for each in GROUPS if each != FLAT or self.lab.snapshot.studies]
        here = groups.index(self.runs.group_by) if self.runs.group_by in groups else -1
        now = self.runs.group_by = groups[(here + 1) % len(groups)]
        plain = "studies together" if self.lab.snapshot.studies else "not grouped"
        self._remember({"": plain, FLAT: "not grouped"}.get(now, f"grouped by {now}"))

    def action_columns(self) -> None:
        def chosen(names: list[str] | None) -> None:
            if names:
                self.runs.columns = tuple(names)
                self._remember("")

        titles = {column.name: column.header for column in COLUMNS}
        self.app.push_screen(Choose("Columns", titles, self.runs.columns), chosen)

    def _remember(self, words: str) -> None:
        state, runs = self.lab.state, self.runs
        state.columns, state.sort, state.reverse, state.group = (
            runs.columns, runs.sort_column, runs.reversed, runs.group_by,
        )  # fmt: skip
        if words:
            self.post_message(Done(words))

    def action_metric(self) -> None:
        names = metrics_of([self.histories[row.id] for row in self.shown() if row.id in self.histories])
        if names:
            here = self.metric or (self.runs.row.monitor if self.runs.row else "")
            self.metric = after(here, names)
            self.draw()

    def action_earlier(self) -> None:
        self._move("up")

    def action_later(self) -> None:
        self._move("down")

    def _move(self, where: Any) -> None:
        from sessions import control

        rows = sorted(self.targets(), key=lambda row: row.place, reverse=where == "down")  # no two change places
        if self.study_meant() is not None:
            rows = [row for row in rows if row.place]
        self.act("moved", lambda store, run: control.move(store, run.id, where), rows=rows)
