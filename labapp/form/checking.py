"""Is a draft sound, and what would come of it? Pure and quick: it is asked again at every key.

The same layers, in the same order, by the same validation as on the command line (`engine.config.resolve`, which has
the last word at the launch); only that every wrong field is found, not just the first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from engine.catalogue import TaskRow, load
from engine.config import Layer, check_key, settings_class
from engine.errors import LabError
from engine.settings import TrainSettings, idle_settings
from labapp.form.drafts import PATH, Draft, Field, fields_of, parse_seeds, shown
from labapp.form.launching import RECIPE, contradicts, kept, missing, words
from labapp.form.surroundings import Around, Look, brief, look_at
from sessions.run.store import LATEST, check_spelling, check_tags

FORM, DEFAULT = "form", "default"


@dataclass(frozen=True)
class Value:
    """One setting as the draft has it."""

    text: str  # as the command line takes it; what was typed, where that is wrong
    recipe: str  # what the recipe has
    source: str  # where it comes from: form, run X, environment, a file and its line, recipe, data, default
    error: str = ""

    @property
    def changed(self) -> bool:
        return self.text != self.recipe


@dataclass(frozen=True)
class Checked:
    """What came of a draft."""

    draft: Draft
    recipe: str
    fields: tuple[Field, ...]
    values: Mapping[str, Value]
    wrong: Mapping[str, str] = field(default_factory=dict)  # what is wrong with the choices, by the draft's field
    problem: str = ""  # what is wrong with it as a whole
    about: tuple[str, ...] = ()  # the settings that problem is about
    settings: TrainSettings | None = None  # when all of them are sound
    data: str = ""
    pending: bool = False  # the data is still being looked at
    seeds: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not (self.wrong or self.problem or self.pending or self.settings is None)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.fields if self.values[each.key].changed)

    @property
    def errors(self) -> dict[str, str]:
        return {each.key: self.values[each.key].error for each in self.fields if self.values[each.key].error}

    def first_wrong(self) -> str:
        """The setting to look at first; of those that do not go together, one that was typed."""
        typed = [key for key in self.about if key in self.draft.overrides]
        return next(iter((*self.errors, *typed, *self.about)), "")

    def reason(self) -> str:
        """Why it cannot be launched, in a line."""
        for key, error in {**self.wrong, **self.errors}.items():
            return f"{key}: {error}"
        return self.problem or ("the data is still being looked at" if self.pending else "")


def check(draft: Draft, around: Around, look: Look | None = None) -> Checked:
    """`look` is what is known of a path typed; names of datasets need none."""
    row, cls = draft.row, settings_class(draft.row)
    idle: frozenset[str] = frozenset()
    if draft.variant in row.variants:
        idle = idle_settings(cls, row.variants[draft.variant].options)
    fields = tuple(each for each in fields_of(row.settings) if each.key not in idle or each.key in draft.overrides)
    if draft.data != PATH:
        look = look_at(row, draft.data)
    known = look is not None and (look.task, look.source) == (row.name, draft.source)
    own: Mapping[str, Any] = look.own if look is not None and known else {}
    data = look.data if look is not None and known else ""
    recipe, problem = recipe_of(draft, around), around.problem
    try:
        layers = layers_of(draft, around, data, own)
    except LabError as error:
        layers, problem = [draft.asked()], problem or brief(error)
    found = _resolve(draft, cls, fields, recipe, layers, data, own)
    for each in fields:
        if each.key in idle:
            found.values[each.key] = replace(found.values[each.key], error=f"means nothing for {draft.variant}")
            found.settings = None
    wrong = _wrong(draft, around, look if known else None, recipe)
    if "seed" in cls.model_fields and draft.seeds and "seeds" not in wrong:
        seeds = tuple(parse_seeds(draft.seeds))
    else:
        seeds = ()
    if found.settings is not None and contradicts(found.settings.device, draft.gpu):
        wrong["gpu"] = f"contradicts device = {found.settings.device}: leave one of them at auto"
    return Checked(
        draft, recipe, fields, found.values, wrong, problem or found.problem, found.about, found.settings, data,
        pending=not known and bool(draft.source), seeds=seeds,
    )  # fmt: skip


def recipe_of(draft: Draft, around: Around) -> str:
    if draft.base is not None:
        return draft.base.recipe
    return draft.recipe or (around.layers.recipe if around.layers else None) or RECIPE


def layers_of(draft: Draft, around: Around, data: str, own: Mapping[str, Any]) -> list[Layer]:
    """Strongest first, as on the command line: a run that is repeated stands in place of all preferences."""
    if draft.base is not None:
        layers = [kept(draft.base, draft.base_run, own if data != draft.base.data else ())]
    else:
        layers = around.layers.for_task(draft.row) if around.layers else []
    cls = settings_class(draft.row)
    for layer in layers:
        for key in layer.values:
            check_key(cls, key, layer)
    return [draft.asked(), *layers]


# -- the settings


@dataclass
class _Found:
    values: dict[str, Value]
    settings: TrainSettings | None
    problem: str
    about: tuple[str, ...]


def _resolve(
    draft: Draft, cls: type[TrainSettings], fields: Sequence[Field], recipe: str, layers: Sequence[Layer], data: str,
    own: Mapping[str, Any],
) -> _Found:  # fmt: skip
    """`engine.config.resolve`, without the values that are wrong."""
    row, specs = draft.row, {each.key: each for each in fields}
    given: dict[str, Any] = {}
    for layer in reversed(layers):
        given |= layer.values
    typed, errors, problem = _sound(cls, given, specs)
    of_recipe = load(row.recipes[recipe])(draft.variant, data, {**own, **typed}) if recipe in row.recipes else {}
    base = {**own, **of_recipe}
    settings, more, last = _validated(cls, {**base, **typed}, specs)
    errors |= more
    problem = last or problem
    if settings is not None and row.check is not None and not (errors or problem) and data:
        problem = _problem_of(row, draft.variant, data, settings)
    defaults = cls.model_construct().model_dump()
    plain = {**defaults, **_normal(cls, base)}
    now = settings.model_dump() if settings is not None else {**plain, **typed}
    values = {}
    for key in specs:
        source = _source(key, layers, recipe, of_recipe, own)
        text = draft.overrides[key] if key in errors and source == FORM else shown(now[key])
        if key in errors and source != FORM and key in given:
            text = shown(given[key])
        values[key] = Value(text, shown(plain[key]), source, errors.get(key, ""))
    named = re.findall(r"\w+", problem)
    about = tuple(key for key in specs if key in named)
    return _Found(values, None if errors or problem else settings, problem, about)


def _problem_of(row: TaskRow, variant: str, data: str, settings: TrainSettings) -> str:
    """Why a variant, data and settings do not go together."""
    try:
        load(row.check or "")(row, variant, data, settings, disk=False)  # a disk may be slow; a launch looks
    except LabError as error:
        return f"{error.title}: {error.hint or error.got}"
    return ""


def _validated(
    cls: type[TrainSettings], values: Mapping[str, Any], specs: Mapping[str, Field]
) -> tuple[TrainSettings | None, dict[str, str], str]:
    """The settings, or what is wrong: by field, and with all of them together."""
    try:
        return cls.model_validate(dict(values)), {}, ""
    except ValidationError as error:
        errors: dict[str, str] = {}
        problem = ""
        for each in error.errors(include_url=False, include_input=False):
            said = str(each["msg"]).removeprefix("Value error, ")
            if not each["loc"]:
                problem = said
            elif (key := str(each["loc"][0])) in specs:
                errors.setdefault(key, said if each["type"] == "value_error" else f"must be {specs[key].may_be}")
            else:
                problem = f"{key}: {said}"
        return None, errors, problem


def _sound(
    cls: type[TrainSettings], given: Mapping[str, Any], specs: Mapping[str, Field]
) -> tuple[dict[str, Any], dict[str, str], str]:
    """What was given, as values instead of text, without what is wrong of it; and what is wrong."""
    settings, errors, problem = _validated(cls, given, specs)
    good = {key: value for key, value in given.items() if key not in errors}
    if settings is None and errors:
        settings, _, problem = _validated(cls, good, specs)
    if settings is None:  # they do not go together: each by itself
        return _normal(cls, good), errors, problem
    return {key: getattr(settings, key) for key in good}, errors, ""


def _normal(cls: type[TrainSettings], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the class spells them, as far as it takes them."""
    try:
        settings = cls.model_validate(dict(values))
        return {key: getattr(settings, key) for key in values}
    except ValidationError:
        return dict(values)


