"""Cells of a CSV file: numbers stay numbers, and text from outside is text for every program that opens it.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and formulas can fetch and send: such a text gets
an apostrophe in front (OWASP, CSV injection). Control characters go; NaN and infinities are `nan`, `inf` and `-inf`,
which pandas, R and NumPy read.
"""

from __future__ import annotations

import csv
import json
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from engine.events import jsonable

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # and their full-width forms, which some programs take for them
Row = Mapping[str, Any]


def cell(value: Any) -> str | int | float:
    """What stands in a cell for a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return str(jsonable(value))
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(each, (str, int, float)) for each in value):
        return text(" ".join(str(each) for each in value))
    if isinstance(value, (dict, list, tuple)):
        return text(json.dumps(jsonable(value), ensure_ascii=False))
    return text(str(value))


def text(value: str) -> str:
    """Text that is no formula and acts on nothing; line ends and tabs become blanks."""
    dangerous = value.startswith(("\t", "\r", "\n"))
    plain = "".join(
        " " if char in "\t\r\n" else char
        for char in value
        if char in "\t\r\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    return "'" + plain if dangerous or plain.lstrip().startswith(FORMULA) else plain


def write_table(file: IO[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a header and rows, as they come; the number of rows."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([text(column) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
        count += 1
    return count
