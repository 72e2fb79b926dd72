"""What a report is about: a launched study, or runs chosen by hand, gathered into `engine.report.subject.Subject`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import UsageError
from engine.report.subject import CellFacts, RunFacts, Subject
from engine.studies.cells import Cell, cells_of
from engine.studies.comparison import compare, row_of
from engine.studies.definition import Study, our_studies
from engine.studies.repeating import command_of, study_command
from sessions.run.runs import Run
from sessions.run.store import Store
from sessions.study.facts import facts, hidden, jobs_of_runs
from sessions.study.folder import Launched
from sessions.study.gather import code_versions, measured, runs_comparison, study_comparison, study_runs, unimportant

USUAL = ("statistics", "curves")  # what a study asks for that was made on the command line: it did not ask


def study_subject(
    store: Store, launched: Launched, *, shareable: bool, sections: Sequence[str] | None = None
) -> Subject:
    """A study of this home. `sections` instead of those it asks for; an empty list is all there is something for."""
    study = launched.study
    by_label = {cell.label: cell for cell in cells_of(study)}
    runs = study_runs(store, launched)
    jobs = jobs_of_runs(run for each in runs.values() for run in each)
    seeds = sorted({member.seed for member in launched.members}) or [1]
    data_shown = hidden(study.data, shareable)
    cells = []
    for label, members in runs.items():
        cell = by_label.get(label)
        gathered = tuple(facts(run, jobs, shareable=shareable) for run in members)
        variant = cell.variant if cell else members[0].variant if members else label.partition(" ")[0]
        command = _cell_command(study, cell, seeds[0], data_shown, shareable=shareable) if cell else ""
        cells.append(CellFacts(label, variant, gathered, dict(cell.values) if cell else {}, command))
    asked = sections if sections is not None else _sections(study)
    return Subject(
        title=launched.title,
        question=study.question,
        source=study.source,
        task=study.task,
        metric=study.metric,
        cells=tuple(cells),
        comparison=study_comparison(store, launched),
        recipe=study.recipe,
        data=_data(cells) or data_shown or study.row.default_dataset,
        sections=tuple(asked),
        findings=tuple(study.findings) if _asks(study) else ("axis",) * bool(study.axes),
        agree=_agree(study, list(by_label.values())),
        axes=tuple(axis.setting for axis in study.axes),
        command=study_command(study, seeds, data_shown=data_shown),
        notes=tuple(_notes([run for each in runs.values() for run in each], cells)),
    )


def _sections(study: Study) -> tuple[str, ...]:
    """Those that a study asks for; of one that says nothing of it, all that its runs have."""
    return study.sections if _asks(study) else ()


def _asks(study: Study) -> bool:
    """Whether somebody wrote down what it is to show."""
    return study.sections != USUAL or study.name in our_studies()


def _cell_command(study: Study, cell: Cell, seed: int, data: str | None, *, shareable: bool) -> str:
    settings: dict[str, Any] = {**study.settings_of(cell.variant), **dict(cell.values), "seed": seed}
    settings = {key: hidden(value, shareable) for key, value in settings.items()}
    return command_of(study.task, cell.variant, data, study.recipe, settings)


def _agree(study: Study, cells: Sequence[Cell]) -> tuple[str, str] | None:
    """The labels of the first two cells that differ in these variants alone."""
    if study.agree is None:
        return None
    one, other = study.agree
    for first in cells:
        for second in cells:
            if (first.variant, second.variant, first.values) == (one, other, second.values):
                return first.label, second.label
    return None


def runs_subject(runs: Sequence[Run], *, shareable: bool, sections: Sequence[str] | None = None) -> Subject:
    """Runs chosen by hand: those that differ in nothing but the seed are one cell."""
    names = sorted({run.task for run in runs})
    if len(names) != 1:
        raise UsageError(
            "runs of several tasks have nothing to be compared by",
            got=", ".join(names),
            expected="runs of one task",
            hint="write a report for each",
        )
    by_id = {run.id: run for run in runs}
    grouped = runs_comparison(runs, over_seeds=True)
    jobs = jobs_of_runs(runs)
    cells: list[CellFacts] = []
    rows = []
    for row in grouped.rows:
        members = [by_id[each.run] for each in row.measured]
        gathered = tuple(facts(run, jobs, shareable=shareable) for run in sorted(members, key=_seed))
        label = row.label if len(members) == 1 or not members[0].name else members[0].variant
        label = label if label not in {cell.label for cell in cells} else row.label
        ended = [run for run in members if run.status.name == "finished"]
        cells.append(CellFacts(label, row.variant, gathered))
        rows.append(row_of(label, row.task, row.variant, [measured(run) for run in ended]))
    only = cells[0].runs[0] if len(cells) == 1 else None
    title = (
        f"{only.name or only.variant}: a run of {names[0]}"
        if only and len(runs) == 1
        else f"{len(runs)} runs of {names[0]}"
    )
    return Subject(
        title=title,
        question="",
        source="",
        task=names[0],
        metric=grouped.metric,
        cells=tuple(cells),
        comparison=compare(title, grouped.metric, rows, unimportant(names[0])),
        data=_data(cells),
        sections=tuple(sections or ()),
        notes=tuple(_notes(runs, cells)),
    )


def _seed(run: Run) -> tuple[int, str]:
    seed = run.settings.get("seed")
    return (seed if isinstance(seed, int) else 0), run.id


def _data(cells: Sequence[CellFacts]) -> str:
    return ", ".join(dict.fromkeys(run.data for cell in cells for run in cell.runs if run.data))


def _notes(runs: Sequence[Run], cells: Sequence[CellFacts]) -> list[str]:
    """What makes runs less comparable than they look."""
    gathered: list[RunFacts] = [run for cell in cells for run in cell.runs]
    found = []
    versions: Mapping[str, list[str]] = code_versions(run for run in runs if run.record.meta)
    if len(versions) > 1:
        words = ", ".join(f"{len(ids)} of {version}" for version, ids in versions.items())
        found.append(f"The runs come from different versions of the code: {words}.")
    prints = {run.fingerprint for run in gathered if run.fingerprint}
    if len(prints) > 1:
        found.append("The runs were not trained on the same data: their fingerprints differ.")
    if any(run.imported for run in gathered):
        count = sum(run.imported for run in gathered)
        found.append(f"{count} of {len(gathered)} runs are records from elsewhere: they were not trained here.")
    return found
