"""Beam search: what every width finds, with the grammar and without, beside a lookup that learns nothing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.report.document import SPLIT_NAMES, Block, Cell, Figure, Section, nice, note, paragraph, table, with_spread
from engine.report.plots import Line, Lines, Panel
from engine.report.subject import Subject, Way, beam_stats, lookup_stats, splits_with
from engine.studies.statistics import Stat

METRICS = ("exact_match", "execution_accuracy", "token_accuracy", "no_value", "novel/exact_match",
           "novel/execution_accuracy")  # fmt: skip
DRAWN = ("exact_match", "token_accuracy")
MOST_REASONS = 6
NOTHING = Stat(())


def beams(subject: Subject) -> Section | None:
    found = _of_all(subject)
    if found is None:
        return None
    split, ways = found
    names = [name for name in METRICS if any(name in stats for each in ways.values() for stats in each.values())]
    rows: list[list[str | Cell]] = []
    groups = []
    for label, each in ways.items():
        groups.append(len(rows))
        rows += [[label, str(width), grammar, *(_said(stats.get(name, NOTHING)) for name in names)]
                 for (width, grammar), stats in each.items()]  # fmt: skip
        cell = next(cell for cell in subject.cells if cell.label == label)
        if lookup := lookup_stats(cell.shown, split):
            rows.append([label, "lookup", "", *(Cell(_said(lookup.get(name, NOTHING)), faint=True) for name in names)])
    several = len(ways) > 1
    head = ("", "beam", "grammar", *map(nice, names))
    caption = f"Every width of the beam on the {SPLIT_NAMES[split]} split."
    lookups = any(row[1] == "lookup" for row in rows)
    notes = ["lookup: the program of the most similar training problem, which takes no training."] if lookups else []
    if not several:
        rows, head = [row[1:] for row in rows], head[1:]
    blocks: list[Block] = [table(head, rows, caption, notes, words_in=(0, 1, 2) if several else (0, 1), groups=groups)]
    if (figure := _figure(subject, ways, split)) is not None:
        blocks.insert(0, figure)
    return Section("beams", "How wide to search", tuple(blocks))


def grammar(subject: Subject) -> Section | None:
    """What the grammar changes at the widest beam, and why programs have no value without it."""
    found = _of_all(subject)
    if found is None:
        return None
    split, ways = found
    rows = []
    for label, each in ways.items():
        width = max(width for width, _ in each)
        for name in ("exact_match", "execution_accuracy", "no_value"):
            off, on = (each.get((width, which), {}).get(name, NOTHING) for which in ("off", "on"))
            if off.values and on.values:
                rows.append([label, str(width), nice(name), _said(off), _said(on)])
    if not rows:
        return None
    blocks: list[Block] = [
        paragraph("The grammar lets nothing pass that is no program; without it the search is the assignment's."),
        table(("", "beam", "metric", "without", "with the grammar"), rows, words_in=(0, 1, 2)),
    ]
    blocks += _reasons(subject, split)
    return Section("grammar", "With the grammar and without", tuple(blocks))


def _of_all(subject: Subject) -> tuple[str, Mapping[str, Mapping[Way, Mapping[str, Stat]]]] | None:
    splits = splits_with([run for cell in subject.cells for run in cell.shown], "by_beam")
    if not splits:
        return None
    ways = {cell.label: beam_stats(cell.shown, splits[0]) for cell in subject.cells}
    ways = {label: each for label, each in ways.items() if each}
    return (splits[0], ways) if ways else None


def _said(each: Stat) -> str:
    return with_spread(each.values, each.mean, each.spread)


def _figure(subject: Subject, ways: Mapping[str, Mapping[Way, Mapping[str, Stat]]], split: str) -> Figure | None:
    """Metrics over the width, a curve for each cell and grammar; nothing where there is one width."""
    slots, panels = subject.slots(), []
    widths = sorted({width for each in ways.values() for width, _ in each})
    if len(widths) < 2:
        return None
    for name in DRAWN:
        lines = []
        for label, each in ways.items():
            for which in ("on", "off"):
                points = [(widths.index(width), each[width, which][name]) for width in widths
                          if name in each.get((width, which), {})]  # fmt: skip
                if points:
                    said = f"{label}, grammar {which}" if len(ways) > 1 else f"grammar {which}"
                    x, y = tuple(float(place) for place, _ in points), tuple(stat.mean for _, stat in points)
                    slot = slots[label] if len(ways) > 1 else int(which == "off")
                    lines.append(Line(said, slot, x, y, dashed=which == "off"))
        if lines:
            panels.append(Panel(nice(name), tuple(lines), "width of the beam", nice(name), tuple(map(str, widths))))
    caption = f"What wider beams find on the {SPLIT_NAMES[split]} split."
    return Figure("beams", Lines(tuple(panels), shared="none"), caption) if panels else None


def _reasons(subject: Subject, split: str) -> list[Block]:
    counts: dict[str, int] = {}
    for run in subject.runs:
        errors = run.reports.get(split, {}).get("errors")
        for reason, count in errors.items() if isinstance(errors, Mapping) else ():
            if isinstance(count, int):
                counts[str(reason)] = counts.get(str(reason), 0) + count
    if not counts:
        return [note("At the runs' own beam every program has a value.")]
    rows = [
        [reason, f"{count:,}"] for reason, count in sorted(counts.items(), key=lambda each: -each[1])[:MOST_REASONS]
    ]
    return [table(("why programs have no value", "programs"), rows, "At the runs' own beam, over all runs.")]
