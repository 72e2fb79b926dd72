"""Errors a person can act on: what happened, what was got, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MOST_LISTED = 12  # names in an error message
LIKE_ENOUGH = 0.5  # from 0, nothing in common, to 1, the same


class LabError(Exception):
    """Something the user can mend. Printed as title, got, expected and hint; never as a traceback."""

    exit_code = 1

    def __init__(self, title: str, *, got: str | None = None, expected: str | None = None, hint: str | None = None):
        super().__init__(title)
        self.title = title
        self.got = got
        self.expected = expected
        self.hint = hint

    def as_dict(self) -> dict[str, str | None]:
        return {"title": self.title, "got": self.got, "expected": self.expected, "hint": self.hint}

    def __str__(self) -> str:
        parts = [self.title]
        parts += [f"got: {self.got}"] if self.got else []
        parts += [f"expected: {self.expected}"] if self.expected else []
        parts += [f"hint: {self.hint}"] if self.hint else []
        return "\n  ".join(parts)


class UsageError(LabError):
    """Wrong usage or configuration: the command was not started (exit code 2)."""

    exit_code = 2


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, if any is like it at all."""
    wanted = name.lower()

    def likeness(choice: str) -> float:
        ratio = difflib.SequenceMatcher(None, wanted, choice.lower()).ratio()
        return ratio + 0.2 * (sorted(wanted) == sorted(choice.lower()))  # two letters the wrong way round

    best = max(sorted(set(known)), key=likeness, default=None)
    return best if best is not None and likeness(best) >= LIKE_ENOUGH else None


def listed(kind: str, choices: list[str]) -> str:
    """What a name may be: all of a few, some of many."""
    if not choices:
        return f"there is no {kind} yet"
    some = ", ".join(choices[:MOST_LISTED])
    return f"one of {some}" + (f" and {len(choices) - MOST_LISTED} more" if len(choices) > MOST_LISTED else "")


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not in a table: says the nearest one and lists the table."""
    choices = sorted(set(known))
    close = nearest(name, choices)
    return UsageError(
        f"unknown {kind} {name!r}",
        got=name,
        expected=listed(kind, choices),
        hint=f"did you mean {close!r}?" if close else None,
    )


def newer(path: Path, version: Any, known: int) -> LabError:
    return LabError(
        "this run was written by a newer labapp",
        got=f"{path} has format {version}",
        expected=f"format {known} or older",
        hint="upgrade labapp to work on this run",
    )


OUT_OF_MEMORY = ("out of memory", "ALLOC_FAILED", "can't allocate memory")  # CUDA's runtime, cuBLAS and cuDNN, a CPU


def is_out_of_memory(error: BaseException) -> bool:
    """Of the machine's or a GPU's: torch has a type of its own for the second, and others whose words alone tell."""
    typed = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return typed or any(words in str(error) for words in OUT_OF_MEMORY)
