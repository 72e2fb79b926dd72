"""Things side by side: what each reached on every split, which is best, and in what they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.studies.reported import Reported, reported_for
from engine.studies.statistics import Stat, best_of, stat
from engine.task import LOWER_IS_BETTER, SPLITS

FIRST = ("accuracy", "micro_f1", "macro_f1", "exact_match", "execution_accuracy", "token_accuracy", "loss")
LEFT_OUT = ("feature_",)  # metrics that say nothing about who is better


@dataclass(frozen=True)
class Measured:
    """What one run brings: its final metrics, and how many examples each split had."""

    run: str
    seed: int
    metrics: Mapping[str, Mapping[str, float]]  # split -> metric -> value
    examples: Mapping[str, int]
    settings: Mapping[str, Any]
    seconds: float = math.nan  # of training


@dataclass(frozen=True)
class Row:
    """A cell of a study, or a single run."""

    label: str
    task: str
    variant: str
    measured: tuple[Measured, ...]
    stats: Mapping[tuple[str, str], Stat]  # (split, metric)
    reported: tuple[Reported, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.measured[0].settings if self.measured else {}

    def stat(self, split: str, metric: str) -> Stat:
        return self.stats.get((split, metric), Stat(()))


def row_of(label: str, task: str, variant: str, measured: Sequence[Measured]) -> Row:
    """A row from its runs; a seed that did not get so far is left out of the means."""
    names = dict.fromkeys(
        (split, name) for each in measured for split in SPLITS for name in each.metrics.get(split, {})
    )
    stats: dict[tuple[str, str], Stat] = {
        (split, name): stat(
            [each.metrics.get(split, {}).get(name) for each in measured],
            max((each.examples.get(split, 0) for each in measured), default=0),
        )
        for split, name in names
    }
    near = reported_for(task, variant, measured[0].settings) if measured else []
    return Row(label, task, variant, tuple(measured), stats, tuple(near))


@dataclass(frozen=True)
class Comparison:
    """Rows side by side; `metric` of the test split is what they are compared by."""

    title: str
    metric: str
    rows: tuple[Row, ...]
    differences: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # setting -> its value in every row

    @property
    def splits(self) -> list[str]:
        return [split for split in SPLITS if any(key[0] == split for row in self.rows for key in row.stats)]

    def metrics(self, split: str) -> list[str]:
        """Of one split: the usual ones first, the rest by name, those of parts of a split last."""
        names = {name for row in self.rows for of, name in row.stats if of == split and not name.startswith(LEFT_OUT)}
        order = {name: place for place, name in enumerate(FIRST)}
        return sorted(names, key=lambda name: ("/" in name, order.get(name, len(FIRST)), name))

    def best(self, split: str, metric: str) -> tuple[str | None, frozenset[str]]:
        """The label of the best row, and of those not distinguishable from it."""
        return best_of({row.label: row.stat(split, metric) for row in self.rows}, metric)

    def sorted_by(self, split: str, metric: str, *, worst_first: bool = False) -> Comparison:
        """With the best row first; rows that were not measured come last."""

        def key(row: Row) -> tuple[bool, float]:
            mean = row.stat(split, metric).mean
            up = (metric.rpartition("/")[2] in LOWER_IS_BETTER) != worst_first
            return math.isnan(mean), mean if up else -mean

        order = sorted(range(len(self.rows)), key=lambda place: key(self.rows[place]))
        rows = tuple(self.rows[place] for place in order)
        differences = {name: tuple(values[place] for place in order) for name, values in self.differences.items()}
        return Comparison(self.title, self.metric, rows, differences)


def compare(title: str, metric: str, rows: Sequence[Row], unimportant: frozenset[str] = frozenset()) -> Comparison:
    """Put rows side by side; `unimportant` settings (where and how often) do not count as differences."""
    keys = dict.fromkeys(key for row in rows for key in row.settings)
    found: dict[str, tuple[Any, ...]] = {}
    for key in keys:
        values = tuple(row.settings.get(key) for row in rows)
        if key != "seed" and key not in unimportant and any(value != values[0] for value in values):
            found[key] = values
    if len({row.label for row in rows}) < len(rows):
        raise ValueError("two rows have one label")
    return Comparison(title, metric, tuple(rows), found)
