"""Several runs of one thing as a number: mean, spread over seeds, and what can be told apart.

spread            standard deviation over seeds, with n - 1
binomial error    sqrt(p (1 - p) / n) of a fraction p over the n examples of one test set
told apart        a difference is, unless it is smaller than the larger of the two spreads, or than the binomial
                  error of one test set: the rule by which everything here is called better, or not distinguishable
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.task import lower_is_better


@dataclass(frozen=True)
class Stat:
    """One metric of one cell on one split."""

    values: tuple[float, ...]  # one a seed; none is NaN
    examples: int = 0  # of the split, each time; 0 = not known

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values) if self.values else math.nan

    @property
    def spread(self) -> float:
        """NaN with fewer than two seeds."""
        if len(self.values) < 2:
            return math.nan
        mean = self.mean
        return math.sqrt(sum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1))

    @property
    def binomial(self) -> float:
        """NaN for what is no fraction, or of a split of unknown size."""
        if not self.examples or not 0 <= self.mean <= 1:
            return math.nan
        return math.sqrt(self.mean * (1 - self.mean) / self.examples)


def stat(values: Sequence[float | None], examples: int = 0) -> Stat:
    """From what the seeds gave; what was not measured, or is not finite, is left out."""
    return Stat(tuple(value for value in values if value is not None and math.isfinite(value)), examples)


def margin(one: Stat, other: Stat, metric: str) -> float:
    """What a difference between the two must reach to count."""
    errors = [one.spread, other.spread]
    if not lower_is_better(metric):
        errors += [one.binomial, other.binomial]
    return max((error for error in errors if not math.isnan(error)), default=0.0)


def told_apart(one: Stat, other: Stat, metric: str) -> bool:
    """Whether the two differ by as much as counts."""
    difference = abs(one.mean - other.mean)
    return not math.isnan(difference) and difference > 0 and difference >= margin(one, other, metric)


def better(one: float, other: float, metric: str) -> bool:
    return one < other if lower_is_better(metric) else one > other


def best_of(stats: Mapping[str, Stat], metric: str) -> tuple[str | None, frozenset[str]]:
    """The label of the best mean, and the labels of those that cannot be told apart from it."""
    best: str | None = None
    for label, each in stats.items():
        if each.values and (best is None or better(each.mean, stats[best].mean, metric)):
            best = label
    if best is None:
        return None, frozenset()
    near = {label for label, each in stats.items() if each.values and not told_apart(each, stats[best], metric)}
    return best, frozenset(near - {best})
