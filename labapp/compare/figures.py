"""How the numbers of a comparison are written, with marks that need no colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.studies.comparison import Comparison, Row
from engine.studies.reported import Reported, beside
from engine.studies.statistics import Stat
from labapp.output import number

BEST, NEAR, DOUBTED = "*", "~", "?"
Kind = Literal["", "best", "near", "plain"]
RULE = "the larger spread over seeds, or than the binomial error of one test set"  # as told_apart has it


@dataclass(frozen=True)
class Figure:
    """One number of a table: itself, what stands behind it (spread, or difference), its mark."""

    value: str
    behind: str = ""
    mark: str = ""
    kind: Kind = "plain"

    @property
    def text(self) -> str:
        return " ".join(filter(None, (self.value, self.behind, self.mark)))


def small(value: float, sign: str = "") -> str:
    """A spread or a difference: .0041 rather than 0.0041."""
    text = number(abs(value))
    return sign + (text[1:] if text.startswith("0.") else text)


def mean_and_spread(stat: Stat, *, ascii: bool = False) -> Figure:
    """`0.8123 ±.0041`; the spread where there are several seeds."""
    if not stat.values:
        return Figure("-", kind="")
    return Figure(number(stat.mean), "" if math.isnan(stat.spread) else small(stat.spread, "+-" if ascii else "±"))


def ours(comparison: Comparison, row: Row, split: str, metric: str, *, ascii: bool = False) -> Figure:
    """A row's number, marked when it is the best of its column or cannot be told apart from it."""
    plain = mean_and_spread(row.stat(split, metric), ascii=ascii)
    if len(comparison.rows) < 2 or not plain.kind:
        return plain
    best, near = comparison.best(split, metric)
    if row.label == best:
        return Figure(plain.value, plain.behind, BEST, "best")
    return Figure(plain.value, plain.behind, NEAR, "near") if row.label in near else plain


def theirs(row: Row, report: Reported, split: str, metric: str, *, ascii: bool = False) -> Figure:
    """A report's number and how much ours is above it: `0.8139 +.0652`."""
    verdict = beside(row.stat(split, metric), report, split, metric)
    if verdict is None:
        return Figure("", kind="")
    if verdict.flaw:
        return Figure(number(verdict.value), "", DOUBTED, "near")
    if verdict.difference is None:
        return Figure(number(verdict.value))
    behind = small(verdict.difference, "-" if verdict.difference < 0 else "+")
    return Figure(number(verdict.value), behind, "" if verdict.apart else NEAR, "plain" if verdict.apart else "near")


def column(figures: Sequence[Figure]) -> list[str]:
    """The figures of one column, part under part."""
    values = max((len(each.value) for each in figures), default=0)
    behind = max((len(each.behind) for each in figures), default=0)
    marks = max((len(each.mark) for each in figures), default=0)
    return [
        each.value.rjust(values)
        + (" " + each.behind.rjust(behind) if behind else "")
        + (" " + each.mark.ljust(marks) if marks else "")
        if each.value
        else ""
        for each in figures
    ]


def legend(figures: Sequence[Figure]) -> list[str]:
    """What the marks say, as far as any of them is used."""
    used = {each.mark for each in figures}
    lines = [f"{BEST} best of its column"] if BEST in used else []
    if NEAR in used:
        lines.append(
            f"{NEAR} not distinguishable from it (a report's number: from ours): the difference is less than {RULE}"
        )
    if DOUBTED in used:
        lines.append(f"{DOUBTED} a number that cannot be believed: nothing is concluded from it")
    return lines


def about(row: Row, report: Reported, metric: str | None = None) -> list[str]:
    """Where a report's numbers stand, and what a reader of them must know; of one metric or of all."""
    head = f"{report.name}, {report.source}: {report.variant} on {report.data}"
    lines = ["; ".join(filter(None, (head, report.note, report.caveat(row.data))))]
    flaws: dict[str, list[str]] = {}
    for key, why in report.flawed.items():
        if metric is None or key.rpartition("/")[2] == metric:
            flaws.setdefault(why, []).append(key)
    return lines + [f"{DOUBTED} its {', '.join(keys)}: {why}" for why, keys in flaws.items()]
