"""Every message the app's threads and widgets send, typed, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine.errors import LabError
from labapp.live.rows import RunRow
from labapp.live.studies import StudyRow
from sessions.run.history import History

if TYPE_CHECKING:  # what they import is not needed for the first frame
    from engine.config import Config
    from engine.studies.definition import Study
    from labapp.form.surroundings import Around, Look
    from sessions.machine.sampler import Machine
    from sessions.queue.process import Overview
    from sessions.study.launching import Planned


@dataclass(frozen=True)
class Snapshot:
    """The runs that match the filter at one moment, newest first."""

    rows: tuple[RunRow, ...] = ()
    total: int = 0  # runs there are, shown or not
    ids: frozenset[str] = frozenset()  # of all of them
    complete: bool = False  # whether every run has been looked at yet
    problem: str = ""  # why the home cannot be read, or the filter cannot be applied
    studies: tuple[StudyRow, ...] = ()  # of all runs, shown or not; newest first

    def row(self, run_id: str) -> RunRow | None:
        return next((row for row in self.rows if row.id == run_id), None)

    def study_of(self, run_id: str) -> StudyRow | None:
        """The newest study that a run is in."""
        return next((each for each in self.studies if any(cell.run == run_id for cell in each.cells)), None)


@dataclass(frozen=True)
class Away:
    """What ended while nobody looked."""

    finished: int = 0
    failed: int = 0
    lost: int = 0
    stopped: int = 0

    def sentence(self) -> str:
        parts = [f"{count} {name}" for name, count in vars(self).items() if name != "names" and count]
        return f"Since you left: {', '.join(parts)}." if parts else ""


class RunsChanged(Message):
    """Something about some run is different now."""

    def __init__(self, snapshot: Snapshot):
        super().__init__()
        self.snapshot = snapshot


class CurvesGrew(Message):
    """The events of watched runs have been read on."""

    def __init__(self, histories: Mapping[str, History]):
        super().__init__()
        self.histories = histories


class RunEnded(Message):
    """A run that went on has come to an end."""

    def __init__(self, row: RunRow):
        super().__init__()
        self.row = row


class Refused(Message):
    """Something asked for was refused, or went wrong."""

    def __init__(self, error: LabError):
        super().__init__()
        self.error = error


class Done(Message):
    """Something asked for has been done; `lasting` when the words are to be read closely, or copied."""

    def __init__(self, words: str, *, lasting: bool = False):
        super().__init__()
        self.words, self.lasting = words, lasting


class FillFrom(Message):
    """The form is to be filled with a run's settings."""

    def __init__(self, run_id: str):
        super().__init__()
        self.run_id = run_id


@dataclass(frozen=True)
class Example:
    """What is to be tried: a text that can be typed, or a picture of a split."""

    text: str = ""
    split: str = ""
    name: str = ""  # of the picture
    label: str = ""  # its class


class UseRun(Message, bubble=False):
    """A trained run is to be used, on the screen for it; on an example, if there is one."""

    def __init__(self, run_id: str, screen: str, example: Example | None = None):
        super().__init__()
        self.run_id, self.screen, self.example = run_id, screen, example


class RunsFound(Message):
    """The runs that a screen can be used with, newest first, and what they were looked for."""

    def __init__(self, rows: tuple[RunRow, ...], purpose: str):
        super().__init__()
        self.rows, self.purpose = rows, purpose


class Answered(Message):
    """The inference process has answered what it was asked: a result, or the error that came instead."""

    def __init__(self, lane: str, args: Mapping[str, Any], answer: Any):
        super().__init__()
        self.lane, self.args, self.answer = lane, args, answer


class MachineSampled(Message):
    """The machine has been looked at."""

    def __init__(self, machine: Machine):
        super().__init__()
        self.machine = machine


class QueueChanged(Message):
    """The queue is another one now; None when it cannot be read, and why."""

    def __init__(self, overview: Overview | None, problem: str = ""):
        super().__init__()
        self.overview, self.problem = overview, problem


class LookedAround(Message):
    """What the form must know of the world; None, and why, where it cannot be had."""

    def __init__(self, around: Around | None, problem: str = ""):
        super().__init__()
        self.around, self.problem = around, problem


class LookedAt(Message):
    """A path typed into the form has been looked at."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look


class Filled(Message):
    """The run that the form is to be filled with has been read; without a configuration, why it could not be."""

    def __init__(self, config: Config | None, run_id: str, error: LabError | None = None):
        super().__init__()
        self.config, self.run_id, self.error = config, run_id, error


class Launched(Message):
    """What the form said is in the queue; without runs, why it is not."""

    def __init__(self, run_ids: tuple[str, ...], error: LabError | None = None):
        super().__init__()
        self.run_ids, self.error = run_ids, error


class StudiesFound(Message):
    """The studies that can be launched, by name, and what is wrong with files that are none."""

    def __init__(self, studies: Mapping[str, Study], problems: tuple[LabError, ...] = ()):
        super().__init__()
        self.studies, self.problems = studies, problems


class StudyPlanned(Message):
    """What launching a study would do; without a plan, why there is none. `number` tells which was asked for."""

    def __init__(self, number: int, planned: tuple[Planned, ...] | None, error: LabError | None = None):
        super().__init__()
        self.number, self.planned, self.error = number, planned, error


class StudyLaunched(Message):
    """A study is in the queue, but for the runs that were refused; without an id, none of it is."""

    def __init__(self, study_id: str, refused: tuple[LabError, ...] = ()):
        super().__init__()
        self.study_id, self.refused = study_id, refused
