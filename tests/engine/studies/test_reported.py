"""What reports state: every entry can be trusted to be what it says, and stands beside what is like it alone."""

from __future__ import annotations

import pytest

from engine.catalogue import tasks
from engine.config import settings_class
from engine.studies.reported import Reported, beside, reported, reported_for
from engine.studies.statistics import Stat
from engine.task import SPLITS

METRICS = {
    "images": {"accuracy", "micro_f1", "macro_f1"},
    "ner": {"accuracy", "micro_f1", "macro_f1", "weighted_f1", "micro_precision", "micro_recall"},
}
USUAL = {"n": 2, "batch_size": 128}


def named(entry: Reported) -> str:
    return f"{entry.report}-{entry.variant}-{entry.source}"


@pytest.mark.parametrize("entry", reported(), ids=named)
def test_every_entry_names_what_there_is_and_states_fractions(entry: Reported) -> None:
    row = tasks()[entry.task]
    assert entry.variant in row.variants
    assert set(entry.settings) <= set(settings_class(row).model_fields)
    assert set(entry.metrics) <= set(SPLITS)
    for values in entry.metrics.values():
        assert set(values) <= METRICS[entry.task]
        assert all(0 < value < 1 for value in values.values())
    for key in entry.flawed:
        assert key.rpartition("/")[2] in METRICS[entry.task]
    assert entry.source
    assert entry.data
    assert entry.matches


def test_there_is_one_model_of_a_report_for_a_variant_and_its_settings() -> None:
    keys = [(each.report, each.task, each.variant, tuple(each.settings.items())) for each in reported()]
    assert len(set(keys)) == len(keys) == 23
    assert {each.report for each in reported() if each.task == "ner"} == {"001"}  # 000 states no numbers there


def test_accuracy_and_micro_f1_of_pictures_are_equal_or_marked_as_wrong() -> None:
    """In single-label classification they are one thing."""
    for each in reported():
        for split, values in each.metrics.items():
            if each.task == "images" and values["accuracy"] != values["micro_f1"]:
                assert each.flaw(split, "micro_f1"), named(each)
    assert all(each.flaw("test", "micro_f1") for each in reported() if (each.report, each.task) == ("001", "images"))


class TestStandingBeside:
    def test_takes_the_same_variant_batch_size_and_corpus(self) -> None:
        found = reported_for("images", "gn", {**USUAL, "batch_size": 8}, "cifar10")
        assert [each.value("test", "accuracy") for each in found] == [0.8271, 0.8126]
        assert reported_for("images", "gn", {**USUAL, "batch_size": 32}, "cifar10") == []
        assert reported_for("images", "gn", {**USUAL, "n": 3}, "cifar10") == []

    @pytest.mark.parametrize("data", ["sample", "/data/birds", "/data/cifar10/mine", "", "my-cifar10"])
    def test_is_not_fair_on_other_data(self, data: str) -> None:
        assert reported_for("images", "bn", USUAL, data) == []

    @pytest.mark.parametrize("data", ["/data/cifar10-jpeg", "/data/CIFAR10_copy/"])
    def test_of_a_copy_is_said_to_be_of_a_copy(self, data: str) -> None:
        found = reported_for("images", "bn", USUAL, data)
        assert len(found) == 2
        assert all("theirs CIFAR-10" in each.caveat(data) for each in found)
        assert all(each.caveat("cifar10") == "" for each in found)


class TestTheVerdict:
    entry = Reported(
        "9", 2021, "1", "ner", "bilstm", "", {"test": {"micro_f1": 0.69, "accuracy": 0.9}}, flawed={"accuracy": "why"},
        rounding=0.005,
    )  # fmt: skip

    def test_says_who_is_better_and_by_how_much(self) -> None:
        found = beside(Stat((0.80, 0.82), 1000), self.entry, "test", "micro_f1")
        assert found is not None
        assert found.difference == pytest.approx(0.12)
        assert found.apart
        assert found.better

    def test_a_difference_within_the_digits_that_were_stated_is_none(self) -> None:
        found = beside(Stat((0.6935,)), self.entry, "test", "micro_f1")
        assert found is not None
        assert not found.apart

    def test_concludes_nothing_from_a_number_that_cannot_be_believed(self) -> None:
        found = beside(Stat((0.99,)), self.entry, "test", "accuracy")
        assert found is not None
        assert (found.flaw, found.difference, found.apart) == ("why", None, False)

    def test_there_is_none_of_what_is_not_stated(self) -> None:
        assert beside(Stat((0.99,)), self.entry, "val", "micro_f1") is None
