"""The thread that looks at the runs for the app: it posts a message when something changed, and only then."""

from __future__ import annotations

import contextlib
import operator
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from textual.message import Message

from engine.errors import LabError
from labapp.live.rows import RunRow, entitle, row_of
from labapp.live.studies import StudyRow, study_rows
from labapp.messages import CurvesGrew, RunEnded, RunsChanged, Snapshot
from labapp.output import clean
from sessions.process import reap
from sessions.queue.process import ensure_queue, overview, queue_process
from sessions.run.history import History
from sessions.run.query import Query, check_keys
from sessions.run.records import Record
from sessions.run.runs import Run
from sessions.run.status import GOING_ON
from sessions.run.store import Store
from sessions.study.folder import Launched, Studies

LOOK_EVERY = 0.7  # seconds: an event shows within one, and ten live runs cost little
WAKE_EVERY = 3.0  # seconds between looks whether the queue's process lives
FIRST_PORTION = 64  # runs shown before the rest has been read


@dataclass
class Seen:
    """A run as it was last looked at: looked at again only when its record, status or events are others now."""

    record: Record
    state: str
    row: RunRow
    query: Query | None
    fits: bool


class Watcher:
    """Reads the store in a thread of its own. `post` must be safe to call from there."""

    def __init__(self, store: Store, post: Callable[[Message], object], every: float = LOOK_EVERY):
        self.store = store
        self.studies = Studies(store.home)
        self.post = post
        self.every = every
        self._wake = threading.Event()
        self._ending = False
        self._watched: frozenset[str] = frozenset()
        self._query: Query | None = None
        self._seen: dict[str, Seen] = {}
        self._plain: list[RunRow] = []
        self._status: dict[str, str] = {}
        self._woken = float("-inf")
        self.looked = time.monotonic()  # when the last look ended: a disk that does not answer makes it long ago
        self._snapshot: Snapshot | None = None
        self._launched: list[Launched] = []
        self._bound: Query | None = None  # the query, knowing the studies
        self._lengths: dict[str, tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._work, name="labapp-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._wake.set()

    def look(self) -> None:
        """Look now: something was done that will show."""
        self._wake.set()

    def filter(self, query: Query | None) -> None:
        """Show only runs that match."""
        self._query = query
        self._wake.set()

    def watch(self, run_ids: Iterable[str]) -> None:
        """Send the curves of these runs, now and whenever they grow."""
        self._watched = frozenset(run_ids)
        self._lengths = {}
        self._wake.set()

    @property
    def rows(self) -> list[RunRow]:
        """All runs as they were last looked at, newest first, whatever the filter shows. From any thread."""
        return [each.row for each in self._seen.values()]

    # -- in the thread

    def _work(self) -> None:
        while not self._ending:
            begun = time.monotonic()
            try:
                self.turn()
            except LabError as error:
                self._tell_problem(clean(error.got or error.title))
            except Exception as error:  # a watcher that died would leave a screen that looks true and is not
                self._tell_problem(clean(repr(error)))
            self.looked = time.monotonic()
            spent = self.looked - begun
            self._wake.wait(max(self.every, 4 * spent))  # thousands of runs: never more than a fifth of a core
            self._wake.clear()

    def turn(self) -> None:
        """Look at every run once and tell what is new."""
        reap()
        if self._snapshot is None:
            self._first_portion()
        runs, launched = self.store.all(), self.studies.all()
        query = self._knowing(launched)
        problem = self._problem_of(query, runs)
        seen = [self._look_at(run, None if problem else query) for run in runs]
        self._tell_places(seen)
        self._seen = {each.row.id: each for each in seen}
        self._tell_ends([each.row for each in seen])
        rows = [each.row for each in seen if each.fits]
        groups = self._studies_of({each.row.id: each.row for each in seen}) if launched else ()
        self._tell(Snapshot(self._entitled(rows), len(runs), frozenset(self._seen), True, problem, groups))
        self._tell_curves(set(self._seen))

    def _knowing(self, launched: list[Launched]) -> Query | None:
        """The query as it was, or, when a study is another one now, one that knows it."""
        query, asks = self._query, self._query is not None and any(term.key == "study" for term in self._query.terms)
        same = len(launched) == len(self._launched) and all(map(operator.is_, launched, self._launched))
        self._launched = launched
        if query is None or not asks:
            self._bound = query
        elif self._bound is None or self._bound.terms is not query.terms or not same:
            self._bound = query.within(self.studies.names())
        return self._bound

    def _studies_of(self, rows: dict[str, RunRow]) -> tuple[StudyRow, ...]:
        """The studies in their rows; the very same tuple where nothing is different."""
        found = study_rows(self._launched, rows)
        return self._snapshot.studies if self._snapshot and self._snapshot.studies == found else found

    def _first_portion(self) -> None:
        """The newest runs first, so that a list of thousands shows at once."""
        newest = self.store.newest(FIRST_PORTION)
        if len(newest) == FIRST_PORTION:
            rows = entitle([self._look_at(run, None).row for run in newest])
            self._tell(Snapshot(tuple(rows), len(rows), frozenset(self._seen)))

    def _look_at(self, run: Run, query: Query | None) -> Seen:
        state = f"{run.status.name} {run.status.detail}"
        known = self._seen.get(run.id)
        fresh = known is None or known.record is not run.record or known.state != state or run.status.process
        if known is not None and not fresh and known.query is query:
            return known
        row = row_of(run) if known is None or fresh else known.row
        if known is not None and row == known.row:
            row = known.row
        return Seen(run.record, state, row, query, query is None or query.matches(run))

    def _tell_places(self, seen: list[Seen]) -> None:
        """What waits says in which place and for what; and somebody must be there to start it."""
        waiting = [each for each in seen if each.row.status == "queued"]
        if not waiting:
            return
        lines = {each.run_id: each for each in overview(self.store).waiting if each.job_id is None}
        for each in waiting:
            line = lines.get(each.row.id)
            place, reason = (line.place, line.reason) if line else (0, "")
            if (each.row.place, each.row.detail) != (place, reason or each.row.detail):
                each.row = replace(each.row, place=place, detail=clean(reason or each.row.detail))
        if time.monotonic() - self._woken > WAKE_EVERY:
            self._woken = time.monotonic()
            if queue_process(self.store.home.root) is None:  # killed, perhaps
                with contextlib.suppress(LabError):  # where nothing can be written, nothing can be started
                    ensure_queue(self.store.home.root)

    def _problem_of(self, query: Query | None, runs: list[Run]) -> str:
        """What is wrong with a query: a key that no run has."""
        if query is None or not query.terms:
            return ""
        try:
            check_keys(query, runs)
        except LabError as error:
            return clean(f"{error.title}: {error.hint or error.expected}")
        return ""

    def _entitled(self, rows: list[RunRow]) -> tuple[RunRow, ...]:
        """The rows with their titles, made anew only when there is a new one among them."""
        same = len(rows) == len(self._plain) and all(map(operator.is_, rows, self._plain))
        if not same or self._snapshot is None or not self._snapshot.complete:
            self._plain = rows
            return tuple(entitle(rows))
        return self._snapshot.rows

    def _tell(self, snapshot: Snapshot) -> None:
        if snapshot != self._snapshot:
            self._snapshot = snapshot
            self.post(RunsChanged(snapshot))

    def _tell_problem(self, problem: str) -> None:
        """What went wrong, over the runs as they were last seen: nothing must move under somebody's cursor."""
        last = self._snapshot or Snapshot()
        self._tell(replace(last, complete=True, problem=problem))

    def _tell_ends(self, rows: list[RunRow]) -> None:
        for row in rows:
            if self._status.get(row.id) in GOING_ON and row.status not in GOING_ON | {"paused"}:
                self.post(RunEnded(row))
        self._status = {row.id: row.status for row in rows}

    def _tell_curves(self, ids: set[str]) -> None:
        histories: dict[str, History] = {}
        lengths: dict[str, tuple[int, int]] = {}
        for run_id in self._watched & ids:
            history = self.store.read(run_id).history
            histories[run_id] = history
            points = sum(len(series.values) for series in list(history.series.values()))
            lengths[run_id] = points, len(history.messages)
        if lengths != self._lengths:
            self._lengths = lengths
            self.post(CurvesGrew(histories))
