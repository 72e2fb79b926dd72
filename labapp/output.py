"""Printing: data to stdout, talk to stderr, foreign text made harmless, errors in one form."""

from __future__ import annotations

import json
import math
import re
import sys
import time
import unicodedata
from collections.abc import Collection, Sequence
from typing import IO, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.errors import LabError
from engine.events import jsonable

talk = Console(stderr=True, highlight=False, markup=False)
# What acts on a terminal: colours and movements (CSI), titles and links (OSC), and the other escapes.
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|[\x07\x08]")


def clean(text: Any) -> str:
    """Text not written by us without control characters, so that it cannot act on the terminal."""
    return "".join(
        char
        if char == "\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        else "\N{REPLACEMENT CHARACTER}"
        for char in str(text)
    )


def as_seen(line: bytes) -> str:
    """A printed line as it looks at the end: what a carriage return went back over is gone, so are colours."""
    text = ESCAPES.sub("", line.decode(errors="replace"))
    return next((part for part in reversed(text.split("\r")) if part.strip()), "")


def one_line(text: object) -> str:
    """The same without tabs, which would take more cells than one can count."""
    return clean(text).replace("\t", " ")


def say(message: str) -> None:
    """A line of talk."""
    talk.print(clean(message), soft_wrap=not talk.is_terminal)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(jsonable(value), indent=2, allow_nan=False) + "\n")


def print_error(error: LabError, *, as_json: bool) -> None:
    """An error as people read it on stderr, or as programs read it on stdout."""
    if as_json:
        print_json({"error": error.as_dict()})
        return
    text = Text()
    text.append("error: ", style="bold red")
    text.append(clean(error.title), style="bold")
    for label, value in (("got", error.got), ("expected", error.expected), ("do", error.hint)):
        if value:
            text.append(f"\n  {label + ':':<10}", style="dim")
            text.append(clean(value))
    talk.print(text, soft_wrap=not talk.is_terminal)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    right: Collection[str] = (),
    drop: Sequence[str] = (),
    file: IO[str] | None = None,
) -> None:
    """A table on stdout (or `file`), as wide as it needs when that is not a terminal.

    On a terminal that is too narrow the columns named in `drop` go, the first first; then cells are folded.
    """
    out = Console(file=file, highlight=False, markup=False)
    if not out.is_terminal:
        out.width = 10_000
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = {name: max(map(cell_len, (name, *column))) for name, *column in zip(columns, *cells, strict=True)}
    shown = list(columns)
    for name in drop:
        if sum(widths[each] + GAP for each in shown) - GAP > out.width:
            shown.remove(name)
    built = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for name in shown:
        first = name == shown[0]  # what a row is about is never broken
        built.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=first)
    for row in cells:
        built.add_row(*(Text(cell) for name, cell in zip(columns, row, strict=True) if name in shown))
    out.print(built)


GAP = 2  # characters between columns


def number(value: float | str | None, digits: int = 4) -> str:
    """A fraction or loss in few characters; a dash where there is none. In JSON, NaN and infinities are texts."""
    value = float(value) if isinstance(value, str) else value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.{digits}f}" if abs(value) < 1e5 else f"{value:.3e}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def size(count: int) -> str:
    """Bytes as a person says them."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def when(timestamp: float) -> str:
    """A moment, in local time."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(timestamp)) if timestamp else "-"
    except (OverflowError, ValueError, OSError):
        return "-"
