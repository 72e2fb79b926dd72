"""Answers written to a stream as they come; an array of JSON stays one document whatever happens."""

from __future__ import annotations

import json
from typing import IO, Any

from engine.errors import LabError
from engine.events import jsonable


class Writer:
    """Writes answers, one by one."""

    def __init__(self, stream: IO[str]):
        self.stream = stream
        self.written = False  # whether anything was

    def flush(self) -> None:
        self.stream.flush()

    def end(self, error: LabError | None = None) -> None:
        """After the last one; `error` is why there are no more, where there should have been."""


class LinesWriter(Writer):
    """JSON, an object a line."""

    def element(self, value: dict[str, Any]) -> None:
        self.stream.write(_json(value) + "\n")
        self.written = True


class ArrayWriter(Writer):
    """One array; where it could not be written to the end, its last element says why, as {"error": ...}."""

    def element(self, value: dict[str, Any]) -> None:
        self.stream.write((",\n " if self.written else "[\n ") + _json(value))
        self.written = True

    def end(self, error: LabError | None = None) -> None:
        if error is not None:
            self.element({"error": error.as_dict()})
        self.stream.write("\n]\n" if self.written else "[]\n")


def _json(value: Any) -> str:
    return json.dumps(jsonable(value), allow_nan=False)
