"""Final metrics of every split, mean and spread over seeds; one picture of them; and what others report."""

from __future__ import annotations

import math

from engine.report.document import (
    SPLIT_NAMES,
    Block,
    Cell,
    Figure,
    Section,
    Table,
    capital,
    fraction,
    nice,
    note,
    signed,
    table,
    with_spread,
)  # fmt: skip
from engine.report.plots import Point, Points
from engine.report.rendering import NEAR_NOTE
from engine.report.subject import Subject
from engine.studies.comparison import FIRST, Comparison, Row

TEST = "test"
HOW = (
    "Mean \u00b1 standard deviation over n seeds. All metrics are fractions, of the checkpoint with the best "
    "validation value, without augmentation or dropout."
)


def statistics(subject: Subject) -> Section | None:
    comparison = subject.comparison
    if not any(row.stats for row in comparison.rows):
        return None
    blocks: list[Block] = []
    if len(comparison.rows) == 1:
        blocks += _of_one(comparison.rows[0], comparison)
    for split in () if blocks else sorted(comparison.splits, key=lambda name: ("test", "val", "train").index(name)):
        names = comparison.metrics(split)
        main = [name for name in names if name in FIRST]
        blocks.append(_of_split(subject, split, main or names[:6], f"The {SPLIT_NAMES[split]} split."))
        part = [name for name in names if "/" in name]
        if part and split == TEST:
            about = {"novel/": "Its novel problems: those that are in no training problem up to their numbers."}
            blocks.append(_of_split(subject, split, part, about.get(part[0][: part[0].index("/") + 1], "Parts of it.")))
    blocks.append(note(HOW))
    if (figure := _picture(subject)) is not None:
        blocks.insert(1, figure)
    if (reported := _reported(subject)) is not None:
        blocks.append(reported)
    return Section("statistics", "Statistics", tuple(blocks))


def _of_one(row: Row, comparison: Comparison) -> list[Block]:
    """A single row: its splits below one another."""
    found: list[Block] = []
    names = list(dict.fromkeys(name for split in comparison.splits for name in comparison.metrics(split)))
    for chosen, caption in (
        ([name for name in names if name in FIRST], f"{row.label}: final metrics."),
        ([name for name in names if "/" in name], f"{row.label}: the same over parts of the splits."),
    ):
        rows = []
        for split in comparison.splits:
            stats = [row.stat(split, name) for name in chosen]
            examples = max((each.examples for each in stats), default=0)
            shown = (with_spread(each.values, each.mean, each.spread) for each in stats)
            rows.append([SPLIT_NAMES[split], f"{examples:,}" if examples else "", str(_count(row, split)), *shown])
        if chosen:
            found.append(table(("split", "examples", "n", *map(nice, chosen)), rows, caption))
    return found


def _of_split(subject: Subject, split: str, names: list[str], caption: str) -> Table:
    comparison = subject.comparison
    marks = {name: comparison.best(split, name) for name in names}
    several = len(comparison.rows) > 1
    rows = []
    for row in comparison.rows:
        cells = [Cell(row.label), Cell(str(_count(row, split)), faint=not _count(row, split))]
        for name in names:
            each = row.stat(split, name)
            best, near = marks[name]
            cells.append(
                Cell(
                    with_spread(each.values, each.mean, each.spread),
                    bold=several and row.label == best,
                    near=several and row.label in near,
                    faint=not each.values,
                )
            )
        rows.append(cells)
    sizes = {size for row in comparison.rows for name in names if (size := row.stat(split, name).examples)}
    if len(sizes) == 1 and names and "/" not in names[0]:
        caption = f"{caption[:-1]} ({sizes.pop():,} examples)."
    return table(("", "n", *map(nice, names)), rows, caption, (NEAR_NOTE,) if several else ())


def _count(row: Row, split: str) -> int:
    return max((len(each.values) for (of, _), each in row.stats.items() if of == split), default=0)


def _picture(subject: Subject) -> Figure | None:
    slots, points = subject.slots(), []
    for row in subject.comparison.rows:
        each = row.stat(TEST, subject.metric)
        if each.values:
            others = tuple(
                (f"report {said.report}", said.metrics[TEST][subject.metric])
                for said in row.reported
                if subject.metric in said.metrics.get(TEST, {}) and not said.flaw(TEST, subject.metric)
            )
            points.append(Point(row.label, slots.get(row.label, 0), each.mean, each.spread, each.values, others))
    if len(points) < 2:
        return None
    caption = f"{capital(nice(subject.metric))} on the test split: mean, spread over seeds (bar), each seed (stroke)."
    if any(each.others for each in points):
        caption += " Numbers of others' reports stand beside them."
    return Figure("statistics", Points(tuple(points), f"{nice(subject.metric)} (test)"), caption)


def _reported(subject: Subject) -> Table | None:
    """A row for each split of each model of a report; ours stand in the tables above, the differences here."""
    stated = [(row, said) for row in subject.comparison.rows for said in row.reported]
    names = [name for name in FIRST if any(name in of for _, said in stated for of in said.metrics.values())]
    rows: list[list[Cell | str]] = []
    notes: dict[str, str] = {}
    groups = []
    for row, said in stated:
        groups.append(len(rows))
        for split in (split for split in SPLIT_NAMES if split in said.metrics):
            first = len(rows) == groups[-1]
            whose = (row.label, f"{said.report} ({said.source})", said.data) if first else ("", "", "")
            cells: list[Cell | str] = [*whose, SPLIT_NAMES[split]]
            for name in names:
                value, ours = said.metrics[split].get(name, math.nan), row.stat(split, name)
                flag = ""
                if (flaw := said.flaw(split, name)) and not math.isnan(value):
                    key = f"Report {said.report}, {nice(name)}: {flaw}"
                    flag = notes.setdefault(key, "\u2020" * (len(notes) + 1))
                difference = ours.mean - value
                cells += [Cell(fraction(value) + flag), Cell("" if math.isnan(difference) else signed(difference))]
            rows.append(cells)
    if not rows:
        return None
    head = ["", "report", "its data", "split"]
    for name in names:
        head += [nice(name), "ours minus it"]
    caption = "What reports of others state for the same variants, and how far ours are from it."
    footnotes = [f"{sign} {key}" for key, sign in notes.items()]
    return table(head, rows, caption, footnotes, words_in=range(4), groups=groups)
