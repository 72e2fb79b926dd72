"""Programs executed: by the rules, within bounds whatever they are, and an error says its reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mathqa.execute import MOST_STEPS, Execution, constant, execute, is_right
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import Program, ProgramError, Step, parse

HUGE = (1e308, 1e9, 1e15, 1e6, 170.0, 2.5, -3.0, 0.0)
EXTREMES = (*HUGE, -1e308, 1e-308, 520.0, 1040.0, 171.0, 0.5, -0.5, 1.0, 2.0, 53.0, math.inf, -math.inf, math.nan)

extreme = st.sampled_from(EXTREMES) | st.floats()
arguments = st.sampled_from(
    ["n0", "n1", "n2", "n3", "n9", "#0", "#1", "#2", "#3", "#9", "const_pi", "const_100", "const_1000", "const_0_2778"]
)
sound = st.sampled_from(sorted(OPERATIONS.values(), key=lambda each: each.name)).flatmap(
    lambda each: st.lists(arguments, min_size=each.arity, max_size=each.arity + 1).map(
        lambda some: Step(each.name, tuple(some))
    )
)
garbage = st.builds(
    Step,
    st.text(max_size=8) | st.sampled_from(sorted(OPERATIONS)),
    st.lists(
        arguments | st.text(max_size=8) | st.sampled_from(["const_inf", "const_nan", "const_1_2_3", "n٣", "#"])
    ).map(tuple),
)


def run(text: str, *numbers: float) -> Execution:
    return execute(parse(text), numbers)


def test_a_program_is_worth_its_last_step() -> None:
    done = run("add(n0,n1)|divide(#0,const_2)|negate(#1)|", 3, 5)
    assert done == Execution((8.0, 4.0, -4.0), -4.0, None)


def test_surplus_arguments_are_ignored() -> None:
    assert run("add(n0,n1,n7)|negate(#0,const_abc)", 3, 5).value == -8


def test_whole_numbers_keep_every_digit() -> None:
    """By Wilson's theorem; 39! as a float leaves another remainder."""
    assert run("subtract(n0,const_2)|factorial(#0)|reminder(#1,n0)", 41).value == 1


def test_values_are_floats_also_where_they_are_whole() -> None:
    assert all(type(value) is float for value in run("factorial(n0)|floor(n1)|gcd(#0,#1)", 5, 8.5).values)


@pytest.mark.parametrize(
    ("program", "numbers", "value"),
    [
        ("floor(n0)", (-2.7,), -2),
        ("reminder(n0,n1)", (-7, 3), 2),
        ("factorial(n0)", (5.9,), 120),
        ("factorial(n0)", (0,), 1),
        ("choose(n0,n1)", (3, 5), 0),
        ("choose(n0,n0)", (1e300,), 1),
        ("permutation(n0,n1)", (200, 198), 39800),
        ("permutation(n0,n1)", (198, 200), 1 / 39800),
        ("gcd(n0,n1)", (0, 0), 0),
        ("lcm(n0,n1)", (0, 4), 0),
        ("power(n0,n1)", (0, 0), 1),
        ("power(n0,n1)", (-8, 3), -512),
        ("power(n0,n1)", (4, -0.5), 0.5),
        ("power(n0,n1)", (1, 1e308), 1),
        ("factorial(n0)|factorial(n1)|power(#0,#1)", (1, 170), 1),
        ("triangle_area_three_edges(n0,n1,n2)", (1, 2, 3), 0),
    ],
)
def test_values_at_the_edges(program: str, numbers: tuple[float, ...], value: float) -> None:
    assert run(program, *numbers).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("program", "numbers", "error"),
    [
        ("add(n0,n1)|divide(n0,n2)", (1, 2, 0), "step 2 divides by zero"),
        ("inverse(n0)", (0,), "step 1 divides by zero"),
        ("reminder(n0,n1)", (7, 0.5), "step 1 divides by zero"),
        ("power(n0,n1)", (0, -1), "step 1 divides by zero"),
        ("negate(n0)|negate(n1)|add(n0,n4)", (1, 2, 3), "step 3 uses n4, the problem has 3 numbers"),
        ("negate(n1)", (1,), "step 1 uses n1, the problem has 1 number"),
        ("negate(n0)", (), "step 1 uses n0, the problem has no numbers"),
        ("negate(#0)", (), "step 1 uses #0, which is no earlier step"),
        ("negate(n0)|add(#0,#2)", (1,), "step 2 uses #2, which is no earlier step"),
        ("add(n0,const_abc)", (1,), "step 1 uses const_abc, which is no number"),
        ("sine(n0)", (1,), "step 1 calls 'sine', which is no operation"),
        ("add(n0)", (1,), "step 1 gives add 1 argument, it needs 2"),
        ("sqrt(n0)|subtract(n1,n0)|sqrt(#1)", (4, 0), "step 3 takes the square root of -4, which is no real number"),
        ("cube_edge_by_volume(n0)", (-8,), "step 1 raises -8 to the power of 0.3333, which gives no real number"),
        ("log(n0)", (0,), "step 1 takes the logarithm of 0, which does not exist"),
        ("factorial(n0)", (1e6,), "step 1 takes the factorial of 1000000, which is too large"),
        ("factorial(n0)", (-3,), "step 1 takes the factorial of -3, which does not exist"),
        ("permutation(n0,n1)", (-3, 2), "step 1 takes the factorial of -3, which does not exist"),
        ("choose(n0,n1)", (5, -2), "step 1 chooses -2 of 5 things, which cannot be done"),
        (
            "triangle_area_three_edges(n0,n1,n2)",
            (1, 2, 9),
            "step 1 has no triangle: edges of 1, 2 and 9 do not meet",
        ),
        ("multiply(n0,n0)", (1e200,), "step 1 has a result that is too large"),
        ("negate(n0)", (math.inf,), "step 1 uses n0, a number too large to compute with"),
    ],
)
def test_a_program_without_a_value_says_why(program: str, numbers: tuple[float, ...], error: str) -> None:
    done = run(program, *numbers)
    assert done.error == error
    assert done.value is None
    assert done.values[-1] is None


