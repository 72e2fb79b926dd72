"""What the reports of others state for the same variants: assets/reported.toml, each number with its source.

A comparison is fair on the same corpus only: a report stands beside a run whose data it `matches` by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any

from engine.studies.statistics import Stat, better, margin


@dataclass(frozen=True)
class Reported:
    """One model of one report. Metrics are fractions, by split and name."""

    report: str  # "001"
    year: int
    source: str  # where in it
    task: str
    variant: str
    data: str  # what it was trained on, in words
    metrics: Mapping[str, Mapping[str, float]]
    matches: Sequence[str] = ()  # how names of that data begin
    settings: Mapping[str, Any] = field(default_factory=dict)  # what sets it apart from others of the variant
    flawed: Mapping[str, str] = field(default_factory=dict)  # metric, or split/metric -> why it cannot be believed
    rounding: float = 0.0  # half of the last digit stated
    note: str = ""

    @property
    def name(self) -> str:
        return f"report {self.report} ({self.year})"

    def value(self, split: str, metric: str) -> float | None:
        return self.metrics.get(split, {}).get(metric)

    def flaw(self, split: str, metric: str) -> str:
        """Why a number cannot be believed; nothing when nothing speaks against it."""
        return self.flawed.get(f"{split}/{metric}", "") or self.flawed.get(metric, "")

    def fits(self, data: str) -> bool:
        """Whether a run on this dataset, by name or path, was trained on the same corpus."""
        return any(base_name(data).startswith(each) for each in self.matches)

    def caveat(self, data: str) -> str:
        """What a reader must know of a run's data: a copy or another cut is not the very same."""
        return "" if base_name(data) in self.matches else f"ours is {base_name(data)}, theirs {self.data}"


@dataclass(frozen=True)
class Verdict:
    """Ours beside one number of a report."""

    value: float  # theirs
    flaw: str = ""  # why it cannot be believed: nothing is concluded from it
    difference: float | None = None  # ours minus theirs; None where there is nothing of ours, or a flaw
    apart: bool = False  # whether that is more than what counts as chance
    better: bool = False  # whether ours is


def base_name(data: str) -> str:
    """A dataset's name, or the last part of a path."""
    return PurePath(data.rstrip("/")).name.lower()


def beside(ours: Stat, theirs: Reported, split: str, metric: str) -> Verdict | None:
    """What a report's number says of ours; None where it states none.

    Its test set is taken to be as large as ours, and its number exact to the digits it has.
    """
    value = theirs.value(split, metric)
    if value is None:
        return None
    flaw = theirs.flaw(split, metric)
    if flaw or not ours.values:
        return Verdict(value, flaw)
    difference = ours.mean - value
    least = max(margin(ours, Stat((value,), ours.examples), metric), theirs.rounding)
    apart = abs(difference) > 0 and abs(difference) >= least
    return Verdict(value, "", difference, apart, apart and better(ours.mean, value, metric))


@cache
def reported() -> tuple[Reported, ...]:
    raw = tomllib.loads((resources.files("assets") / "reported.toml").read_text(encoding="utf-8"))
    return tuple(Reported(**each) for each in raw["reported"])


def reported_for(task: str, variant: str, settings: Mapping[str, Any], data: str) -> list[Reported]:
    """The models of reports that a run can stand beside: same variant and corpus, and the settings they fix.

    Where a report has the variant with several values of a setting, one with another value is not like any of them.
    """
    return [
        each
        for each in reported()
        if (each.task, each.variant) == (task, variant)
        and each.fits(data)
        and all(settings.get(key) == value for key, value in each.settings.items())
    ]
