"""What the Compare screen looks at, read in a thread: the runs or the study, side by side at one moment.

Imports pydantic when it reads: not before the first frame, nor on the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import LabError
from sessions.home import Home
from sessions.run.store import Store
from sessions.study.folder import Launched, Studies

if TYPE_CHECKING:
    from engine.studies.comparison import Comparison


@dataclass(frozen=True)
class Subject:
    """What is compared: runs by id, or a study by id."""

    runs: tuple[str, ...] = ()
    study: str = ""


@dataclass(frozen=True)
class Gathered:
    """All of it at one moment; without a comparison, why there is none."""

    subject: Subject
    comparison: Comparison | None
    cautions: tuple[str, ...] = ()
    problem: str = ""
    mark: str = ""  # equal where nothing is new


class Gatherer:
    """Remembers what it has read. Used by one thread at a time."""

    def __init__(self, home: Home):
        self.store, self.studies = Store(home), Studies(home)

    def gather(self, subject: Subject) -> Gathered:
        from sessions.study.gather import cautions, runs_comparison, study_comparison, study_runs

        try:
            if subject.study:
                launched = self.studies.read(subject.study)
                runs = [run for each in study_runs(self.store, launched).values() for run in each]
                comparison = study_comparison(self.store, launched)
            else:
                runs = [run for run in map(self.store.read, subject.runs) if not run.record.gone]
                comparison = runs_comparison(runs, over_seeds=True)
        except LabError as error:
            words = ": ".join(filter(None, (error.title, error.got, error.hint)))
            return Gathered(subject, None, problem=words, mark=words)
        if not runs:
            words = "its runs are not there any more"
            return Gathered(subject, None, problem=words, mark=words)
        found = tuple(cautions(runs))
        return Gathered(subject, comparison, found, mark=repr((comparison, found)))

    def launched(self) -> dict[str, str]:
        """The studies of this home by id, each in words, newest first."""
        return {each.id: words_of(each) for each in self.studies.all()}


def words_of(launched: Launched) -> str:
    cells = len(launched.labels)
    return f"{launched.title}  ({cells} cell{'s' * (cells != 1)}, {len(launched.members)} runs)  {launched.id}"
