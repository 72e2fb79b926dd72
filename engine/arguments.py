"""Checking the arguments of a request to the inference process, which may come from anywhere. Torch-free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import UsageError, unknown


def text(args: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = args.get(key, default)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{key} must be a text", got=repr(value))
    return value


def number(args: Mapping[str, Any], key: str, default: int, least: int, most: int) -> int:
    value = args.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(f"{key} must be a whole number from {least} to {most}", got=repr(value))
    return value


def one_of(args: Mapping[str, Any], key: str, default: str, known: Collection[str]) -> str:
    value = text(args, key, default)
    if value not in known:
        raise unknown(key, value, known)
    return value
