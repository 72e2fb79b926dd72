"""Long sentences are cut where a person would pause, and never lose a token."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from engine.ner.cutting import cut, repaired


@given(some.lists(some.sampled_from(["the", ",", ".", "and", "Paris"]), min_size=1, max_size=60), some.integers(1, 20))
def test_pieces_are_whole_and_short(tokens: list[str], limit: int) -> None:
    starts = cut(tokens, limit)
    pieces = [tokens[start:end] for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True)]
    assert [token for piece in pieces for token in piece] == tokens
    assert all(1 <= len(piece) <= limit for piece in pieces)


def test_a_short_sentence_stays_whole() -> None:
    assert cut(["a"] * 5, 5) == [0]


def test_it_is_cut_after_a_pause_the_strongest_first() -> None:
    tokens = ["x"] * 9 + [";", "x", ","] + ["x"] * 8
    assert cut(tokens, 12) == [0, 10]
    assert cut(["x"] * 10 + [","] + ["x"] * 9, 12) == [0, 11]
    assert cut(["x"] * 20, 12) == [0, 12]


def test_an_entity_that_was_cut_begins_anew() -> None:
    assert repaired(("I-per", "I-per", "O")) == ["B-per", "I-per", "O"]
    assert repaired(("O", "I-per")) == ["O", "I-per"]
