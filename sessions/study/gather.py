"""From runs to what is compared: the rows of a study's cells, or of runs chosen by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.catalogue import tasks
from engine.config import settings_class
from engine.settings import place_settings
from engine.studies.comparison import Comparison, Measured, compare, row_of
from engine.task import SPLITS
from sessions.run.records import number_of, table_of, text_of
from sessions.run.runs import Run
from sessions.run.store import Store
from sessions.study.folder import Launched

MAIN = {"images": "accuracy", "ner": "micro_f1", "mathqa": "exact_match"}  # by which runs of a task are compared


def measured(run: Run) -> Measured:
    """What a run has reached: its final metrics, or while it goes on those of its curves."""
    examples = table_of(run.record.result, "examples")
    sizes: dict[str, int] = {split: int(number_of(examples, split)) for split in SPLITS}
    return Measured(run.id, int(number_of(run.settings, "seed")), run.metrics, sizes, run.settings, run.seconds)


def study_runs(store: Store, launched: Launched) -> dict[str, list[Run]]:
    """The runs of every cell that are there, by the cell's label, in the study's order."""
    found: dict[str, list[Run]] = {label: [] for label in launched.labels}
    for label in found:
        runs = (store.read(member.run) for member in launched.of(label))
        found[label] = [run for run in runs if not run.record.gone]
    return found


def study_comparison(store: Store, launched: Launched) -> Comparison:
    """A row for each cell, over its finished runs; cells of which none has finished have no numbers."""
    rows = []
    for label, runs in study_runs(store, launched).items():
        ended = [run for run in runs if run.status.name == "finished"]
        variant = runs[0].variant if runs else label.split()[0]
        rows.append(row_of(label, text_of(launched.raw, "task"), variant, [measured(run) for run in ended]))
    metric = text_of(launched.raw, "metric") or MAIN.get(text_of(launched.raw, "task"), "loss")
    return compare(launched.title, metric, rows, unimportant(text_of(launched.raw, "task")))


def runs_comparison(runs: Sequence[Run], *, over_seeds: bool = False) -> Comparison:
    """A row for each run; with `over_seeds` one for all runs that differ in nothing but the seed."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        same = repr((run.task, run.variant, run.data, sorted(_telling(run).items()))) if over_seeds else run.id
        groups.setdefault(same, []).append(run)
    labels = _labels([group[0] for group in groups.values()])
    rows = [
        row_of(label, group[0].task, group[0].variant, [measured(run) for run in group])
        for label, group in zip(labels, groups.values(), strict=True)
    ]
    names = {run.task for run in runs}
    metric = MAIN.get(names.pop(), "loss") if len(names) == 1 else "loss"
    off = frozenset().union(*(unimportant(name) for name in {run.task for run in runs}))
    return compare(f"{len(rows)} runs" if not over_seeds else f"{len(runs)} runs", metric, rows, off)


def unimportant(task: str) -> frozenset[str]:
    """Settings that say where or how often."""
    return place_settings(settings_class(tasks()[task])) if task in tasks() else frozenset()


def _telling(run: Run) -> dict[str, object]:
    off = unimportant(run.task) | {"seed"}
    return {key: value for key, value in run.settings.items() if key not in off}


def _labels(runs: Iterable[Run]) -> list[str]:
    """What to call runs: their names, else their variants where these tell them apart, else their ids."""
    runs = list(runs)
    variants = Counter(run.variant for run in runs)
    wanted = [run.name or (run.variant if variants[run.variant] == 1 else run.id) for run in runs]
    taken = Counter(wanted)
    return [label if taken[label] == 1 else run.id for label, run in zip(wanted, runs, strict=True)]


def code_versions(runs: Iterable[Run]) -> dict[str, list[str]]:
    """The runs by the code they were trained with: more than one version is worth a warning."""
    found: dict[str, list[str]] = {}
    for run in runs:
        meta = run.record.meta
        version = " ".join(filter(None, (text_of(meta, "labapp"), text_of(meta, "git_commit")[:9])))
        found.setdefault(version or "unknown", []).append(run.id)
    return found
