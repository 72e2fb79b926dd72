"""What every screen that uses trained models says: what is being done, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.text import Text

from engine.errors import LabError
from labapp.fit import tidy
from sessions.playground import Doing

STARTING = "loading torch and the network (5 to 15 s)"


def work_line(doing: Doing, work: Mapping[str, str]) -> str:
    """What is being done, and for how long; `work` has the words of operations."""
    said = STARTING if doing.starting else work.get(doing.operation, doing.operation)
    return f"{said}... {time.monotonic() - doing.since:.0f} s"


def error_text(error: LabError, trouble: str) -> Text:
    """An error in full; `trouble` is the colour of it."""
    text = Text(tidy(error.title), style=f"bold {trouble}")
    for label, value in (("got", error.got), ("expected", error.expected), ("do", error.hint)):
        if value:
            text.append(f"\n{label + ':':<10}", "not bold dim").append(tidy(value), "not bold")
    return text


def short(probability: float | None) -> str:
    """A fraction in three characters, with a space before it; nothing where it is not known."""
    if probability is None:
        return ""
    if probability != probability:
        return "   -"
    return " 1.0" if probability >= 0.995 else f" {max(0.0, probability):.2f}".replace(" 0.", " .")
