"""The user's config.toml and a project's labapp.toml as files: where they are, their keys, the line each stands on.

What a key means is known where it is used: settings in `sessions.preferences`, the face's keys in `labapp.face`.
Imports in milliseconds, since the app reads it before its first frame.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from engine.errors import UsageError, unknown

PROJECT_FILE = "labapp.toml"
USER_FILE = "config.toml"
FACE_KEYS = frozenset({"theme", "bell", "low_bandwidth", "graphics", "keys"})  # checked by the face
USER_KEYS = frozenset({"home", "recipe", "settings", "on_finish"}) | FACE_KEYS
PROJECT_KEYS = frozenset({"recipe", "settings"})  # a checkout must not choose folders or run commands


@dataclass
class UserFile:
    """One such file, its top-level keys known to be allowed."""

    path: Path
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # key, or table.key -> line

    def where(self, *key: str) -> str:
        """File and line of a key, for an error message."""
        for name in (".".join(key), key[-1]):
            if name in self.lines:
                return f"{self.path}, line {self.lines[name]}"
        return str(self.path)

    def take(self, key: str, fits: Callable[[Any], bool], expected: str) -> Any:
        """The value of a key, None when it is not there; one that does not fit is an error."""
        value = self.values.get(key)
        if value is not None and not fits(value):
            raise UsageError(f"{key!r} cannot be {value!r}", got=f"{value!r} in {self.where(key)}", expected=expected)
        return value

    @property
    def home(self) -> str | None:
        home: str | None = self.take("home", is_text, "the path of a folder, as text")
        return home

    @property
    def on_finish(self) -> list[str] | None:
        """The command to run when a run ends, in words; the run's id and status are added to it."""
        command = self.take("on_finish", is_text, 'a command as text, for example "notify-send labapp"')
        if command is None:
            return None
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(
                "'on_finish' is no command", got=f"{command!r} in {self.where('on_finish')}: {error}"
            ) from error
        return words or None


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def user_file() -> Path:
    chosen = os.environ.get("LABAPP_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("labapp") / USER_FILE


def read_user_file() -> UserFile:
    found = read_file(user_file(), USER_KEYS)
    _ = found.on_finish  # said to whoever starts something: at a run's end nobody looks
    return found


def project_file(start: Path) -> Path | None:
    """labapp.toml here or in the nearest folder above."""
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
    return None


def read_file(path: Path, allowed: Collection[str]) -> UserFile:
    """A file whose keys are all allowed; an absent one is empty."""
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return UserFile(path)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("preferences cannot be read", got=f"{path}: {error}", expected="a TOML file") from error
    found = UserFile(path, values, line_numbers(text))
    for key in values:
        if key in USER_KEYS and key not in allowed:
            hint = "set it in your own config.toml"
            raise UsageError(f"a project cannot set {key!r}", got=found.where(key), hint=hint)
        if key not in allowed:
            wrong = unknown("key", key, allowed)
            wrong.got = f"{key} in {found.where(key)}"
            raise wrong
    return found


def line_numbers(text: str) -> dict[str, int]:
    """The line on which each key first stands: by itself, and with the table it stands in (`keys.stop`)."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            table = match[1].replace('"', "").replace("'", "")
            found.setdefault(table, number)
            found.setdefault(table.rpartition(".")[2], number)
        elif match := re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line):
            found.setdefault(f"{table}.{match[1]}".lstrip("."), number)
            found.setdefault(match[1], number)
    return found
