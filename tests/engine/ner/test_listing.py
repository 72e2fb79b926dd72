"""Which files hold which split, from their names; and what a form is told of a path while it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LabError
from engine.ner.listing import list_files, probe, split_of, unseen_file
from tests.engine.ner.corpora import Corpora, numbered


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.txt", "train"),
        ("Train.CoNLL", "train"),
        ("train", "train"),
        ("dev.bio", "val"),
        ("val.iob", "val"),
        ("valid.iob2", "val"),
        ("validation.tsv", "val"),
        ("testa", "val"),
        ("eng.testa", "val"),
        ("eng.testb", "test"),
        ("eng.train", "train"),
        ("test.csv", "test"),
        ("testb.txt", "test"),
        ("train.json", None),
        ("training.txt", None),
        ("train.txt.bak", None),
        ("contest.txt", None),
    ],
)
def test_a_name_tells_the_split(name: str, split: str | None) -> None:
    assert split_of(name) == split


class TestFolders:
    def test_three_files(self, corpora: Corpora) -> None:
        for name in ("train.txt", "dev.txt", "test.txt"):
            corpora.write(name, numbered(1))
        found = list_files(corpora.root)
        assert {split: path.name for split, path in found.files.items()} == {
            "train": "train.txt",
            "val": "dev.txt",
            "test": "test.txt",
        }
        assert not found.single

    def test_what_lies_beside_is_no_matter(self, corpora: Corpora) -> None:
        for name in ("train.txt", "test.txt", "README.txt", "LICENSE", "notes.txt", ".hidden.txt", "vocab.json"):
            corpora.write(name, numbered(1))
        (corpora.root / "old").mkdir()
        assert sorted(list_files(corpora.root).files) == ["test", "train"]

    @pytest.mark.parametrize("name", ["ner_dataset.csv", "test.txt", "data"])
    def test_an_only_file_is_the_corpus_whatever_its_name(self, corpora: Corpora, name: str) -> None:
        corpora.write("README.md", [])
        path = corpora.write(name, numbered(1))
        found = list_files(corpora.root)
        assert (found.files, found.single) == ({"train": path}, True)

    def test_two_files_for_a_split_are_refused(self, corpora: Corpora) -> None:
        for name in ("train.txt", "dev.txt", "valid.txt"):
            corpora.write(name, numbered(1))
        with pytest.raises(LabError, match="two files for val") as failure:
            list_files(corpora.root)
        assert "dev.txt and valid.txt" in str(failure.value.got)

    def test_no_training_file(self, corpora: Corpora) -> None:
        with pytest.raises(LabError, match="no training file"):
            list_files(corpora.root)
        for name in ("dev.txt", "test.txt"):
            corpora.write(name, numbered(1))
        with pytest.raises(LabError, match="no training file") as failure:
            list_files(corpora.root)
        assert "dev.txt, test.txt" in str(failure.value.got)


class TestProbe:
    def test_a_corpus_brings_no_settings_of_its_own(self, corpora: Corpora) -> None:
        path = corpora.write("train.txt", numbered(3))
        assert probe(corpora.root) == probe(path) == probe(str(path)) == {}

    @pytest.mark.parametrize("content", ["", "some prose\nin lines\n", "word NNP\nother VBZ\n", "Ann O\nsings O\n"])
    def test_what_cannot_be_one_is_refused(self, corpora: Corpora, content: str) -> None:
        corpora.write("train.txt", numbered(1))
        corpora.write("test.txt", [content])
        with pytest.raises(LabError) as failure:
            probe(corpora.root)
        assert "test.txt" in str(failure.value.got)

    def test_a_long_table_must_have_rows_that_can_be_read(
        self, corpora: Corpora, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.ner.listing.LOOKED_AT", 300)
        path = corpora.root / "ner.csv"
        path.write_text("Sentence #,Word,POS,Tag\n" + "".join(f"{number},word,NN,B-per\n" for number in range(90)))
        assert probe(path) == {}
        path.write_text("Sentence #,Word,POS,Tag\n" + "".join(f"{number},word,NN,VBZ\n" for number in range(90)))
        with pytest.raises(LabError, match="no sentence of it can be read"):
            probe(path)

    @pytest.mark.parametrize("path", ["gone", "gone/further", "/dev/zero", "with\0null"])
    def test_a_path_to_nothing(self, path: str) -> None:
        with pytest.raises(LabError, match="cannot be read"):
            probe(path)

    def test_a_long_file_is_only_begun(self, corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("engine.ner.listing.LOOKED_AT", 200)
        corpora.write("train.txt", [*numbered(100), "torn line of many columns\n"])
        assert probe(corpora.root) == {}


class TestUnseen:
    def test_a_file_is_itself(self, corpora: Corpora) -> None:
        path = corpora.write("anything.txt", numbered(1))
        assert unseen_file(path, "test") == path

    def test_of_a_folder_the_file_of_the_split_or_the_only_one(self, corpora: Corpora) -> None:
        only = corpora.write("data.csv", numbered(1))
        assert unseen_file(corpora.root, "test") == only
        test = corpora.write("test.txt", numbered(1))
        assert unseen_file(corpora.root, "test") == test
        with pytest.raises(LabError, match="no file for val"):
            unseen_file(corpora.root, "val")
        corpora.write("testb.txt", numbered(1))
        with pytest.raises(LabError, match="two files for test"):
            unseen_file(corpora.root, "test")


def test_a_folder_that_cannot_be_read(corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(LabError, match="cannot be read") as failure:
        probe(corpora.root)
    assert "Permission denied" in str(failure.value.got)
