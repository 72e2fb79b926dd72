"""What a user has set outside the command line: LABAPP_* variables, the project's labapp.toml, the user's config.toml.

# ~/.config/labapp/config.toml, or labapp.toml in the folder of a project (which cannot set the home)
home = "/data/me/labapp"
recipe = "best"
[settings]            # for every task that has them
epochs = 20
[settings.images]     # for one task
lr = 0.05
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from engine.catalogue import TaskRow, tasks
from engine.config import Layer, parse_value, settings_class
from engine.errors import UsageError, nearest, unknown

PROJECT_FILE = "labapp.toml"
USER_FILE = "config.toml"
RESERVED = frozenset({"LABAPP_HOME", "LABAPP_PLUGINS", "LABAPP_RECIPE", "LABAPP_CONFIG"})
USER_KEYS = frozenset({"home", "recipe", "settings"})
PROJECT_KEYS = USER_KEYS - {"home"}


@dataclass
class Preferences:
    """One file of preferences."""

    path: Path
    home: str | None = None
    recipe: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    by_task: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def layer(self, row: TaskRow) -> Layer:
        """The settings for one task: those under its name, and the general ones it has."""
        fields = settings_class(row).model_fields
        general = {key: value for key, value in self.settings.items() if key in fields}
        return Layer(str(self.path), general | self.by_task.get(row.name, {}), self.lines)


def user_file() -> Path:
    chosen = os.environ.get("LABAPP_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("labapp") / USER_FILE


def project_file(start: Path) -> Path | None:
    """labapp.toml here or in the nearest folder above."""
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
    return None


def read_preferences(path: Path, allowed: frozenset[str]) -> Preferences:
    """A file of preferences, checked; an absent one is empty."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        return Preferences(path)
    except (OSError, ValueError) as error:
        raise UsageError("preferences cannot be read", got=f"{path}: {error}", expected="a TOML file") from error
    found = Preferences(path, lines=line_numbers(text))
    for key, value in raw.items():
        where = f"{path}, line {found.lines.get(key, 1)}"
        if key == "home" and key not in allowed:
            raise UsageError("a project cannot set the home", got=where, hint="set it in your own config.toml")
        if key not in allowed:
            close = nearest(key, allowed)
            hint = f"did you mean {close!r}?" if close else None
            raise UsageError(f"unknown key {key!r}", got=where, expected=", ".join(sorted(allowed)), hint=hint)
        _take(found, key, value, where)
    return found


def _take(found: Preferences, key: str, value: Any, where: str) -> None:
    expected: Any = dict if key == "settings" else str
    if not isinstance(value, expected):
        kind = "a table" if expected is dict else "a text"
        raise UsageError(f"{key!r} is of the wrong type", got=f"{value!r} in {where}", expected=kind)
    if key == "settings":
        _take_settings(found, value)
    else:
        setattr(found, key, value)


def _take_settings(found: Preferences, table: Mapping[str, Any]) -> None:
    known = every_setting()
    for key, value in table.items():
        where = f"{found.path}, line {found.lines.get(key, 1)}"
        if isinstance(value, dict):
            if key not in tasks():
                error = unknown("task", key, tasks())
                error.got = f"[settings.{key}] in {where}"
                raise error
            found.by_task[key] = value
        elif key in known:
            found.settings[key] = value
        else:
            raise unknown_setting(key, where, known)


def every_setting() -> set[str]:
    """The names of all settings of all tasks."""
    return {key for row in tasks().values() for key in settings_class(row).model_fields}


def unknown_setting(key: str, where: str, known: set[str]) -> UsageError:
    error = unknown("setting", key, known)
    error.got = f"{key} in {where}"
    return error


def line_numbers(text: str) -> dict[str, int]:
    """The line on which a key or table first stands."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*\[?\s*(?:settings\.)?[\"']?([A-Za-z0-9_-]+)[\"']?\s*(=|\])", line)
        if match:
            found.setdefault(match[1], number)
    return found


def environment_layer(row: TaskRow, environment: Mapping[str, str] = os.environ) -> Layer:
    """LABAPP_<SETTING> variables; one that no task has is refused, one that only others have is left out."""
    cls = settings_class(row)
    known = every_setting()
    values = {}
    for variable, raw in environment.items():
        if not variable.startswith("LABAPP_") or variable in RESERVED:
            continue
        key = variable.removeprefix("LABAPP_").lower()
        if key not in known:
            raise unknown_setting(key, f"the environment ({variable})", known | {each[7:].lower() for each in RESERVED})
        if key in cls.model_fields:
            values[key] = parse_value(key, raw, cls)
    return Layer("the environment", values)


@dataclass
class Layers:
    """All preferences in force, strongest first."""

    recipe: str | None
    project: Preferences
    user: Preferences

    def for_task(self, row: TaskRow) -> list[Layer]:
        return [environment_layer(row), self.project.layer(row), self.user.layer(row)]


def read_layers(folder: Path | None = None) -> Layers:
    user = read_preferences(user_file(), USER_KEYS)
    here = project_file(folder or Path.cwd())
    project = read_preferences(here, PROJECT_KEYS) if here else Preferences(Path(PROJECT_FILE))
    recipe = os.environ.get("LABAPP_RECIPE") or project.recipe or user.recipe
    return Layers(recipe, project, user)
