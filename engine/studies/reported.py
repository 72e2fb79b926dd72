"""What the reports of others state for the same variants: assets/reported.toml, each number with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Reported:
    """One model of one report. Metrics are fractions, by split and name."""

    report: str  # "001"
    year: int
    source: str  # where in it
    task: str
    variant: str
    data: str  # what it was trained on, in words
    metrics: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, Any] = field(default_factory=dict)  # what sets it apart from others of the variant
    flawed: Mapping[str, str] = field(default_factory=dict)  # metric -> why it cannot be believed


@cache
def reported() -> tuple[Reported, ...]:
    raw = tomllib.loads((resources.files("assets") / "reported.toml").read_text(encoding="utf-8"))
    return tuple(Reported(**each) for each in raw["reported"])


def reported_for(task: str, variant: str, settings: Mapping[str, Any]) -> list[Reported]:
    """The models of reports that a run can stand beside: same variant, and the settings that set them apart.

    Where a report has the variant with several values of a setting, one with another value is not like any of them.
    """
    return [
        each
        for each in reported()
        if (each.task, each.variant) == (task, variant)
        and all(settings.get(key) == value for key, value in each.settings.items())
    ]
