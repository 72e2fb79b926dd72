"""`labapp study`: launch one of the seeds' experiments, or a grid of one's own, as a group of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from engine.catalogue import parse_target
from engine.config import Config, resolve_data
from engine.errors import UsageError
from engine.studies.cells import cells_of, grid
from engine.studies.definition import Study, find_study, our_studies, read_study, study_of
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.commands.train import SetOption, command_line
from labapp.follow import follow
from labapp.form.launching import place, require_data
from labapp.output import duration, print_json, say, table
from labapp.run_codes import INTERRUPTED, exit_code
from sessions.inference import Inference
from sessions.run.runs import Run
from sessions.study.folder import Launched, Studies
from sessions.study.gather import MAIN, code_versions
from sessions.study.launching import Planned, launch, plan
from sessions.study.progress import Progress, progress_of

ACTIONS = {"there": "there already", "goes on": "goes on", "resume": "to resume", "train": "to train"}
MOST_SEEDS = 100


def register(app: typer.Typer) -> None:
    app.command()(study)


def study(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One of ours, a TOML file, or TASK/VARIANT[,VARIANT] for a --grid."),
    ] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="NAME_OR_PATH", help="Dataset or folder.")] = None,
    recipe: Annotated[str | None, typer.Option("--recipe", help="seed, or best (the default).")] = None,
    set_: SetOption = None,
    grid_: Annotated[
        list[str] | None, typer.Option("--grid", metavar="KEY=V,V", help="Every value of a setting; several multiply.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="N", help="N seeds for each cell; or 1,2,5. Else those it has.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAMES", help="Launch these variants or cells of it now.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="A name of your own for the study.")] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="auto, cpu, an index or a UUID.")] = "auto",
    wait: Annotated[bool, typer.Option("--wait", help="Follow it; Ctrl-C then leaves it running.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be trained and start nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Launch a study, go on with one, or add seeds to it: what has been trained already is not trained again."""
    lab = open_lab(home)
    if name is None:
        return list_studies(lab, as_json=as_json)
    chosen = configure(lab, name, data, recipe, set_ or [], grid_ or [], as_)
    studies = Studies(lab.home)
    wanted = seeds_of(seeds, studies, chosen)
    names = [each.strip() for each in only.split(",")] if only else []
    known = {each.label for each in cells_of(chosen)} | set(chosen.variants)
    for each in names:
        if each not in known:
            raise UsageError("the study has no such cell", got=each, expected=", ".join(sorted(known)))
    require_data(lab.home, cells_of(chosen)[0].config(chosen, wanted[0]))
    with Fingerprints(lab) as fingerprint:
        planned = plan(lab.store, chosen, wanted, fingerprint.of, only=names)
    if dry_run:
        show_plan(chosen, planned, as_json=as_json)
        return 0
    launched = launch(lab.store, studies, chosen, planned, gpu=gpu, place=place)
    warn_of_versions(lab, launched)
    if wait:
        return finish(lab, launched, as_json=as_json)
    if as_json:
        print_json(as_data(lab, launched))
    else:
        show_plan(chosen, planned, as_json=False)
        typer.echo(launched.id)
    return 0


class Fingerprints:
    """Asks what a dataset is known by, in a process that is started at the first need."""

    def __init__(self, lab: Lab):
        self.lab, self._inference = lab, None

    def __enter__(self) -> Fingerprints:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._inference is not None:
            self._inference.__exit__(None, None, None)

    _inference: Inference | None

    def of(self, config: Config) -> str:
        if self._inference is None:
            say(f"looking at {config.data}: runs on other paths may have trained on the same")
            self._inference = Inference(self.lab.home).__enter__()
        return str(self._inference.ask("fingerprint", config=config.as_dict())["fingerprint"])


def configure(
    lab: Lab, name: str, data: str | None, recipe: str | None, assignments: Sequence[str], axes: Sequence[str],
    called: str | None,
) -> Study:  # fmt: skip
    """A study with what the command line changes in it; for TASK/VARIANT one made of that alone."""
    target, slash, variants = name.partition("/")
    if slash and not name.endswith(".toml") and target and not target.startswith((".", "~")):
        names = variants.split(",")
        row = [parse_target(f"{target}/{each}")[0] for each in names].pop()
        title = f"{row.name}: {', '.join(names)}" + (
            f" over {', '.join(each.split('=')[0] for each in axes)}" if axes else ""
        )
        raw: dict[str, Any] = {
            "name": "-".join([row.name, *names])[:48].rstrip("-"), "title": title, "task": row.name, "variants": names,
            "metric": MAIN.get(row.name, "loss"), "findings": ["best", "axis"] if axes else ["best"],
        }  # fmt: skip
        found = study_of(raw, name)
    else:
        found = find_study(name, lab.home.studies)
    changes: dict[str, Any] = {}
    if data is not None or found.data is not None:
        changes["data"] = resolve_data(found.row, data if data is not None else found.data)
    if recipe is not None:
        changes["recipe"] = recipe
    if called is not None:
        changes["name"] = called
    if assignments:
        changes["settings"] = {**found.settings, **command_line(found.row, list(assignments)).values}
    if axes:
        changes["axes"] = [axis.model_dump() for axis in grid(found, axes)]
    return found.changed(**changes) if changes else found


