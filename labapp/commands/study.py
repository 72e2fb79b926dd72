"""`labapp study`: launch one of the seeds' experiments, or a grid of one's own, as a group of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from engine.catalogue import parse_target
from engine.config import resolve_data
from engine.errors import LabError, UsageError
from engine.studies.cells import cells_of, grid
from engine.studies.definition import Study, find_study, our_studies, own_studies, study_of
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.commands.train import command_line
from labapp.follow import follow
from labapp.form.launching import place, require_data
from labapp.form.studies import cells_named, seeds_in
from labapp.output import duration, print_error, print_json, say, table
from labapp.run_codes import INTERRUPTED, WORK_FAILED, exit_code
from sessions.run.runs import Run
from sessions.study.fingerprints import Fingerprints
from sessions.study.folder import ID, Launched, Studies
from sessions.study.gather import code_versions
from sessions.study.launching import Planned, launch, note_identities, plan, seeds_of
from sessions.study.progress import Progress, progress_of

ACTIONS = {"there": "there already", "goes on": "goes on", "resume": "to resume", "train": "to train"}


def register(app: typer.Typer) -> None:
    app.command()(study)


def study(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="One of ours or yours, a TOML file, one launched before, or TASK/VARIANT[,VARIANT]."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="NAME_OR_PATH", help="Dataset or folder.")] = None,
    recipe: Annotated[str | None, typer.Option("--recipe", help="seed or best; else the study's own.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; VARIANT/KEY=VALUE of one variant alone."),
    ] = None,
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
    forget: Annotated[bool, typer.Option("--forget", help="Take it out of the list; its runs stay.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Launch a study, go on with one, or add seeds to it: what has been trained already is not trained again.

    All of one is stopped, paused, listed or waited for by the query study:NAME, as in `labapp stop study:norms`.
    """
    lab = open_lab(home)
    studies = Studies(lab.home)
    if name is None:
        return list_studies(lab, studies, as_json=as_json)
    if forget:
        return forget_study(studies, name, dry_run=dry_run, as_json=as_json)
    chosen = configure(lab, studies, name, data, recipe, set_ or [], grid_ or [], as_)
    wanted = seeds_of(studies, chosen) if seeds is None else seeds_in(seeds)
    names = cells_named(only, chosen)
    require_data(lab.home, cells_of(chosen)[0].config(chosen, wanted[0]))
    with Fingerprints(lab.home, say) as fingerprint:
        planned = plan(lab.store, chosen, wanted, fingerprint.of, only=names)
    if dry_run:
        show_plan(chosen, planned, as_json=as_json)
        return 0
    refused: list[LabError] = []
    launched = launch(
        lab.store, studies, chosen, planned, gpu=gpu, place=place, refused=lambda _, error: refused.append(error)
    )
    for error in refused:
        print_error(error, as_json=False)
    warn_of_versions(lab, launched)
    code = WORK_FAILED if refused else 0
    if wait:
        return max(code, finish(lab, launched, as_json=as_json))
    if as_json:
        print_json(as_data(lab, launched))
    else:
        show_plan(chosen, planned, as_json=False, launched=launched)
        typer.echo(launched.id)
    return code


def forget_study(studies: Studies, name: str, *, dry_run: bool, as_json: bool) -> int:
    """Its runs stay, and launching it again finds them."""
    launched = studies.find(name)
    if not dry_run:
        studies.forget(launched)
    if as_json:
        print_json({"id": launched.id, "action": "forget", "dry_run": dry_run})
    else:
        runs = len({each.run for each in launched.members})
        say(f"{'would forget' if dry_run else 'forgot'} study {launched.id}; its {runs} runs stay")
    return 0


