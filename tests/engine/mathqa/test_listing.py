"""Which files hold which split; and that pictures, tagged text and word problems never take one another's paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from engine.catalogue import load, tasks
from engine.errors import LabError
from engine.mathqa.listing import list_files, probe, split_of, unseen_file
from tests.engine.mathqa.problems import Folder, numbered


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.json", "train"),
        ("Train.JSON", "train"),
        ("train.jsonl", "train"),
        ("dev.json", "val"),
        ("valid.json", "val"),
        ("val.json", "val"),
        ("validation.jsonl", "val"),
        ("test.json", "test"),
        ("challenge_test.json", None),
        ("train.txt", None),
        ("train.json.bak", None),
    ],
)
def test_a_name_tells_the_split(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_what_mathqa_brings_beside_its_splits_is_no_matter(folder: Folder) -> None:
    for name in ("train.json", "dev.json", "test.json", "challenge_test.json"):
        folder.write(name, numbered(1))
    (folder.root / "operation_list.txt").write_text("add\n")
    found = list_files(folder.root)
    assert {split: path.name for split, path in found.files.items()} == {
        "train": "train.json",
        "val": "dev.json",
        "test": "test.json",
    }


def test_an_only_file_is_the_dataset_whatever_its_name(folder: Folder) -> None:
    path = folder.write("mine.json", numbered(1))
    (folder.root / "README.md").write_text("mine")
    assert list_files(folder.root).files == list_files(path).files == {"train": path}


class TestProbe:
    def test_problems_bring_no_settings_of_their_own(self, folder: Folder) -> None:
        path = folder.write("train.json", numbered(3))
        assert probe(folder.root) == probe(path) == probe(str(path)) == {}

    @pytest.mark.parametrize("content", ["", "[]", '[{"question": "3 + 4 ?"}]', "word tag\n", '{"train": []}'])
    def test_what_cannot_be_any_is_refused(self, folder: Folder, content: str) -> None:
        folder.write("train.json", numbered(1))
        (folder.root / "test.json").write_text(content)
        with pytest.raises(LabError) as failure:
            probe(folder.root)
        assert "test.json" in str(failure.value.got)

    @pytest.mark.parametrize("path", ["gone", "gone/further", "/dev/zero", "with\0null"])
    def test_a_path_to_nothing(self, path: str) -> None:
        with pytest.raises(LabError, match="cannot be read"):
            probe(path)

    def test_a_long_file_is_only_begun(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("engine.mathqa.listing.LOOKED_AT", 500)
        path = folder.write("train.json", numbered(100))
        path.write_text(path.read_text()[:-1] + "torn")
        assert probe(folder.root) == {}


def a_folder_of_pictures(root: Path) -> Path:
    for name in ("cats", "dogs"):
        (root / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(root / name / "1.png")
    (root / "labels.json").write_text('{"cats": 0, "dogs": 1}')
    return root


def tagged_text(root: Path) -> Path:
    root.mkdir(parents=True)
    for name in ("train.txt", "dev.txt", "test.txt"):
        (root / name).write_text("Ann B-per\nsings O\n")
    (root / "vocab.json").write_text('{"Ann": 0}')
    return root


def one_tagged_file(root: Path) -> Path:
    return tagged_text(root) / "train.txt"


def word_problems(root: Path) -> Path:
    root.mkdir(parents=True)
    data = Folder(root)
    for name in ("train.json", "dev.json", "test.json"):
        data.write(name, numbered(2))
    (data.root / "operation_list.txt").write_text("add\nsubtract\n")
    (data.root / "constant_list.txt").write_text("const_1\nconst_2\n")
    return data.root


def one_file_of_problems(root: Path) -> Path:
    return word_problems(root) / "dev.json"


@pytest.mark.parametrize(
    ("made", "task"),
    [
        (a_folder_of_pictures, "images"),
        (tagged_text, "ner"),
        (one_tagged_file, "ner"),
        (word_problems, "mathqa"),
        (one_file_of_problems, "mathqa"),
    ],
)
def test_every_path_is_taken_by_one_task_alone(made: Callable[[Path], Path], task: str, tmp_path: Path) -> None:
    path = made(tmp_path / "data")
    probes = {name: load(row.probe) for name, row in tasks().items() if row.probe} | {"mathqa": probe}
    able = []
    for name, each in probes.items():
        try:
            each(path)
        except LabError:
            continue
        able.append(name)
    assert able == [task]


def test_of_a_folder_the_file_of_the_split_is_read_unseen(folder: Folder) -> None:
    only = folder.write("data.json", numbered(1))
    assert unseen_file(folder.root, "test") == unseen_file(only, "test") == only
    test = folder.write("test.json", numbered(1))
    assert unseen_file(folder.root, "test") == test
    with pytest.raises(LabError, match="no file for val"):
        unseen_file(folder.root, "val")
