"""What the New screen holds before it is launched: the choices, the texts typed, and the fields a task's form has.

Torch-free, but imports pydantic through the settings: not before the first frame.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from engine.catalogue import TaskRow, task_row, tasks
from engine.config import Config, Layer, bounds_in_words, parse_value, settings_class
from engine.errors import UsageError
from engine.settings import TrainSettings

PATH = ""  # the dataset that stands for "a folder of your own"
MOST_SEEDS = 64
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Field:
    """One setting as a form shows it."""

    key: str
    group: str
    about: str  # the group in a sentence
    kind: str  # text, choice, switch or list
    choices: tuple[str, ...]
    unit: str
    bounds: str  # in words; "" = none
    may_be: str  # what it may be, in words
    help: str


@dataclass(frozen=True)
class Draft:
    """Everything chosen and typed. `overrides` are the settings typed, as text; what is typed wrong is kept too."""

    task: str
    variant: str
    data: str  # a dataset's name, or PATH
    path: str = ""
    recipe: str = ""  # "" = as the preferences say
    gpu: str = "auto"
    seeds: str = ""  # several runs: "1,2,3" or "1-5"; "" = one, with the seed of the form
    name: str = ""
    tags: str = ""
    note: str = ""
    after: str = ""
    overrides: Mapping[str, str] = field(default_factory=lambda: NONE)
    base: Config | None = None  # the run it repeats
    base_run: str = ""

    @property
    def row(self) -> TaskRow:
        return task_row(self.task)

    @property
    def source(self) -> str:
        """The dataset's name, or the path typed."""
        return self.data or self.path

    def with_override(self, key: str, text: str | None) -> Draft:
        """One setting typed; None takes it back."""
        values = {name: value for name, value in self.overrides.items() if name != key}
        return replace(self, overrides=values if text is None else {**values, key: text})

    def with_task(self, task: str) -> Draft:
        """Another task: its own variants and datasets; what was typed of the common settings stays."""
        row = task_row(task)
        variant, data = next(iter(row.variants)), row.default_dataset
        return replace(self, task=task, variant=variant, data=data, recipe="", base=None, base_run="")

    def with_choice(self, key: str, text: str) -> Draft:
        """One of the choices made. A recipe takes the place of the run that was repeated."""
        if key == "task":
            return self if text == self.task else self.with_task(text)
        changes: dict[str, Any] = {key: text.strip() if key == "path" else text}
        if key == "recipe":
            changes |= {"base": None, "base_run": ""}
        return replace(self, **changes)

    def asked(self) -> Layer:
        """The strongest layer of the configuration."""
        cls = settings_class(self.row)
        known = {key: raw for key, raw in self.overrides.items() if key in cls.model_fields}
        return Layer("the form", {key: parse_value(key, raw.strip(), cls) for key, raw in known.items()}, asked=True)


def first_draft(task: str = "") -> Draft:
    """The first task of the catalogue, or this one, with its first variant and its default dataset."""
    row = task_row(task or next(iter(tasks())))
    return Draft(row.name, next(iter(row.variants)), row.default_dataset)


def draft_from(config: Config, run: str) -> Draft:
    """A run again, to be changed."""
    row = config.row
    named = config.data in row.datasets
    return Draft(
        config.task,
        config.variant if config.variant in row.variants else next(iter(row.variants)),
        config.data if named else PATH,
        "" if named else config.data,
        base=config,
        base_run=run,
    )


def parse_seeds(text: str) -> list[str]:
    """`1,2,3` and `1-5` in words of the command line; each once."""
    found: dict[str, None] = {}
    for part in filter(None, re.split(r"[\s,]+", text)):
        match = re.fullmatch(r"(\d{1,12})(?:-(\d{1,12}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise UsageError("must be whole numbers such as 1,2,3 or 1-5")
        if len(found) + last - first >= MOST_SEEDS:
            raise UsageError(f"at most {MOST_SEEDS} runs at once")
        found |= dict.fromkeys(map(str, range(first, last + 1)))
    return list(found)


def shown(value: Any) -> str:
    """A setting's value as the command line takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(map(shown, value))
    return str(value)


# -- from a settings class to the fields of a form


@cache
def fields_of(row_settings: str) -> tuple[Field, ...]:
    """Every setting of a task in the order of its groups; `row_settings` is the reference in the task's row."""
    from engine.catalogue import load

    return form_of(load(row_settings))


def form_of(cls: type[TrainSettings]) -> tuple[Field, ...]:
    schema = cls.model_json_schema()["properties"]
    groups: dict[str, list[Field]] = {}
    for key in cls.model_fields:
        owner = _owner(cls, key)
        group = owner.__name__.removesuffix("Settings") or owner.__name__
        groups.setdefault(group, []).append(_field(key, group, owner, schema[key]))
    return tuple(each for fields in groups.values() for each in fields)


def _owner(cls: type[TrainSettings], key: str) -> type[Any]:
    """The group that brings a setting in: the most basic class that has it."""
    return next(each for each in reversed(cls.__mro__) if key in inspect.get_annotations(each))


def _field(key: str, group: str, owner: type[Any], spec: Mapping[str, Any]) -> Field:
    about = (owner.__doc__ or "").strip().partition("\n")[0]
    choices = tuple(map(shown, spec.get("enum", ())))
    kind = "choice" if choices else {"boolean": "switch", "array": "list"}.get(spec.get("type", ""), "text")
    if kind == "switch":
        choices = ("true", "false")
    unit, help = str(spec.get("unit", "")), str(spec.get("description", ""))
    bounds = bounds_in_words(spec.get("items", {}) if kind == "list" else spec)
    return Field(key, group, about, kind, choices, unit, bounds, _may_be(spec, kind, choices, help), help)


def _may_be(spec: Mapping[str, Any], kind: str, choices: tuple[str, ...], help: str) -> str:
    if kind == "switch":
        return "true or false"
    if kind == "choice":
        return "one of " + ", ".join(choices)
    if kind == "list":
        each = bounds_in_words(spec.get("items", {}))
        return "values with commas between them" + (f", each {each}" if each else "")
    words = {"integer": "a whole number", "number": "a number"}.get(spec.get("type", ""), "")
    if not words:
        return help if "pattern" in spec else "text"
    bounds = bounds_in_words(spec)
    return f"{words}, {bounds}" if bounds else words
