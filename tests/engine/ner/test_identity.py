"""What a corpus is known by: no two contents share a fingerprint, however their words and tags run together."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from engine.ner.corpus import Sentence
from engine.ner.identity import fingerprint_of, types_of

pairs = st.lists(
    st.tuples(st.sampled_from(["a", "O", "1", "é"]), st.sampled_from(["O", "B-a"])), min_size=1, max_size=3
)
corpora = st.lists(pairs.map(lambda some: Sentence(*zip(*some, strict=True))), max_size=4)


@given(corpora, corpora)
@example(
    [Sentence(("a", "O"), ("O", "O")), Sentence(("O",), ("O",))],
    [Sentence(("a",), ("O",)), Sentence(("O", "O"), ("O", "O"))],
)
def test_two_corpora_have_the_same_fingerprint_only_if_they_are_the_same(
    one: list[Sentence], other: list[Sentence]
) -> None:
    assert (fingerprint_of({"train": one}) == fingerprint_of({"train": other})) == (one == other)


def test_it_is_the_same_on_every_machine() -> None:
    found = fingerprint_of({"train": [Sentence(("Ann", "sings"), ("B-per", "O"))]})
    assert found == "faebbc69833d93c441f3f4761bb1913a0790121ed6a6ec509b6fb5d7123667c7"


def test_types_are_those_of_all_splits_sorted() -> None:
    assert types_of(
        [[Sentence(("a", "b"), ("B-per", "I-per"))], [Sentence(("c",), ("B-geo",)), Sentence(("d",), ("O",))]]
    ) == ("geo", "per")
