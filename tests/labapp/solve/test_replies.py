"""Answers on problems: typed where they are as agreed, an error with words whatever else comes."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from labapp.play.examples import Place
from labapp.solve.asking import WIDTHS, Search, attend_args, problem_args, wider
from labapp.solve.replies import WIDEST, attending_of, examples_of, solving_of
from tests.labapp.screens.solving import PROGRAMS, TRAIN, FakeSolver
from tests.labapp.tag.test_replies import junk


@cache
def solving() -> dict[str, Any]:
    return FakeSolver().solve(problem_args("r", TRAIN, Search()))


@cache
def examples() -> dict[str, Any]:
    return FakeSolver().of_split(Place().args("r"))


@cache
def attending() -> dict[str, Any]:
    return FakeSolver().attend(attend_args("r", TRAIN, PROGRAMS[0]))


def with_problem(**changed: Any) -> dict[str, Any]:
    return solving() | {"problems": [solving()["problems"][0] | changed]}


def with_beam(**changed: Any) -> dict[str, Any]:
    return with_problem(beams=[solving()["problems"][0]["beams"][0] | changed])


def test_what_is_agreed_is_understood() -> None:
    found = solving_of(solving())
    (solved,) = found.problems
    assert (found.settings.beam, found.settings.grammar, found.settings.attention) == (10, True, True)
    assert solved.numbers == (360, 45, 140)
    assert [solved.problem[word.start : word.end] for word in solved.words if word.number is not None] == [
        "360", "45", "140",
    ]  # fmt: skip
    assert [beam.program for beam in solved.beams] == list(PROGRAMS)
    assert solved.beams[2].error == "step 2 divides by zero"
    assert [step.reference for step in solved.beams[0].steps] == ["#0", "#1", "#2"]
    page = examples_of(examples())
    assert (page.total, page.examples[1].novel, page.examples[2].correct) == (4, True, False)
    assert page.examples[0].gold.program == PROGRAMS[0]
    attention = attending_of(attending()).attention
    assert attention is not None
    assert [len(row) for row in attention] == [len(solved.words)] * 3


def test_infinities_and_nan_come_as_texts() -> None:
    (solved,) = solving_of(with_beam(score="-inf", log_prob="nan", value="nan", error=None)).problems
    beam = solved.beams[0]
    assert beam.score == -math.inf
    assert math.isnan(beam.probability)
    assert (beam.value, beam.error) == (None, "it comes to no number")


BAD: tuple[dict[str, Any], ...] = (
    {"numbers": ["x"]},
    {"numbers": [360.0]},
    {"words": [{"text": "a", "start": 3, "end": 3, "number": None, "known": True}]},
    {"words": [{"text": "a", "start": 0, "end": 999, "number": None, "known": True}]},
    {"words": [{"text": "a", "start": 0, "end": 5, "number": None, "known": True}] * 2},
    {"beams": [{"program": "add(n0,n1)"}]},
    {"typed": 3},
)


@pytest.mark.parametrize("changed", BAD, ids=str)
def test_what_does_not_fit_together_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="solution in the answer cannot be understood"):
        solving_of(with_problem(**changed))


@pytest.mark.parametrize("attention", [[[0.5]], [[2.0] * 21] * 3, 3])
def test_attention_that_is_not_over_the_words_is_refused(attention: Any) -> None:
    with pytest.raises(LabError, match="attention in the answer"):
        attending_of(attending() | {"attention": attention})


@given(st.sampled_from(sorted(examples()["problems"][0])), junk)
def test_garbage_anywhere_is_an_error_at_worst(key: str, value: Any) -> None:
    page = examples() | {"problems": [examples()["problems"][0] | {key: value}]}
    for answer in (page, examples() | {key: value}, value):
        with suppress(LabError):
            examples_of(answer)
    for answer in (with_problem(**{key: value}), solving() | {key: value}, with_beam(**{key: value})):
        with suppress(LabError):
            solving_of(answer)
    with suppress(LabError):
        attending_of(attending() | {key: value})


def test_a_key_goes_through_all_widths_of_a_beam() -> None:
    assert WIDTHS[-1] == WIDEST
    for narrow, wide in pairwise(WIDTHS):
        assert (wider(narrow, 1), wider(wide, -1)) == (wide, narrow)
    assert (wider(WIDEST, 1), wider(1, -1), wider(7, 1), wider(7, -1)) == (WIDEST, 1, 10, 5)
