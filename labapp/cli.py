"""The command line: every command in one Typer application, and what they share."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UsageError
from sessions.home import Home, find_home
from sessions.preferences import Layers, read_layers
from sessions.store import Store

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Where runs and data lie (else LABAPP_HOME, else your data folder).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout and nothing else there.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done and do nothing.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="An id, a unique prefix of one, a name, or latest.")]
RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Runs, or query terms such as status:running task:images.")
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


@dataclass
class Lab:
    """What most commands begin with."""

    home: Home
    store: Store
    layers: Layers


def open_lab(home: Path | None) -> Lab:
    """Find the home and read the preferences; nothing is created."""
    layers = read_layers()
    found = find_home(home, layers.home)
    return Lab(found, Store(found), layers)


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Without a command: what there is to do."""
    if context.invoked_subcommand is not None:
        return
    if not sys.stdout.isatty():
        typer.echo("labapp without a command needs a terminal; labapp demo and labapp --help do not", err=True)
        raise typer.Exit(UsageError.exit_code)
    typer.echo(context.get_help())


def load_commands() -> typer.Typer:
    """The application with all commands."""
    from labapp.commands import control, data, demo, doctor, evaluate, runs, tasks, train

    for module in (train, runs, control, evaluate, data, tasks, doctor, demo):
        module.register(app)
    return app
