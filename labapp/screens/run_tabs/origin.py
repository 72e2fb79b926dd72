"""What a run's recipe says now, and which settings somebody chose otherwise. For a thread: it imports pydantic.

A recipe's values may follow from what was given (the warm-up from the number of epochs): those are no differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import LabError
from engine.values import shown
from sessions.run.records import table_of, text_of


@dataclass(frozen=True)
class Told:
    """What could be found out; `problem` says why not more."""

    read: bool = False
    recipe: Mapping[str, Any] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    help: Mapping[str, str] = field(default_factory=dict)  # what a setting may be and what it is for
    brief: Mapping[str, str] = field(default_factory=dict)  # what it is for
    problem: str = ""

    def recipe_value(self, key: str) -> str:
        return shown(self.recipe[key]) if key in self.recipe else "not there"


def told_of(config: dict[str, Any]) -> Told:
    """Never fails: an unknown task, a path that is gone or a newer version is a problem that is said."""
    try:
        from engine.catalogue import tasks
        from engine.config import describe, describe_settings, settings_class

        row = tasks().get(text_of(config, "task"))
        if row is None:
            return Told(True, problem="this labapp does not know its task")
        cls = settings_class(row)
        known = [key for key in table_of(config, "settings") if key in cls.model_fields]
        told = Told(True, help={key: describe(cls, key) for key in known}, brief=briefly(describe_settings(cls)))
    except Exception as error:  # a plug-in that cannot be imported
        return Told(True, problem=reason(error))
    try:
        recipe, chosen = compared(config)
        return replace(told, recipe=recipe, changed=chosen)
    except Exception as error:
        return replace(told, problem=reason(error))


def briefly(described: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {key: each["help"] + (f" ({each['unit']})" if each["unit"] else "") for key, each in described.items()}


def compared(config: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """The recipe's values, and the settings that somebody chose otherwise."""
    from engine.catalogue import tasks
    from engine.config import Layer, resolve

    row, settings = tasks()[text_of(config, "task")], table_of(config, "settings")
    what = text_of(config, "variant"), text_of(config, "data"), text_of(config, "recipe")

    def says(given: dict[str, Any]) -> dict[str, Any]:
        return resolve(row, *what, [Layer("the run", given)]).settings.model_dump(mode="json")

    alone = says({})
    differ = {key: value for key, value in settings.items() if key not in alone or alone[key] != value}
    known = {key: value for key, value in differ.items() if key in alone}
    chosen = set(differ)
    for key in known:
        others = {name: value for name, value in known.items() if name != key}
        try:
            if says(others)[key] == settings[key]:
                chosen.discard(key)
        except LabError:  # the others do not go together without it: then it was chosen
            continue
    return alone, frozenset(chosen)


def reason(error: Exception) -> str:
    return error.title if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
