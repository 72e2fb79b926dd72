"""`labapp runs`, `show`, `logs`, `wait`: looking at runs."""

from __future__ import annotations

import math
import shutil
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.checkpoints import Checkpoints
from engine.errors import UsageError
from labapp.cli import HomeOption, JsonOption, RunArgument, RunsArgument, open_lab
from labapp.follow import follow
from labapp.output import as_seen, clean, duration, number, print_json, say, table, when
from labapp.run_codes import INTERRUPTED, exit_code
from sessions.run.origin import imported_of
from sessions.run.query import check_keys
from sessions.run.records import CHECKPOINTS, OUTPUT, text_of
from sessions.run.runs import Run
from sessions.run.status import GOING_ON

QueryArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[QUERY]", help="Terms such as task:images status:running study:norms lr:1e-3.. not:draft."),
]


def register(app: typer.Typer) -> None:
    for command in (runs, show, logs, wait):
        app.command()(command)


def runs(query: QueryArgument = None, as_json: JsonOption = False, home: HomeOption = None) -> int:
    """List runs, newest first."""
    lab = open_lab(home)
    everything = lab.store.all()
    wanted = lab.store.query(query or [])
    check_keys(wanted, everything)
    found = [run for run in everything if wanted.matches(run)]
    if as_json:
        print_json([run.as_json() for run in found])
        return 0
    if not found:
        say("no run matches" if everything else "there are no runs yet: labapp train images/bn, or labapp demo")
        return 0
    list_runs(found)
    for problem in (problem for run in found for problem in run.problems):
        say(f"problem: {problem}")
    return 0


def list_runs(found: Sequence[Run]) -> None:
    rows = [
        (
            run.id,
            run.name,
            f"{run.task}/{run.variant}",
            Path(run.data).name,
            run.recipe,
            run.status.name,
            f"{math.floor(run.epoch + 1e-9)}/{run.epochs}",
            f"{number(run.best)} {run.monitor}" if not math.isnan(run.best) else "-",
            duration(run.seconds),
            " ".join(run.tags),
        )
        for run in found
    ]
    columns = ("id", "name", "variant", "data", "recipe", "status", "epoch", "best val", "trained", "tags")
    table(columns, rows, right=("epoch",), drop=("tags", "recipe", "trained", "data", "name"))


def show(run: RunArgument, as_json: JsonOption = False, home: HomeOption = None) -> int:
    """All of one run: status, metrics, settings, where its files are."""
    found = open_lab(home).store.find(run)
    if as_json:
        print_json(found.as_json() | {"path": str(found.path), "settings": found.settings, "jobs": found.jobs})
    else:
        show_run(found, full=True)
    return 0


def show_run(run: Run, *, full: bool = False) -> None:
    """A run for people."""
    status = run.status.name + (f" ({run.status.detail})" if run.status.detail else "")
    facts = [
        ("run", run.id + (f"  {run.name!r}" if run.name else "")),
        ("what", f"{run.task}/{run.variant} on {run.data}, recipe {run.recipe}"),
        ("status", status),
        ("progress", f"epoch {run.epoch:g} of {run.epochs}, step {run.step:,}, trained {duration(run.seconds)}"),
    ]
    if not math.isnan(run.best):
        facts.append(("best", f"validation {run.monitor} {number(run.best)}"))
    if run.error:
        facts += [(label, str(run.error[key])) for label, key in _ERROR_LINES if run.error.get(key)]
    if full:
        facts += [("tags", " ".join(run.tags)), ("note", run.note), ("created", when(run.created))]
        facts += [("from", came_from(run)), ("folder", str(run.path))]
    for label, value in facts:
        if value:
            typer.echo(f"{label + ':':<10}{clean(value)}")
    show_metrics(run)
    if full:
        settings = " ".join(f"{key}={clean(value)}" for key, value in run.settings.items())
        typer.echo("\n" + "\n".join(textwrap.wrap(settings, shutil.get_terminal_size().columns)))
        show_jobs(run)
    for problem in run.problems:
        say(f"problem: {problem}")


def came_from(run: Run) -> str:
    """Where an imported run comes from; nothing of one that was made here."""
    about = imported_of(run.record)
    if not about:
        return ""
    weights = "" if Checkpoints(run.path / CHECKPOINTS).steps() else ", without weights"
    was = text_of(about, "id")
    return f"a {text_of(about, 'as')}{f' of run {was}' if was and was != run.id else ''}{weights}"


def show_jobs(run: Run) -> None:
    """What was queued to be done with a run, and where its results are."""
    if run.jobs:
        typer.echo()
        rows = [(job["id"], job["status"], job.get("error") or job["path"]) for job in run.jobs]
        table(("job", "status", "result"), rows)


_ERROR_LINES = (("error", "title"), ("got", "got"), ("expected", "expected"), ("do", "hint"))


def show_metrics(run: Run) -> None:
    """Metrics by split, one column each."""
    metrics = {split: values for split, values in run.metrics.items() if values}
    if not metrics:
        return
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    typer.echo()
    rows = [(name, *(number(values.get(name)) for values in metrics.values())) for name in names]
    table(("metric", *metrics), rows, right=tuple(metrics))


def logs(
    run: RunArgument,
    follow_: Annotated[bool, typer.Option("-f", "--follow", help="Go on printing until the run ends.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """What a run's worker printed."""
    store = open_lab(home).store
    found = store.find(run)
    path = found.path / OUTPUT
    if as_json and follow_:
        raise UsageError("a log that is followed is no JSON document", got="--follow --json", expected="one of the two")
    if as_json:
        print_json({"id": found.id, "log": path.read_text(errors="replace") if path.exists() else ""})
        return 0
    offset = 0
    try:
        while follow_ and store.read(found.id).status.name in GOING_ON:
            offset = _print_from(path, offset)
            time.sleep(0.3)
        _print_from(path, offset, to_the_end=True)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _print_from(path: Path, offset: int, *, to_the_end: bool = False) -> int:
    """Print the lines that were added to a log, as they look at their end; where the next ones begin.

    A line that may still grow waits, unless there will be nothing more.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return offset
    whole = len(content) if to_the_end else content.rfind(b"\n") + 1
    lines = content[:whole].split(b"\n")
    if not lines[-1]:
        lines.pop()
    for line in lines:
        typer.echo(clean(as_seen(line)))
    return offset + whole


def wait(run: RunsArgument, as_json: JsonOption = False, home: HomeOption = None) -> int:
    """Follow runs until all of them have ended."""
    store = open_lab(home).store
    selected = store.select(run)
    if not selected:
        say("no run matches")
    try:
        ended = follow(store, [each.id for each in selected])
    except KeyboardInterrupt:
        say("the runs go on in the background: labapp wait follows them again")
        return INTERRUPTED
    if as_json:
        print_json([each.as_json() for each in ended])
    elif ended:
        list_runs(ended)
    return exit_code(ended)
