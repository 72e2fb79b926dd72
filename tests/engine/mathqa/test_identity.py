"""What word problems are known by: their content, to the last digit, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.corpus import Problem
from engine.mathqa.identity import fingerprint_of

problems = st.lists(
    st.builds(
        Problem,
        st.sampled_from(["a", 'a", "b', "é", "\n", ""]),
        st.sampled_from(["add(n0,n1)", "add(n1,n0)"]),
        st.sampled_from([1.0, 1.0000001, -1.0]),
    ),
    max_size=4,
)


@given(problems, problems)
def test_two_sets_have_the_same_fingerprint_only_if_they_are_the_same(one: list[Problem], other: list[Problem]) -> None:
    assert (fingerprint_of({"train": one}) == fingerprint_of({"train": other})) == (one == other)


def test_splits_count_and_origins_do_not() -> None:
    some = [Problem("3 and 4", "add(n0,n1)", 7.0, "here")]
    elsewhere = [Problem("3 and 4", "add(n0,n1)", 7.0, "there")]
    assert fingerprint_of({"train": some}) == fingerprint_of({"train": elsewhere})
    assert fingerprint_of({"train": some}) != fingerprint_of({"test": some})


def test_it_is_the_same_on_every_machine() -> None:
    found = fingerprint_of({"train": [Problem("what is 3 plus 4 ?", "add(n0,n1)", 7.0)]})
    assert found == "769479552e694c357cd6d5bf8d778a78d05414a53dea03c9a64ab86c1a30ce8d"
