"""From a study to the configurations it trains: a cell for each variant and each value of each axis."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import Config, Layer, check_key, parse_value, resolve, settings_class
from engine.errors import UsageError
from engine.settings import idle_settings, place_settings, source_settings
from engine.studies.definition import MOST_VALUES, Axis, Study, typed
from engine.values import shown


@dataclass(frozen=True)
class Cell:
    """What is compared: a variant under its settings. Its runs differ in their seeds alone."""

    variant: str
    values: tuple[tuple[str, Any], ...]  # (setting, value) along the axes
    label: str

    def config(self, study: Study, seed: int) -> Config:
        """The whole configuration. No preference of the user's has a say: a study is the same for everybody."""
        settings = {**study.settings_of(self.variant), **dict(self.values), "seed": seed}
        layers = [Layer(f"study {study.name}", settings)]
        return resolve(study.row, self.variant, study.data, study.recipe, layers)


def cells_of(study: Study) -> list[Cell]:
    """In the order of the definition. A label says what tells a cell from the others and no more."""
    found = []
    for variant, *values in itertools.product(study.variants, *(axis.values for axis in study.axes)):
        pairs = tuple(zip((axis.setting for axis in study.axes), values, strict=True))
        telling = [f"{axis.setting}={shown(value)}" for axis, value in zip(study.axes, values, strict=True)]
        several = len(study.variants) > 1 or not telling
        found.append(Cell(variant, pairs, " ".join([variant, *telling] if several else telling)))
    return found


def key_of(config: Config) -> str:
    """SHA-256 of what a training is, as far as it is known before its data has been opened.

    Two configurations with one key train the same wherever their datasets have one fingerprint. Where something is
    taken from counts by the last part of its path: the same file may lie elsewhere.
    """
    what, cls = config.as_dict(), type(config.settings)
    sources = source_settings(cls)
    left_out = place_settings(cls) | idle_settings(cls, config.row.variants[config.variant].options)
    settings = {key: value for key, value in what["settings"].items() if key not in left_out}
    settings |= {key: Path(settings[key]).name for key in sources & settings.keys()}
    what = {**what, "settings": settings}
    del what["data"]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def grid(study: Study, texts: Sequence[str]) -> list[Axis]:
    """`lr=0.1,0.03` as axes, added to those the study has; one of a setting that it has replaces it."""
    cls = settings_class(study.row)
    axes = {axis.setting: axis for axis in study.axes}
    given: set[str] = set()
    for text in texts:
        key, _, raw = (part.strip() for part in text.partition("="))
        parts = [part.strip() for part in raw.split(",")]
        if not key or not all(parts):
            raise UsageError("this is no axis of a grid", got=text, expected="setting=value,value such as lr=0.1,0.03")
        check_key(cls, key, Layer("--grid", {key: raw}))
        if key in given:
            raise UsageError(f"{key} has two axes", got=f"--grid {text}", expected=f"all its values in one: {key}=A,B")
        if len(parts) > MOST_VALUES:
            raise UsageError(
                "an axis has too many values", got=f"{key}: {len(parts)}", expected=f"{MOST_VALUES} or fewer"
            )
        given.add(key)
        values = [typed(cls, key, parse_value(key, part, cls)) for part in parts]  # of a list each is one of its own
        axes[key] = Axis(setting=key, values=[each for n, each in enumerate(values) if each not in values[:n]])
    return list(axes.values())
