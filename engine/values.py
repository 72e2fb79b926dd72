"""The value of a setting in words."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """As `--set` takes it, in as few characters as tell it from every other value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(shown, value))
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"
    return short if short == "nan" or float(short) == value else repr(value)
