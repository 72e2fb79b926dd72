"""Parts of an answer of the inference process, checked: it may come from another version, or from no version at all.

What is not as agreed raises TypeError, KeyError or ValueError; `made` turns these into words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from engine.errors import LabError

Made = TypeVar("Made")
ROUNDING = 1e-3  # of sums of many numbers of single precision


def made(what: str, make: Callable[[], Made]) -> Made:
    """What `make` makes of an answer; raises a LabError that says what could not be made."""
    try:
        return make()
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise LabError(
            f"the {what} in the answer cannot be understood",
            got=f"{type(error).__name__}: {error}"[:200],
            hint="was labapp upgraded while it ran? Leave it and start it again",
        ) from error


def table_of(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError(f"{type(raw).__name__} is no table")
    return raw


def list_of(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise TypeError(f"{type(raw).__name__} is no list")
    return raw


def text_of(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{type(raw).__name__} is no text")
    return raw


def text_or_none(raw: Any) -> str | None:
    return None if raw is None else text_of(raw)


def flag_of(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError(f"{type(raw).__name__} is neither true nor false")
    return raw


def count_of(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise ValueError(f"{raw!r:.40} is no count")
    return raw


def fraction_of(raw: Any) -> float:
    """NaN, which comes as a text, is one: networks can say it. What rounding adds is taken away."""
    value = float(raw)
    if math.isnan(value):
        return value
    if not -ROUNDING <= value <= 1 + ROUNDING:
        raise ValueError(f"{raw!r:.40} is no fraction")
    return min(1.0, max(0.0, value))


def fraction_or_none(raw: Any) -> float | None:
    return None if raw is None else fraction_of(raw)


def number_of(raw: Any) -> float:
    """Any number; NaN and infinities come as texts."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise TypeError(f"{type(raw).__name__} is no number")
    return float(raw)


def number_or_none(raw: Any) -> float | None:
    return None if raw is None else number_of(raw)


def numbers_of(raw: Any) -> tuple[float, ...]:
    return tuple(map(number_of, list_of(raw)))
