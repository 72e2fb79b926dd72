"""What the metrics are made of: precision, recall and F1 of every class, what is taken for what, and a few examples."""

from __future__ import annotations

from typing import Any

from engine.report.document import (
    SPLIT_NAMES,
    Block,
    Cell,
    Figure,
    Section,
    Table,
    fraction,
    note,
    slug,
    table,
    with_spread,
)  # fmt: skip
from engine.report.plots import Heat
from engine.report.subject import CellFacts, Matrix, Subject, class_stats, confusion_of, splits_with
from engine.studies.statistics import Stat, best_of

MOST_MATRICES, MOST_DETAILED = 8, 4
MOST_PAIRS, EXAMPLES = 8, 4
NOTHING = Stat(())


def classes(subject: Subject) -> Section | None:
    """One table of F1 by class and cell; and every cell's own with precision and recall, where they are few."""
    cells = [cell for cell in subject.cells if splits_with(cell.shown, "per_class")]
    if not cells:
        return None
    split = splits_with([run for cell in cells for run in cell.shown], "per_class")[0]
    stats = {cell.label: class_stats(cell.shown, split) for cell in cells}
    blocks: list[Block] = []
    if len(cells) > 1:
        blocks.append(_side_by_side(stats, split))
    detailed = cells if len(cells) <= MOST_DETAILED else [best_cell(subject, cells)]
    blocks += [_of_cell(cell, stats[cell.label], split) for cell in detailed]
    if len(detailed) < len(cells):
        blocks.append(note(f"Precision and recall are shown of the best cell alone, {detailed[0].label}."))
    schemes = {str(run.reports[split]["scheme"]) for cell in cells for run in cell.shown
               if "scheme" in run.reports.get(split, {})}  # fmt: skip
    if schemes:
        blocks.append(note(f"Entities are counted by {' or '.join(sorted(schemes))}."))
    return Section("classes", "Classes", tuple(blocks))


def best_cell(subject: Subject, cells: list[CellFacts]) -> CellFacts:
    """Of these the best by the test metric, else the first."""
    best, _ = subject.comparison.best("test", subject.metric)
    return next((cell for cell in cells if cell.label == best), cells[0])


def _side_by_side(stats: dict[str, dict[str, dict[str, Stat]]], split: str) -> Table:
    names = list(dict.fromkeys(name for each in stats.values() for name in each))
    rows = []
    for name in names:
        scores = {label: each.get(name, {}).get("f1", NOTHING) for label, each in stats.items()}
        best, _ = best_of(scores, "f1")
        support = max((each.get(name, {}).get("support", NOTHING).mean for each in stats.values()), default=0.0)
        cells = [Cell(name), Cell(f"{support:,.0f}")]
        cells += [
            Cell(_digits(each), bold=label == best and scores[label].mean > 0, faint=not each.values)
            for label, each in scores.items()
        ]
        rows.append(cells)
    caption = (
        f"F1 of every class on the {SPLIT_NAMES[split]} split (means over seeds; bold: highest mean of the class)."
    )
    return table(("class", "support", *stats), rows, caption)


def _digits(each: Stat) -> str:
    return fraction(each.mean, 3) if each.values else "\N{EN DASH}"


def _of_cell(cell: CellFacts, stats: dict[str, dict[str, Stat]], split: str) -> Table:
    rows = []
    for name, each in stats.items():
        scores = [each.get(key, NOTHING) for key in ("precision", "recall", "f1")]
        shown = [with_spread(score.values, score.mean, score.spread, 3) for score in scores]
        rows.append([name, *shown, f"{each.get('support', NOTHING).mean:,.0f}"])
    caption = f"{cell.label}: every class on the {SPLIT_NAMES[split]} split."
    return table(("class", "precision", "recall", "F1", "support"), rows, caption)


def confusion(subject: Subject) -> Section | None:
    cells = [cell for cell in subject.cells if splits_with(cell.shown, "confusion_matrix")]
    if not cells:
        return None
    split = splits_with([run for cell in cells for run in cell.shown], "confusion_matrix")[0]
    chosen = cells if len(cells) <= MOST_MATRICES else [best_cell(subject, cells)]
    figures: list[Block] = []
    pairs: list[list[str]] = []
    for cell in chosen:
        matrix = confusion_of(cell.shown, split)
        if matrix is None:
            continue
        over = f", summed over {matrix.runs} seeds" if matrix.runs > 1 else ""
        caption = f"{cell.label}: {SPLIT_NAMES[split]} split{over}."
        heat = Heat(matrix.names, matrix.counts, cell.label)
        wide = len(matrix.names) > 14
        figures.append(Figure(f"confusion-{slug(cell.label)}", heat, caption, wide=wide))
        pairs += [[cell.label, *each] for each in _mistaken(matrix)]
    if not figures:
        return None
    blocks = figures
    blocks.append(note("Rows are true classes, columns what they were taken for; colour is the share of the row."))
    best = best_cell(subject, chosen).label
    rows = [row[1:] for row in pairs if row[0] == best]
    if rows:
        caption = f"What {best} takes for what most often."
        blocks.append(table(("true", "taken for", "count", "share of the true class"), rows, caption, words_in=(0, 1)))
    blocks += _examples(subject, best, split)
    return Section("confusion", "What is taken for what", tuple(blocks))


def _mistaken(matrix: Matrix) -> list[list[str]]:
    found = [
        (count, row, column)
        for row, counts in enumerate(matrix.counts)
        for column, count in enumerate(counts)
        if count and row != column
    ]
    found.sort(key=lambda each: (-each[0], each[1:]))
    return [
        [matrix.names[row], matrix.names[column], f"{count:,}", fraction(count / sum(matrix.counts[row]), 3)]
        for count, row, column in found[:MOST_PAIRS]
    ]


def _examples(subject: Subject, label: str, split: str) -> list[Block]:
    """The surest mistakes of one run, few of them. A shareable report has none: its subject comes without."""
    cell = next(cell for cell in subject.cells if cell.label == label)
    run = next((run for run in cell.shown if run.mistakes.get(split)), None)
    if run is None:
        return []
    rows = [
        [_text(each), str(each.get("class", "")), str(each.get("predicted", "")), _sure(each)]
        for each in run.mistakes[split][:EXAMPLES]
    ]
    caption = f"The surest mistakes of {label} (seed {run.seed}) on the {SPLIT_NAMES[split]} split."
    return [table(("example", "true", "predicted", "confidence"), rows, caption, words_in=(0, 1, 2))]


def _text(mistake: Any) -> str:
    for key in ("sentence", "problem", "text", "name", "index"):
        if key in mistake:
            found = str(mistake[key])
            return found if len(found) <= 240 else found[:239] + "\N{HORIZONTAL ELLIPSIS}"
    return ""


def _sure(mistake: Any) -> str:
    value = mistake.get("confidence", mistake.get("probability"))
    return fraction(float(value), 2) if isinstance(value, (int, float)) else ""
