"""A comparison as the lines of the screen's table: as many columns as there is room for, the one in question first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from labapp.compare.figures import Figure, column, legend, ours, theirs
from labapp.compare.settings import differences
from labapp.output import duration
from labapp.widgets.stat_table import StatLine
from labapp.widgets.table import GAP, Column

if TYPE_CHECKING:
    from engine.studies.comparison import Comparison

LONGEST_LABEL = 32  # cells
MARKS = 3  # cells before a label: the cursor, the curve's marker
NAME, SECONDS = "name", "seconds"  # as engine.studies.comparison has them


@dataclass(frozen=True)
class Wanted:
    """How the numbers are looked at."""

    split: str
    metric: str  # in question: first, and with what reports state beside it
    sort: str  # a metric, NAME or SECONDS
    worst_first: bool = False


@dataclass(frozen=True)
class Laid:
    """A table: its columns, what each is sorted by ("" = by nothing), its lines, and what its marks say."""

    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    lines: tuple[StatLine, ...]
    legend: tuple[str, ...] = ()
    left_out: int = 0  # columns there is no room for


def numbers(
    comparison: Comparison, wanted: Wanted, width: int, slots: Mapping[str, int], *, ascii: bool = False
) -> Laid:
    """The table of one split. `slots` has the rows whose curves are drawn, with their colours."""
    comparison = comparison.sorted_by(wanted.split, wanted.sort, worst_first=wanted.worst_first)
    rows = comparison.rows
    columns: list[tuple[str, str, list[Figure]]] = []  # title, key, cells

    def add_metric(name: str) -> None:
        columns.append((name, name, ours(comparison, wanted.split, name, ascii=ascii)))

    add_metric(wanted.metric)
    for report in dict.fromkeys((each.report, each.name) for row in rows for each in row.reported):
        cells = []
        for row in rows:
            stated = [
                theirs(row, each, wanted.split, wanted.metric) for each in row.reported if each.report == report[0]
            ]
            cells.append(stated[0] if stated else Figure("", kind=""))
        if any(cell.value for cell in cells):
            columns.append((report[1], "", cells))
    for name in comparison.metrics(wanted.split):
        if name != wanted.metric:
            add_metric(name)
    if any(len(row.measured) > 1 for row in rows):
        columns.append(("seeds", "", [Figure(str(len(row.measured)), kind="") for row in rows]))
    trained = [duration(row.seconds.mean) if row.seconds.values else "-" for row in rows]
    columns.append(("trained", SECONDS, [Figure(text, kind="") for text in trained]))
    labels = [row.label + (f" ({row.note})" if row.note else "") for row in rows]
    label = min(max(map(cell_len, (wanted.split, *labels)), default=0), LONGEST_LABEL)
    room = width - MARKS - 1 - label
    titles = [wanted.split + arrow(NAME, wanted, ascii)]
    kept: list[tuple[str, list[Figure], list[str]]] = []
    for title, key, cells in columns:
        head = title + arrow(key, wanted, ascii)
        texts = column(cells)
        size = max(map(cell_len, (head, *texts)))
        if room < size + GAP and kept:
            break
        room -= size + GAP
        titles.append(head)
        kept.append((key, cells, texts))
    lines = [
        StatLine(
            (labels[place], *(texts[place] for _, _, texts in kept)),
            "" if row.final else "live",
            row.label,
            kinds=("", *(cells[place].kind for _, cells, _ in kept)),
            slot=slots.get(row.label, -1),
        )
        for place, row in enumerate(rows)
    ]
    shown = [cell for _, cells, _ in kept for cell in cells]
    laid = (Column(titles[0], width=label), *(Column(title, right=True, most=60) for title in titles[1:]))
    keys = (NAME, *(key for key, _, _ in kept))
    return Laid(laid, keys, tuple(lines), tuple(legend(shown)), len(columns) - len(kept))


def arrow(key: str, wanted: Wanted, ascii: bool) -> str:
    if key != wanted.sort:
        return ""
    return ("v^" if ascii else "↓↑")[wanted.worst_first]


def what_differs(comparison: Comparison, wanted: Wanted, slots: Mapping[str, int]) -> Laid:
    """The settings that differ, in the same order of rows."""
    comparison = comparison.sorted_by(wanted.split, wanted.sort, worst_first=wanted.worst_first)
    titles, cells = differences(comparison)
    labels: Collection[str] = {row.label for row in comparison.rows}
    lines = [
        StatLine(line, key=line[0] if line[0] in labels else None, slot=slots.get(line[0], -1), kinds=("",) * len(line))
        for line in cells
    ]
    columns = (Column(titles[0], most=LONGEST_LABEL), *(Column(title, most=24) for title in titles[1:]))
    return Laid(columns, ("",) * len(columns), tuple(lines))
