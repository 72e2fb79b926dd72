"""`labapp tasks`: what there is to train, on what, with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from engine.catalogue import Dataset, TaskRow, load, tasks
from engine.config import describe_settings, settings_class
from engine.studies.definition import Study, our_studies, own_studies
from engine.values import shown
from labapp.cli import HomeOption, JsonOption, open_lab
from labapp.output import print_error, print_json, say, table
from sessions.home import Home


def register(app: typer.Typer) -> None:
    app.command(name="tasks")(list_tasks)


def list_tasks(as_json: JsonOption = False, home: HomeOption = None) -> int:
    """Tasks, variants, datasets, recipes, studies, and every setting with its default and bounds."""
    lab = open_lab(home)
    own, problems = own_studies(lab.home.studies)
    for error in problems:
        print_error(error, as_json=False)
    found = [describe_task(row, lab.home, {**our_studies(), **own}) for row in tasks().values()]
    if as_json:
        print_json(found)
        return 0
    for task in found:
        typer.echo(f"{task['task']}: {task['title']}\n")
        table(("variant", "what"), [(f"{task['task']}/{name}", what) for name, what in task["variants"].items()])
        typer.echo()
        table(("dataset", "what", "is"), [(name, each["title"], each["is"]) for name, each in task["datasets"].items()])
        typer.echo(f"\nrecipes: {', '.join(task['recipes'])} (default best)\n")
        if task["studies"]:
            table(("study", "what"), task["studies"].items())
            typer.echo()
        say("as they are in general: labapp train ... --dry-run shows what a variant gets on a dataset")
        rows = [(key, *_row(spec, task["recipes"], key)) for key, spec in task["settings"].items()]
        table(("setting", *task["recipes"], "unit", "may be", "what"), rows, drop=("unit", "may be"))
    return 0


def _row(spec: dict[str, Any], recipes: dict[str, dict[str, Any]], key: str) -> tuple[str, ...]:
    values = (shown(values.get(key, spec["default"])) for values in recipes.values())
    may_be = ", ".join(map(str, spec["choices"])) or spec["bounds"] or spec["type"]
    return (*values, spec["unit"], may_be, spec["help"])


def describe_task(row: TaskRow, home: Home, studies: Mapping[str, Study]) -> dict[str, Any]:
    """One task as data. Recipes are those of its first variant, on no dataset in particular."""
    first = next(iter(row.variants))
    return {
        "task": row.name,
        "title": row.title,
        "variants": {name: variant.title for name, variant in row.variants.items()},
        "datasets": {
            name: {"title": dataset.title, "is": where(name, dataset, home)} for name, dataset in row.datasets.items()
        },
        "default_dataset": row.default_dataset,
        "takes_paths": row.path_dataset is not None,
        "recipes": {name: load(recipe)(first, "", {}) for name, recipe in row.recipes.items()},
        "recipe_version": row.recipe_version,
        "studies": {name: each.title or name for name, each in studies.items() if each.task == row.name},
        "settings": describe_settings(settings_class(row)),
    }


def where(name: str, dataset: Dataset, home: Home) -> str:
    """Whether a dataset can be used now."""
    if dataset.embedded:
        return "built in"
    return "here" if home.has(name, dataset) else "not here"
