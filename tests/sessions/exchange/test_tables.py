"""What can be written as a table, and what is said of a table that there is not."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from sessions.exchange.tables import table
from tests.conftest import Lab
from tests.sessions.exchange.making import made


def test_curves_are_a_row_for_each_split_and_moment_with_running_averages_marked(lab: Lab) -> None:
    found = table("curves", [made(lab)])
    assert found.columns[:7] == ("run", "name", "split", "step", "epoch", "elapsed", "partial")
    moments = [(row["step"], row["split"], row["partial"]) for row in found.rows]
    assert moments == [(4, "train", True), *((at, of, False) for at in (8, 16) for of in ("train", "val"))]


def test_the_table_of_runs_has_every_final_metric_and_every_setting(lab: Lab) -> None:
    found = table("runs", [made(lab), made(lab, "second", None)])
    first = dict(found.rows[0])
    assert (first["val/accuracy"], first["settings/epochs"], first["status"]) == (0.5, 2, "finished")
    assert found.columns.index("test/loss") < found.columns.index("settings/lr")
    assert len(found.rows) == 2


def test_the_report_is_a_row_a_class_and_the_confusion_a_row_a_pair(lab: Lab) -> None:
    run = made(lab)
    assert [row["class"] for row in table("classes", [run], "val").rows] == ["=cat", "dog"]
    pairs = {(row["true"], row["predicted"]): row["count"] for row in table("confusion", [run]).rows}
    assert pairs == {("=cat", "=cat"): 1, ("=cat", "dog"): 0, ("dog", "=cat"): 1, ("dog", "dog"): 0}


def test_of_a_table_that_is_not_there_one_hears_which_are(lab: Lab) -> None:
    with pytest.raises(UsageError) as caught:
        table("beams", [made(lab)])
    assert caught.value.expected == "--table curves, metrics, classes, confusion, mistakes, runs"
