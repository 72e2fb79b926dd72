"""Entities are read off IOB2 tags, whatever the tags are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labapp.tag.spans import spans_of


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("", []),
        ("O O", []),
        ("B-per I-per O", [("per", 0, 2)]),
        ("B-per B-per", [("per", 0, 1), ("per", 1, 2)]),
        ("B-per I-geo", [("per", 0, 1), ("geo", 1, 2)]),
        ("O I-geo I-geo", [("geo", 1, 3)]),
        ("nonsense B- B-a-b", [("", 1, 2), ("a-b", 2, 3)]),
    ],
)
def test_what_begins_and_what_goes_on(tags: str, found: list[tuple[str, int, int]]) -> None:
    assert [span.what for span in spans_of(tags.split())] == found


@given(st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"])))
def test_entities_cover_what_is_not_outside_each_token_once(tags: list[str]) -> None:
    covered = [place for span in spans_of(tags) for place in range(span.start, span.end)]
    assert covered == [place for place, tag in enumerate(tags) if tag != "O"]
