"""What the user's config.toml says of the face, checked before the first frame: theme, keys, bell, slow lines.

theme = "lab-light"
bell = false              # no bell when a run ends
low_bandwidth = true      # redraw seldom, no animation: for slow lines
graphics = true           # pictures in real pixels, where the terminal has them
[keys]
stop = "ctrl+x"           # the name of an action (see `?`) and its keys, comma-separated
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any

from engine.errors import UsageError, nearest, unknown
from labapp.actions import CHARTS, EVERYWHERE, KEY_NAMES, SCREENS, WITH_CHARTS, all_actions
from sessions.userfile import UserFile

# ctrl-b is tmux's, ctrl-s and ctrl-q stop and start a terminal's output
TAKEN = {"ctrl+b": "tmux takes it", "ctrl+s": "it freezes a terminal", "ctrl+q": "it unfreezes a terminal"}


@dataclass(frozen=True)
class Face:
    """How the app looks and listens."""

    theme: str = ""  # "" = the first
    bell: bool = True
    low_bandwidth: bool = False
    graphics: bool = False
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # action -> keys


def read_face(file: UserFile, themes: Collection[str]) -> Face:
    """The face a config file asks for; an error names the file, the line and the nearest known name."""
    theme = file.take("theme", lambda value: isinstance(value, str), "the name of a theme, as text")
    if theme is not None and theme not in themes:
        raise _unknown(file, "theme", theme, themes, "theme")
    flags: dict[str, Any] = {}
    for key in ("bell", "low_bandwidth", "graphics"):
        value = file.take(key, lambda value: isinstance(value, bool), "true or false")
        if value is not None:
            flags[key] = value
    table = file.take("keys", lambda value: isinstance(value, dict), "a table of actions and their keys") or {}
    return Face(theme or "", **flags, keys=_keys(file, table))


def _keys(file: UserFile, table: Mapping[str, Any]) -> Mapping[str, str]:
    known = {action.name for action in all_actions()}
    for name, keys in table.items():
        if name not in known:
            raise _unknown(file, "action", name, known, "keys", name)
        where = file.where("keys", name)
        if not isinstance(keys, str) or not keys.strip(", "):
            raise UsageError(
                f"keys of {name!r} cannot be {keys!r}", got=f"{keys!r} in {where}", expected="text: ctrl+x"
            )
        for key in keys.split(","):
            if not is_key(key.strip()):
                close = nearest(key.strip(), (*KEYS, *(f"ctrl+{letter}" for letter in ascii_lowercase)))
                raise UsageError(
                    f"there is no key {key.strip()!r}", got=where, expected="a key: x, X, f9, ctrl+x, shift+left",
                    hint=f"did you mean {close!r}?" if close else None,
                )  # fmt: skip
            if key.strip() in TAKEN:
                raise UsageError(f"{key.strip()} cannot be a key here", got=where, expected=TAKEN[key.strip()])
    found = {name: ",".join(key.strip() for key in keys.split(",")) for name, keys in table.items()}
    _refuse_twice(file, found)
    return MappingProxyType(found)


def _refuse_twice(file: UserFile, found: Mapping[str, str]) -> None:
    """A key that would mean two things on one screen means only one of them: which, nobody could tell."""
    for place in {action.where for action in all_actions()}:
        taken = {screen.key: f"the screen {screen.title}" for screen in SCREENS}
        here = {place, EVERYWHERE} | ({CHARTS} if place in WITH_CHARTS else set())
        for action in all_actions():
            if action.where not in here:
                continue
            for key in found.get(action.name, action.keys).split(","):
                other = taken.setdefault(key, action.name)
                if other != action.name:
                    name = action.name if action.name in found else other
                    where = file.where("keys", name)
                    raise UsageError(f"{key} is both {other} and {action.name}", got=where, expected="a key for each")


KEYS = (
    *(f"f{number}" for number in range(1, 25)), "enter", "escape", "space", "tab", "backspace", "delete", "insert",
    "home", "end", "pageup", "pagedown", "up", "down", "left", "right", *sorted(set(KEY_NAMES) - {"escape"}),
)  # fmt: skip


def is_key(text: str) -> bool:
    """Whether a terminal can send this: a character or a key's name, perhaps with ctrl+, shift+ or alt+ before it."""
    *modifiers, key = text.split("+")
    known = key in KEYS or (len(key) == 1 and key.isalnum())
    return known and all(each in ("ctrl", "shift", "alt") for each in modifiers)


def _unknown(file: UserFile, kind: str, name: str, known: Any, *key: str) -> UsageError:
    error = unknown(kind, name, known)
    error.got = f"{name} in {file.where(*key)}"
    return error
