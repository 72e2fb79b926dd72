"""The last few answers: to go back to a class or a picture costs no waiting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by what was asked; the one not used for longest goes first."""

    def __init__(self, most: int):
        self.most = most
        self._kept: dict[str, Value] = {}

    def get(self, args: Mapping[str, Any]) -> Value | None:
        key = _key(args)
        found = self._kept.pop(key, None)
        if found is not None:
            self._kept[key] = found
        return found

    def keep(self, args: Mapping[str, Any], value: Value) -> None:
        self._kept[_key(args)] = value
        while len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]

    def clear(self) -> None:
        self._kept.clear()


def _key(args: Mapping[str, Any]) -> str:
    return json.dumps(args, sort_keys=True)
