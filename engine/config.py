"""One training's configuration: what was asked for, in layers, resolved and checked.

Layers, strongest first: command line, LABAPP_<SETTING> variables, the project's labapp.toml, the user's config.toml,
the recipe (with what belongs to the dataset), the defaults of the settings class.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import tomlkit
from pydantic import ValidationError

from engine.catalogue import Dataset, TaskRow, load, task_row
from engine.errors import LabError, UsageError, listed, nearest, newer, unknown
from engine.files import path_of
from engine.settings import TrainSettings, idle_settings, place_settings, source_settings

CONFIG_VERSION = 1


@dataclass(frozen=True)
class Config:
    """Everything that determines a training, as it stands in a run's config.toml."""

    task: str
    variant: str
    data: str  # a dataset's name in the catalogue, or an absolute path
    recipe: str
    recipe_version: int
    settings: TrainSettings

    @property
    def row(self) -> TaskRow:
        return task_row(self.task)

    @property
    def dataset(self) -> Dataset:
        """What opens its data. A run made here has a name or an absolute path: anything else stayed elsewhere."""
        if self.data not in self.row.datasets and not Path(self.data).is_absolute():
            raise LabError(
                "the dataset of this run is not here",
                got=f"{self.data!r}, as it was called where the run was made",
                expected="the data it was trained on",
                hint="labapp import FILE --data PATH tells where it lies here; or give other data with --data",
            )
        return dataset_row(self.row, self.data)

    def as_dict(self) -> dict[str, Any]:
        return {
            "v": CONFIG_VERSION,
            "task": self.task,
            "variant": self.variant,
            "data": self.data,
            "recipe": self.recipe,
            "recipe_version": self.recipe_version,
            "settings": self.settings.model_dump(mode="json"),
        }

    def to_toml(self) -> str:
        return tomlkit.dumps(self.as_dict())

    def identity(self, fingerprint: str, precision: str, sources: Mapping[str, str] | None = None) -> str:
        """SHA-256 that two trainings share exactly when they must give the same numbers.

        `precision` is the one computed in: where the settings leave it to the machine, machines differ. `sources` are
        the SHA-256 of what was used besides the dataset: the settings name only where it lies.
        """
        what = self.as_dict()
        places = place_settings(type(self.settings)) | source_settings(type(self.settings))
        what["settings"] = {key: value for key, value in what["settings"].items() if key not in places}
        what["settings"]["precision"] = precision
        what["data"] = fingerprint
        if sources:
            what["sources"] = dict(sources)
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@dataclass
class Layer:
    """Some settings and where they came from, for error messages.

    `asked`: for this very training. What means nothing for its variant is then an error; general preferences, and
    what stays of a run that is repeated, are for other variants too.
    """

    source: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)  # key -> line in the file
    asked: bool = False


def settings_class(row: TaskRow) -> type[TrainSettings]:
    found: type[TrainSettings] = load(row.settings)
    return found


def dataset_row(row: TaskRow, data: str) -> Dataset:
    """The dataset of that name, else the one that opens paths; an unknown name is answered with the nearest."""
    if data in row.datasets:
        return row.datasets[data]
    if row.path_dataset is not None and is_path(data):
        return row.path_dataset
    raise unknown(f"dataset of {row.name} (or a path)", data, row.datasets)


def is_path(data: str) -> bool:
    """Names have no slash; anything that has one, or exists, is a path."""
    if not data:
        return False
    try:
        return "/" in data or data.startswith((".", "~")) or Path(data).exists()
    except OSError:  # longer than any path may be
        return False


def resolve_data(row: TaskRow, data: str | None) -> str:
    """A dataset's name as it is, a path made absolute. A name wins over a file of that name; a path must exist."""
    data = row.default_dataset if data is None else data
    dataset_row(row, data)
    if data in row.datasets:
        return data
    try:
        path = path_of(data).resolve()
        found = path.exists()
    except (UsageError, OSError, RuntimeError):  # none at all; too long; links in a circle
        found = False
    if not found:
        raise UsageError("there is no such file or folder", got=data, expected="a path, or " + ", ".join(row.datasets))
    return str(path)


def resolve(row: TaskRow, variant: str, data: str | None, recipe: str = "best", layers: Sequence[Layer] = ()) -> Config:
    """Put the layers (strongest first) over the recipe, check every value, and whether a training can start so."""
    config = combined(row, variant, data, recipe, layers)
    if row.check is not None:
        load(row.check)(row, variant, config.data, config.settings, disk=True)
    return config


def combined(
    row: TaskRow, variant: str, data: str | None, recipe: str = "best", layers: Sequence[Layer] = ()
) -> Config:
    """The same without asking what a training needs besides its data: enough to open or check that."""
    if recipe not in row.recipes:
        raise unknown("recipe", recipe, row.recipes)
    data = resolve_data(row, data)
    cls = settings_class(row)
    own = belonging(row, data)
    # The recipe sees what the data and the user say of it: the seed's recipe depends on the size of the pictures.
    given: dict[str, Any] = {}
    for layer in reversed(layers):
        for key in layer.values:
            check_key(cls, key, layer)
        if layer.asked:
            check_meaning(row, variant, layer)
        given |= layer.values
    checked = validate(cls, given, layers)
    given = {key: getattr(checked, key) for key in given}  # a recipe computes with numbers, not with their spelling
    values = own | load(row.recipes[recipe])(variant, data, own | given) | given
    settings = validate(cls, values, layers)
    return Config(row.name, variant, data, recipe, row.recipe_version, settings)


def belonging(row: TaskRow, data: str) -> dict[str, Any]:
    """The settings that belong to a dataset: those of its row, or what a look at the path tells."""
    found = dict(dataset_row(row, data).defaults)
    if data not in row.datasets and row.probe is not None:
        found |= load(row.probe)(Path(data))
    return found


