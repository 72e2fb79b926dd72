"""Two variants that must agree: their curves over one another, where these are furthest apart, and final metrics."""

from __future__ import annotations

from engine.report.document import SPLIT_NAMES, Block, Figure, Section, fraction, nice, note, signed, table, with_spread
from engine.report.plots import Lines, Panel
from engine.report.sections.curves import AS_ERROR, line
from engine.report.subject import CellFacts, Subject, cell_curve
from engine.studies.agreement import Gap, gap
from engine.studies.statistics import told_apart

METRICS = ("loss", "accuracy", "micro_f1", "exact_match")
MOST_METRICS = 2


def agreement(subject: Subject) -> Section | None:
    found = pair_of(subject)
    if found is None:
        return None
    one, other = found
    panels = []
    for metric in _metrics(one, other):
        for split in ("train", "val"):
            drawn = [(cell, cell_curve(cell, split, metric)) for cell in found]
            lines = tuple(
                line(cell.label, place, each, dashed=place > 0)
                for place, (cell, each) in enumerate(drawn)
                if each is not None
            )
            if len(lines) == 2:
                title = f"{nice(metric)}, {SPLIT_NAMES[split]}"
                panels.append(Panel(title, lines, "epoch", nice(metric), error_axis=metric in AS_ERROR))
    blocks: list[Block] = []
    if panels:
        caption = f"{one.label} and {other.label} over one another."
        blocks.append(Figure("agreement", Lines(tuple(panels)), caption))
    if rows := [
        (
            f"{nice(each.metric)}, {SPLIT_NAMES[each.split]}",
            fraction(abs(each.difference)),
            f"{each.epoch:g}",
            signed(each.last),
        )
        for each in gaps(subject)
    ]:
        caption = f"Where the curves are furthest apart, and {one.label} minus {other.label} at the last common epoch."
        blocks.append(table(("curve", "largest difference", "at epoch", "at the end"), rows, caption))
    if final := _final(subject, one, other):
        head = ("metric", one.label, other.label, "difference", "")
        blocks.append(table(head, final, "Final metrics.", words_in=(0, 4)))
    if not blocks:
        return None
    missing = [cell.label for cell in found if not cell.finished]
    if missing:
        blocks.append(note(f"Without a finished run: {', '.join(missing)}."))
    return Section("agreement", f"Do {one.label} and {other.label} agree?", tuple(blocks))


def pair_of(subject: Subject) -> tuple[CellFacts, CellFacts] | None:
    cells = {cell.label: cell for cell in subject.cells}
    if subject.agree is None or not all(label in cells for label in subject.agree):
        return None
    return cells[subject.agree[0]], cells[subject.agree[1]]


def gaps(subject: Subject) -> list[Gap]:
    """The largest differences of the curves of the two that must agree."""
    found = pair_of(subject)
    if found is None:
        return []
    out = []
    for metric in _metrics(*found):
        for split in ("train", "val"):
            first, second = (cell_curve(cell, split, metric) for cell in found)
            if first is None or second is None:
                continue
            one, other = (dict(zip(each.epochs, each.mean, strict=True)) for each in (first, second))
            if (each := gap(split, metric, one, other)) is not None:
                out.append(each)
    return out


def _metrics(one: CellFacts, other: CellFacts) -> list[str]:
    names = {name for cell in (one, other) for run in cell.shown for _, name in run.curves}
    return [name for name in METRICS if name in names][:MOST_METRICS]


def _final(subject: Subject, one: CellFacts, other: CellFacts) -> list[list[str]]:
    first, second = subject.row(one.label), subject.row(other.label)
    rows = []
    for split in reversed(subject.comparison.splits):
        for name in METRICS:
            mine, its = first.stat(split, name), second.stat(split, name)
            if mine.values and its.values:
                verdict = "differ" if told_apart(mine, its, name) else "not distinguishable"
                rows.append([
                    f"{nice(name)}, {SPLIT_NAMES[split]}", with_spread(mine.values, mine.mean, mine.spread),
                    with_spread(its.values, its.mean, its.spread), signed(mine.mean - its.mean), verdict,
                ])  # fmt: skip
    return rows
