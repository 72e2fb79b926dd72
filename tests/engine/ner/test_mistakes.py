"""The mistakes behind the numbers: missed, invented and mistaken entities, in their context."""

from __future__ import annotations

from engine.ner.corpus import Sentence
from engine.ner.mistakes import KEPT_OF_A_KIND, in_context, mistakes_of
from tests.engine.ner.taggers import sentence


def found(gold: str, predicted: str, sure: float = 0.9) -> list[tuple[str, str, str]]:
    one, other = sentence(gold), sentence(predicted)
    listed = mistakes_of([one], [other.tags], [[sure] * len(one.tokens)], "default")
    return [(each["class"], each["predicted"], each["sentence"]) for each in listed]


def test_what_is_right_is_no_mistake() -> None:
    assert found("Ana/B-per came", "Ana/B-per came") == []


def test_missed_invented_and_mistaken() -> None:
    assert found("Ana/B-per came", "Ana came") == [("per", "O", "[Ana] came")]
    assert found("Ana came", "Ana/B-geo came") == [("O", "geo", "[Ana] came")]
    assert found("Ana/B-per came", "Ana/B-geo came") == [("per", "geo", "[Ana] came")]


def test_wrong_ends_are_a_mistake_within_the_type() -> None:
    assert found("Ana/B-per Lee/I-per came", "Ana/B-per Lee came") == [("per", "per", "[Ana Lee] came")]


def test_it_was_taken_for_every_type_that_overlaps_it() -> None:
    """So there is an example behind every cell of the confusion matrix in which entities meet."""
    gold = "Bank/B-org of/I-org New/I-org York/I-org"
    assert [each[:2] for each in found(gold, "Bank/B-org of/I-org New/B-geo York/I-geo")] == [
        ("org", "org"), ("org", "geo"),
    ]  # fmt: skip


def test_the_surest_come_first_and_few_of_a_kind() -> None:
    sentences = [sentence("Ana/B-per came")] * 50 + [sentence("Rome/B-geo fell")]
    sure = [[place / 100, 0.5] for place in range(51)]
    listed = mistakes_of(sentences, [("O", "O")] * 51, sure, "default")
    assert len(listed) == KEPT_OF_A_KIND + 1
    confidences = [each["confidence"] for each in listed]
    assert confidences == sorted(confidences, reverse=True)
    assert listed[0]["class"] == "geo"


def test_the_whole_sentence_is_kept_to_be_tried() -> None:
    long = sentence("Ana/B-per " + "went on " * 30 + ".")
    (mistake,) = mistakes_of([long], [("O",) * len(long.tokens)], [[0.9] * len(long.tokens)], "default")
    assert mistake["sentence"].endswith("...")
    assert mistake["text"] == " ".join(long.tokens)


def test_context_is_cut_on_both_sides() -> None:
    tokens = Sentence(tuple(map(str, range(40)))).tokens
    assert in_context(tokens, 20, 22).startswith("... 12 13")
    assert "[20 21]" in in_context(tokens, 20, 22)
    assert in_context(tokens, 20, 22).endswith("28 29 ...")
    assert in_context(("a",), 0, 1) == "[a]"
