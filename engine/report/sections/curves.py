"""Loss, error, accuracy and F1 along the training, on training and validation: mean and spread over seeds."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.catalogue import tasks
from engine.report.document import SPLIT_NAMES, Block, Figure, Section, capital, nice, note, slug
from engine.report.plots import Line, Lines, Panel
from engine.report.subject import MeanCurve, Subject, cell_curve, curve_metrics

ORDER = ("loss", "accuracy", "micro_f1", "macro_f1", "exact_match", "execution_accuracy", "token_accuracy")
NOT_MEASURES = frozenset({"lr", "throughput", "grad_norm"})
AS_ERROR = frozenset({"accuracy"})
MOST = 12  # curves in one figure


def curves(subject: Subject) -> Section | None:
    measured = [name for name in curve_metrics(subject) if name not in NOT_MEASURES and "/" not in name]
    names = [name for name in ORDER if name in measured] or sorted(measured)
    same = "micro_f1" in names and "accuracy" in names and _same(subject, "micro_f1", "accuracy")
    if same:
        names.remove("micro_f1")
    labels = _chosen(subject)
    figures = _of_one(subject, names) if len(subject.cells) == 1 else _of_several(subject, names, labels)
    blocks: list[Block] = [figure for figure in figures if figure is not None]
    if not blocks:
        return None
    words = "Curves on the training split are running averages of an epoch, under augmentation and dropout."
    if any(len(cell.shown) > 1 for cell in subject.cells):
        words += " Lines are means over seeds at epochs that all of them reached, bands one standard deviation."
    if same:
        words += " With one label to an example micro-F1 equals accuracy, and is not drawn again."
    if len(labels) < len(subject.cells):
        words += f" Drawn are the {len(labels)} best of {len(subject.cells)} cells."
    return Section("curves", "Curves", (*blocks, note(words)))


def _of_several(subject: Subject, names: list[str], labels: list[str]) -> list[Figure | None]:
    """Training and validation side by side; what was measured on one split alone, all together."""
    found: list[Figure | None] = []
    alone: list[Panel] = []
    for name in names:
        panels = _panels(subject, name, labels)
        if len(panels) == 1:
            alone.append(replace(panels[0], title=f"{nice(name)}, {panels[0].title}"))
        elif panels:
            error = " (error at the right)" if name in AS_ERROR else ""
            caption = f"{capital(nice(name))}{error}: {' and '.join(panel.title for panel in panels)}."
            found.append(Figure(f"curves-{slug(name)}", Lines(tuple(panels)), caption))
    if alone:
        caption = capital(", ".join(panel.y_label for panel in alone)) + "."
        found.append(Figure("curves-others", Lines(tuple(alone), shared="none"), caption))
    return found


def _panels(subject: Subject, metric: str, labels: list[str]) -> list[Panel]:
    """A panel for each split, a curve for each cell."""
    slots = subject.slots()
    panels = []
    for split in ("train", "val"):
        lines = []
        for cell in subject.cells:
            if cell.label in labels and (found := cell_curve(cell, split, metric)) is not None:
                lines.append(line(cell.label, slots[cell.label], found, x_of(subject)))
        if lines:
            panels.append(_panel(subject, SPLIT_NAMES[split], metric, lines))
    return panels


def _of_one(subject: Subject, names: list[str]) -> list[Figure | None]:
    """A single cell: training and validation in one panel, a panel for each metric."""
    (cell,) = subject.cells
    panels = []
    for metric in names:
        found = {split: cell_curve(cell, split, metric) for split in ("train", "val")}
        lines = [
            line(SPLIT_NAMES[split], place, each, x_of(subject), dashed=split == "train")
            for place, (split, each) in enumerate(found.items())
            if each is not None
        ]
        if lines:
            panels.append(_panel(subject, nice(metric), metric, lines))
    if not panels:
        return [None]
    return [Figure("curves", Lines(tuple(panels), shared="none"), f"{cell.label}: training and validation.")]


def _panel(subject: Subject, title: str, metric: str, lines: list[Line]) -> Panel:
    x_label = "updates" if x_of(subject) == "steps" else "epoch"
    return Panel(title, tuple(lines), x_label, nice(metric), error_axis=metric in AS_ERROR)


def line(label: str, slot: int, found: MeanCurve, x: str = "epochs", *, dashed: bool = False) -> Line:
    """A curve with its band."""
    spread = () if any(math.isnan(each) for each in found.spread) else found.spread
    low = tuple(mean - each for mean, each in zip(found.mean, spread, strict=False)) if spread else ()
    high = tuple(mean + each for mean, each in zip(found.mean, spread, strict=False)) if spread else ()
    return Line(label, slot, found.steps if x == "steps" else found.epochs, found.mean, low, high, dashed)


def x_of(subject: Subject) -> str:
    return tasks()[subject.task].curves_over if subject.task in tasks() else "epochs"


def _chosen(subject: Subject) -> list[str]:
    """The labels to draw: all of a few, else the best."""
    labels = [cell.label for cell in subject.cells]
    if len(labels) <= MOST:
        return labels
    ranked = [row.label for row in subject.comparison.sorted_by("test", subject.metric).rows]
    return ranked[:MOST]


def _same(subject: Subject, one: str, other: str) -> bool:
    pairs = [
        (run.curves[split, one].values, run.curves.get((split, other)))
        for run in subject.runs
        for split in ("train", "val")
        if (split, one) in run.curves
    ]
    return all(second is not None and first == second.values for first, second in pairs)
