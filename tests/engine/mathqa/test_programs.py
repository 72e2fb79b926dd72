"""Programs as text, steps and tokens: the same program in each, and what is none is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import Program, ProgramError, Step, parse, steps_of, text_of, tokens_of

arguments = st.one_of(
    st.integers(0, 9999).map("n{}".format),
    st.integers(0, 9999).map("#{}".format),
    st.sampled_from(["const_pi", "const_1", "const_0_2778", "const_2.0", "const_deg_to_rad"]),
)
steps = st.builds(Step, st.sampled_from(sorted(OPERATIONS)), st.lists(arguments, min_size=1, max_size=4).map(tuple))
programs = st.lists(steps, min_size=1, max_size=12).map(tuple)


@given(programs)
def test_text_and_back(program: Program) -> None:
    assert parse(text_of(program)) == program


@given(programs)
def test_tokens_and_back(program: Program) -> None:
    assert steps_of(tokens_of(program)) == program


@pytest.mark.parametrize(
    "text",
    [
        "divide(n0,n1)|add(n2,#0)",
        "divide(n0,n1)|add(n2,#0)|",
        "|divide(n0,n1)||add(n2,#0)| |",
        " divide ( n0 , n1 ) |\tadd(n2, #0)\n",
    ],
)
def test_empty_steps_and_blanks_do_not_count(text: str) -> None:
    program = parse(text)
    assert program == (Step("divide", ("n0", "n1")), Step("add", ("n2", "#0")))
    assert text_of(program) == "divide(n0,n1)|add(n2,#0)"
    assert tokens_of(program) == ["divide", "n0", "n1", "add", "n2", "#0"]


def test_an_operation_nobody_knows_is_a_step_all_the_same() -> None:
    assert parse("sine(n0)") == (Step("sine", ("n0",)),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no step"),
        (" | |", "there is no step"),
        ("add(n0,n1)|42", "step 2 is no step: '42'"),
        ("add n0 n1", "step 1 is no step"),
        ("add(n0,n1", "step 1 is no step"),
        ("add(n0,n1))", "step 1 is no step"),
        ("add(n0,subtract(n1,n2))", "step 1 is no step"),
        ("(n0)", "step 1 is no step"),
        ("add()", "step 1: '' is no argument"),
        ("add(n0,)", "step 1: '' is no argument"),
        ("add(n0,5)", "step 1: '5' is no argument"),
        ("add(n0,N1)", "step 1: 'N1' is no argument"),
        ("add(n0,n00001)", "step 1: 'n00001' is no argument"),
        ("add(n0,n\u0661)", "is no argument"),
        ("add(n0,const_)", "step 1: 'const_' is no argument"),
        ("negate(n0)|add(#-1,n0)", "step 2: '#-1' is no argument"),
        ("negate(n0)|n1(n0)", "step 2: 'n1' is an argument, no operation"),
    ],
)
def test_what_is_no_program_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(ProgramError) as refused:
        parse(text)
    assert reason in str(refused.value)


def test_a_long_piece_of_nonsense_is_shown_in_part() -> None:
    with pytest.raises(ProgramError) as refused:
        parse("x" * 100_000)
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        ("", "the program is empty"),
        ("n0 add n1", "begins with the argument 'n0'"),
        ("add n0 , n1", "',' is neither operation nor argument"),
        ("add n0 n1 negate", "step 2: negate has no arguments"),
        ("negate add n0 n1", "step 1: negate has no arguments"),
    ],
)
def test_tokens_that_spell_no_program_are_refused(tokens: str, reason: str) -> None:
    with pytest.raises(ProgramError) as refused:
        steps_of(tokens.split())
    assert reason in str(refused.value)


@given(st.text() | st.text(st.sampled_from("add(n0,#1)|const_ \n")))
def test_any_text_is_a_program_or_refused(text: str) -> None:
    try:
        program = parse(text)
    except ProgramError:
        return
    assert parse(text_of(program)) == program
    assert steps_of(tokens_of(program)) == program


@given(st.lists(st.text(max_size=5) | st.sampled_from(["add", "n0", "#0", "const_pi"]), max_size=8))
def test_any_tokens_are_a_program_or_refused(tokens: list[str]) -> None:
    try:
        program = steps_of(tokens)
    except ProgramError:
        return
    assert tokens_of(program) == tokens
