"""Answers on sentences: typed where they are as agreed, an error with words whatever else comes."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from labapp.play.examples import PAGE, Place
from labapp.tag.asking import text_args
from labapp.tag.replies import examples_of, tagging_of
from labapp.tag.words import summary
from tests.labapp.screens.tagging import FakeTagger

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@cache
def tagging() -> dict[str, Any]:
    return FakeTagger().tag(text_args("crf-1", "Barack Obama left Paris."))


@cache
def examples() -> dict[str, Any]:
    return FakeTagger().of_split(Place().args("crf-1"))


def with_sentence(**changed: Any) -> dict[str, Any]:
    return tagging() | {"sentences": [tagging()["sentences"][0] | changed]}


def test_what_is_agreed_is_understood() -> None:
    found = tagging_of(tagging())
    (sentence,) = found.sentences
    assert sentence.tokens == ("Barack", "Obama", "left", "Paris", ".")
    assert [span.what for span in sentence.entities] == [("per", 0, 2), ("geo", 3, 4)]
    assert sentence.offsets[-1] == (23, 24)
    assert sentence.second is not None
    page = examples_of(examples())
    assert (page.total, len(page.examples), page.examples[3].correct) == (4, 4, False)
    assert page.examples[3].gold[2:4] == ("B-geo", "I-geo")


def test_what_an_older_version_may_not_say_is_not_needed() -> None:
    raw = {**tagging()["sentences"][0]}
    for name in ("second", "known", "offsets"):
        raw.pop(name)
    (sentence,) = tagging_of(tagging() | {"sentences": [raw]}).sentences
    assert (sentence.second, sentence.offsets, set(sentence.known)) == (None, (), {True})


def test_a_network_that_says_nan_is_believed_and_nan_is_never_the_least_certain() -> None:
    (sentence,) = tagging_of(with_sentence(probabilities=["nan", 0.9, 0.5, "nan", 1])).sentences
    assert math.isnan(sentence.probabilities[0])
    assert sentence.least == 2
    assert "least certain: left .50" in summary([sentence])
    (sentence,) = tagging_of(with_sentence(probabilities=["nan"] * 5, probability="nan")).sentences
    assert sentence.least is None
    assert "least" not in summary([sentence])


def test_a_sentence_without_words_has_nothing_to_say() -> None:
    empty = {"tokens": [], "tags": [], "probabilities": [], "entities": [], "probability": 1.0}
    (sentence,) = tagging_of(tagging() | {"sentences": [empty]}).sentences
    assert sentence.least is None
    assert summary([sentence]) == ""


BAD: tuple[dict[str, Any], ...] = (
    {"tags": ["O"]},
    {"probabilities": [0.5]},
    {"probabilities": [2.0] * 5},
    {"known": [True]},
    {"offsets": [[0, 1]]},
    {"offsets": [[3, 1]] * 5},
    {"entities": [{"type": "per", "start": 0, "end": 9, "text": "", "probability": 0.5}]},
    {"entities": [{"type": "per", "start": 1, "end": 1, "text": "", "probability": 0.5}]},
    {"entities": [{"type": "per", "start": 0, "end": 2, "text": "", "probability": 0.5}] * 2},
    {"second": {"tags": ["O"], "probability": 0.1}},
    {"probability": None},
)


@pytest.mark.parametrize("changed", BAD, ids=str)
def test_what_does_not_fit_together_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="tagging in the answer cannot be understood"):
        tagging_of(with_sentence(**changed))


@given(st.sampled_from(sorted(examples()["sentences"][0])), junk)
def test_garbage_anywhere_is_an_error_at_worst(key: str, value: Any) -> None:
    page = examples() | {"sentences": [examples()["sentences"][0] | {key: value}]}
    for answer in (page, examples() | {key: value}, value):
        with suppress(LabError):
            examples_of(answer)
    for answer in (with_sentence(**{key: value}), tagging() | {key: value}, value):
        with suppress(LabError):
            tagging_of(answer)


def test_examples_are_asked_for_in_pages() -> None:
    assert Place(number=PAGE - 1).args("r")["start"] == 0
    assert Place(number=PAGE).args("r") == {
        "run": "r", "split": "test", "order": "corpus", "start": PAGE, "count": PAGE,
    }  # fmt: skip
