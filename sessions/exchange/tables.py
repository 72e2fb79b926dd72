"""What can be written as a table: curves, metrics, reports and mistakes of runs, and all runs with their configuration.

Every table is tidy: one observation a row, and the run it is of in the first column, so that tables of several runs
can stand in one file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError
from engine.events import is_finite, number
from engine.task import SPLITS
from sessions.exchange.cells import Row
from sessions.run.history import Series
from sessions.run.records import read_mistakes, read_reports, table_of
from sessions.run.runs import Run


@dataclass(frozen=True)
class Table:
    """Named columns, and rows that may lack some of them."""

    columns: tuple[str, ...]
    rows: list[Row]


def columns_of(rows: Iterable[Row], first: Sequence[str]) -> tuple[str, ...]:
    """These, then all others in the order they come."""
    return tuple(dict.fromkeys([*first, *(name for row in rows for name in row)]))


def moments(series: Series) -> Iterator[tuple[int, float, float, float, bool]]:
    """(step, epoch, elapsed, value, whether it is a running average within an epoch) of each point."""
    for step, epoch, elapsed, value, partial in zip(
        series.steps, series.epochs, series.elapsed, series.values, series.partial, strict=False
    ):
        yield step, epoch, elapsed, value, bool(partial)


def curves(run: Run, splits: Sequence[str]) -> list[Row]:
    """One row for each split and moment; running averages within an epoch are marked (`partial`)."""
    found: dict[tuple[int, str, bool], dict[str, Any]] = {}
    for (split, name), series in list(run.history.series.items()):
        if split not in splits:
            continue
        for step, epoch, elapsed, value, partial in moments(series):
            at = {"split": split, "step": step, "epoch": epoch, "elapsed": elapsed, "partial": partial}
            found.setdefault((step, split, not partial), at)[name] = value
    return [found[key] for key in sorted(found)]


def metrics(run: Run, splits: Sequence[str]) -> list[Row]:
    """The final metrics, or the latest of the curves while there are no final ones."""
    examples = table_of(run.record.result, "examples")
    return [
        {"split": split, "metric": name, "value": value, "examples": examples.get(split)}
        for split, values in run.metrics.items()
        if split in splits
        for name, value in values.items()
    ]


def classes(run: Run, splits: Sequence[str]) -> list[Row]:
    """The report by class."""
    return [
        {"split": split, **{key: _number(value) for key, value in each.items()}}
        for split, report in read_reports(run.path).items()
        if split in splits
        for each in _list(report.get("per_class"))
        if isinstance(each, dict)
    ]


def confusion(run: Run, splits: Sequence[str]) -> list[Row]:
    """The confusion matrix, one row for each pair of a true class and a prediction."""
    rows: list[Row] = []
    for split, report in read_reports(run.path).items():
        matrix = [_list(each) for each in _list(report.get("confusion_matrix"))]
        own = [str(each.get("class")) for each in _list(report.get("per_class")) if isinstance(each, dict)]
        named = [str(each) for each in _list(report.get("confusion_names"))]
        names = next((each for each in (named, own) if len(each) == len(matrix)), [str(i) for i in range(len(matrix))])
        rows += [
            {"split": split, "true": true, "predicted": predicted, "count": count}
            for true, counts in zip(names, matrix, strict=True)
            for predicted, count in zip(names, counts, strict=False)
            if split in splits and is_finite(count)
        ]
    return rows


def beams(run: Run, splits: Sequence[str]) -> list[Row]:
    """What searches of every width came to, with the grammar and without."""
    rows: list[Row] = []
    for split, report in read_reports(run.path).items():
        for width, found in table_of(report, "by_beam").items():
            for way in ("grammar_on", "grammar_off"):
                values = table_of(found if isinstance(found, dict) else {}, way)
                if values and split in splits:
                    about = {"split": split, "beam": _number(width), "grammar": way == "grammar_on"}
                    rows.append(about | {name: _number(value) for name, value in values.items()})
    return rows


def mistakes(run: Run, splits: Sequence[str]) -> list[Row]:
    """The surest mistakes; a run that was shared without its data has none."""
    found = read_mistakes(run.path)
    return [{"split": split, **each} for split, entries in found.items() if split in splits for each in entries]


def summary(run: Run) -> Row:
    """A run in one row: what it is, how it went, every final metric, every setting."""
    config = run.record.config or {}
    return {
        "id": run.id,
        "name": run.name,
        "tags": run.tags,
        "note": run.note,
        "task": run.task,
        "variant": run.variant,
        "data": run.data,
        "recipe": run.recipe,
        "recipe_version": config.get("recipe_version"),
        "status": run.status.name,
        "detail": run.status.detail,
        "epoch": run.epoch,
        "step": run.step,
        "seconds": run.seconds,
        "created": _moment(run.created),
        "monitor": run.monitor,
        "best": run.best,
        **{f"{split}/{name}": value for split, values in run.metrics.items() for name, value in values.items()},
        **{f"settings/{name}": value for name, value in run.settings.items()},
    }


Made = Callable[[Run, Sequence[str]], list[Row]]
OF_A_RUN: Mapping[str, Made] = {
    "curves": curves,
    "metrics": metrics,
    "classes": classes,
    "confusion": confusion,
    "beams": beams,
    "mistakes": mistakes,
}
RUNS = "runs"
TABLES = ("curves", RUNS, *(name for name in OF_A_RUN if name != "curves"))
FIRST = ("run", "name", "split")


def table_of_runs(runs: Sequence[Run]) -> Table:
    """All runs, one row each; metrics before settings, whichever run brought them first."""
    rows = [summary(run) for run in runs]
    names = columns_of(rows, ())
    late = [name for name in names if name.startswith("settings/")]
    return Table((*(name for name in names if not name.startswith("settings/")), *late), rows)


def table(name: str, runs: Sequence[Run], split: str | None = None) -> Table:
    """A table of one or several runs. UsageError when none of them has it: it lists what there is."""
    if name == RUNS:
        return table_of_runs(runs)
    splits = SPLITS if split is None else (split,)
    rows: list[Row] = []
    for run in runs:
        rows += [{"run": run.id, "name": run.name, **row} for row in OF_A_RUN[name](run, splits)]
    if not rows:
        there = [other for other, made in OF_A_RUN.items() if any(made(run, SPLITS) for run in runs)]
        of = runs[0].id if len(runs) == 1 else "these runs"
        raise UsageError(
            f"there is no table {name!r} of {of}" + (f" on the {split} split" if split and name in there else ""),
            got=f"--table {name}" + (f" --split {split}" if split else ""),
            expected="--table " + ", ".join([*there, RUNS]),
            hint="a run has reports once it has finished" if not there or there == ["curves", "metrics"] else None,
        )
    return Table(columns_of(rows, FIRST), rows)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> Any:
    """In JSON files NaN and infinities are texts, and so are numbers that are keys."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return number(value) if value in ("nan", "inf", "-inf") else value
    return value


def _moment(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else ""
    except (OverflowError, ValueError, OSError):
        return ""
