"""Word problems at a path: three splits out of what is there, wrong entries refused or left out, what a check says."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LabError
from engine.mathqa.folder import check
from engine.mathqa.numbers import masked
from engine.task import SPLITS
from tests.engine.mathqa.problems import Choices, Entry, Folder, entry, everything, numbered, original, texts


def whole(folder: Folder) -> None:
    folder.write("train.json", numbered(9))
    folder.write("dev.json", numbered(2, start=9))
    folder.write("test.json", numbered(3, start=11))


def plain(entries: list[Entry]) -> list[str]:
    return [each["Problem"] for each in entries]


class TestSplits:
    def test_files_are_the_splits(self, folder: Folder) -> None:
        whole(folder)
        data = folder.open()
        assert data.counts == {"train": 9, "val": 2, "test": 3}
        assert texts(data.split("val")) == plain(numbered(2, start=9))
        assert [each.origin for each in data.split("test")] == ["test.json#0", "test.json#1", "test.json#2"]
        assert folder.said == []

    def test_what_is_missing_is_split_off_train(self, folder: Folder) -> None:
        folder.write("train.json", numbered(20))
        folder.write("test.json", numbered(3, start=20))
        data = folder.open()
        assert data.counts == {"train": 16, "val": 4, "test": 3}
        assert "split off train.json: val" in data.findings
        assert everything(data) == sorted(plain(numbered(23)))

    def test_one_file_is_split_in_three(self, folder: Folder) -> None:
        path = folder.write("mine.json", numbered(50))
        data = folder.open(path.name)
        assert data.counts == {"train": 30, "val": 10, "test": 10}
        assert folder.open().splits == data.splits
        assert everything(data) == sorted(plain(numbered(50)))
        assert folder.open(split_seed=2).splits != data.splits
        assert folder.open(test_fraction=0.4).counts == {"train": 20, "val": 10, "test": 20}

    def test_problems_that_differ_in_their_numbers_alone_stay_on_one_side(self, folder: Folder) -> None:
        twins = [
            entry(f"{thing} cost {number} . how much are 3 ?", "multiply(n0,n1)", 3 * number)
            for thing in ("cats", "dogs", "fish", "mice", "owls", "pigs")
            for number in (2, 3.5, 1_000)
        ]
        folder.write("all.json", twins)
        sides = [{masked(text) for text in texts(folder.open().split(split))} for split in SPLITS]
        assert all(sides)
        assert sum(map(len, sides)) == len(set.union(*sides)) == 6

    def test_too_few_problems_cannot_be_split(self, folder: Folder) -> None:
        folder.write("all.json", numbered(2))
        with pytest.raises(LabError, match="too few problems"):
            folder.open()

    def test_a_split_that_is_not_there_is_named(self, folder: Folder) -> None:
        path = folder.write("new.json", numbered(3))
        with pytest.raises(LabError, match="no train split"):
            folder.unseen("test", path.name).split("train")


class TestFingerprint:
    def test_is_of_the_content(self, folder: Folder, tmp_path: Path) -> None:
        whole(folder)
        other = Folder(tmp_path / "problems")
        for name, start, count in (("train.jsonl", 0, 9), ("valid.json", 9, 2), ("test.json", 11, 3)):
            other.write(name, numbered(count, start))
        assert other.open(split_seed=9).fingerprint == folder.open().fingerprint

    @pytest.mark.parametrize(
        "changed",
        [
            entry("what is 3 plus 5 ?", answer=8),
            entry("what is 3 plus 4 ?", "add(n1,n0)"),
            entry("what is 3 plus 4 ?", answer=7.01),
        ],
        ids=["text", "program", "answer"],
    )
    def test_changes_with_any_part_of_it(self, folder: Folder, changed: Entry) -> None:
        folder.write("all.json", [*numbered(9), entry()])
        before = folder.open().fingerprint
        folder.write("all.json", [*numbered(9), changed])
        assert folder.open().fingerprint != before


class TestWrongEntries:
    def test_are_refused_by_index_with_the_way_out(self, folder: Folder) -> None:
        whole(folder)
        folder.write("dev.json", [*numbered(2), {}, entry(formula="sine(n0)")])
        with pytest.raises(LabError, match="2 entries cannot be read") as failure:
            folder.open()
        assert "dev.json, entry 2: no text under 'Problem'" in str(failure.value.got)
        assert "dev.json, entry 3: step 1: unknown operation 'sine'" in str(failure.value.got)
        assert "--set broken=skip" in str(failure.value.hint)

    def test_one_is_one_entry(self, folder: Folder) -> None:
        folder.write("all.json", [*numbered(9), {}])
        with pytest.raises(LabError, match="1 entry cannot be read"):
            folder.open()

    def test_many_are_counted_and_the_first_named(self, folder: Folder) -> None:
        folder.write("all.json", [*numbered(9), *({} for _ in range(90))])
        with pytest.raises(LabError, match="90 entries") as failure:
            folder.open()
        assert "and 85 more" in str(failure.value.got)
        assert len(str(failure.value.got)) < 1_000

    def test_or_they_are_left_out_and_counted(self, folder: Folder) -> None:
        folder.write("all.json", [{}, *numbered(20), {}])
        data = folder.open(broken="skip")
        assert everything(data) == sorted(plain(numbered(20)))
        assert "all.json: left out: 2 wrong entries of 22" in folder.said
        assert "all.json: left out: 2 wrong entries of 22" in data.findings


class TestGoldPrograms:
    def test_that_are_not_right_are_kept_counted_and_told(self, folder: Folder) -> None:
        wrong = [entry(answer=9), entry(formula="add(n0,n5)"), entry(formula="subtract(n0,n0)|divide(n1,#0)")]
        folder.write("all.json", [*numbered(9), *wrong])
        data = folder.open()
        assert sum(data.counts.values()) == 12
        for told in (
            "all.json: 1 gold programs use numbers that the problem does not have: all.json#10",
            "all.json: 2 gold programs do not execute: all.json#10, all.json#11",
            "all.json: 1 gold programs execute to something other than the answer: all.json#9",
            "all.json: gold programs that execute to the answer: 75.00%",
        ):
            assert told in data.findings
            assert told in folder.check()

    def test_within_two_percent_are_right(self, folder: Folder) -> None:
        folder.write("all.json", [*numbered(9), entry(answer=6.9)])
        assert not any("gold" in line for line in folder.open().findings)

    def test_of_the_original_are_judged_by_the_right_option(self, folder: Folder) -> None:
        folder.write("all.json", [*numbered(9), original(correct="a"), original(), original(correct="c")])
        assert "all.json: 1 gold programs execute to something other than the answer: all.json#9" in folder.check()


class TestUnseen:
    def test_all_of_a_file_is_the_split(self, folder: Folder) -> None:
        path = folder.write("new.json", numbered(7))
        for split in SPLITS:
            assert folder.unseen(split, path.name).counts == {split: 7}

    def test_of_a_folder_only_the_file_of_the_split_is_read(self, folder: Folder) -> None:
        whole(folder)
        (folder.root / "train.json").write_text("torn")
        assert folder.unseen("test").counts == {"test": 3}

    def test_wrong_entries_are_refused_or_skipped(self, folder: Folder) -> None:
        folder.write("new.json", [*numbered(3), {}])
        with pytest.raises(LabError, match="1 entry cannot be read"):
            folder.unseen("test")
        assert folder.unseen("test", broken="skip").counts == {"test": 3}
        assert folder.said == ["new.json: left out: 1 wrong entries of 4"]


class TestCheck:
    def test_says_what_there_is(self, folder: Folder) -> None:
        long = entry("a b c d e 1 2 3 4 5 ?", "add(n0,n1)|multiply(#0,n2)|multiply(#1,n0)", 9)
        folder.write("train.json", [entry(), entry(), long])
        folder.write("dev.json", [entry("What is 3  plus 4 ?"), entry("is 5 over 2 even ?", "divide(n0,n1)", 2.5)])
        folder.write("test.json", [entry("what is 1,000 plus 4 ?", answer=1004)])
        found = folder.check()
        for expected in (
            "problems: train 3, val 2, test 1",
            "words in a problem: 6.8 on average, 6 to 11",
            "numbers in a problem: 2.5 on average, 2 to 5",
            "steps of a program: 1.3 on average, 1 to 3",
            "operations: 3, most often add 62%, multiply 25%, divide 12%",
            "train has no divide: nothing can learn to use them",
            "fewer than 20 times in train: add, multiply",
            "novel in val: 50.0%; the others are problems of train with other numbers",
            "novel in test: 0.0%; the others are problems of train with other numbers",
            "the same problem in train and val: 1 of val's",
            "repeated in train: 1 problems",
        ):
            assert expected in found
        assert not any("wrong" in line or "gold" in line for line in found)

    def test_names_wrong_entries_and_does_not_refuse_them(self, folder: Folder) -> None:
        folder.write("all.json", [*numbered(20), *({} for _ in range(30))])
        found = folder.check()
        assert "all.json, entry 20: no text under 'Problem'" in found
        assert "all.json: and 10 more wrong entries" in found
        assert "all.json: left out: 30 wrong entries of 50" in found
        assert "problems: train 12, val 4, test 4" in found

    def test_tells_another_encoding(self, folder: Folder) -> None:
        path = folder.write("all.json", numbered(9))
        path.write_bytes(path.read_bytes().replace(b"what", "où".encode("cp1252"), 1))
        assert "all.json: cp1252" in folder.check()


def test_a_source_may_be_a_string_below_the_home_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(folder)
    monkeypatch.setenv("HOME", str(folder.root.parent))
    assert check("~/problems", Choices(), Path("cache"), print)
