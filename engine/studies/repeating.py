"""The commands that train a run or launch a study again: what differs from the recipe, and no more. Torch-free."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from engine.catalogue import TaskRow, load, tasks
from engine.config import Layer, belonging, settings_class, validate
from engine.errors import LabError
from engine.settings import idle_settings, place_settings
from engine.studies.definition import Study, our_studies

LAST = ("epochs", "seed")  # of what is set; the rest in the order of the settings


def train_command(
    task: str, variant: str, data: str, recipe: str, settings: Mapping[str, Any], *, data_shown: str | None = None
) -> str:
    """`labapp train ...` for a run's whole configuration. `data_shown` stands in the place of a path."""
    row = tasks().get(task)
    changed = dict(settings) if row is None else changes(row, variant, data, recipe, settings)
    order = [key for key in settings if key in changed and key not in LAST] + [key for key in LAST if key in changed]
    default = row is not None and data == row.default_dataset
    return command_of(
        task, variant, None if default else data_shown or data, recipe, {key: changed[key] for key in order}
    )


def command_of(task: str, variant: str, data: str | None, recipe: str, settings: Mapping[str, Any]) -> str:
    parts = ["labapp", "train", f"{task}/{variant}", *(["--data", data] if data else []), "--recipe", recipe]
    for key, value in settings.items():
        parts += ["--set", f"{key}={typed(value)}"]
    return shlex.join(parts)


def changes(row: TaskRow, variant: str, data: str, recipe: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that must be given for the recipe to come out as these.

    What says only where, or means nothing for the variant, is left out.
    """
    cls = settings_class(row)
    of_variant = row.variants[variant].options if variant in row.variants else {}
    off = place_settings(cls) | idle_settings(cls, of_variant)
    wanted = {key: value for key, value in settings.items() if key in cls.model_fields and key not in off}
    given: dict[str, Any] = {key: settings[key] for key in ("seed",) if key in settings}
    for _ in range(3):  # a recipe may compute with what is given
        try:
            made = _by_recipe(row, variant, data, recipe, given)
        except (LabError, KeyError):
            return dict(wanted)
        more = {key: value for key, value in wanted.items() if key not in given and made.get(key) != value}
        if not more:
            break
        given |= more
    return given


def _by_recipe(row: TaskRow, variant: str, data: str, recipe: str, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        own = belonging(row, data)
    except (LabError, OSError):
        own = {}  # the data is elsewhere: what belongs to it is then among what is given
    cls = settings_class(row)
    layers = [Layer("the run", given)]
    checked = validate(cls, given, layers)
    typed_given = {key: getattr(checked, key) for key in given}
    values = own | load(row.recipes[recipe])(variant, data, own | typed_given) | typed_given
    return validate(cls, values, layers).model_dump(mode="json")


def study_command(study: Study, seeds: Sequence[int], *, data_shown: str | None = None) -> str:
    """`labapp study ...` that launches the same cells and seeds."""
    ours = our_studies().get(study.name)
    same = ours is not None and (ours.task, ours.variants) == (study.task, study.variants)
    made = "-".join([study.task, *study.variants])[:48].rstrip("-")
    base = ours if same else None
    parts = ["labapp", "study", study.name if same else f"{study.task}/{','.join(study.variants)}"]
    if study.data is not None and study.data != (base.data if base else None):
        parts += ["--data", data_shown or study.data]
    if study.recipe != (base.recipe if base else "best"):
        parts += ["--recipe", study.recipe]
    for key, value in study.settings.items():
        if base is None or base.settings.get(key) != value:
            parts += ["--set", f"{key}={typed(value)}"]
    for variant, own in study.own.items():
        for key, value in own.items():
            if base is None or base.own.get(variant, {}).get(key) != value:
                parts += ["--set", f"{variant}/{key}={typed(value)}"]
    known = {axis.setting: axis.values for axis in base.axes} if base else {}
    for axis in study.axes:
        if known.get(axis.setting) != axis.values:
            parts += ["--grid", f"{axis.setting}={','.join(map(typed, axis.values))}"]
    if not same and study.name != made:
        parts += ["--as", study.name]
    wanted = sorted(set(seeds)) or [1]
    counted = wanted == list(range(1, len(wanted) + 1))
    parts += ["--seeds", str(len(wanted)) if counted else ",".join(map(str, wanted if len(wanted) > 1 else wanted * 2))]
    return shlex.join(parts)


def typed(value: Any) -> str:
    """A value as it is given on the command line, to the last digit."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(typed, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
