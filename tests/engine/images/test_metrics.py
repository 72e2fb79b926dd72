"""Metrics from a confusion matrix, against torchmetrics."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from engine.images.metrics import confusion_matrix, per_class, report, scores

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@settings(deadline=None)
@given(pairs)
def test_everything_agrees_with_torchmetrics(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = (torch.tensor(column) for column in zip(*pairs, strict=True))
    confusion = confusion_matrix(labels, predictions, 5)
    assert torch.equal(confusion, multiclass_confusion_matrix(predictions, labels, 5))
    found, table = scores(confusion), per_class(confusion)
    micro = float(multiclass_accuracy(predictions, labels, 5, average="micro"))
    assert found["accuracy"] == pytest.approx(micro)
    assert found["micro_f1"] == pytest.approx(float(multiclass_f1_score(predictions, labels, 5, average="micro")))
    assert found["macro_f1"] == pytest.approx(float(multiclass_f1_score(predictions, labels, 5, average="macro")))
    for name, oracle in (
        ("precision", multiclass_precision),
        ("recall", multiclass_recall),
        ("f1", multiclass_f1_score),
    ):
        expected = oracle(predictions, labels, 5, average="none")
        torch.testing.assert_close(table[name].float(), expected.float())


def test_the_report_has_a_row_for_every_class() -> None:
    confusion = torch.tensor([[3, 1], [0, 4]])
    found = report(confusion, ("cat", "dog"))
    assert found["confusion_matrix"] == [[3, 1], [0, 4]]
    assert found["per_class"][0] == {
        "class": "cat",
        "precision": 1.0,
        "recall": 0.75,
        "f1": pytest.approx(6 / 7),
        "support": 4,
    }


def test_nothing_measured_is_not_a_number_rather_than_a_crash() -> None:
    assert math.isnan(scores(torch.zeros(3, 3, dtype=torch.int64))["accuracy"])
