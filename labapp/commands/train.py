"""`labapp train`: start a training in the background, or follow it to its end."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.catalogue import TaskRow, parse_target
from engine.config import (
    Config,
    Layer,
    belonging,
    parse_assignment,
    read_config,
    resolve,
    resolve_data,
    settings_class,
)
from engine.errors import UsageError
from engine.settings import place_settings
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.commands.runs import show_run
from labapp.follow import follow
from labapp.output import print_json, say
from labapp.run_codes import INTERRUPTED, exit_code
from sessions import control
from sessions.gpus import choose, list_gpus, worker_environment
from sessions.records import CONFIG
from sessions.runs import Run

SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one setting.")]


def register(app: typer.Typer) -> None:
    app.command()(train)


def train(
    target: Annotated[
        str | None, typer.Argument(metavar="TASK/VARIANT", help="For example images/bn; --from alone takes the run's.")
    ] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="NAME_OR_PATH", help="Dataset or folder.")] = None,
    recipe: Annotated[str | None, typer.Option("--recipe", help="seed, or best (the default).")] = None,
    set_: SetOption = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="RUN", help="Repeat a run, with changes.")] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="auto, cpu, an index or a UUID.")] = "auto",
    name: Annotated[str, typer.Option("--name", help="A name of your own for the run.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given several times.")] = None,
    note: Annotated[str, typer.Option("--note", help="A note of your own.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Follow it; Ctrl-C then leaves it running.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the configuration and start nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Start a training in the background and print its id."""
    lab = open_lab(home)
    config = configure(lab, target, data, recipe, set_ or [], from_)
    require_data(lab, config)
    lab.store.check_name(name)
    config, environment = place(config, gpu)
    if dry_run:
        print_json(config.as_dict()) if as_json else typer.echo(config.to_toml(), nl=False)
        return 0
    run = control.launch(lab.store, config, name=name, tags=tag or [], note=note, environment=environment)
    if not wait:
        print_json(run.as_json()) if as_json else typer.echo(run.id)
        return 0
    return finish(lab, run, as_json=as_json)


def configure(
    lab: Lab, target: str | None, data: str | None, recipe: str | None, assignments: list[str], repeat: str | None
) -> Config:
    """All layers of the configuration together."""
    if repeat is not None:
        return repeated(lab, target, data, recipe, assignments, repeat)
    if target is None:
        raise UsageError(
            "what is to be trained?", expected="TASK/VARIANT, or --from RUN", hint="labapp tasks lists them"
        )
    row, variant = parse_target(target)
    layers = [command_line(row, assignments), *lab.layers.for_task(row)]
    return resolve(row, variant, data, recipe or lab.layers.recipe or "best", layers)


def repeated(
    lab: Lab, target: str | None, data: str | None, recipe: str | None, assignments: list[str], repeat: str
) -> Config:
    """A run as it was: only the command line changes it."""
    old = read_config(lab.store.find(repeat).path / CONFIG)
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
    dropped = set(place_settings(type(old.settings)))  # where it ran is no part of it
    if data is not None and resolve_data(row, data) != old.data:
        dropped |= set(belonging(row, resolve_data(row, data)))  # other data brings its own
    kept = {key: value for key, value in old.settings.model_dump().items() if key not in dropped}
    return resolve(
        row, variant, data or old.data, old.recipe, [command_line(row, assignments), Layer(f"run {repeat}", kept)]
    )


def command_line(row: TaskRow, assignments: list[str]) -> Layer:
    cls = settings_class(row)
    values: dict[str, Any] = dict(parse_assignment(text, cls) for text in assignments)
    return Layer("the command line", values)


def require_data(lab: Lab, config: Config) -> None:
    """Refuse to launch on data that has not been fetched: the worker would only find out later."""
    if not lab.home.has(config.data, config.dataset):
        raise UsageError(
            f"{config.data} is not here yet",
            got=f"no {config.dataset.archive} in {lab.home.data / config.data}",
            hint=f"labapp data fetch {config.data}, with --from FILE where there is no network",
        )


def place(config: Config, gpu: str) -> tuple[Config, dict[str, str]]:
    """The configuration for the GPU asked for, and what the worker's environment needs for it."""
    device = config.settings.device
    if device != "auto":
        if gpu not in ("auto", device):
            raise UsageError(
                "--gpu and the setting device contradict each other",
                got=f"--gpu {gpu} and device={device}",
                expected="one of them",
                hint="leave --gpu away, or device at auto",
            )
        return config, worker_environment(None, device)
    chosen = choose(gpu, list_gpus())
    if chosen is not None:
        device = "cuda"  # from here on it is asked for: without it the run fails rather than fall back
    elif gpu == "cpu":
        device = "cpu"
    settings = config.settings.model_copy(update={"device": device})
    placed = Config(config.task, config.variant, config.data, config.recipe, config.recipe_version, settings)
    return placed, worker_environment(chosen, gpu)


def finish(lab: Lab, run: Run, *, as_json: bool) -> int:
    """Follow a run and print how it ended. Ctrl-C stops the following, not the run."""
    say(f"run {run.id} started; it goes on without this terminal")
    try:
        (run,) = follow(lab.store, [run.id])
    except KeyboardInterrupt:
        say(f"run {run.id} goes on in the background: labapp wait {run.id} follows it, labapp stop {run.id} ends it")
        return INTERRUPTED
    print_json(run.as_json()) if as_json else show_run(run)
    return exit_code([run])
