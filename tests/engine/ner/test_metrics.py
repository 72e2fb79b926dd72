"""Entity metrics against seqeval's own report, and the counts on the device against those."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as some
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from engine.ner.metrics import (
    Entity,
    accuracy,
    confusion,
    count_entities,
    device_counts,
    entities_of,
    per_class,
    scores,
)

TYPES = ("geo", "org", "per")
TAGS = ("O", *(f"{prefix}-{name}" for name in TYPES for prefix in "BI"))

Sentences = list[tuple[list[str], list[str]]]


@some.composite
def corpora(draw: some.DrawFn) -> Sentences:
    """Sentences with two arbitrary taggings each, illegal ones too; with an entity in gold and prediction at least."""
    sentences = []
    for length in draw(some.lists(some.integers(1, 7), min_size=1, max_size=6)):
        tagging = some.lists(some.sampled_from(TAGS), min_size=length, max_size=length)
        sentences.append((draw(tagging), draw(tagging)))
    return [*sentences, (["B-geo"], ["B-geo"])]


def reported(corpus: Sentences, **mode: object) -> dict[str, dict[str, float]]:
    gold, predicted = zip(*corpus, strict=True)
    found: dict[str, dict[str, float]] = classification_report(
        list(gold), list(predicted), output_dict=True, zero_division=0, **mode
    )
    return found


@given(corpora(), some.booleans())
def test_every_number_is_seqevals(corpus: Sentences, strict: bool) -> None:
    wanted = reported(corpus, mode="strict", scheme=IOB2) if strict else reported(corpus)
    gold, predicted = zip(*corpus, strict=True)
    counts = count_entities(gold, predicted, "strict" if strict else "default")
    for row in per_class(counts):
        of_class = wanted[row["class"]]
        assert abs(row["precision"] - of_class["precision"]) < 1e-9
        assert abs(row["recall"] - of_class["recall"]) < 1e-9
        assert abs(row["f1"] - of_class["f1-score"]) < 1e-9
        assert row["support"] == of_class["support"]
    found = scores(counts)
    assert set(counts) == set(wanted) - {"micro avg", "macro avg", "weighted avg"}
    assert abs(found["micro_f1"] - wanted["micro avg"]["f1-score"]) < 1e-9
    assert abs(found["macro_f1"] - wanted["macro avg"]["f1-score"]) < 1e-9
    assert abs(found["weighted_f1"] - wanted["weighted avg"]["f1-score"]) < 1e-9
    assert abs(found["micro_precision"] - wanted["micro avg"]["precision"]) < 1e-9
    assert abs(found["micro_recall"] - wanted["micro avg"]["recall"]) < 1e-9


@given(corpora())
def test_counts_on_the_device_are_the_same(corpus: Sentences) -> None:
    longest = max(len(gold) for gold, _ in corpus)
    numbers = {tag: number for number, tag in enumerate(TAGS)}
    mask = torch.tensor([[place < len(gold) for place in range(longest)] for gold, _ in corpus])
    # what stands on padding must not matter
    tables = [
        torch.tensor([[numbers[tag] for tag in each[which]] + [3] * (longest - len(each[which])) for each in corpus])
        for which in (0, 1)
    ]
    found = device_counts(*tables, mask, len(TYPES))
    gold, predicted = zip(*corpus, strict=True)
    counts = count_entities(gold, predicted)
    assert found.tolist() == [list(counts.get(name, (0, 0, 0))) for name in TYPES]


def test_the_schemes_differ_where_an_entity_begins_with_inside() -> None:
    assert entities_of(["I-per", "I-per", "O"]) == [Entity("per", 0, 2)]
    assert entities_of(["I-per", "I-per", "O"], "strict") == []


def test_nothing_to_find_is_no_division_by_zero() -> None:
    assert scores(count_entities([["O"]], [["O"]])) == dict.fromkeys(
        ("micro_f1", "macro_f1", "weighted_f1", "micro_precision", "micro_recall"), 0.0
    )


def test_accuracy_is_per_token() -> None:
    assert accuracy([["O", "B-per"], ["O"]], [["O", "B-geo"], ["O"]]) == 2 / 3


def test_confusion_counts_tokens_by_type() -> None:
    found = confusion([["B-per", "I-per", "O"]], [["B-per", "B-geo", "B-geo"]], TYPES)
    names = found["confusion_names"]
    cells = {
        (names[row], names[column]): count
        for row, counts in enumerate(found["confusion_matrix"])
        for column, count in enumerate(counts)
        if count
    }
    assert cells == {("per", "per"): 1, ("per", "geo"): 1, ("O", "geo"): 1}
