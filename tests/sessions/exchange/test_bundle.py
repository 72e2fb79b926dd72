"""A bundle out and in: the same run in another home, without the machine it was made on."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.config import read_config
from engine.errors import LabError, UsageError
from engine.jobs import TrainedModel, best_checkpoint
from sessions import control
from sessions.exchange.importing import Imported, bring_in
from sessions.exchange.packing import pack
from sessions.home import Home
from sessions.run.runs import Run
from sessions.run.store import Store
from tests.conftest import Lab
from tests.sessions.exchange.making import made, write


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store(Home(tmp_path / "other"))


def sent(run: Run, store: Store, path: Path = Path("run.labrun"), **options: Any) -> Imported:
    pack(run, path.absolute(), **options)
    return bring_in(store, path.absolute())


def told(run: Run) -> dict[str, Any]:
    """What `show --json` says, but for where it is and how it came."""
    return run.as_json() | {"settings": run.settings, "imported": None, "problems": []}


def test_what_comes_in_is_what_went_out(lab: Lab, other: Store) -> None:
    run = made(lab)
    done = sent(run, other)
    there = other.read(done.id)
    assert json.dumps(told(there)) == json.dumps(told(run) | {"problems": []})
    assert there.as_json()["imported"]["as"] == "bundle"
    assert there.history.series.keys() == run.history.series.keys()
    assert (there.problems, done.id, done.new) == ([], run.id, True)


def test_it_predicts_without_the_dataset_and_with_the_best_weights_alone(lab: Lab, other: Store) -> None:
    there = other.read(sent(made(lab), other).id)
    assert [path.name for path in (there.path / "checkpoints").iterdir()] == ["step-8"]
    assert not list(there.path.rglob("training.pt"))
    model = TrainedModel(read_config(there.path / "config.toml"), there.path, "cpu", best_checkpoint(there.path))
    assert model.learner.weights == [2.0, -1.0]


def test_no_path_and_no_host_is_in_it(lab: Lab, tmp_path: Path) -> None:
    data = tmp_path / "secret-place" / "numbers.txt"
    data.parent.mkdir()
    data.write_text("1 2 3 4")
    run = made(lab, status="failed", data=str(data))
    pack(run, tmp_path / "a.labrun")
    with zipfile.ZipFile(tmp_path / "a.labrun") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
        assert b'data = "numbers.txt"' in archive.read("config.toml")
    for word in (
        "secret",
        "/home",
        str(tmp_path),
        "traceback",
        json.loads((run.path / "meta.json").read_text())["host"] + '"',
    ):
        assert word not in everything, word


def test_the_same_run_twice_is_the_same_bundle_and_the_second_import_does_nothing(lab: Lab, other: Store) -> None:
    run = made(lab)
    first = sent(run, other)
    control.label(lab.store, run, name="called otherwise")
    again = sent(lab.read(run), other, Path("again.labrun"))
    assert (again.id, again.new) == (first.id, False)
    assert other.ids() == [first.id]
    assert not bring_in(lab.store, Path("run.labrun").absolute()).new  # the run itself


def test_a_taken_id_and_a_taken_name_are_left_to_whom_they_belong(lab: Lab, other: Store) -> None:
    run = made(lab)
    (other.home.ensure().runs / run.id).mkdir()
    write(other.home.runs / run.id / "labels.json", {"name": "first"})
    done = sent(run, other)
    assert done.id != run.id
    assert done.name == ""
    assert "'first'" in done.notes[0]


def test_one_to_be_shared_has_no_examples_of_the_dataset(lab: Lab, tmp_path: Path) -> None:
    manifest = pack(made(lab), tmp_path / "a.labrun", shareable=True)
    assert "artifacts/mistakes.json" not in manifest["members"]
    assert "preprocessing/toy.json" in manifest["members"]


def test_without_weights_there_is_no_bundle_and_one_hears_what_else(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no checkpoint yet") as caught:
        pack(made(lab, status=None, weights=False), tmp_path / "a.labrun")
    assert "--format record" in str(caught.value.hint)
    assert not list(tmp_path.glob("*.labrun*"))


@pytest.mark.parametrize("status", ["stopped", "failed", None])
def test_what_was_not_finished_is_over_here_and_cannot_go_on(lab: Lab, other: Store, status: str | None) -> None:
    there = other.read(sent(made(lab, status=status), other).id)
    assert there.status.name == (status or "stopped")
    with pytest.raises(UsageError, match="without training state"):
        control.resume(other, there)


def test_a_dataset_that_stayed_elsewhere_is_asked_for_and_can_be_told(lab: Lab, other: Store, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("1 2 3 4")
    done = sent(made(lab, data=str(numbers)), other)
    config = other.home.runs / done.id / "config.toml"
    assert "--data PATH" in done.notes[0]
    with pytest.raises(LabError, match="not here") as caught:
        _ = read_config(config).dataset
    assert "labapp import FILE --data PATH" in str(caught.value.hint)
    again = bring_in(other, Path("run.labrun").absolute(), data=str(numbers))
    assert not again.new
    assert read_config(config).data == str(numbers)
    assert other.read(done.id).data == str(numbers)


def test_a_source_is_taken_only_when_it_is_the_very_same(lab: Lab, other: Store, tmp_path: Path) -> None:
    run, folder = made(lab), tmp_path / "encoder"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    sha = "9c1e0ce5b5a9c8a1a5f5"
    (run.path / "preprocessing" / "encoder").mkdir()
    origin = {"origin": str(folder), "sha256": sha}
    write(run.path / "preprocessing" / "encoder" / "origin.json", origin)
    write(run.path / "preprocessing" / "preprocessing.json", {"sources": {"encoder": sha}})
    pack(run, tmp_path / "a.labrun")
    with pytest.raises(LabError, match="not the encoder") as caught:
        bring_in(other, tmp_path / "a.labrun", sources={"encoder": folder})
    assert sha[:12] in str(caught.value.expected)
    assert other.ids() == []
    sha = hashlib.sha256(b"weights").hexdigest()
    write(run.path / "preprocessing" / "preprocessing.json", {"sources": {"encoder": sha}})
    pack(run, tmp_path / "a.labrun")
    moved = other.home.runs / bring_in(other, tmp_path / "a.labrun").id / "preprocessing" / "encoder" / "origin.json"
    assert json.loads(moved.read_text())["origin"] == "elsewhere:encoder"
    bring_in(other, tmp_path / "a.labrun", sources={"encoder": folder})
    assert json.loads(moved.read_text())["origin"] == str(folder)
