"""What a report is about, as plain data: cells and their runs, with curves, results and environment. Torch-free.

The gathering side (`sessions.study.subjects`) makes it from run directories; anything may be missing: a run put
together from records has no reports, no weights and perhaps no events.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.events import is_finite
from engine.studies.averages import Point, averaged
from engine.studies.comparison import Comparison, Row
from engine.studies.statistics import Stat, stat

QUANTILES = "feature_q"


@dataclass(frozen=True)
class Curve:
    """One metric of one split, at the ends of epochs."""

    epochs: tuple[float, ...]
    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Sheet:
    """A contact sheet of Grad-CAM pictures of one class."""

    name: str
    png: bytes


@dataclass(frozen=True)
class RunFacts:
    """One run. `reports` are as result.json has them."""

    id: str
    name: str
    variant: str
    seed: int
    status: str
    detail: str = ""
    error: str = ""  # the title of what it failed with
    data: str = ""
    fingerprint: str = ""
    recipe: str = ""
    recipe_version: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    examples: Mapping[str, int] = field(default_factory=dict)  # that its metrics are over: of training perhaps a sample
    sizes: Mapping[str, int] = field(default_factory=dict)  # of the splits
    monitor: str = ""
    best_epoch: float = math.nan
    epochs: float = 0.0  # done
    seconds: float = 0.0  # of training
    curves: Mapping[tuple[str, str], Curve] = field(default_factory=dict)  # (split, metric)
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mistakes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""  # that trains the same
    sheets: tuple[Sheet, ...] = ()
    heat: Mapping[str, float] = field(default_factory=dict)  # how much of it lies on the objects, where that is known
    imported: bool = False

    @property
    def finished(self) -> bool:
        return self.status == "finished"


@dataclass(frozen=True)
class CellFacts:
    """What is compared: its runs differ in their seeds alone."""

    label: str
    variant: str
    runs: tuple[RunFacts, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)  # along the axes of a study
    command: str = ""  # that trains it, where it has no run

    @property
    def finished(self) -> tuple[RunFacts, ...]:
        return tuple(run for run in self.runs if run.finished)

    @property
    def shown(self) -> tuple[RunFacts, ...]:
        """The runs that numbers are taken from: finished ones, else those that have measured something."""
        return self.finished or tuple(run for run in self.runs if run.curves or any(run.metrics.values()))


@dataclass(frozen=True)
class Subject:
    """A study, or runs chosen by hand."""

    title: str
    question: str
    source: str
    task: str
    metric: str  # of the test split: by which cells are compared
    cells: tuple[CellFacts, ...]
    comparison: Comparison
    recipe: str = ""
    data: str = ""
    sections: tuple[str, ...] = ()  # that are wanted, in order; none: what the runs have
    findings: tuple[str, ...] = ()
    agree: tuple[str, str] | None = None  # labels of two cells that must agree
    axes: tuple[str, ...] = ()
    command: str = ""  # that launches the whole
    notes: tuple[str, ...] = ()  # what a reader must be warned of

    @property
    def runs(self) -> list[RunFacts]:
        return [run for cell in self.cells for run in cell.runs]

    def row(self, label: str) -> Row:
        return next(row for row in self.comparison.rows if row.label == label)

    def slots(self) -> dict[str, int]:
        """A colour and marker for each cell, the same in all figures."""
        return {cell.label: place for place, cell in enumerate(self.cells)}


# ------------------------------------------------------------------------------------------------------ over the seeds


@dataclass(frozen=True)
class MeanCurve:
    """Mean and spread over seeds, where all of them were measured."""

    epochs: tuple[float, ...]
    steps: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]  # NaN with one seed
    seeds: int


def mean_curve(curves: Iterable[Curve]) -> MeanCurve | None:
    """At the epochs that all curves have, lest a mean jump where one ends; None where there are none."""
    seeds = [
        [
            Point(epoch, step, math.nan, value)
            for epoch, step, value in zip(curve.epochs, curve.steps, curve.values, strict=True)
        ]
        for curve in curves
        if any(map(math.isfinite, curve.values))
    ]
    found = [each for each in averaged(seeds) if each.count == len(seeds)]
    if not found:
        return None
    return MeanCurve(
        tuple(each.epoch for each in found), tuple(each.step for each in found), tuple(each.mean for each in found),
        tuple(each.spread if len(seeds) > 1 else math.nan for each in found), len(seeds),
    )  # fmt: skip


def cell_curve(cell: CellFacts, split: str, metric: str) -> MeanCurve | None:
    found = [run.curves[split, metric] for run in cell.shown if (split, metric) in run.curves]
    return mean_curve(found)


def curve_metrics(subject: Subject) -> list[str]:
    """What was measured along the trainings on validation, without quantiles."""
    names = dict.fromkeys(name for run in subject.runs for split, name in run.curves if split in ("train", "val"))
    return [name for name in names if not name.startswith(QUANTILES)]


# --------------------------------------------------------------------------------------------------- parts of a report


def splits_with(runs: Iterable[RunFacts], key: str) -> list[str]:
    """The splits of which a report has something, the test split first: nobody trained or chose on it."""
    found = {split for run in runs for split, report in run.reports.items() if report.get(key)}
    return [split for split in ("test", "val", "train") if split in found]


def class_stats(runs: Sequence[RunFacts], split: str) -> dict[str, dict[str, Stat]]:
    """By class: precision, recall, f1 and support over the seeds."""
    gathered: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        rows = run.reports.get(split, {}).get("per_class")
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, Mapping) or "class" not in row:
                continue
            values = gathered.setdefault(str(row["class"]), {})
            for key in ("precision", "recall", "f1", "support"):
                if is_finite(row.get(key)):
                    values.setdefault(key, []).append(float(row[key]))
    return {name: {key: stat(values) for key, values in each.items()} for name, each in gathered.items()}


@dataclass(frozen=True)
class Matrix:
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    runs: int


def confusion_of(runs: Sequence[RunFacts], split: str) -> Matrix | None:
    """Counts summed over the runs whose matrices are of the same classes."""
    names: tuple[str, ...] = ()
    total: list[list[int]] = []
    count = 0
    for run in runs:
        report = run.reports.get(split, {})
        found = square(report.get("confusion_matrix"))
        if not found:
            continue
        own = _names(report, len(found))
        if not count:
            names, total = own, [[0] * len(found) for _ in found]
        if own != names:
            continue
        count += 1
        total = [[one + two for one, two in zip(*rows, strict=True)] for rows in zip(total, found, strict=True)]
    return Matrix(names, tuple(map(tuple, total)), count) if count else None


def _names(report: Mapping[str, Any], count: int) -> tuple[str, ...]:
    listed = report.get("confusion_names")
    if not isinstance(listed, list):
        rows = report.get("per_class")
        listed = (
            [str(row.get("class", "?")) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        )
    return tuple(map(str, listed)) if len(listed) == count else tuple(f"class {place}" for place in range(count))


def square(raw: Any) -> list[list[int]]:
    """A square of counts, or nothing."""
    rows = raw if isinstance(raw, list) else []
    if not all(isinstance(row, list) and len(row) == len(rows) and all(map(is_finite, row)) for row in rows):
        return []
    return [[int(each) for each in row] for row in rows]


Way = tuple[int, str]  # width of the beam, and "on" or "off" for the grammar


def beam_stats(runs: Sequence[RunFacts], split: str) -> dict[Way, dict[str, Stat]]:
    """By width and grammar: every metric over the seeds."""
    gathered: dict[Way, dict[str, list[float]]] = {}
    examples = max((run.examples.get(split, 0) for run in runs), default=0)
    for run in runs:
        by_beam = run.reports.get(split, {}).get("by_beam")
        for width, found in by_beam.items() if isinstance(by_beam, Mapping) else ():
            if not str(width).isdecimal() or not isinstance(found, Mapping):
                continue
            for grammar in ("on", "off"):
                scores = found.get(f"grammar_{grammar}")
                for name, value in flat_scores(scores if isinstance(scores, Mapping) else {}).items():
                    gathered.setdefault((int(width), grammar), {}).setdefault(name, []).append(value)
    return {
        way: {name: stat(values, examples) for name, values in each.items()} for way, each in sorted(gathered.items())
    }


def lookup_stats(runs: Sequence[RunFacts], split: str) -> dict[str, Stat]:
    """What the program of the nearest training problem is worth."""
    gathered: dict[str, list[float]] = {}
    for run in runs:
        found = run.reports.get(split, {}).get("lookup")
        for name, value in flat_scores(found if isinstance(found, Mapping) else {}).items():
            gathered.setdefault(name, []).append(value)
    return {name: stat(values[:1]) for name, values in gathered.items()}  # the same for all


def flat_scores(raw: Mapping[str, Any]) -> dict[str, float]:
    """Numbers by name, those under `novel` with that before their names."""
    found: dict[str, float] = {}
    for name, value in raw.items():
        if is_finite(value):
            found[str(name)] = float(value)
        elif isinstance(value, Mapping):
            found |= {f"{name}/{key}": float(each) for key, each in value.items() if is_finite(each)}
    return found


def tally(values: Iterable[str]) -> str:
    """`a` where all are one, else `a (3 runs), b (1 run)`."""
    counts = Counter(value for value in values if value)
    if len(counts) <= 1:
        return next(iter(counts), "")
    return ", ".join(f"{value} ({count} run{'s' * (count > 1)})" for value, count in counts.most_common())


Builder = Callable[[Subject], Any]