def _source(
    key: str, layers: Sequence[Layer], recipe: str, of_recipe: Mapping[str, Any], own: Mapping[str, Any]
) -> str:
    for layer in layers:
        if key in layer.values:
            if layer is layers[0]:
                return FORM
            line = f", line {layer.lines[key]}" if key in layer.lines else ""
            return layer.source.removeprefix("the ").rpartition("/")[2] + line
    if key in of_recipe:
        return f"recipe {recipe}"
    return "data" if key in own else DEFAULT


# -- the choices


def _wrong(draft: Draft, around: Around, look: Look | None, recipe: str) -> dict[str, str]:
    """What is wrong with the choices."""
    row = draft.row
    found: dict[str, str] = {}
    if draft.variant not in row.variants:
        found["variant"] = "must be one of " + ", ".join(row.variants)
    if look is not None and look.problem:
        found["path" if draft.data == PATH else "data"] = look.problem
    elif draft.data == PATH and not draft.source:
        found["path"] = "a path is needed"
    elif (row.name, draft.data) in around.missing:
        error = missing(around.home, row, draft.data)
        found["data"] = f"{error.title}: {error.hint}"
    if recipe not in row.recipes:
        found["recipe"] = "must be one of " + ", ".join(row.recipes)
    if draft.gpu not in ("auto", "cpu", *map(gpu_id, around.gpus)):
        found["gpu"] = "no such GPU can be seen here"
    checks: dict[str, Callable[[], object]] = {
        "seeds": lambda: parse_seeds(draft.seeds),
        "name": lambda: _check_name(draft.name, around),
        "after": lambda: _check_after(draft.after, around),
        "tags": lambda: check_tags(words(draft.tags)),
    }
    for key, look_into in checks.items():
        try:
            look_into()
        except LabError as error:
            found[key] = f"{error.title}: {error.expected}" if error.expected else error.title
    return found


def _check_name(name: str, around: Around) -> None:
    if name:
        check_spelling(name)
        if name in around.names | around.ids:
            raise LabError("the name is taken")


def _check_after(after: str, around: Around) -> None:
    for word in words(after):
        if word not in around.names and word != LATEST and not any(each.startswith(word) for each in around.ids):
            raise LabError(f"there is no run {word[:40]}")


def gpu_id(gpu: Any) -> str:
    """How a GPU is named in a draft: its index, or its UUID where several share one."""
    return str(gpu.uuid) if gpu.parent else str(gpu.index)