def check_key(cls: type[TrainSettings], key: str, layer: Layer) -> None:
    if key not in cls.model_fields:
        where = f"{layer.source}, line {layer.lines[key]}" if key in layer.lines else layer.source
        close = nearest(key, cls.model_fields)
        raise UsageError(
            f"unknown setting {key!r}",
            got=f"{key} in {where}",
            expected=listed("setting", sorted(cls.model_fields)),
            hint=f"did you mean {close!r}?" if close else "labapp tasks lists the settings",
        )


def check_meaning(row: TaskRow, variant: str, layer: Layer) -> None:
    """Refuse settings that would be without effect."""
    cls = settings_class(row)
    for key in layer.values:
        if key in idle_settings(cls, row.variants[variant].options):
            able = [name for name, each in row.variants.items() if key not in idle_settings(cls, each.options)]
            raise UsageError(
                f"{key} means nothing for {row.name}/{variant}",
                got=f"{key} from {layer.source}",
                expected=f"it is for {', '.join(able)}",
                hint="leave it away",
            )


def validate(cls: type[TrainSettings], values: Mapping[str, Any], layers: Sequence[Layer] = ()) -> TrainSettings:
    """The settings, or an error that says which one is wrong, where it came from and what it may be."""
    try:
        return cls.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            message = str(first["msg"]).removeprefix("Value error, ")
            raise UsageError("these settings do not go together", got=message) from None
        key = str(first["loc"][0])
        layer = next((each for each in layers if key in each.values), None)
        where = layer.source if layer else "the recipe"
        if layer and key in layer.lines:
            where += f", line {layer.lines[key]}"
        raise UsageError(
            f"setting {key!r} cannot be {first.get('input')!r}",
            got=f"{key} = {first.get('input')!r} from {where}",
            expected=describe(cls, key) if key in cls.model_fields else str(first["msg"]),
            hint=str(first["msg"]).removeprefix("Value error, ") if first["type"] == "value_error" else None,
        ) from None


def describe(cls: type[TrainSettings], key: str) -> str:
    """One line: type, bounds, unit and help of a setting."""
    entry = describe_settings(cls)[key]
    if entry["choices"]:
        may_be = "one of " + ", ".join(map(str, entry["choices"]))
    else:
        may_be = entry["type"] + (f", {entry['bounds']}" if entry["bounds"] else "")
    unit = f" ({entry['unit']})" if entry["unit"] else ""
    return f"{may_be}{unit}: {entry['help']}"


def describe_settings(cls: type[TrainSettings]) -> dict[str, dict[str, Any]]:
    """Every setting of a class: type, default, bounds, choices, unit, help. Forms and `labapp tasks` show it."""
    schema = cls.model_json_schema()["properties"]
    table = {}
    for key in cls.model_fields:
        spec = schema[key]
        table[key] = {
            "type": spec.get("type", "text"),
            "default": spec.get("default"),
            "bounds": bounds_in_words(spec),
            "choices": spec.get("enum", []),
            "unit": spec.get("unit", ""),
            "help": spec.get("description", ""),
        }
    return table


def bounds_in_words(spec: Mapping[str, Any]) -> str:
    """`0 to 1`, `above 0`, `0 or more, below 1`."""
    low, high = spec.get("minimum"), spec.get("maximum")
    above, below = spec.get("exclusiveMinimum"), spec.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low:,g} to {_count(high)}"
    parts = [f"above {above:g}"] if above is not None else [f"{low:g} or more"] if low is not None else []
    parts += [f"below {below:g}"] if below is not None else [f"at most {_count(high)}"] if high is not None else []
    return ", ".join(parts)


def _count(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def parse_assignment(text: str, cls: type[TrainSettings]) -> tuple[str, Any]:
    """`key=value` from the command line: the value is read as the setting's type wants it."""
    key, equals, raw = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise UsageError("a setting is given as key=value", got=text, expected="for example lr=0.05")
    return key, parse_value(key, raw.strip(), cls)


def parse_value(key: str, raw: str, cls: type[TrainSettings]) -> Any:
    """Text to what pydantic can check: lists are split on commas, a choice is the one written so, the rest is text."""
    spec = cls.model_fields.get(key)
    if spec is not None and get_origin(spec.annotation) is Literal:
        return next((choice for choice in get_args(spec.annotation) if str(choice) == raw), raw)
    if spec is not None and "tuple" in str(spec.annotation):
        return [part for part in raw.strip("[]()").split(",") if part.strip()]
    return raw


def read_config(path: Path) -> Config:
    """A run's config.toml back as a Config."""
    try:
        raw = tomllib.loads(path.read_text())
        if raw["v"] > CONFIG_VERSION:
            raise newer(path, raw["v"], CONFIG_VERSION)
        return config_from(raw)
    except FileNotFoundError as error:
        raise LabError("the run has no configuration", got=f"no file {path}", hint="labapp delete it") from error
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise LabError(
            "a run's configuration cannot be read",
            got=f"{path}: {brief(error)}",
            expected="the config.toml that labapp wrote at launch",
            hint="restore the file, or labapp delete the run",
        ) from error


def config_from(raw: Mapping[str, Any]) -> Config:
    """What `Config.as_dict` gave. Settings that came later have their defaults.

    Raises KeyError, TypeError or ValueError for what is none.
    """

    def text(key: str) -> str:
        if not isinstance(raw[key], str):
            raise TypeError(f"{key} is no text")
        return str(raw[key])

    settings = settings_class(task_row(text("task"))).model_validate(raw["settings"])
    return Config(text("task"), text("variant"), text("data"), text("recipe"), int(raw["recipe_version"]), settings)


def brief(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"
