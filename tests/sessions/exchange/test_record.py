"""The small record of a run: what is kept of it, and the run that it becomes where it is imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from labapp.live.rows import row_of
from labapp.play.runs import screen_for
from sessions import control
from sessions.exchange.importing import bring_in, find_sources
from sessions.exchange.portable import portable_config
from sessions.exchange.record import write_record
from sessions.home import Home
from sessions.infer import Models
from sessions.run.store import Store
from sessions.study.facts import Jobs, facts
from tests.conftest import Lab
from tests.sessions.exchange.making import made

KEPT = Path(__file__).parents[3] / "benchmarks" / "runs"


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store(Home(tmp_path / "other"))


def test_it_says_how_and_how_well_and_not_where(lab: Lab, tmp_path: Path) -> None:
    run = made(lab)
    write_record(run, tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["config.toml", "curves.csv", "result.json"]
    kept = json.loads((tmp_path / "kept" / "result.json").read_text())
    assert kept["metrics"] == (run.record.result or {})["metrics"]
    assert kept["identity"] == "abc"
    assert kept["counts"] == {"train": 64}  # of the data, of which less may have been evaluated
    assert kept["attempts"] == [{"attempt": 1, "device": "abacus", "versions": {"labapp": "0.1.0"}}]
    lines = (tmp_path / "kept" / "curves.csv").read_text().splitlines()
    assert lines[:2] == ["step,epoch,elapsed,split,loss,accuracy", "8,1.0,2.0,train,0.6,"]


def test_it_becomes_a_run_with_curves_and_numbers_and_no_weights(lab: Lab, other: Store, tmp_path: Path) -> None:
    run = made(lab)
    write_record(run, tmp_path / "kept")
    done = bring_in(other, tmp_path / "kept")
    there = other.read(done.id)
    assert (there.name, there.status.name, there.step, there.seconds) == ("kept", "finished", 16, 4.0)
    assert there.metrics["val"] == run.metrics["val"]
    assert there.settings == run.settings
    assert list(there.history.series["val", "loss"].steps) == [8, 16]
    assert there.problems == []
    assert facts(there, Jobs(), shareable=False).sizes == {"train": 64}
    assert not bring_in(other, tmp_path / "kept").new


@pytest.mark.parametrize(("path", "left"), [("/x/mine", "mine"), ("/x/mathqa", "./mathqa"), ("mathqa", "mathqa")])
def test_a_folder_is_told_from_the_dataset_of_its_name(path: str, left: str) -> None:
    kept = portable_config({"data": path, "settings": {"vectors": path}})
    assert (kept["data"], kept["settings"]["vectors"]) == (left, left)


def test_using_it_is_refused_with_the_reason(lab: Lab, other: Store, tmp_path: Path) -> None:
    write_record(made(lab, status="stopped"), tmp_path / "kept")
    run = other.read(bring_in(other, tmp_path / "kept").id)
    with pytest.raises(LabError, match="came without weights"):
        Models(other.home).get(run.id, "cpu")
    with pytest.raises(UsageError, match="without training state"):
        control.resume(other, run)
    with pytest.raises(UsageError, match="stopped"):
        control.pause(run)


@pytest.mark.parametrize("folder", sorted(KEPT.iterdir()), ids=lambda folder: folder.name)
def test_every_record_that_is_kept_can_be_imported(other: Store, folder: Path) -> None:
    (source,) = find_sources(folder)
    run = other.read(bring_in(other, source).id)
    assert run.status.name == "finished"
    assert run.history.series["val", "loss"].values
    assert run.problems == []
    with pytest.raises(LabError, match="came without weights"):
        screen_for(other.home, row_of(run))


CURVES = {
    "no header": "",
    "other columns": "step,split\n1,val\n",
    "a formula": "step,epoch,elapsed,split,=cmd()\n1,1,1,val,1\n",
    "a foreign split": "step,epoch,elapsed,split,loss\n1,1,1,../x,1\n",
    "no number": "step,epoch,elapsed,split,loss\n1,1,1,val,x\n",
    "no step": "step,epoch,elapsed,split,loss\nnan,1,1,val,1\n",
    "endless": "step,epoch,elapsed,split,loss\n1,inf,1,val,1\n",
    "short": "step,epoch,elapsed,split,loss\n1,1\n",
    "a quote": 'step,epoch,elapsed,split,loss\n"1,1,1,val,1\n',
}


@pytest.mark.parametrize("case", CURVES)
def test_curves_that_are_none_are_refused_and_leave_nothing(lab: Lab, other: Store, tmp_path: Path, case: str) -> None:
    write_record(made(lab), tmp_path / "kept")
    (tmp_path / "kept" / "curves.csv").write_text(CURVES[case])
    with pytest.raises(LabError, match=r"curves\.csv is not what labapp writes"):
        bring_in(other, tmp_path / "kept")
    assert list(other.home.runs.iterdir()) == []
