"""What the Study screen has done in a thread: reading the studies, planning what would be trained, launching.

One thing at a time and the latest plan wins. The thread is nobody's to wait for: a disk that does not answer, or data
that takes long to look at, must not keep the app from ending.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import LabError
from labapp.messages import StudiesFound, StudyLaunched, StudyPlanned
from labapp.screens.scouts import unexpected

if TYPE_CHECKING:
    from engine.studies.definition import Study
    from labapp.screens.study import StudyScreen
    from sessions.run.store import Store
    from sessions.study.launching import Planned


class StudyScouts:
    """The thread of one screen."""

    def __init__(self, screen: StudyScreen):
        self.screen = screen
        self._store: Store | None = None  # of whoever has the turn
        self._keys: dict[str, str] = {}  # what runs train: it never changes
        self._turn = threading.Lock()
        self._latest = 0

    def _start(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            with suppress(RuntimeError):  # the app has ended meanwhile
                work()

        threading.Thread(target=guarded, name="labapp-study", daemon=True).start()

    def studies(self, study_id: str) -> None:
        """Ours, the user's own, and the one that was launched here under this id."""

        def work() -> None:
            from engine.studies.definition import our_studies, own_studies
            from labapp.form import studies as _studies  # noqa: F401  # so that no import ever waits on the event loop
            from sessions.study.folder import Studies

            own, problems = own_studies(self.screen.lab.home.studies)
            found = {**our_studies(), **own}
            try:
                if study_id:
                    found = {study_id: Studies(self.screen.lab.home).read(study_id).study, **found}
            except LabError as error:
                problems.append(error)
            self.screen.post_message(StudiesFound(found, tuple(problems)))

        self._start(work)

    def plan(self, number: int, study: Study, seeds: Sequence[int], only: Sequence[str]) -> None:
        """What launching would do; no seeds: those that the study has."""
        self._latest = number

        def work() -> None:
            with self._turn:
                if number != self._latest:
                    return
                try:
                    found: Sequence[Planned] = self._plan(study, seeds, only)
                    self.screen.post_message(StudyPlanned(number, tuple(found)))
                except LabError as error:
                    self.screen.post_message(StudyPlanned(number, None, error))
                except Exception as error:
                    self.screen.post_message(StudyPlanned(number, None, unexpected(error)))

        self._start(work)

    def _plan(self, study: Study, seeds: Sequence[int], only: Sequence[str]) -> list[Planned]:
        from sessions.study.fingerprints import Fingerprints
        from sessions.study.folder import Studies
        from sessions.study.launching import plan, seeds_of

        lab = self.screen.lab
        self._store = self._store or lab.new_store()
        wanted = seeds or seeds_of(Studies(lab.home), study)
        with Fingerprints(lab.home) as prints:
            return plan(self._store, study, wanted, prints.of, only=only, keys=self._keys)

    def launch(self, study: Study, seeds: Sequence[int], only: Sequence[str], gpu: str) -> None:
        """Plan once more and carry it out. Whatever happens, the screen is told that it is over."""

        def work() -> None:
            from labapp.form.launching import place
            from sessions.study.folder import Studies
            from sessions.study.launching import launch

            refused: list[LabError] = []
            with self._turn:
                try:
                    launched = launch(
                        self.screen.lab.new_store(), Studies(self.screen.lab.home), study,
                        self._plan(study, seeds, only), gpu=gpu, place=place,
                        refused=lambda _, error: refused.append(error),
                    )  # fmt: skip
                    self.screen.post_message(StudyLaunched(launched.id, tuple(refused)))
                except LabError as error:
                    self.screen.post_message(StudyLaunched("", (error,)))
                except Exception as error:
                    self.screen.post_message(StudyLaunched("", (unexpected(error),)))

        self._start(work)