def test_an_argument_that_is_none_is_named() -> None:
    assert execute((Step("negate", ("x" * 1000,)),), ()).error == f"step 1 uses '{'x' * 40}', which is no argument"


def test_the_results_before_an_error_are_kept() -> None:
    assert run("add(n0,n0)|sqrt(n1)|add(n0,n0)", 2, -1).values == (4.0, None)


def test_a_program_of_no_steps_has_no_value() -> None:
    assert execute((), (1.0,)) == Execution((), None, "the program has no steps")


@pytest.mark.parametrize(
    "program",
    [
        "factorial(n0)|factorial(#0)|factorial(#1)",
        "factorial(n4)|factorial(#0)",
        "power(n1,n1)",
        "factorial(n4)|power(#0,#0)",
        "gcd(n1,n2)|power(#0,#0)|power(#1,#1)",
        "choose(n2,n3)",
        "choose(n0,n1)",
        "permutation(n2,n3)",
        "permutation(n3,n2)",
        "permutation(n0,n1)",
        "factorial(n4)|lcm(#0,n2)|multiply(#1,#1)",
        "volume_sphere(n0)",
        "surface_rectangular_prism(n0,n1,n0)",
    ],
)
def test_what_would_take_for_ever_or_all_memory_is_an_error_at_once(program: str) -> None:
    done = run(program, *HUGE)
    assert done.error is not None
    assert "too" in done.error


def test_a_long_program_is_run_in_part() -> None:
    step = Step("add", ("n0", "n0"))
    assert execute((step,) * MOST_STEPS, (1.0,)).value == 2
    done = execute((step,) * 100_000, (1.0,))
    assert len(done.values) == MOST_STEPS + 1
    assert done.error == f"step {MOST_STEPS + 1} is one too many: the program has 100000, only {MOST_STEPS} are run"


@given(st.lists(sound | garbage, max_size=9).map(tuple), st.lists(extreme, max_size=5))
@example((Step("choose", ("n0", "n1")),), [1029.0, 500.0])
@example((Step("lcm", ("n0", "n0")), Step("power", ("#0", "#0"))), [2.0])
def test_any_program_has_a_value_or_an_error_and_every_value_is_a_number(
    program: Program, numbers: list[float]
) -> None:
    done = execute(program, numbers)
    assert (done.value is None) == (done.error is not None)
    assert len(done.values) <= len(program)
    if done.error is None:
        assert done.value == done.values[-1]
    elif program:
        assert done.error.startswith(f"step {len(done.values)} ")
        assert done.values[-1] is None
        assert "math domain" not in done.error  # a message of Python's, of no use to a person
        assert len(done.error) < 150
    assert all(value is not None and math.isfinite(value) for value in done.values[: -1 if done.error else None])


@given(st.sampled_from(sorted(OPERATIONS)), st.tuples(extreme, extreme, extreme), st.integers(0, 170))
def test_no_operation_makes_a_whole_number_larger_than_a_float(
    name: str, numbers: tuple[float, float, float], whole: int
) -> None:
    """All work is bounded by it: the arguments of every step are a thousand bits at most."""
    made = math.factorial(whole)
    try:
        result = OPERATIONS[name].apply(
            *(made, *map(int, filter(math.isfinite, numbers)), 7, 7)[: OPERATIONS[name].arity]
        )
    except (ArithmeticError, ValueError):
        return
    if isinstance(result, int):
        assert result.bit_length() <= 4096  # of factors that fit; what does not fit itself goes no further


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ("const_pi", math.pi),
        ("const_100", 100),
        ("const_0_2778", 0.2778),
        ("const_3_6", 3.6),
        ("const_2.0", 2),
        ("const_0_33", 0.33),
    ],
)
def test_constants_read_an_underscore_as_decimal_point(token: str, number: float) -> None:
    assert constant(token) == number


@pytest.mark.parametrize(
    "token", ["const_inf", "const_nan", "const_1_2_3", "const_deg_to_rad", "const_", "const_9e999"]
)
def test_what_is_no_number_is_no_constant(token: str) -> None:
    with pytest.raises(ProgramError, match=r"which is no number"):
        constant(token)


@pytest.mark.parametrize(
    ("value", "answer", "right"),
    [
        (100, 100, True),
        (102, 100, True),
        (98, 100, True),
        (102.1, 100, False),
        (97.9, 100, False),
        (-100, -101, True),
        (-100, 100, False),
        (0, 0.001, False),
        (0, 0, False),  # the evaluator divides by the answer
        (None, 100, False),
        (math.nan, 100, False),
        (math.inf, 100, False),
        (100, math.nan, False),
        (100, math.inf, False),
        (1e308, -1e-308, False),
    ],
)
def test_a_value_within_two_per_cent_of_the_answer_is_right(value: float | None, answer: float, right: bool) -> None:
    assert is_right(value, answer) is right