def seeds_of(text: str | None, studies: Studies, chosen: Study) -> list[int]:
    """`3` is 1, 2 and 3; `1,5` these two; nothing: those the study has here already, else 1."""
    if text is None:
        known = [each for each in studies.all() if each.id == f"{chosen.name}-{chosen.digest}"]
        return sorted({member.seed for each in known for member in each.members}) or [1]
    try:
        given = [int(part) for part in text.split(",")]
    except ValueError:
        given = []
    found = sorted(set(given)) if "," in text else list(range(1, (given or [0])[0] + 1))
    if not given or not found or len(found) > MOST_SEEDS or not all(0 <= seed <= 2**31 for seed in found):
        raise UsageError(
            "these are no seeds", got=f"--seeds {text}", expected=f"a count up to {MOST_SEEDS}, or seeds such as 1,2,5"
        )
    return found


def show_plan(chosen: Study, planned: Sequence[Planned], *, as_json: bool) -> None:
    """What is there, and what is or would be trained."""
    if as_json:
        rows = [
            {
                "cell": each.cell.label,
                "seed": each.seed,
                "action": each.action,
                "run": each.run.id if each.run else None,
            }
            for each in planned
        ]
        print_json({"study": chosen.as_dict(), "cells": rows})
        return
    say(f"{chosen.title or chosen.name}: {chosen.question}" if chosen.question else chosen.title or chosen.name)
    shown = [
        (each.cell.label, each.seed, ACTIONS[each.action], each.run.id if each.run is not None else "")
        for each in planned
    ]
    table(("cell", "seed", "is", "run"), shown, right=("seed",))


def warn_of_versions(lab: Lab, launched: Launched) -> None:
    """A comparison over several versions of the code compares more than its cells."""
    runs = [lab.store.read(each.run) for each in launched.members]
    versions = code_versions(run for run in runs if not run.record.gone)
    if len(versions) > 1:
        words = ", ".join(f"{len(ids)} of {version}" for version, ids in versions.items())
        say(f"its runs come from different versions of the code: {words}")


def finish(lab: Lab, launched: Launched, *, as_json: bool) -> int:
    """Follow all runs of a study. One that fails does not end the others."""
    say(f"study {launched.id} is in the queue; it goes on without this terminal")
    try:
        runs = follow(lab.store, list(dict.fromkeys(each.run for each in launched.members)))
    except KeyboardInterrupt:
        say(f"study {launched.id} goes on in the background: labapp study {launched.name} --wait follows it")
        return INTERRUPTED
    print_json(as_data(lab, launched)) if as_json else show(lab, launched)
    return exit_code(runs)


def show(lab: Lab, launched: Launched) -> None:
    """How a study ended, as labapp compare shows it."""
    from labapp.commands.compare import print_comparison
    from sessions.study.gather import study_comparison

    say(standing(lab, launched).words)
    print_comparison(study_comparison(lab.store, launched))
    say(f"labapp report {launched.id} --out FILE writes it up")


def standing(lab: Lab, launched: Launched) -> Progress:
    runs = {run.id: run for run in (lab.store.read(each.run) for each in launched.members) if not run.record.gone}
    return progress_of(launched, runs)


def as_data(lab: Lab, launched: Launched) -> dict[str, Any]:
    """A study for other programs."""
    progress = standing(lab, launched)
    runs: dict[str, Run] = {each.run: lab.store.read(each.run) for each in launched.members}
    return {
        "id": launched.id,
        "name": launched.name,
        "title": launched.title,
        "status": progress.status,
        "done": progress.done,
        "seconds_left": progress.seconds_left,
        "runs": [
            {"cell": each.cell, "seed": each.seed, "id": each.run, "status": runs[each.run].status.name}
            for each in launched.members
        ],
    }


def list_studies(lab: Lab, *, as_json: bool) -> int:
    """Ours and the user's own, and those that were launched here."""
    own = [read_study(path) for path in sorted(lab.home.studies.glob("*.toml"))]
    available = [*our_studies().values(), *own]
    launched = Studies(lab.home).all()
    if as_json:
        print_json(
            {"available": [each.as_dict() for each in available], "launched": [as_data(lab, each) for each in launched]}
        )
        return 0
    rows = [(each.name, each.task, len(cells_of(each)), each.title, each.source) for each in available]
    table(("study", "task", "cells", "what", "from"), rows, right=("cells",), drop=("from", "task"))
    if launched:
        typer.echo()
        standings = []
        for each in launched:
            progress = standing(lab, each)
            left = f"{duration(progress.seconds_left)} left" if progress.seconds_left > 0 else ""
            standings.append((each.id, progress.status, progress.words, left))
        table(("launched", "status", "runs", ""), standings)
    say("labapp study NAME --dry-run says what it would train; --seeds 3 for spreads")
    return 0
