"""From runs to what is compared: the rows of a study's cells, or of runs chosen by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from engine.catalogue import tasks
from engine.config import settings_class
from engine.errors import UsageError
from engine.settings import place_settings
from engine.studies.comparison import Comparison, Measured, Row, compare, row_of
from engine.studies.reported import base_name
from engine.task import SPLITS
from engine.values import shown
from sessions.run.records import number_of, table_of, text_of
from sessions.run.runs import Run
from sessions.run.store import Store
from sessions.study.folder import Launched

MOST_TOLD = 3  # settings in a label


def measured(run: Run) -> Measured:
    """What a run has reached: its final metrics, or while it goes on those of its curves."""
    examples = table_of(run.record.result, "examples")
    sizes: dict[str, int] = {split: int(number_of(examples, split)) for split in SPLITS}
    final = bool(table_of(run.record.result, "metrics"))
    seed, seconds = int(number_of(run.settings, "seed")), run.seconds or math.nan
    return Measured(run.id, seed, run.metrics, sizes, run.settings, seconds, run.data, final)


def row_over(label: str, runs: Sequence[Run], ended: Callable[[Run], bool]) -> Row:
    """A row over the runs that ended; as long as none has, over those that have something to show.

    A mean of a run's last word and another's word so far would be no number of anything.
    """
    chosen = [run for run in runs if ended(run)] or list(runs)
    standing = Counter(run.status.name for run in runs if not ended(run))
    note = ", ".join(f"{count} {name}" for name, count in standing.items()) or ("" if runs else "no run")
    task, variant = (runs[0].task, runs[0].variant) if runs else ("", label.partition(" ")[0])
    return row_of(label, task, variant, [measured(run) for run in chosen], runs=[run.id for run in runs], note=note)


def study_runs(store: Store, launched: Launched) -> dict[str, list[Run]]:
    """The runs of every cell that are there, by the cell's label, in the study's order."""
    found: dict[str, list[Run]] = {label: [] for label in launched.labels}
    for label in found:
        runs = (store.read(member.run) for member in launched.of(label))
        found[label] = [run for run in runs if not run.record.gone]
    return found


def study_comparison(store: Store, launched: Launched) -> Comparison:
    """A row for each cell, over its finished runs; while none of them has finished, over what they say so far."""
    task = text_of(launched.raw, "task")
    rows = [
        row_over(label, runs, lambda run: run.status.name == "finished")
        for label, runs in study_runs(store, launched).items()
    ]
    metric = text_of(launched.raw, "metric") or main_metric(task)
    return compare(launched.title, metric, rows, unimportant(task))


def runs_comparison(runs: Sequence[Run], *, over_seeds: bool = False) -> Comparison:
    """A row for each run; with `over_seeds` one for all runs that differ in nothing but the seed.

    Raises UsageError for runs of several tasks: metrics of one name are not of one meaning there.
    """
    if len(names := Counter(run.task for run in runs)) > 1:
        words = ", ".join(f"{count} of {name}" for name, count in names.items())
        hint = f"task:{names.most_common(1)[0][0]} chooses those of one"
        raise UsageError("runs of different tasks cannot be compared", got=words, expected="one task", hint=hint)
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_same(run) if over_seeds else run.id, []).append(run)
    labels = _labels(list(groups.values()))
    rows = [
        row_over(label, group, lambda run: bool(table_of(run.record.result, "metrics")))
        for label, group in zip(labels, groups.values(), strict=True)
    ]
    task = next(iter(names), "")
    title = f"{len(runs)} runs" if len(runs) != 1 else "1 run"
    return compare(title, main_metric(task), rows, unimportant(task))


def main_metric(task: str) -> str:
    """By which runs of a task are compared, also of one that is not here (any more)."""
    return tasks()[task].metric if task in tasks() else "loss"


def unimportant(task: str) -> frozenset[str]:
    """Settings that say where or how often."""
    return place_settings(settings_class(tasks()[task])) if task in tasks() else frozenset()


def _same(run: Run) -> str:
    """What runs that differ in the seed alone have in common."""
    off = unimportant(run.task) | {"seed"}
    settings = sorted((key, value) for key, value in run.settings.items() if key not in off)
    return repr((run.variant, run.data, text_of(run.record.meta, "fingerprint"), settings))


def _labels(groups: Sequence[Sequence[Run]]) -> list[str]:
    """What to call rows: a run's name, else its variant with what tells it from others of the variant, else its id."""
    pooled = any(len(group) > 1 for group in groups)
    wanted = []
    for group in groups:
        first = group[0]
        like = [other[0] for other in groups if other[0].variant == first.variant]
        off = unimportant(first.task) | ({"seed"} if pooled else set())
        telling = [
            key for key, value in first.settings.items()
            if key not in off and any(run.settings.get(key) != value for run in like)
        ]  # fmt: skip
        settings = [f"{key}={shown(first.settings[key])}" for key in telling]
        alone = first.name if len(group) == 1 else ""
        wanted.append(alone or (first.id if len(settings) > MOST_TOLD else " ".join([first.variant, *settings])))
    taken = Counter(wanted)
    return [label if taken[label] == 1 else group[0].id for label, group in zip(wanted, groups, strict=True)]


def code_versions(runs: Iterable[Run]) -> dict[str, list[str]]:
    """The runs by the code they were trained with: more than one version is worth a warning."""
    found: dict[str, list[str]] = {}
    for run in runs:
        meta = run.record.meta
        version = " ".join(filter(None, (text_of(meta, "labapp"), text_of(meta, "git_commit")[:9])))
        found.setdefault(version or "unknown", []).append(run.id)
    return found


def cautions(runs: Iterable[Run]) -> list[str]:
    """Why rows may differ in more than what they are called: other code, or other data."""
    runs, found = list(runs), []
    if len(versions := code_versions(runs)) > 1:
        words = ", ".join(f"{len(ids)} of {version}" for version, ids in versions.items())
        found.append(f"runs of different versions of the code: {words}")
    prints = Counter((run.data, text_of(run.record.meta, "fingerprint")) for run in runs)
    known = {mark for _, mark in prints if mark}
    if len(known) > 1 or (len({data for data, _ in prints}) > 1 and len(known) != 1):
        words = ", ".join(f"{count} on {base_name(data)} {mark[:8]}".rstrip() for (data, mark), count in prints.items())
        found.append(f"runs on different data: {words}")
    return found
