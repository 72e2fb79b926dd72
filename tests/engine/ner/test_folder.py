"""Corpora from folders and single files: splits, fingerprints, mistakes repaired or refused, and what a check says."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LabError
from engine.ner.corpus import Sentence
from engine.ner.folder import check
from engine.ner.settings import NerSettings
from engine.task import SPLITS
from tests.engine.ner.corpora import Corpora, everything, lines, numbered, texts

SPLIT_SEEDS = (1, 2)


def whole(corpora: Corpora) -> None:
    corpora.write("train.txt", numbered(6))
    corpora.write("dev.txt", numbered(2, start=6))
    corpora.write("test.txt", numbered(3, start=8))


class TestSplits:
    def test_given_files_are_taken_as_they_are(self, corpora: Corpora) -> None:
        whole(corpora)
        corpus = corpora.open()
        assert corpus.counts == {"train": 6, "val": 2, "test": 3}
        assert corpus.split("val")[0] == Sentence(("Gus", "saw", "6"), ("B-per", "O", "O"))
        assert corpus.types == ("per",)

    @pytest.mark.parametrize("name", ["anything.conll", ""])
    def test_one_file_is_split(self, corpora: Corpora, name: str) -> None:
        corpora.write("anything.conll", numbered(100))
        corpus = corpora.open(name)
        assert corpus.counts == {"train": 60, "val": 20, "test": 20}
        assert corpora.open(name, validation_fraction=0.1, test_fraction=0.3).counts == {
            "train": 60,
            "val": 10,
            "test": 30,
        }
        assert list(corpus.sentences) == list(SPLITS)

    @pytest.mark.parametrize(("given", "missing"), [("test", "val"), ("dev", "test")])
    def test_a_missing_split_is_split_off_train(self, corpora: Corpora, given: str, missing: str) -> None:
        corpora.write("train.txt", numbered(50))
        corpora.write(f"{given}.txt", numbered(7, start=50))
        corpus = corpora.open()
        assert corpus.counts["train"] == 40
        assert corpus.counts[missing] == 10  # type: ignore[index]
        assert len(set(everything(corpus))) == 57
        assert f"split off train.txt: {missing}" in corpora.said

    def test_the_same_text_stays_on_one_side_whatever_its_case_and_tags(self, corpora: Corpora) -> None:
        corpora.write("all.txt", [*numbered(20), *(each.upper().replace("B-PER", "O") for each in numbered(20))])
        corpus = corpora.open()
        known = [{text.lower() for text in texts(corpus.split(split))} for split in SPLITS]
        assert sum(map(len, known)) == len(set.union(*known)) == 20

    def test_the_seed_of_the_split_is_a_setting_and_the_runs_seed_is_not(self, corpora: Corpora) -> None:
        corpora.write("all.txt", numbered(60))
        one, other = (corpora.open(split_seed=seed) for seed in SPLIT_SEEDS)
        assert texts(one.split("test")) != texts(other.split("test"))
        assert everything(one) == everything(other)
        assert texts(corpora.open(seed=99).split("test")) == texts(one.split("test"))

    def test_too_few_to_split(self, corpora: Corpora) -> None:
        corpora.write("all.txt", numbered(1) * 50)
        with pytest.raises(LabError, match="too few sentences") as failure:
            corpora.open()
        assert "1 different" in str(failure.value.got)


class TestFingerprint:
    def test_is_of_the_content_and_not_of_names_layout_scheme_or_seed(self, corpora: Corpora) -> None:
        corpora.write("train.txt", lines("Ann/B-per Lee/I-per sings", "in Rome/B-geo", "no one"))
        seen = corpora.open().fingerprint
        assert corpora.open("train.txt").fingerprint == seen
        assert corpora.open(split_seed=2, test_fraction=0.4).fingerprint == seen
        (corpora.root / "train.txt").unlink()
        corpora.write("other.iob", lines("Ann/I-per Lee/I-per sings", "in Rome/I-geo", "no one"))
        assert corpora.open().fingerprint == seen
        corpora.write(
            "other.iob",
            [each.replace(" ", "\tNN\t") for each in lines("Ann/B-per Lee/E-per sings", "in Rome/S-geo", "no one")],
        )
        assert corpora.open().fingerprint == seen

    @pytest.mark.parametrize(
        "changed",
        [
            ("Ann/B-per sings", "in Rome/B-geo", "no One"),
            ("Ann/B-per sings", "in Rome/B-geo", "no/B-geo one"),
            ("Ann/B-per sings in", "Rome/B-geo", "no one"),
            ("in Rome/B-geo", "Ann/B-per sings", "no one"),
        ],
    )
    def test_changes_with_every_word_tag_border_and_order(self, corpora: Corpora, changed: tuple[str, ...]) -> None:
        corpora.write("all.txt", lines("Ann/B-per sings", "in Rome/B-geo", "no one"))
        before = corpora.open().fingerprint
        corpora.write("all.txt", lines(*changed))
        assert corpora.open().fingerprint != before

    def test_changes_when_a_file_becomes_another_split(self, corpora: Corpora) -> None:
        corpora.write("train.txt", numbered(9))
        corpora.write("dev.txt", numbered(2, start=9))
        before = corpora.open().fingerprint
        (corpora.root / "dev.txt").rename(corpora.root / "test.txt")
        assert corpora.open().fingerprint != before


class TestMistakes:
    def test_an_entity_that_begins_with_i_is_repaired_and_told(self, corpora: Corpora) -> None:
        corpora.write("all.txt", [*numbered(9), *lines("so I-per/I-per I-geo/I-geo I-geo/I-geo said")])
        corpus = corpora.open()
        told = "all.txt: 2 tags that IOB2 forbids where they stand, repaired"
        assert told in corpora.said
        assert told in corpus.findings
        assert told in corpora.check()
        repaired = [each for split in SPLITS for each in corpus.split(split) if "so" in each.tokens]
        assert repaired[0].tags == ("O", "B-per", "B-geo", "I-geo", "O")

    def test_wrong_lines_are_refused_by_number_with_the_way_out(self, corpora: Corpora) -> None:
        whole(corpora)
        corpora.write("dev.txt", [*numbered(9), "torn\n", *numbered(1, start=9), "Ann Bper\n"])
        with pytest.raises(LabError, match="2 lines cannot be read") as failure:
            corpora.open()
        assert "dev.txt, line 37: 1 column instead of 2: 'torn'" in str(failure.value.got)
        assert "unknown tag 'Bper'" in str(failure.value.got)
        assert "--set broken=skip" in str(failure.value.hint)

    def test_many_are_counted_and_the_first_named(self, corpora: Corpora) -> None:
        corpora.write("all.txt", [*numbered(99), *(f"torn{number}\n" for number in range(90))])
        with pytest.raises(LabError, match="90 lines") as failure:
            corpora.open()
        assert "and 82 more" in str(failure.value.got)
        assert len(str(failure.value.got)) < 1_000

    def test_or_their_sentences_are_left_out_and_counted(self, corpora: Corpora) -> None:
        corpora.write("all.txt", [*numbered(20), "Ann B-per\ntorn\ntorn\n", "Bob Bper\n"])
        corpus = corpora.open(broken="skip")
        assert len(everything(corpus)) == 20
        assert "all.txt: left out: 2 sentences with 3 wrong lines" in corpora.said

    def test_a_split_without_entities_is_refused(self, corpora: Corpora) -> None:
        whole(corpora)
        corpora.write("test.txt", lines("nobody sings"))
        with pytest.raises(LabError, match="no word is tagged") as failure:
            corpora.open()
        assert "test.txt" in str(failure.value.got)


class TestUnseen:
    def test_all_of_a_file_is_the_split(self, corpora: Corpora) -> None:
        path = corpora.write("new.txt", numbered(7))
        for split in SPLITS:
            corpus = corpora.unseen(split, path.name)
            assert corpus.counts == {split: 7}
            assert corpus.types == ("per",)

    def test_of_a_folder_only_the_file_of_the_split_is_read(self, corpora: Corpora) -> None:
        whole(corpora)
        corpora.write("train.txt", ["torn"])
        assert corpora.unseen("test").counts == {"test": 3}

    def test_types_that_the_run_does_not_know_are_named(self, corpora: Corpora) -> None:
        corpora.write("new.txt", lines("Ann/B-PER in Rome/B-LOC", "Bob/B-per"))
        with pytest.raises(LabError, match="knows no such entities") as failure:
            corpora.unseen("test", types=("geo", "per"))
        assert "LOC, PER in " in str(failure.value.got)
        assert "geo, per" in str(failure.value.expected)

    def test_wrong_lines_are_refused_or_skipped(self, corpora: Corpora) -> None:
        corpora.write("new.txt", [*numbered(3), "torn\n"])
        with pytest.raises(LabError, match="1 line cannot be read"):
            corpora.unseen("test")
        assert corpora.unseen("test", broken="skip").counts == {"test": 3}


class TestCheck:
    def test_says_what_there_is(self, corpora: Corpora) -> None:
        corpora.write("train.txt", lines("Ann/B-per Lee/I-per sings in Rome/B-geo", "Bob/B-per sings", "So what"))
        corpora.write("dev.txt", lines("Ann/B-per Lee/I-per wept", "the U.N./B-org wept"))
        corpora.write("test.txt", lines("Bob/B-per SINGS", "what in Oslo/B-geo"))
        found = corpora.check()
        for expected in (
            "train.txt: two columns: word, tag; tags in IOB2; utf-8",
            "sentences: train 3, val 2, test 2",
            "tokens: train 9, val 6, test 5",
            "longest sentence: 5 tokens, in train",
            "per: train 2, val 1, test 1 entities",
            "train has no org: nothing can learn to tell them",
            "fewer than 100 in train: geo, per: their scores depend on luck",
            "the same text in train and test: 1 of test's sentences",
            "val has what train has not: 66.7% of its words, 50% of its entities",
            "test has what train has not: 20.0% of its words, 50% of its entities",
        ):
            assert expected in found
        assert not any("pieces" in line or "wrong" in line or "repaired" in line for line in found)

    def test_names_wrong_lines_and_does_not_refuse_them(self, corpora: Corpora) -> None:
        corpora.write("all.txt", [*numbered(20), *(f"torn{number}\n" for number in range(30))])
        found = corpora.check()
        assert "all.txt, line 81: 1 column instead of 2: 'torn0'" in found
        assert "all.txt: and 10 more wrong lines" in found
        assert "all.txt: left out: 30 sentences with 30 wrong lines" in found
        assert "sentences: train 12, val 4, test 4" in found

    def test_tells_sentences_that_will_be_read_in_pieces_and_those_that_repeat(self, corpora: Corpora) -> None:
        whole(corpora)
        corpora.write("train.txt", [*numbered(3), *numbered(2), "x O\n" * 9])
        found = corpora.check(max_tokens=8)
        assert "read in pieces: 1 sentences longer than max_tokens = 8" in found
        assert "repeated in train: 2 sentences" in found

    def test_tells_text_that_was_lower_cased(self, corpora: Corpora) -> None:
        corpora.write(
            "all.txt",
            [each.replace("A", "a").lower().replace("b-per", "B-per").replace(" o", " O") for each in numbered(30)],
        )
        assert any("lower-cased" in line for line in corpora.check())

    def test_tells_another_scheme_and_encoding(self, corpora: Corpora) -> None:
        (corpora.root / "all.txt").write_bytes("\n".join([*lines("Zoë/S-per wept"), *numbered(9)]).encode("cp1252"))
        found = corpora.check()
        assert "all.txt: two columns: word, tag; tags in IOBES; cp1252" in found


def test_a_source_may_be_a_string_below_the_home_folder(corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(corpora)
    monkeypatch.setenv("HOME", str(corpora.root.parent))
    assert check("~/corpus", NerSettings(), Path("cache"), print)
