"""Findings: what the numbers of a study say, by rules that are stated beside them. Torch-free.

Every sentence has the numbers in it that it rests on. Two things are called different only where
`engine.studies.statistics.told_apart` says so, else not distinguishable; what is missing is named, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.studies.agreement import Gap
from engine.studies.comparison import Comparison, Row
from engine.studies.statistics import Stat, better, margin, told_apart

TEST = "test"
WORDS = {"micro_f1": "micro-F1", "macro_f1": "macro-F1"}
COUNTS = (
    "A difference counts unless it is smaller than the larger of both spreads over seeds (standard deviation, "
    "n\u00a0\u2212\u00a01), or than the binomial error of one test set."
)


@dataclass(frozen=True)
class Evidence:
    """What findings are derived from."""

    comparison: Comparison
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by label: the settings along the axes
    agree: tuple[str, str] | None = None
    gaps: Sequence[Gap] = ()  # between the two that must agree
    # by label: (width, "on" or "off" for the grammar) -> metric -> what the seeds gave on the test split
    beams: Mapping[str, Mapping[tuple[int, str], Mapping[str, Stat]]] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        return self.comparison.metric

    def rows_of(self, variant: str) -> list[Row]:
        return [row for row in self.comparison.rows if row.variant == variant]

    def stat(self, row: Row, metric: str | None = None) -> Stat:
        return row.stat(TEST, metric or self.metric)


@dataclass(frozen=True)
class Found:
    """What one rule finds."""

    name: str
    title: str
    rule: str
    sentences: tuple[str, ...]


def findings(names: Sequence[str], evidence: Evidence) -> list[Found]:
    """Those asked for, in order."""
    return [Found(name, *RULES[name][:2], tuple(RULES[name][2](evidence))) for name in names if name in RULES]


# ------------------------------------------------------------------------------------------------------------- words


def said(metric: str) -> str:
    return WORDS.get(metric, metric.replace("_", " "))


def number(value: float) -> str:
    return f"{value:.4f}".replace("-", "\N{MINUS SIGN}")


def shown(each: Stat) -> str:
    """`0.9012 ± 0.0020 (n = 3)`, or without a spread where there is one seed."""
    if math.isnan(each.spread):
        return f"{number(each.mean)} (n = {len(each.values)})"
    return f"{number(each.mean)} \u00b1 {number(each.spread)} (n = {len(each.values)})"


def compared(one: str, first: Stat, other: str, second: Stat, metric: str) -> str:
    """One sentence on whether one is better than another, with its numbers."""
    difference, needed = first.mean - second.mean, margin(first, second, metric)
    numbers = f"{shown(first)} against {shown(second)}, difference {number(difference)}"
    if not told_apart(first, second, metric):
        same = f"{one} and {other} are not distinguishable in {said(metric)}"
        return f"{same}: {numbers}, where {number(needed)} would count."
    verdict = "better" if better(first.mean, second.mean, metric) else "worse"
    return f"{one} is {verdict} than {other} in {said(metric)}: {numbers}; {number(needed)} would count."


def caution(stats: Sequence[Stat]) -> Iterator[str]:
    """What the rule could not take into account."""
    if any(len(each.values) == 1 for each in stats):
        yield "Where n = 1 no spread over seeds is known, so that only the test set's binomial error was allowed for."


def missing(rows: Sequence[Row], metric: str) -> Iterator[str]:
    names = [row.label for row in rows if not row.stat(TEST, metric).values]
    if names:
        yield f"Without a finished run, and so not in this: {', '.join(names)}."


# ------------------------------------------------------------------------------------------------------------- rules


def best(evidence: Evidence) -> Iterator[str]:
    metric, rows = evidence.metric, list(evidence.comparison.rows)
    name, near = evidence.comparison.best(TEST, metric)
    measured = [row for row in rows if evidence.stat(row).values]
    if name is None:
        yield f"No cell has a finished run with {said(metric)} on the test split: nothing can be said."
        return
    first = next(row for row in rows if row.label == name)
    if len(measured) == 1:
        yield f"Only {name} was measured: {shown(evidence.stat(first))} in {said(metric)}."
        yield from missing(rows, metric)
        return
    if len(near) == len(measured) - 1:
        yield (
            f"{name} has the best mean, {shown(evidence.stat(first))} in {said(metric)}, but no cell is "
            f"distinguishable from it: {'; '.join(_listed(evidence, row) for row in measured if row is not first)}."
        )
    else:
        yield f"{name} is best, with {shown(evidence.stat(first))} in {said(metric)}."
        if near:
            words = "; ".join(_listed(evidence, row) for row in measured if row.label in near)
            yield f"Not distinguishable from it: {words}."
        behind = [row for row in measured if row is not first and row.label not in near]
        behind.sort(key=lambda row: abs(evidence.stat(row).mean - evidence.stat(first).mean))
        words = ", ".join(
            f"{row.label} by {number(abs(evidence.stat(row).mean - evidence.stat(first).mean))}" for row in behind
        )
        yield f"Behind it by more than counts: {words}."
    yield from caution([evidence.stat(row) for row in measured])
    yield from missing(rows, metric)


def _listed(evidence: Evidence, row: Row) -> str:
    return f"{row.label} {shown(evidence.stat(row))}"


def agreement(evidence: Evidence) -> Iterator[str]:
    if evidence.agree is None:
        yield "The study names no two variants that must agree."
        return
    rows = {row.label: row for row in evidence.comparison.rows}
    one, other = evidence.agree
    if one not in rows or other not in rows:
        yield f"{one} and {other} are not both among the cells."
        return
    first, second = (evidence.stat(rows[name]) for name in (one, other))
    if first.values and second.values:
        yield compared(one, first, other, second, evidence.metric)
        yield from caution([first, second])
    yield from missing([rows[one], rows[other]], evidence.metric)
    for each in evidence.gaps:
        split = {"train": "training", "val": "validation"}.get(each.split, each.split)
        yield (
            f"Their {split} curves of {said(each.metric)} are furthest apart at epoch {each.epoch:g}, by "
            f"{number(abs(each.difference))}, and end {number(abs(each.last))} apart."
        )


def batch_size(evidence: Evidence) -> Iterator[str]:
    changes: dict[str, tuple[float, float]] = {}  # variant -> (change, what would count)
    metric = evidence.metric
    groups = list(_along(evidence, "batch_size"))
    if not groups:
        yield "No variant was trained with several batch sizes."
        return
    for variant, rows in groups:
        (small, low), (large, high) = rows[0], rows[-1]
        first, second = evidence.stat(low), evidence.stat(high)
        if not first.values or not second.values:
            continue
        change, needed = second.mean - first.mean, margin(first, second, metric)
        changes[variant] = abs(change), needed
        verdict = "minds the batch size" if told_apart(first, second, metric) else "shows no effect of the batch size"
        yield (
            f"{variant} {verdict}: {said(metric)} {shown(first)} at {small} and {shown(second)} at {large}, "
            f"a change of {number(change)} where {number(needed)} would count."
        )
    if len(changes) > 1:
        (least, (small_change, one)), *_, (most, (large_change, two)) = sorted(
            changes.items(), key=lambda each: each[1]
        )
        if large_change - small_change > 0 and large_change - small_change >= max(one, two):
            yield (
                f"{least} is less sensitive to it than {most}: its change is smaller by "
                f"{number(large_change - small_change)}, where {number(max(one, two))} would count."
            )
        else:
            yield (
                f"How much {least} and {most} mind it is not distinguishable: their changes differ by "
                f"{number(large_change - small_change)}, where {number(max(one, two))} would count."
            )
    yield from missing([row for _, rows in groups for _, row in rows], metric)


def _along(evidence: Evidence, setting: str) -> Iterator[tuple[str, list[tuple[Any, Row]]]]:
    """The rows that differ in this setting alone, by its value; named by what they share."""
    groups: dict[str, list[tuple[Any, Row]]] = {}
    for row in evidence.comparison.rows:
        values = evidence.values.get(row.label, {})
        if setting not in values:
            continue
        rest = [f"{key}={value}" for key, value in values.items() if key != setting]
        groups.setdefault(" ".join([row.variant, *rest]), []).append((values[setting], row))
    for name, rows in groups.items():
        if len(rows) > 1:
            numbers = all(isinstance(value, (int, float)) for value, _ in rows)
            yield name, sorted(rows, key=lambda each: each[0]) if numbers else rows


def axis(evidence: Evidence) -> Iterator[str]:
    settings = dict.fromkeys(key for values in evidence.values.values() for key in values)
    if not settings:
        yield "The study varies no setting."
    for setting in settings:
        yield from _one_axis(evidence, setting, (evidence.metric,))


def forcing(evidence: Evidence) -> Iterator[str]:
    yield from _one_axis(evidence, "teacher_forcing", (evidence.metric, "token_accuracy"))


def _one_axis(evidence: Evidence, setting: str, metrics: Sequence[str]) -> Iterator[str]:
    """Which value is best, and from which it can be told apart."""
    groups = list(_along(evidence, setting))
    if not groups:
        yield f"No variant was trained with several values of {setting}."
    for variant, rows in groups:
        for metric in dict.fromkeys(metrics):
            measured = [(value, evidence.stat(row, metric)) for value, row in rows if evidence.stat(row, metric).values]
            if len(measured) < 2:
                continue
            top = measured[0]
            for each in measured[1:]:
                top = each if better(each[1].mean, top[1].mean, metric) else top
            others = [each for each in measured if each is not top]
            near = [f"{value} ({shown(each)})" for value, each in others if not told_apart(top[1], each, metric)]
            far = [f"{value} ({shown(each)})" for value, each in others if told_apart(top[1], each, metric)]
            parts = [f"{variant}: {setting} = {top[0]} has the best mean {said(metric)}: {shown(top[1])}"]
            parts += [f"not distinguishable from it: {', '.join(near)}"] if near else []
            parts += [f"worse: {', '.join(far)}"] if far else []
            yield "; ".join(parts) + "."
    every = [row for _, group in groups for _, row in group]
    yield from caution([evidence.stat(row) for row in every])
    yield from missing(every, evidence.metric)


def pair(one: str, other: str) -> Callable[[Evidence], Iterator[str]]:
    """What the first variant has over the second, wherever both were trained under the same settings."""

    def derive(evidence: Evidence) -> Iterator[str]:
        theirs = {str(evidence.values.get(row.label, {})): row for row in evidence.rows_of(other)}
        pairs = [(row, theirs.get(str(evidence.values.get(row.label, {})))) for row in evidence.rows_of(one)]
        both = [(first, second) for first, second in pairs if second is not None]
        absent = [name for name in (one, other) if not evidence.rows_of(name)]
        if not both:
            yield f"{one} and {other} cannot be compared: {' and '.join(absent) or 'the same settings'} missing."
        for first, second in both:
            for metric in dict.fromkeys((evidence.metric, "macro_f1")):
                mine, its = evidence.stat(first, metric), evidence.stat(second, metric)
                if mine.values and its.values:
                    yield compared(first.label, mine, second.label, its, metric)
            yield from caution([evidence.stat(first), evidence.stat(second)])
            yield from missing([first, second], evidence.metric)

    return derive


def characters(evidence: Evidence) -> Iterator[str]:
    yield from pair("bilstm-char", "bilstm-glove")(evidence)
    if evidence.rows_of("bilstm") and evidence.rows_of("bilstm-glove"):
        yield from pair("bilstm-glove", "bilstm")(evidence)


def beam(evidence: Evidence) -> Iterator[str]:
    for label, ways in evidence.beams.items():
        for grammar in ("off", "on"):
            widths = sorted(width for width, having in ways if having == grammar)
            where = f"{label}, {'with' if grammar == 'on' else 'without'} the grammar"
            for metric in ("exact_match", "token_accuracy"):
                stats = {width: ways[width, grammar].get(metric, Stat(())) for width in widths}
                stats = {width: each for width, each in stats.items() if each.values}
                if len(stats) < 2:
                    continue
                narrow, *_, wide = stats
                yield f"{where}: " + compared(
                    f"a beam of {wide}", stats[wide], f"one of {narrow}", stats[narrow], metric
                )
        for width in sorted({width for width, _ in ways}):
            on, off = (ways.get((width, grammar), {}).get("exact_match", Stat(())) for grammar in ("on", "off"))
            if on.values and off.values:
                yield f"{label}, a beam of {width}: " + compared(
                    "the grammar", on, "the plain search", off, "exact_match"
                )
    if not any(len({width for width, _ in ways}) > 1 for ways in evidence.beams.values()):
        yield "No run was searched with several widths: labapp evaluate RUN --split test --beam 1,10,20 --queue does."


Derive = Callable[[Evidence], Iterator[str]]
# name -> title, the rule in words (COUNTS goes without saying), and what derives the sentences
RULES: Mapping[str, tuple[str, str, Derive]] = {
    "best": ("Which is best", "Cells are ranked by their means on the test split.", best),
    "agreement": (
        "Whether the two that must agree do",
        (
            "They agree when their final test metrics are not distinguishable; of their curves (means over seeds) the "
            "largest difference at a common epoch is stated."
        ),
        agreement,
    ),
    "batch-size": (
        "Sensitivity to the batch size",
        (
            "A variant's sensitivity is the change of its mean from the smallest to the largest batch; two "
            "sensitivities differ when they do by at least what each change needs to count."
        ),
        batch_size,
    ),
    "characters": (
        "What characters and pretrained vectors add",
        "Each step of the ladder is compared with the one below it, which lacks only what the step adds.",
        characters,
    ),
    "layer-norm": (
        "What layer normalisation adds",
        "bilstm-ln is compared with bilstm-char, which lacks it alone.",
        pair("bilstm-ln", "bilstm-char"),
    ),
    "crf": (
        "What the CRF adds",
        "bilstm-crf is compared with bilstm-char, which lacks it alone.",
        pair("bilstm-crf", "bilstm-char"),
    ),
    "forcing": ("Teacher forcing", "The ratios are ranked by their means on the test split.", forcing),
    "beam": (
        "Width of the beam, and the grammar",
        (
            "The widest beam is compared with the narrowest, and the search under the grammar with the plain one, of "
            "the same networks. They go over the same problems, so that the rule is a cautious one here."
        ),
        beam,
    ),
    "axis": ("What the setting does", "Its values are ranked by their means on the test split.", axis),
}


def applicable(comparison: Comparison, *, beams: bool) -> list[str]:
    """The rules that have something to say of runs chosen by hand."""
    variants = {row.variant for row in comparison.rows}
    names = ["best"]
    names += ["characters"] if {"bilstm-char", "bilstm-glove"} <= variants else []
    names += ["layer-norm"] if {"bilstm-ln", "bilstm-char"} <= variants else []
    names += ["crf"] if {"bilstm-crf", "bilstm-char"} <= variants else []
    return names + (["beam"] if beams else [])
