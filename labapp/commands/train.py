"""`labapp train`: queue a training, which runs in the background, or follow it to its end."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.catalogue import TaskRow, parse_target
from engine.config import Config, Layer, parse_assignment, settings_class
from engine.errors import UsageError
from labapp.cli import AfterOption, HomeOption, JsonOption, Lab, open_lab
from labapp.commands.runs import show_run
from labapp.follow import follow
from labapp.form.launching import config_of, configured, place, repeated, require_data
from labapp.output import clean, print_json, say
from labapp.run_codes import INTERRUPTED, exit_code
from sessions import control
from sessions.run.runs import Run

SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")]


def register(app: typer.Typer) -> None:
    app.command()(train)


def train(
    target: Annotated[
        str | None, typer.Argument(metavar="TASK/VARIANT", help="For example images/bn; --from alone takes the run's.")
    ] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="NAME_OR_PATH", help="Dataset or folder.")] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="seed or best; else as your preferences say, else best.")
    ] = None,
    set_: SetOption = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="RUN", help="Repeat a run, with changes.")] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="auto, cpu, an index or a UUID.")] = "auto",
    after: AfterOption = None,
    name: Annotated[str, typer.Option("--name", help="A name of your own for the run.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given several times.")] = None,
    note: Annotated[str, typer.Option("--note", help="A note of your own.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Follow it; Ctrl-C then leaves it running.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the configuration and start nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Queue a training, to run in the background, and print its id."""
    lab = open_lab(home)
    config = configure(lab, target, data, recipe, set_ or [], from_)
    require_data(lab.home, config)
    lab.store.check_name(name)
    config, gpu = place(config, gpu)
    if dry_run:
        shown = "\n".join(map(clean, config.to_toml().split("\n")))  # a run that was imported may say anything
        print_json(config.as_dict()) if as_json else typer.echo(shown, nl=False)
        return 0
    waits_for = [lab.store.find(each).id for each in after or []]
    run = control.launch(lab.store, config, name=name, tags=tag or [], note=note, gpu=gpu, after=waits_for)
    if not wait:
        print_json(run.as_json()) if as_json else typer.echo(run.id)
        return 0
    return finish(lab, run, as_json=as_json)


def configure(
    lab: Lab, target: str | None, data: str | None, recipe: str | None, assignments: list[str], repeat: str | None
) -> Config:
    """All layers of the configuration together."""
    if repeat is not None:
        return again(lab, target, data, recipe, assignments, repeat)
    if target is None:
        raise UsageError(
            "what is to be trained?", expected="TASK/VARIANT, or --from RUN", hint="labapp tasks lists them"
        )
    row, variant = parse_target(target)
    return configured(lab.layers, row, variant, data, recipe, command_line(row, assignments))


def again(
    lab: Lab, target: str | None, data: str | None, recipe: str | None, assignments: list[str], repeat: str
) -> Config:
    """A run as it was: only the command line changes it."""
    old = config_of(lab.store.find(repeat))
    row, variant = parse_target(target or f"{old.task}/{old.variant}")
    if old.task != row.name:
        raise UsageError("a run can only be repeated in its own task", got=target, expected=f"{old.task}/...")
    if recipe not in (None, old.recipe):
        raise UsageError(
            "a run is repeated with its own settings, not with another recipe",
            got=f"--from {repeat} --recipe {recipe}",
            expected="one of the two",
            hint=f"labapp train {row.name}/{variant} --recipe {recipe}, or --set what should change",
        )
    return repeated(old, repeat, variant, data, command_line(row, assignments))


def command_line(row: TaskRow, assignments: list[str]) -> Layer:
    cls = settings_class(row)
    values: dict[str, Any] = dict(parse_assignment(text, cls) for text in assignments)
    return Layer("the command line", values, asked=True)


def finish(lab: Lab, run: Run, *, as_json: bool) -> int:
    """Follow a run and print how it ended. Ctrl-C stops the following, not the run."""
    say(f"run {run.id} is in the queue; it goes on without this terminal")
    try:
        (run,) = follow(lab.store, [run.id])
    except KeyboardInterrupt:
        say(f"run {run.id} goes on in the background: labapp wait {run.id} follows it, labapp stop {run.id} ends it")
        return INTERRUPTED
    print_json(run.as_json()) if as_json else show_run(run)
    return exit_code([run])
