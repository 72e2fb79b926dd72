"""The lookup baseline: the arithmetic of TF-IDF against scikit-learn's, and which problem it finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

from engine.mathqa.corpus import Problem
from engine.mathqa.lookup import Lookup, grams

TRAIN = [
    Problem("what is 3 plus 4 ?", "add(n0,n1)", 7.0),
    Problem("what is 3 times 4 ?", "multiply(n0,n1)", 12.0),
    Problem("a train of 120 m runs at 36 km/h . how long is a bridge ?", "divide(n0,n1)", 1.0),
    Problem("a pond has a radius of 3 m . what is its area ?", "circle_area(n0)", 28.27),
]


def test_grams_are_of_words_with_every_number_the_same() -> None:
    assert dict(grams("What is 3.5 plus 1,600")) == {
        "what": 1, "is": 1, "num": 2, "plus": 1, "what is": 1, "is num": 1, "num plus": 1, "plus num": 1,
        "what is num": 1, "is num plus": 1, "num plus num": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what is 17 plus 1,000 ?", 0),
        ("What is 9 times 2.5?", 1),
        ("a bridge", 2),
        ("how large is the area of a pond", 3),
    ],
)
def test_the_most_similar_problem_is_found_whatever_its_numbers(text: str, found: int) -> None:
    lookup = Lookup(TRAIN)
    assert lookup.nearest(text) == found
    assert lookup.predict([text]) == [TRAIN[found].formula]


@pytest.mark.parametrize("text", ["", "???", "zzz yyy"])
def test_where_nothing_is_alike_it_is_the_first(text: str) -> None:
    assert Lookup(TRAIN).nearest(text) == 0


def test_of_equals_it_is_the_first() -> None:
    twins = [TRAIN[3], TRAIN[0], Problem("what is 8 plus 9 ?", "add(n1,n0)", 17.0)]
    assert Lookup(twins).predict(["what is 1 plus 2 ?"]) == ["add(n0,n1)"]


words = st.lists(st.sampled_from(["a", "b", "c", "d", "7", "2.5", "?"]), min_size=1, max_size=8).map(" ".join)


@given(st.lists(words, min_size=1, max_size=6), words)
@settings(max_examples=50)
def test_it_agrees_with_scikit_learn(train: list[str], text: str) -> None:
    oracle = TfidfVectorizer(analyzer=lambda text: list(grams(text).elements()), sublinear_tf=True)
    known = oracle.fit_transform(train)
    similarity = (known @ oracle.transform([text]).T).toarray()[:, 0]
    found = Lookup([Problem(each, "", 0.0) for each in train]).nearest(text)
    assert similarity[found] == pytest.approx(np.max(similarity), abs=1e-12)
