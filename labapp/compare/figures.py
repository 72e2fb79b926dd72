"""How the numbers of a comparison are written, with marks that need no colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
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


def ours(comparison: Comparison, split: str, metric: str, *, ascii: bool = False) -> list[Figure]:
    """The numbers of one column, row by row: the best is marked, and what cannot be told apart from it."""
    best, near = comparison.best(split, metric)
    contested = len(comparison.contenders(split, metric)) > 1  # nobody is the best alone
    found = []
    for row in comparison.rows:
        each = mean_and_spread(row.stat(split, metric), ascii=ascii)
        if contested and row.label == best:
            each = replace(each, mark=BEST, kind="best")
        elif each.kind and row.label in near:
            each = replace(each, mark=NEAR, kind="near")
        found.append(each)
    return found


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
        lines.append(f"{NEAR} not distinguishable from it (a report's: from ours): the difference is less than {RULE}")
    if DOUBTED in used:
        lines.append(f"{DOUBTED} a number that cannot be believed: nothing is concluded from it")
    return lines


def sources(rows: Sequence[Row]) -> list[str]:
    """Where the numbers beside the rows stand, a line for each report and its data; then what is wrong with them."""
    places: dict[str, list[str]] = {}
    flaws: dict[str, list[str]] = {}
    for row in rows:
        for report in row.reported:
            told = ", ".join(filter(None, (report.note, report.caveat(row.data))))
            place = f"{report.variant} in {report.source}" + (f" ({told})" if told else "")
            places.setdefault(f"{report.name} on {report.data}", []).append(place)
            for key, why in report.flawed.items():
                flaws.setdefault(why, []).append(f"{key} of {report.name}")
    lines = [f"{head}: {'; '.join(dict.fromkeys(each))}" for head, each in places.items()]
    return lines + [f"{DOUBTED} {', '.join(dict.fromkeys(each))}: {why}" for why, each in flaws.items()]


def about(row: Row, report: Reported, split: str, metric: str) -> list[str]:
    """Where a report's number stands, and what a reader of it must know."""
    head = f"{report.name}, {report.source}: {report.variant} on {report.data}"
    lines = ["; ".join(filter(None, (head, report.note, report.caveat(row.data))))]
    flaw = report.flaw(split, metric)
    return lines + ([f"{DOUBTED} its {metric}: {flaw}"] if flaw else [])
