"""A split's report as the Report tab shows it, made of what stands in the files, whatever that is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.events import is_finite
from engine.values import shown
from labapp.fit import tidy
from labapp.messages import Example
from labapp.output import number
from labapp.screens.run_tabs import searches
from labapp.screens.run_tabs.searches import Searched
from sessions.run.records import number_of, read_mistakes, read_reports, text_of

KNOWN = ("per_class", "confusion_matrix", "confusion_names", *searches.KNOWN)
MOST_LINES = 400  # of a report in no known form
DEEPEST = 4
NAMES = ("name", "index", "problem", "sentence", "text")  # of an example
SURE = ("confidence", "probability", "score")


@dataclass(frozen=True)
class ClassScores:
    """A line of the per-class table; NaN where a number is not known."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Mistake:
    """An example that went wrong."""

    number: int  # its place among the surest
    name: str
    true: str
    predicted: str
    sure: float
    value: str = ""  # what a program comes to, and what would be right
    answer: str = ""
    text: str = ""  # the whole of it, where it can be typed

    def as_example(self, split: str) -> Example:
        """To be tried; `split` is what it is of."""
        return Example(tidy(self.text)) if self.text else Example("", split, self.name, self.true)


@dataclass(frozen=True)
class Report:
    """One split."""

    classes: tuple[ClassScores, ...] = ()
    names: tuple[str, ...] = ()  # of the confusion matrix' rows and columns
    confusion: tuple[tuple[int, ...], ...] = ()  # rows are true classes, columns predictions
    mistakes: tuple[Mistake, ...] = ()
    searches: tuple[Searched, ...] = ()
    rest: tuple[str, ...] = ()  # lines for what has no form of its own

    def cells_wrong(self) -> list[tuple[int, int]]:
        """The cells off the diagonal that are not zero, the fullest first."""
        found = [
            (count, row, column)
            for row, counts in enumerate(self.confusion)
            for column, count in enumerate(counts)
            if count and row != column
        ]
        return [(row, column) for _, row, column in sorted(found, key=lambda cell: (-cell[0], cell[1:]))]

    def cell_of(self, mistake: Mistake) -> tuple[int, int] | None:
        """Where a mistake stands in the confusion matrix."""
        if mistake.true in self.names and mistake.predicted in self.names:
            return self.names.index(mistake.true), self.names.index(mistake.predicted)
        return None

    def behind(self, row: int, column: int) -> list[Mistake]:
        """The mistakes of a cell; on the diagonal all those of its class."""
        if not self.names:
            return list(self.mistakes)
        true, predicted = self.names[row], self.names[column]
        return [each for each in self.mistakes if each.true == true and (row == column or each.predicted == predicted)]


def read_all(path: Path) -> dict[str, Report]:
    """The reports of all splits that have one. For a thread: the files may be large."""
    raw, mistakes = read_reports(path), read_mistakes(path)
    return {split: report_of(raw.get(split, {}), mistakes.get(split, [])) for split in {**raw, **mistakes}}


def report_of(raw: dict[str, Any], mistakes: list[dict[str, Any]]) -> Report:
    classes = tuple(class_scores(each) for each in _list(raw.get("per_class")) if isinstance(each, dict))
    confusion = matrix_of(raw.get("confusion_matrix"))
    named = tuple(map(str, _list(raw.get("confusion_names"))))  # where it has more than the classes: no class
    names = named if len(named) == len(confusion) else tuple(each.name for each in classes)
    if len(names) != len(confusion):
        names = tuple(f"class {number}" for number in range(len(confusion)))
    rest = {key: value for key, value in raw.items() if key not in KNOWN}
    if raw.get("confusion_matrix") and not confusion:
        rest["confusion_matrix"] = "damaged"
    found = [mistake_of(number, each) for number, each in enumerate(mistakes)]
    found.sort(key=lambda each: -each.sure if not math.isnan(each.sure) else 0.0)
    lines = (*searches.reasons_of(raw), *flat(rest))
    return Report(classes, names, confusion, tuple(found), searches.searches_of(raw), lines[:MOST_LINES])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def class_scores(raw: dict[str, Any]) -> ClassScores:
    values = {key: number_of(raw, key, math.nan) for key in ("precision", "recall", "f1")}
    return ClassScores(str(raw.get("class", "?")), **values, support=int(number_of(raw, "support")))


def matrix_of(raw: Any) -> tuple[tuple[int, ...], ...]:
    """A square of counts, or nothing."""
    rows = _list(raw)
    if not all(isinstance(row, list) and len(row) == len(rows) and all(map(is_finite, row)) for row in rows):
        return ()
    return tuple(tuple(int(count) for count in row) for row in rows)


def mistake_of(number: int, raw: dict[str, Any]) -> Mistake:
    name = next((str(raw[key]) for key in NAMES if key in raw), f"number {number + 1}")
    sure = next((number_of(raw, key, math.nan) for key in SURE if key in raw), math.nan)
    value, answer = (figure(number_of(raw, key, math.nan)) if key in raw else "" for key in ("value", "answer"))
    text = text_of(raw, "problem") or text_of(raw, "text")
    return Mistake(number, name, text_of(raw, "class"), text_of(raw, "predicted"), sure, value, answer, text)


def figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.6g}"


def flat(value: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Anything as lines of `key  value`."""
    if isinstance(value, dict) and depth < DEEPEST:
        for key, each in value.items():
            yield from flat(each, f"{prefix}.{key}" if prefix else str(key), depth + 1)
    elif isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value) and depth < DEEPEST:
        for place, each in enumerate(value):
            yield from flat(each, f"{prefix}.{place}", depth + 1)
    else:
        text = number(value) if isinstance(value, float) else shown(value)
        yield f"{prefix}  {text}" if prefix else text
