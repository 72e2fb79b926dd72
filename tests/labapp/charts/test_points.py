"""The points of a chart as a file: all of them, where the run's artifacts are, and how to fetch it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.errors import UsageError
from labapp.charts.curve import Curve
from labapp.charts.points import said, write_points
from tests.conftest import Lab
from tests.sessions.exchange.making import made


def test_curves_of_one_run_go_to_its_artifacts(lab: Lab) -> None:
    run = made(lab)
    series = run.history.series
    curves = [
        Curve(run.id, split, slot, series[split, "loss"], metric="loss") for slot, split in enumerate(("val", "train"))
    ]
    path = write_points(lab.store.home, "loss", curves)
    assert path == run.path / "artifacts" / "loss.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["curve"], row["step"], row["partial"]) for row in rows] == [
        ("val", "8", "false"), ("val", "16", "false"),
        ("train", "4", "true"), ("train", "8", "false"), ("train", "16", "false"),
    ]  # fmt: skip
    assert f"{path} ." in said(path)


def test_curves_of_several_runs_go_to_the_exports_of_the_home_and_their_labels_are_no_formulas(lab: Lab) -> None:
    runs = [made(lab), made(lab, "second")]
    curves = [Curve(run.id, "=evil", 0, run.history.series["val", "loss"], metric="novel/loss") for run in runs]
    path = write_points(lab.store.home, "val novel/loss", curves)
    assert path.parent == lab.store.home.exports
    assert path.name.startswith("novel-loss-2-curves-")
    assert {row["curve"] for row in csv.DictReader(path.read_text().splitlines())} == {"'=evil"}


def test_the_mean_of_several_runs_is_an_export_too(lab: Lab) -> None:
    series = made(lab).history.series["val", "loss"]
    path = write_points(lab.store.home, "val loss", [Curve("", "bn", 0, series, metric="loss")])
    assert path.parent == lab.store.home.exports
    (row, *_) = csv.DictReader(path.read_text().splitlines())
    assert (row["run"], row["curve"]) == ("", "bn")


def test_an_empty_chart_is_no_file(lab: Lab) -> None:
    with pytest.raises(UsageError, match="empty"):
        write_points(lab.store.home, "loss", [])
    assert not Path(lab.root, "exports").exists()
