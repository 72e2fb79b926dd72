"""A program worked out: each step in numbers and words, with its result, its error or what is wrong by definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.execute import MOST_STEPS
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import Program, Step, parse
from engine.mathqa.workings import Working, work_out


def test_every_step_is_told_in_numbers_and_words() -> None:
    first, second = work_out(parse("add(n0,n1)|multiply(#0,const_0_2778)|"), (360.0, 140.0))
    assert first == Working("#0", "add", "360 + 140", 500.0, None, "add 360 and 140", "")
    assert (second.reference, second.formula, second.words) == ("#1", "500 * 0.2778", "multiply 500 by 0.2778")


def test_numbers_are_written_as_people_write_them() -> None:
    (step,) = work_out(parse("multiply(n0,n1)"), (1.23e9, 12.50))
    assert step.formula == "1.23e+09 * 12.5"


def test_pi_is_called_pi() -> None:
    (step,) = work_out(parse("multiply(const_pi,n0)"), (2.0,))
    assert (step.formula, step.words) == ("pi * 2", "multiply pi by 2")


def test_a_negative_number_has_brackets_in_a_formula() -> None:
    steps = work_out(parse("negate(n0)|subtract(n1,#0)|power(#0,n1)"), (3.0, 2.0))
    assert [step.formula for step in steps] == ["-3", "2 - (-3)", "(-3)^2"]
    assert steps[1].words == "subtract -3 from 2"


def test_a_definition_that_is_wrong_is_noted_and_followed() -> None:
    (step,) = work_out(parse("volume_cylinder(n0,n1)"), (6.0, 1.0))
    assert step.note == "the volume of a cylinder is pi r^2 h; the definition divides by 3"
    assert step.formula == "pi * 1^2 * 6 / 3"
    assert step.value is not None
    assert round(step.value, 4) == 6.2832


def test_the_step_that_fails_has_the_error_and_those_after_it_nothing() -> None:
    steps = work_out(parse("add(n0,n0)|divide(n0,n1)|add(#0,#1)|"), (4.0, 0.0))
    assert [step.value for step in steps] == [8.0, None, None]
    assert [step.error for step in steps] == [None, "step 2 divides by zero", None]
    assert [step.formula for step in steps] == ["4 + 4", "4 / 0", "8 + #1"]


def test_what_stands_for_no_number_is_shown_as_it_is_written() -> None:
    steps = work_out(parse("add(n7,const_abc)|sine(n0)|add(n0)"), (4.0,))
    assert [step.formula for step in steps] == ["n7 + const_abc", "sine(4)", "add(4)"]
    assert [bool(step.words) for step in steps] == [True, False, False]


def test_surplus_arguments_are_not_told() -> None:
    (step,) = work_out(parse("add(n0,n1,n9)"), (1.0, 2.0))
    assert (step.formula, step.value, step.error) == ("1 + 2", 3.0, None)


def test_of_a_long_program_the_steps_that_are_run_are_told() -> None:
    steps = work_out((Step("add", ("n0", "n0")),) * 10_000, (1.0,))
    assert len(steps) == MOST_STEPS + 1
    assert steps[-2].value == 2
    assert "too many" in (steps[-1].error or "")


steps = st.builds(
    Step,
    st.sampled_from([*OPERATIONS, "sine"]),
    st.lists(st.sampled_from(["n0", "n1", "#0", "#5", "const_pi", "const_abc", "{a}", "n"]), max_size=4).map(tuple),
)


@given(st.lists(steps, max_size=6).map(tuple), st.lists(st.floats(), max_size=2))
def test_any_program_can_be_told(program: Program, numbers: list[float]) -> None:
    told = work_out(program, numbers)
    assert [step.operation for step in told] == [step.operation for step in program]
    assert sum(step.error is not None for step in told) <= 1
    assert all(step.formula for step in told)
