"""How the features before the last layer are distributed while a network learns: quantiles after every epoch."""

from __future__ import annotations

from engine.report.document import Figure, Section, note
from engine.report.plots import Lines, Panel
from engine.report.sections.curves import line
from engine.report.subject import QUANTILES, Subject, cell_curve

ALIKE = 6.0  # panels whose ranges differ by less than this share one scale


def quantiles(subject: Subject) -> Section | None:
    runs = [run for cell in subject.cells for run in cell.shown]
    names = sorted({name for run in runs for _, name in run.curves if name.startswith(QUANTILES)})
    splits = [split for split in ("val", "train") if any((split, name) in run.curves for run in runs for name in names)]
    if not names or not splits:
        return None
    split = splits[0]
    panels = []
    for cell in subject.cells:
        found = [(slot, name, cell_curve(cell, split, name)) for slot, name in enumerate(names)]
        lines = tuple(line(percent(name), slot, each) for slot, name, each in found if each is not None)
        if lines:
            panels.append(Panel(cell.label, lines, "epoch", "feature"))
    if not panels:
        return None
    ranges = [max(high := [v for each in panel.lines for v in each.y]) - min(high) for panel in panels]
    shared = max(ranges) < ALIKE * max(min(ranges), 1e-9)
    of = "validation" if split == "val" else "training"
    caption = f"Quantiles of the penultimate features over the {of} split, by epoch."
    words = "All panels have one scale." if shared else "Every panel has a scale of its own: look at its axis."
    figure = Figure("quantiles", Lines(tuple(panels), columns=2, shared="all" if shared else "none"), caption)
    return Section("quantiles", "Distribution of features", (figure, note(words) if len(panels) > 1 else note(
        "The features are those the last layer reads, after pooling.")))  # fmt: skip


def percent(name: str) -> str:
    """`feature_q01` as people say it."""
    digits = name.removeprefix(QUANTILES)
    return f"{int(digits)} %" if digits.isdigit() else digits
