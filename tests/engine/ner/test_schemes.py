"""Tagging schemes: told apart by a whole file's tags, turned into IOB2 without losing an entity, mistakes counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ner.schemes import Scheme, mistakes, recognise, to_iob2, to_iobes, transitions

Spans = list[tuple[str, int]]  # (type, or nothing, and length) from left to right

spans = st.lists(st.tuples(st.sampled_from(["", "per", "geo", "O", "B-x"]), st.integers(1, 4)), max_size=8)


def iob2(made: Spans) -> tuple[str, ...]:
    return tuple(
        ("B-" if place == 0 else "I-") + name if name else "O" for name, length in made for place in range(length)
    )


def iob1(made: Spans) -> tuple[str, ...]:
    tags: list[str] = []
    for name, length in made:
        after_same = bool(tags) and tags[-1] != "O" and tags[-1][2:] == name
        tags += [("B-" if place == 0 and after_same else "I-") + name if name else "O" for place in range(length)]
    return tuple(tags)


def ended(made: Spans, end: str, single: str) -> tuple[str, ...]:
    letters = [single if length == 1 else "B" + "I" * (length - 2) + end for _, length in made]
    return tuple(
        f"{letter}-{name}" if name else "O"
        for (name, length), some in zip(made, letters, strict=True)
        for letter in some
    )


@given(spans)
def test_every_scheme_means_the_same_entities(made: Spans) -> None:
    expected = iob2(made)
    for tags in (expected, iob1(made), ended(made, "E", "S"), ended(made, "L", "U")):
        assert to_iob2(tags) == expected


@given(spans)
def test_iobes_and_back(made: Spans) -> None:
    assert to_iobes(iob2(made)) == ended(made, "E", "S")
    assert to_iob2(to_iobes(iob2(made))) == iob2(made)


@given(spans)
def test_a_sound_file_has_no_mistakes(made: Spans) -> None:
    written: dict[Scheme, tuple[str, ...]] = {
        "IOB1": iob1(made),
        "IOB2": iob2(made),
        "IOBES": ended(made, "E", "S"),
        "BILOU": ended(made, "L", "U"),
    }
    for scheme, tags in written.items():
        assert mistakes(transitions([tags]), scheme) == 0


@given(
    st.lists(st.sampled_from(["O", *(f"{letter}-{name}" for letter in "BIESLU" for name in ("x", "y"))]), max_size=9)
)
def test_whatever_the_tags_the_result_is_sound_iob2_with_as_many_tagged_words(tags: list[str]) -> None:
    result = to_iob2(tags)
    assert mistakes(transitions([result]), "IOB2") == 0
    assert [tag[1:] for tag in result] == [tag[1:] for tag in tags]
    assert to_iob2(result) == result


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["B-per I-per O B-geo", "O B-geo B-geo"], "IOB2"),
        (["I-per I-per O I-geo", "O I-geo B-geo"], "IOB1"),
        (["I-per I-per O I-geo"], "IOB1"),
        (["B-per E-per O S-geo"], "IOBES"),
        (["B-per L-per O U-geo"], "BILOU"),
        (["B-per O", "B-geo I-geo", "I-per O"], "IOB2"),  # with one mistake
        (["O O"], "IOB2"),
    ],
)
def test_a_scheme_is_told_by_all_sentences_together(sentences: list[str], scheme: Scheme) -> None:
    assert recognise(transitions(each.split() for each in sentences)) == scheme


@pytest.mark.parametrize(
    ("tags", "scheme", "count"),
    [
        ("I-per O B-geo", "IOB2", 1),
        ("B-per I-geo I-geo", "IOB2", 1),
        ("O I-per I-per O I-geo", "IOB2", 2),
        ("O B-per O", "IOB1", 1),
        ("E-per O S-geo", "IOBES", 1),
        ("B-per O", "IOBES", 1),
        ("S-per I-per", "IOBES", 1),
        ("B-per I-per B-per L-per", "BILOU", 1),
    ],
)
def test_tags_that_a_scheme_forbids_are_counted(tags: str, scheme: Scheme, count: int) -> None:
    assert mistakes(transitions([tags.split()]), scheme) == count


def test_a_sentence_does_not_go_on_in_the_next() -> None:
    assert mistakes(transitions([["B-per"], ["I-per"]]), "IOB2") == 1


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-per I-per O", "B-per I-per O"),
        ("B-per I-geo", "B-per B-geo"),
        ("S-per I-per", "B-per B-per"),
        ("B-per E-per E-per", "B-per I-per B-per"),
        ("U-per L-per", "B-per B-per"),
    ],
)
def test_what_continues_nothing_begins_an_entity(tags: str, expected: str) -> None:
    assert to_iob2(tags.split()) == tuple(expected.split())
