"""Checking the arguments of a request to the inference process, which may come from anywhere. Torch-free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from engine.errors import UsageError, unknown
from engine.task import SPLITS, Split


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


def numbers(args: Mapping[str, Any], key: str) -> list[int]:
    value = args.get(key)
    if not isinstance(value, list) or not all(isinstance(each, int) and not isinstance(each, bool) for each in value):
        raise UsageError(f"{key} must be a list of whole numbers", got=repr(value)[:80])
    return value


def split_of(args: Mapping[str, Any], default: Split) -> Split:
    return cast(Split, one_of(args, "split", default, SPLITS))


def one_of(args: Mapping[str, Any], key: str, default: str, known: Collection[str]) -> str:
    value = text(args, key, default)
    if value not in known:
        raise unknown(key, value, known)
    return value
