"""What each search of a split's report is worth: every width of the beam with the grammar and without, and what the
nearest training problem's program is, which takes no training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labapp.live.rows import SHORT
from labapp.output import number
from labapp.widgets.table import Column, Line
from sessions.run.records import number_of, table_of

KNOWN = ("by_beam", "lookup", "errors", "novel")  # keys of a report that are shown here
LOOKUP = "lookup"
GRAMMAR = {"grammar_on": "on", "grammar_off": "off"}
NO_VALUE = "no_value"  # programs that do not execute, a count
WIDE = 90  # cells from which there is room for how many programs have no value
MOST = 64  # of a damaged file


@dataclass(frozen=True)
class Searched:
    """One row: its width and whether there was a grammar, or `lookup`."""

    name: str
    grammar: str
    scores: Mapping[str, float]


def searches_of(report: Mapping[str, Any]) -> tuple[Searched, ...]:
    """In the order of their widths, the lookup last."""
    by_beam = table_of(dict(report), "by_beam")
    found = [
        Searched(width, said, scores_of(table_of(table_of(by_beam, width), key)))
        for width in sorted(by_beam, key=width_of)[:MOST]
        for key, said in GRAMMAR.items()
    ]
    found.append(Searched(LOOKUP, "", scores_of(table_of(dict(report), LOOKUP))))
    return tuple(each for each in found if each.scores)


def width_of(name: str) -> float:
    return float(name) if name.isdecimal() else math.inf


def scores_of(raw: Mapping[str, Any]) -> dict[str, float]:
    return {name: number_of(dict(raw), name, math.nan) for name in raw}


def lines_of(searches: Sequence[Searched], width: int) -> tuple[list[Line], list[Column]]:
    """A table of them. The best of a column is not marked: differences of one model's searches are small."""
    names = list(dict.fromkeys(name for each in searches for name in each.scores if name != NO_VALUE))
    counted = width >= WIDE and any(NO_VALUE in each.scores for each in searches)
    columns = [
        Column("beam"),
        Column("grammar"),
        *(Column(SHORT.get(name, name), right=True, most=12) for name in names),
    ]
    columns += [Column("no value", right=True)] if counted else []
    lines = []
    for each in searches:
        cells = [each.name, each.grammar, *(number(each.scores.get(name)) for name in names)]
        if counted:
            cells.append(f"{each.scores[NO_VALUE]:,.0f}" if math.isfinite(each.scores.get(NO_VALUE, math.nan)) else "")
        lines.append(Line(tuple(cells), "mark" if each.name == LOOKUP else "", key=(each.name, each.grammar)))
    return lines, columns


def reasons_of(report: Mapping[str, Any]) -> Iterator[str]:
    """Why programs have no value, as lines of text; and how many problems are novel."""
    if (novel := number_of(dict(report), "novel", math.nan)) == novel:
        yield f"{novel:,.0f} problems are novel: no training problem is the same but for its numbers"
    errors = scores_of(table_of(dict(report), "errors"))
    if errors:
        yield "why programs have no value:"
        yield from (f"{count:>7,.0f}  {reason}" for reason, count in list(errors.items())[:MOST])
