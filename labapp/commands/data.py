"""`labapp data list / check / fetch`: what data is here, whether it is sound, getting it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from engine.catalogue import Dataset, TaskRow, load, task_row, tasks
from engine.config import resolve_data
from engine.errors import LabError, UsageError, unknown
from engine.files import explained
from labapp.cli import HomeOption, JsonOption, open_lab
from labapp.commands.tasks import where
from labapp.output import clean, print_json, say, table
from sessions.inference import Inference

TaskOption = Annotated[
    str | None, typer.Option("--task", help="The task a path is for; else the first that can use it.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Datasets: list, check, fetch.", no_args_is_help=False, rich_markup_mode=None)
    group.callback(invoke_without_command=True)(overview)
    group.command(name="list")(list_data)
    group.command()(check)
    group.command()(fetch)
    app.add_typer(group, name="data")


def overview(context: typer.Context) -> None:
    """Datasets: list, check, fetch."""
    if context.invoked_subcommand is None:
        list_data()


def list_data(as_json: JsonOption = False, home: HomeOption = None) -> int:
    """Datasets by name, and whether they are here."""
    lab = open_lab(home)
    rows = [
        {"name": name, "task": row.name, "title": dataset.title, "is": where(name, dataset, lab.home)}
        for row in tasks().values()
        for name, dataset in row.datasets.items()
    ]
    if as_json:
        print_json(rows)
        return 0
    table(("dataset", "task", "what", "is"), [(each["name"], each["task"], each["title"], each["is"]) for each in rows])
    say("a path works wherever a dataset's name does; labapp data fetch NAME gets what is not here")
    return 0


def find_dataset(name: str) -> tuple[TaskRow, Dataset]:
    for row in tasks().values():
        if name in row.datasets:
            return row, row.datasets[name]
    raise unknown("dataset", name, [name for row in tasks().values() for name in row.datasets])


def task_of(source: str) -> TaskRow:
    """The task whose dataset has that name, else the first that would open what lies at the path."""
    named = [row for row in tasks().values() if source in row.datasets]
    if named:
        return named[0]
    able = [row for row in tasks().values() if row.path_dataset is not None and row.probe is not None]
    data = resolve_data(able[0], source)
    for row in able:
        with contextlib.suppress(LabError):
            load(row.probe or "")(Path(data))
            return row
    raise UsageError(
        "this is no dataset of any task",
        got=source,
        expected=" or ".join(row.path_dataset.title for row in able if row.path_dataset),
        hint="--task NAME says why a task cannot use it",
    )


def check(
    source: Annotated[str, typer.Argument(metavar="NAME_OR_PATH")],
    task: TaskOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Read a dataset whole and say what is wrong with it."""
    lab = open_lab(home)
    row = task_row(task) if task else task_of(source)
    data = resolve_data(row, source)
    with Inference(lab.home) as inference:
        findings = inference.ask("check", task=row.name, data=data)["findings"]
    if as_json:
        print_json({"data": source, "findings": findings})
    else:
        typer.echo("\n".join(clean(finding) for finding in findings))
    return 0


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A file you have, where there is no network.")
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Download a dataset, or take it from a file; resumed when interrupted, verified by its checksum."""
    lab = open_lab(home)
    row, dataset = find_dataset(name)
    if dataset.fetch is None:
        raise UsageError(f"{name} need not be fetched", got=name, expected="a dataset that is not built in")
    folder = lab.home.ensure().data / name
    with explained(folder):
        folder.mkdir(exist_ok=True)
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn(name, markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bar:
        line = bar.add_task(name, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(line, completed=done, total=total or None)

        path = load(dataset.fetch)(folder, from_, progress)
    if as_json:
        print_json({"name": name, "task": row.name, "path": str(path)})
    else:
        say(f"{name} is here: {path}")
    return 0