def configure(
    lab: Lab, studies: Studies, name: str, data: str | None, recipe: str | None, assignments: Sequence[str],
    axes: Sequence[str], called: str | None,
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
            "metric": row.metric, "findings": ["best", "axis"] if axes else ["best"],
        }  # fmt: skip
        found = study_of(raw, name)
    else:
        found = study_named(lab, studies, name)
    changes: dict[str, Any] = {}
    if data is not None or found.data is not None:
        changes["data"] = resolve_data(found.row, data if data is not None else found.data)
    if recipe is not None:
        changes["recipe"] = recipe
    if called is not None:
        changes["name"] = called
    if assignments:
        changes |= assigned(found, assignments)
    if axes:
        changes["axes"] = [axis.model_dump() for axis in grid(found, axes)]
    chosen = found.changed(**changes) if changes else found
    given = {text.partition("=")[0].strip() for text in assignments}
    if both := [axis.setting for axis in chosen.axes if axis.setting in given]:
        raise UsageError(
            f"{both[0]} has several values in this study, and one", got=f"--set {both[0]}=... with an axis of it",
            expected=f"one or the other: --grid {both[0]}=VALUE makes it one",
        )  # fmt: skip
    return chosen


def assigned(study: Study, assignments: Sequence[str]) -> dict[str, Any]:
    """The settings of a study after `key=value`, for all its runs, and `variant/key=value`, for those of one."""
    common: list[str] = []
    own: dict[str, list[str]] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        variant, slash, key = name.partition("/")
        (own.setdefault(variant.strip(), []) if slash else common).append((key if slash else name) + equals + value)
    values = command_line(study.row, common).values if common else {}
    of_one = {
        variant: {**study.own.get(variant, {}), **command_line(study.row, texts).values}
        for variant, texts in own.items()
    }
    return {"settings": {**study.settings, **values}, "own": {**study.own, **of_one}}


def study_named(lab: Lab, studies: Studies, name: str) -> Study:
    """A definition; else one that was launched here, by its id or name: it goes on as it was launched."""
    launched = studies.all() if "/" not in name and not name.endswith(".toml") else []
    if ID.fullmatch(name) and (same := [each for each in launched if each.id == name]):
        return same[0].study
    try:
        return find_study(name, lab.home.studies)
    except UsageError as error:
        if not error.title.startswith("unknown study") or name not in {each.name for each in launched}:
            raise
        return studies.find(name).study


def show_plan(
    chosen: Study, planned: Sequence[Planned], *, as_json: bool, launched: Launched | None = None
) -> None:  # fmt: skip
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
    runs = {(each.cell.label, each.seed): each.run.id for each in planned if each.run is not None}
    runs |= {(each.cell, each.seed): each.run for each in (launched.members if launched else ())}
    shown = [
        (each.cell.label, each.seed, ACTIONS[each.action], runs.get((each.cell.label, each.seed), ""))
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
        say(f"study {launched.id} goes on in the background: labapp study {launched.id} --wait follows it")
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
        "ends_in": progress.ends_in,
        "runs": [
            {"cell": each.cell, "seed": each.seed, "id": each.run, "status": runs[each.run].status.name}
            for each in launched.members
        ],
    }


def list_studies(lab: Lab, studies: Studies, *, as_json: bool) -> int:
    """Ours and the user's own, and those that were launched here; what cannot be read is said and left out."""
    own, problems = own_studies(lab.home.studies)
    available = [*(each for name, each in our_studies().items() if name not in own), *own.values()]
    launched = [note_identities(lab.store, studies, each) for each in studies.all()]
    for error in (*problems, *studies.problems):
        print_error(error, as_json=False)
    if as_json:
        problem = [error.as_dict() for error in (*problems, *studies.problems)]
        there = [as_data(lab, each) for each in launched]
        print_json({"available": [each.as_dict() for each in available], "launched": there, "problems": problem})
        return 0
    rows = [(each.name, each.task, len(cells_of(each)), each.title, each.source) for each in available]
    table(("study", "task", "cells", "what", "from"), rows, right=("cells",), drop=("from", "task"))
    if launched:
        typer.echo()
        standings = []
        for each in launched:
            progress = standing(lab, each)
            left = f"ends in about {duration(progress.ends_in)}" if progress.ends_in > 0 else ""
            standings.append((each.id, progress.status, progress.words, left))
        table(("launched", "status", "runs", ""), standings)
    say("labapp study NAME --dry-run says what it would train; --seeds 3 for spreads")
    return 0
