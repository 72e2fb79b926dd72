"""`labapp compare`: runs, or the cells of a study, side by side, and beside them what reports state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from engine.errors import UsageError, unknown
from engine.studies.comparison import NAME, SECONDS, Comparison
from engine.task import SPLITS
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.compare.document import document
from labapp.compare.figures import Figure, column, legend, ours, sources, theirs
from labapp.compare.settings import differences
from labapp.output import clean, duration, print_json, say, table
from sessions.run.query import is_term
from sessions.run.runs import Run
from sessions.study.folder import Launched, Studies
from sessions.study.gather import cautions, runs_comparison, study_comparison, study_runs

AS_GIVEN = "given"


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    run: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Runs, studies, query terms such as task:images tag:keep. One study alone: its cells.",
        ),
    ],
    split: Annotated[str | None, typer.Option("--split", help="train, val or test; else a table for each.")] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="METRIC", help="A metric, name, seconds, or given: as they were.")
    ] = None,
    worst_first: Annotated[bool, typer.Option("--worst-first", help="The other way round.")] = False,
    seeds: Annotated[
        bool, typer.Option("--seeds/--each", help="One row for runs that differ in the seed alone, or one for each.")
    ] = True,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Compare runs, or a study's cells: who is better, by how much, and whether that can be told at all.

    Runs that differ in the seed alone are one thing tried several times. They make one row, with its mean and spread:
    as rows of their own the luckiest would be the best. --each shows them as they are.
    """
    if split is not None and split not in SPLITS:
        raise unknown("split", split, SPLITS)
    lab = open_lab(home)
    runs, comparison = chosen(lab, run, over_seeds=seeds)
    splits = [split] if split is not None else comparison.splits
    warnings = cautions(runs)
    if as_json:
        in_order = ordered(comparison, splits[-1] if splits else "test", sort, worst_first=worst_first)
        print_json(document(in_order, splits, warnings))
        return 0
    if len(runs) > len(comparison.rows) and len(comparison.rows) == 1:
        say("these differ in the seed alone: --each compares them with each other")
    print_comparison(comparison, splits, sort=sort, worst_first=worst_first)
    for warning in warnings:
        say(f"warning: {warning}")
    return 0


def chosen(lab: Lab, words: Sequence[str], *, over_seeds: bool) -> tuple[list[Run], Comparison]:
    """What the words mean: one study by its cells, or runs, those of studies among them. Raises UsageError where they
    mean nothing."""
    launched = [study_of_this_name(lab, word) for word in words]
    if len(launched) == 1 and launched[0] is not None:
        return runs_of(lab, launched[0]), study_comparison(lab.store, launched[0])
    runs = lab.store.select(
        [
            name
            for word, study in zip(words, launched, strict=True)
            for name in ([word] if study is None else [run.id for run in runs_of(lab, study)])
        ]
    )
    if not runs:
        raise UsageError(
            "no run matches", got=" ".join(words), expected="runs that are there", hint="labapp runs lists them"
        )
    return runs, runs_comparison(runs, over_seeds=over_seeds)


def runs_of(lab: Lab, launched: Launched) -> list[Run]:
    """All runs of a study."""
    runs = [run for each in study_runs(lab.store, launched).values() for run in each]
    if not runs:
        raise UsageError("this study has no runs", got=launched.id, hint=f"labapp study {launched.name} launches them")
    return runs


def study_of_this_name(lab: Lab, word: str) -> Launched | None:
    """A launched study, when the word names one and no run; an error says what is missing when it could be either."""
    if is_term(word):
        return None
    studies = Studies(lab.home)
    everything = studies.all()
    if any(word in (each.id, each.name) for each in everything):
        return studies.find(word)
    try:
        lab.store.find(word)
    except UsageError as error:
        if any(each.id.startswith(word) for each in everything):
            return studies.find(word)
        from engine.studies.definition import our_studies

        names = [name for each in everything for name in (each.id, each.name)]
        if word in our_studies():
            raise UsageError(
                "this study has not been launched here", got=word, hint=f"labapp study {word} launches it"
            ) from None
        if error.title.startswith("there is no run"):
            expected = f"{error.expected}; or a launched study" + (f": {', '.join(names[1::2])}" if names else "")
            raise UsageError(
                f"there is no run and no study {word!r}", got=word, expected=expected, hint=error.hint
            ) from None
        raise
    return None


def ordered(comparison: Comparison, split: str, sort: str | None, *, worst_first: bool) -> Comparison:
    """Sorted by a column of a split; by what they are compared by when nothing is said."""
    if sort == AS_GIVEN:
        return comparison
    known = [*dict.fromkeys(name for each in comparison.splits for name in comparison.metrics(each)), NAME, SECONDS]
    if sort is not None and sort not in known:
        raise unknown("column", sort, [*known, AS_GIVEN])
    return comparison.sorted_by(split, sort or comparison.metric, worst_first=worst_first)


def print_comparison(
    comparison: Comparison, splits: Sequence[str] | None = None, *, sort: str | None = None, worst_first: bool = False
) -> None:
    """A table for each split, then what the marks and the reports say, then the settings that differ."""
    figures: list[Figure] = []
    splits = comparison.splits if splits is None else splits
    comparison = ordered(comparison, splits[-1] if splits else "test", sort, worst_first=worst_first)
    for split in splits:
        figures += print_split(ordered(comparison, split, sort, worst_first=worst_first), split)
        typer.echo()
    for line in legend(figures):
        typer.echo(line)
    if any(row.reported for row in comparison.rows):
        typer.echo("beside a report's number stands by how much ours is above it")
    for line in sources(comparison.rows):
        typer.echo(clean(line))
    if comparison.differences:
        titles, lines = differences(comparison)
        typer.echo("\nwhat differs")
        table(titles, lines)
    elif len(comparison.rows) > 1:
        typer.echo("no setting differs")


def print_split(comparison: Comparison, split: str) -> list[Figure]:
    """One split: a line for each row, and under it one for each report with what it states of the same."""
    metrics = comparison.metrics(split)
    several = any(len(row.measured) > 1 for row in comparison.rows)
    lines: list[list[str]] = []
    cells: list[list[Figure]] = []
    columns = [ours(comparison, split, name) for name in metrics]
    for place, row in enumerate(comparison.rows):
        note = f" ({row.note})" if row.note else ""
        seconds = row.seconds
        lines.append([row.label + note, str(len(row.measured)), duration(seconds.mean) if seconds.values else "-"])
        cells.append([each[place] for each in columns])
        for report in row.reported:
            if report.metrics.get(split):
                lines.append([f"  {report.name}", "", ""])
                cells.append([theirs(row, report, split, name) for name in metrics])
    written = [column([line[place] for line in cells]) for place in range(len(metrics))]
    rows = [
        (head, *([count] if several else []), *(each[place] for each in written), trained)
        for place, (head, count, trained) in enumerate(lines)
    ]
    table(
        (split, *(["seeds"] if several else []), *metrics, "trained"), rows, right=("seeds", *metrics, "trained"),
        drop=("trained", "seeds", *reversed(metrics[3:])),
    )  # fmt: skip
    return [figure for line in cells for figure in line]
