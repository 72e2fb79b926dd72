"""A study as the list of runs shows it: one row over its runs, made from their rows off the event loop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labapp.live.rows import SHORT, RunRow, known
from labapp.output import clean, number
from sessions.run.records import text_of
from sessions.study.folder import Launched
from sessions.study.progress import Standing, progress


@dataclass(frozen=True)
class StudyCell:
    """One run of a study: which cell it stands for."""

    run: str  # its id
    label: str


@dataclass(frozen=True)
class StudyRow:
    """Everything the screens say of a study in one line. None where something is not known."""

    id: str
    name: str
    title: str
    task: str
    question: str
    cells: tuple[StudyCell, ...]  # in the order of the study, by seed
    status: str
    done: int  # runs that have finished
    total: int
    fraction: float  # of all passes over the training data
    words: str  # what became of the others
    ends_in: float | None = None  # seconds
    best: str = ""  # the best cell so far
    value: float | None = None  # its mean validation value
    monitor: str = ""

    @property
    def label(self) -> str:
        """Its title, harmless to show."""
        return self.title

    @property
    def key(self) -> str:
        return f"+{self.id}"

    @property
    def end(self) -> str:
        """`ends in about 40 min`, or what came of it."""
        if self.ends_in is not None:
            return f"ends in about {about(self.ends_in)}"
        if self.best and self.value is not None and self.status in ("finished", "ended"):
            return f"best {self.best} {number(self.value)} {SHORT.get(self.monitor, self.monitor)}"
        return ""


def study_rows(studies: Sequence[Launched], rows: Mapping[str, RunRow]) -> tuple[StudyRow, ...]:
    """Of the studies that have runs here, newest first. `rows` of all runs, by id."""
    return tuple(
        study_row(each, rows) for each in studies if any(member.run in rows for member in each.members)
    )  # fmt: skip


def study_row(launched: Launched, rows: Mapping[str, RunRow]) -> StudyRow:
    place = {label: number for number, label in enumerate(launched.labels)}
    members = sorted(launched.members, key=lambda each: (place.get(each.cell, len(place)), each.cell, each.seed))
    seeds = len({each.seed for each in members}) > 1
    standings = {each.run: standing(rows[each.run]) for each in members if each.run in rows}
    now = progress(members, standings)
    cells = {each.run: StudyCell(each.run, clean(f"{each.cell}  seed {each.seed}" if seeds else each.cell))
             for each in reversed(members)}  # fmt: skip
    others = [f"{count} {name}" for name, count in now.counts.items() if name != "finished"]
    words = ", ".join(part for part in now.words.split(", ") if part in others)
    return StudyRow(
        id=launched.id,
        name=clean(launched.name),
        title=clean(launched.title),
        task=clean(text_of(launched.raw, "task", "?")),
        question=clean(text_of(launched.raw, "question")),
        cells=tuple(reversed(cells.values())),
        status=now.status,
        done=now.counts["finished"],
        total=sum(now.counts.values()),
        fraction=now.done,
        words=words,
        ends_in=known(now.ends_in),
        best=clean(now.best),
        value=known(now.value),
        monitor=clean(now.monitor),
    )


def standing(row: RunRow) -> Standing:
    best = math.nan if row.best is None else row.best
    return Standing(row.status, row.epoch, row.epochs, row.seconds, best, row.monitor)


def about(seconds: float) -> str:
    """Seconds in one unit: nobody knows it better."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s" if seconds < 10 else f"{round(seconds / 10) * 10} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h" if seconds < 36 * 3600 else f"{round(seconds / 86_400)} days"
