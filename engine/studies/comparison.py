"""Things side by side: what each reached on every split, which is best, and in what they differ."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.studies.reported import Reported, base_name, reported_for
from engine.studies.statistics import Stat, best_of, stat
from engine.task import SPLITS, lower_is_better

FIRST = ("accuracy", "micro_f1", "macro_f1", "exact_match", "execution_accuracy", "token_accuracy", "loss")
NAME, SECONDS = "name", "seconds"  # what rows can be sorted by beside the metrics
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
    data: str = ""  # a dataset's name or a path
    final: bool = True  # of the best checkpoint; else what its curves say so far


@dataclass(frozen=True)
class Row:
    """A cell of a study, or a single run."""

    label: str
    task: str
    variant: str
    measured: tuple[Measured, ...]
    stats: Mapping[tuple[str, str], Stat]  # (split, metric)
    reported: tuple[Reported, ...] = ()
    runs: tuple[str, ...] = ()  # all that stand for it, measured or not
    note: str = ""  # what became of those that did not finish

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.measured[0].settings if self.measured else {}

    @property
    def data(self) -> str:
        return self.measured[0].data if self.measured else ""

    @property
    def final(self) -> bool:
        """Whether its numbers are what they will be."""
        return all(each.final for each in self.measured)

    @property
    def seconds(self) -> Stat:
        """Of training."""
        return stat([each.seconds for each in self.measured])

    def stat(self, split: str, metric: str) -> Stat:
        return self.stats.get((split, metric), Stat(()))


def row_of(
    label: str, task: str, variant: str, measured: Sequence[Measured], *, runs: Sequence[str] = (), note: str = ""
) -> Row:
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
    near = reported_for(task, variant, measured[0].settings, measured[0].data) if measured else []
    there = tuple(runs) or tuple(each.run for each in measured)
    return Row(label, task, variant, tuple(measured), stats, tuple(near), there, note)


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

    def contenders(self, split: str, metric: str) -> list[Row]:
        """Among whom the best is: what still goes on has not won, as long as there are final numbers."""
        there = [row for row in self.rows if row.stat(split, metric).values]
        return [row for row in there if row.final] or there

    def best(self, split: str, metric: str) -> tuple[str | None, frozenset[str]]:
        """The label of the best of the contenders, and of those not distinguishable from it."""
        return best_of({row.label: row.stat(split, metric) for row in self.contenders(split, metric)}, metric)

    def sorted_by(self, split: str, column: str, *, worst_first: bool = False) -> Comparison:
        """With the best row first, by a metric, or by NAME or SECONDS (the least first); what has none comes last."""
        up = (lower_is_better(column) or column in (NAME, SECONDS)) != worst_first

        def value(row: Row) -> float:
            mean = row.seconds.mean if column == SECONDS else row.stat(split, column).mean
            return mean if up else -mean

        places = range(len(self.rows))
        if column == NAME:
            order = sorted(places, key=lambda place: natural(self.rows[place].label), reverse=not up)
        else:
            values = [value(row) for row in self.rows]
            order = sorted(places, key=lambda place: (math.isnan(values[place]), values[place]))
        rows = tuple(self.rows[place] for place in order)
        differences = {name: tuple(values[place] for place in order) for name, values in self.differences.items()}
        return Comparison(self.title, self.metric, rows, differences)


def compare(title: str, metric: str, rows: Sequence[Row], unimportant: frozenset[str] = frozenset()) -> Comparison:
    """Put rows side by side; `unimportant` settings (where and how often) do not count as differences."""
    found: dict[str, tuple[Any, ...]] = {}
    told = [row for row in rows if row.measured]  # of the others nothing is known
    single = all(len(row.measured) == 1 for row in told)  # of a row of several seeds the seed is no setting
    for key in dict.fromkeys(("variant", "data", *(key for row in rows for key in row.settings))):
        values = {row.label: _value(row, key) for row in told}
        if (key != "seed" or single) and key not in unimportant and len({repr(value) for value in values.values()}) > 1:
            found[key] = tuple(values.get(row.label) for row in rows)
    if len({row.label for row in rows}) < len(rows):
        raise ValueError("two rows have one label")
    return Comparison(title, metric, tuple(rows), found)


def _value(row: Row, key: str) -> Any:
    """Of a setting; the variant and the data count as settings too, data by the name it has."""
    if key in ("variant", "data"):
        return row.variant if key == "variant" else base_name(row.data)
    return row.settings.get(key)


def natural(text: str) -> list[tuple[int, str]]:
    """A key that puts 8 before 128."""
    parts = re.split(r"([0-9]+)", text.lower())  # texts, with numbers between them
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]
