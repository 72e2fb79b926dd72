"""Splitting one file: nothing lost, nothing on two sides, the same everywhere, whatever the order of the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from engine.ner.corpus import Sentence
from engine.ner.splitting import split_off, text_of
from engine.task import Split

SHARES: dict[Split, float] = {"test": 0.2, "val": 0.2}


def sentences(count: int) -> list[Sentence]:
    return [Sentence((f"Word{number}", "."), ("B-per", "O")) for number in range(count)]


words = st.sampled_from(["a", "A", "b", "B", "c", "d", "e"])
drawn = st.lists(st.builds(Sentence, st.lists(words, min_size=1, max_size=3).map(tuple)), max_size=40)


@given(drawn, st.floats(0.01, 0.6), st.floats(0.01, 0.39), st.integers(0, 2**31))
def test_every_sentence_is_on_one_side_and_its_twins_with_it(
    made: list[Sentence], test: float, val: float, seed: int
) -> None:
    if len({text_of(each) for each in made}) < 3:
        with pytest.raises(LabError, match="too few"):
            split_off(made, {"test": test, "val": val}, seed)
        return
    result = split_off(made, {"test": test, "val": val}, seed)
    known = [{text_of(each) for each in some} for some in result.values()]
    assert all(known)
    assert sum(map(len, known)) == len(set.union(*known))
    assert sorted(each.tokens for some in result.values() for each in some) == sorted(each.tokens for each in made)


def test_shares_are_of_all_sentences() -> None:
    result = split_off(sentences(1_000), {"test": 0.2, "val": 0.1}, seed=1)
    assert {split: len(some) for split, some in result.items()} == {"train": 700, "test": 200, "val": 100}


def test_sentences_keep_their_order() -> None:
    made = sentences(100)
    for some in split_off(made, SHARES, seed=1).values():
        assert [made.index(each) for each in some] == sorted(made.index(each) for each in some)


def test_another_seed_splits_otherwise_and_the_same_seed_alike_in_any_order_of_the_file() -> None:
    made = sentences(100)
    one, other = split_off(made, SHARES, seed=1), split_off(made, SHARES, seed=2)
    assert one["test"] != other["test"]
    turned = split_off(made[::-1], SHARES, seed=1)
    assert {split: set(some) for split, some in turned.items()} == {split: set(some) for split, some in one.items()}


def test_the_split_is_the_same_on_every_machine() -> None:
    found = split_off(sentences(20), SHARES, seed=1)
    assert [each.tokens[0] for each in found["test"]] == ["Word7", "Word11", "Word15", "Word19"]


def test_the_test_set_does_not_depend_on_the_share_of_validation() -> None:
    made = sentences(100)
    few, many = split_off(made, {"test": 0.2, "val": 0.1}, 1), split_off(made, {"test": 0.2, "val": 0.5}, 1)
    assert few["test"] == many["test"]
