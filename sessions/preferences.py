"""What a user has set outside the command line: LABAPP_* variables, the project's labapp.toml, the user's config.toml.

# ~/.config/labapp/config.toml, or labapp.toml in the folder of a project (recipe and settings only)
home = "/data/me/labapp"
recipe = "best"
[settings]            # for every task that has them
epochs = 20
[settings.images]     # for one task
lr = 0.05
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.catalogue import TaskRow, tasks
from engine.config import Layer, parse_value, settings_class
from engine.errors import UsageError, unknown
from sessions.userfile import (
    PROJECT_FILE,
    PROJECT_KEYS,
    UserFile,
    is_text,
    project_file,
    read_file,
    read_user_file,
)

RESERVED = frozenset({"LABAPP_HOME", "LABAPP_PLUGINS", "LABAPP_RECIPE", "LABAPP_CONFIG"})


@dataclass
class Preferences:
    """What one file says of recipe and settings."""

    file: UserFile
    recipe: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    by_task: dict[str, dict[str, Any]] = field(default_factory=dict)

    def layer(self, row: TaskRow) -> Layer:
        """The settings for one task: those under its name, and the general ones it has."""
        fields = settings_class(row).model_fields
        general = {key: value for key, value in self.settings.items() if key in fields}
        return Layer(str(self.file.path), general | self.by_task.get(row.name, {}), self.file.lines)


def read_preferences(file: UserFile) -> Preferences:
    """Recipe and settings of a file, checked."""
    recipe = file.take("recipe", is_text, "a recipe's name, as text")
    table = file.take("settings", lambda value: isinstance(value, dict), "a table")
    found = Preferences(file, recipe)
    known = every_setting()
    for key, value in (table or {}).items():
        where = file.where("settings", key)
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
    return found


def every_setting() -> set[str]:
    """The names of all settings of all tasks."""
    return {key for row in tasks().values() for key in settings_class(row).model_fields}


def unknown_setting(key: str, where: str, known: set[str]) -> UsageError:
    error = unknown("setting", key, known)
    error.got = f"{key} in {where}"
    return error


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
    user = read_preferences(read_user_file())
    here = project_file(folder or Path.cwd()) or Path(PROJECT_FILE)
    project = read_preferences(read_file(here, PROJECT_KEYS))
    recipe = os.environ.get("LABAPP_RECIPE") or project.recipe or user.recipe
    return Layers(recipe, project, user)
