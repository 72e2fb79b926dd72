"""The command line: every command in one Typer application, and what they share."""

from __future__ import annotations

import importlib.metadata
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import UsageError
from sessions.home import Home, find_home
from sessions.run.store import Store
from sessions.study.folder import Studies
from sessions.userfile import read_user_file

if TYPE_CHECKING:
    from sessions.preferences import Layers


def not_empty(value: str | None) -> Path | None:
    """A path from the command line; an empty one is an unset shell variable, not the current folder."""
    if value == "":
        raise UsageError("--home is empty", got="--home ''", expected="a folder", hint="is a shell variable not set?")
    return None if value is None else Path(value)


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        parser=not_empty,
        help="Where runs and data lie (else LABAPP_HOME, else your data folder).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout and nothing else there.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done and do nothing.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="An id, a unique prefix of one, a name, or latest.")]
RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Runs, or query terms such as status:running study:norms.")
]
AfterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--after", metavar="RUN", help="Wait until this run does not go on any more; several times for several."
    ),
]

app = typer.Typer(
    name="labapp",
    help="A deep-learning laboratory in a terminal: launch, watch, compare and use models.",
    no_args_is_help=False,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Lab:
    """What most commands begin with. Preferences are read when a command needs them: a bad file stops no other."""

    def __init__(self, home: Home):
        self.home = home
        self.store = Store(home, Studies(home).names)

    @cached_property
    def layers(self) -> Layers:
        from sessions.preferences import read_layers

        return read_layers()


def open_lab(home: Path | None) -> Lab:
    """Find the home; nothing is created."""
    chosen = home or os.environ.get("LABAPP_HOME") or read_user_file().home
    return Lab(find_home(chosen))


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """A deep-learning laboratory in a terminal: launch, watch, compare and use models."""
    if version:
        typer.echo(importlib.metadata.version("labapp"))
        raise typer.Exit(0)
    if context.invoked_subcommand is not None:
        return
    from labapp.start import run_app

    raise typer.Exit(run_app(None))


def load_commands() -> typer.Typer:
    """The application with all commands."""
    from labapp.commands import (
        compare,
        control,
        data,
        demo,
        doctor,
        evaluate,
        exchange,
        gradcam,
        queue,
        report,
        runs,
        solve,
        study,
        tag,
        tasks,
        train,
    )

    training, looking = (train, study, queue, control), (runs, compare, report, evaluate)
    for module in (*training, *looking, tag, solve, gradcam, exchange, data, tasks, doctor, demo):
        module.register(app)
    return app
