"""Findings on numbers made by hand: what each rule says, and that it says no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engine.studies.agreement import gap
from engine.studies.comparison import Measured, Row, compare, row_of
from engine.studies.definition import Finding
from engine.studies.findings import RULES, Evidence, findings
from engine.studies.statistics import stat


def row(label: str, variant: str, values: Sequence[float], metric: str = "accuracy", task: str = "images") -> Row:
    measured = [
        Measured(f"{label}-{seed}", seed, {"test": {metric: value}}, {"test": 10_000}, {})
        for seed, value in enumerate(values, 1)
    ]
    return row_of(label, task, variant, measured)


def evidence(rows: Sequence[Row], metric: str = "accuracy", **more: Any) -> Evidence:
    return Evidence(compare("", metric, rows), **more)


def said(name: str, given: Evidence) -> str:
    (found,) = findings([name], given)
    assert found.rule
    assert found.title
    return " ".join(found.sentences)


def test_there_is_a_rule_for_every_finding_a_study_may_ask_for() -> None:
    assert set(RULES) == set(Finding.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cells", "words", "not_words"),
    [
        ({"bn": [0.90, 0.91], "ln": [0.80, 0.81]}, ["bn is best", "0.9050", "ln by 0.1000"], ["Not distinguishable"]),
        ({"bn": [0.90, 0.92], "gn": [0.89, 0.91]}, ["no cell is distinguishable", "gn 0.9000"], ["is best,"]),
        ({"bn": [0.90], "gn": [0.80]}, ["bn is best", "no spread over seeds is known"], []),
        ({"bn": [0.90], "gn": []}, ["Only bn was measured", "Without a finished run, and so not in this: gn"], []),
        ({"bn": [], "gn": []}, ["nothing can be said"], ["best,"]),
    ],
)
def test_best(cells: Mapping[str, Sequence[float]], words: list[str], not_words: list[str]) -> None:
    text = said("best", evidence([row(label, label, values) for label, values in cells.items()]))
    assert all(each in text for each in words), text
    assert not any(each in text for each in not_words), text


@pytest.mark.parametrize(
    ("bn", "gn", "words"),
    [
        (([0.70, 0.71], [0.90, 0.91]), ([0.88, 0.89], [0.89, 0.90]), ["gn is less sensitive to it than bn", "0.2000"]),
        (([0.89, 0.91], [0.90, 0.91]), ([0.89, 0.91], [0.89, 0.91]), ["shows no effect", "is not distinguishable"]),
        (([0.70], []), ([], []), ["Without a finished run"]),
    ],
)
def test_batch_size(bn: Any, gn: Any, words: list[str]) -> None:
    rows, values = [], {}
    for variant, cells in (("bn", bn), ("gn", gn)):
        for size, each in zip((8, 128), cells, strict=True):
            label = f"{variant} batch_size={size}"
            rows.append(row(label, variant, each))
            values[label] = {"batch_size": size}
    text = said("batch-size", evidence(rows, values=values))
    assert all(each in text for each in words), text


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("characters", "bilstm-char", "bilstm-glove"),
        ("layer-norm", "bilstm-ln", "bilstm-char"),
        ("crf", "bilstm-crf", "bilstm-char"),
    ],
)
def test_a_step_of_the_ladder_is_compared_with_the_one_below(name: str, one: str, other: str) -> None:
    def ladder(better: Sequence[float]) -> Evidence:
        rows = [row(other, other, [0.70, 0.71], "micro_f1", "ner"), row(one, one, better, "micro_f1", "ner")]
        return evidence(rows, "micro_f1")

    assert f"{one} is better than {other} in micro-F1" in said(name, ladder([0.80, 0.81]))
    assert f"{one} is worse than {other}" in said(name, ladder([0.60, 0.61]))
    assert f"{one} and {other} are not distinguishable" in said(name, ladder([0.70, 0.72]))
    only = evidence([row(one, one, [0.8], "micro_f1", "ner")], "micro_f1")
    assert f"cannot be compared: {other} missing" in said(name, only)


def test_forcing_and_any_other_setting() -> None:
    ratios = {0.3: [0.50, 0.51], 0.6: [0.60, 0.61], 0.9: [0.60, 0.62]}
    rows = [row(f"teacher_forcing={key:g}", "attention", each, "exact_match", "mathqa") for key, each in ratios.items()]
    values = {each.label: {"teacher_forcing": key} for each, key in zip(rows, ratios, strict=True)}
    for name in ("forcing", "axis"):
        text = said(name, evidence(rows, "exact_match", values=values))
        assert "attention: teacher_forcing = 0.9 has the best mean exact match: 0.6100" in text
        assert "not distinguishable from it: 0.6 (" in text
        assert "worse: 0.3 (" in text


def test_beam_and_grammar() -> None:
    ways = {
        (1, "off"): {"exact_match": stat([0.50], 1000)},
        (10, "off"): {"exact_match": stat([0.60], 1000)},
        (10, "on"): {"exact_match": stat([0.601], 1000)},
    }
    text = said("beam", evidence([row("a", "attention", [0.6], "exact_match", "mathqa")], beams={"a": ways}))
    assert "a, without the grammar: a beam of 10 is better than one of 1" in text
    assert "a beam of 10: the grammar and the plain search are not distinguishable" in text
    assert "No run was searched with several widths" in said("beam", evidence([row("a", "attention", [0.6])]))


def test_agreement_names_the_epoch_where_curves_are_furthest_apart() -> None:
    found = gap("val", "loss", {1.0: 2.0, 2.0: 1.5, 3.0: 1.0}, {1.0: 2.1, 2.0: 1.1, 4.0: 1.0})
    assert found is not None
    assert (found.epoch, round(found.difference, 6), round(found.last, 6)) == (2.0, 0.4, 0.4)
    assert gap("val", "loss", {1.0: 2.0}, {2.0: 2.0}) is None
    rows = [row("torch-bn", "torch-bn", [0.90, 0.91]), row("bn", "bn", [0.90, 0.92])]
    text = said("agreement", evidence(rows, agree=("torch-bn", "bn"), gaps=[found]))
    assert "torch-bn and bn are not distinguishable" in text
    assert "validation curves of loss are furthest apart at epoch 2, by 0.4000" in text
