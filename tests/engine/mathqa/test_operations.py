"""The operations of the language: what each gives, by hand, and that what a person is shown is what is computed."""

from __future__ import annotations

import math
import re
from string import Formatter

import pytest

from engine.mathqa.operations import OPERATIONS, Operation, written

BY_HAND: dict[str, tuple[tuple[float, ...], float]] = {
    "negate": ((5,), -5),
    "sqrt": ((16,), 4),
    "square_edge_by_area": ((49,), 7),
    "floor": ((-2.7,), -2),
    "inverse": ((4,), 0.25),
    "log": ((7.38905609893065,), 2),
    "negate_prob": ((0.3,), 0.7),
    "factorial": ((5,), 120),
    "circle_area": ((2,), 12.566370614),
    "circumface": ((3,), 18.849555922),
    "square_area": ((9,), 81),
    "surface_sphere": ((2,), 50.265482457),
    "volume_sphere": ((3,), 113.097335529),
    "square_perimeter": ((2.5,), 10),
    "rhombus_perimeter": ((3,), 12),
    "square_edge_by_perimeter": ((10,), 2.5),
    "cube_edge_by_volume": ((27,), 3),
    "surface_cube": ((2,), 24),
    "volume_cube": ((3,), 54),
    "add": ((2, 3), 5),
    "subtract": ((2, 5), -3),
    "multiply": ((4, 2.5), 10),
    "divide": ((1, 8), 0.125),
    "speed": ((100, 8), 12.5),
    "p_after_gain": ((30, 4), 7.5),
    "power": ((2, 10), 1024),
    "max": ((3, 7), 7),
    "min": ((3, 7), 3),
    "reminder": ((17.9, 5.9), 2),
    "gcd": ((12, 18), 6),
    "lcm": ((4, 6), 12),
    "choose": ((5, 2), 10),
    "permutation": ((5, 3), 20),
    "rectangle_area": ((3, 4), 12),
    "rectangle_perimeter": ((3, 4), 14),
    "triangle_area": ((3, 5), 7.5),
    "rhombus_area": ((4, 6), 5),
    "stream_speed": ((10, 4), 7),
    "original_price_before_loss": ((20, 50), 40),
    "original_price_before_gain": ((20, 50), 60),
    "volume_cylinder": ((6, 2), 25.132741229),
    "volume_cone": ((3, 99), 28.274333882),
    "surface_cylinder": ((2, 5), 87.96459430),
    "quadrilateral_area": ((10, 3, 5), 40),
    "volume_rectangular_prism": ((2, 3, 4), 24),
    "surface_rectangular_prism": ((2, 3, 4), 52),
    "triangle_perimeter": ((3, 4, 5), 12),
    "triangle_area_three_edges": ((3, 4, 5), 6),
}
WRONG_BY_DEFINITION = {
    "volume_cube",
    "p_after_gain",
    "permutation",
    "rhombus_area",
    "stream_speed",
    "original_price_before_loss",
    "original_price_before_gain",
    "volume_cylinder",
    "volume_cone",
}

every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)


def test_there_are_48_and_each_has_a_value_by_hand() -> None:
    assert len(OPERATIONS) == 48
    assert set(OPERATIONS) == set(BY_HAND)
    assert all(name == row.name for name, row in OPERATIONS.items())


@every_operation
def test_an_operation_gives_what_it_gives_by_hand(operation: Operation) -> None:
    arguments, expected = BY_HAND[operation.name]
    assert len(arguments) == operation.arity
    assert operation.apply(*arguments) == pytest.approx(expected, rel=1e-8)
    assert operation.apply(*map(float, arguments)) == pytest.approx(expected, rel=1e-8)


@every_operation
def test_the_formula_shown_is_what_is_computed(operation: Operation) -> None:
    arguments, expected = BY_HAND[operation.name]
    shown = operation.formula.format(**dict(zip("abc", arguments, strict=False)))
    if operation.name == "reminder":
        assert shown == "17.9 mod 5.9"
    else:
        assert value_of(shown) == pytest.approx(expected, rel=1e-8)


@every_operation
def test_the_words_name_every_argument_that_counts(operation: Operation) -> None:
    letters = set("abc"[: operation.arity]) - ({"b"} if operation.name == "volume_cone" else set())
    for template in (operation.formula, operation.words):
        assert {field for _, field, _, _ in Formatter().parse(template) if field} == letters


def test_those_whose_definition_is_not_what_their_name_promises_say_what_would_be_right() -> None:
    assert {row.name for row in OPERATIONS.values() if row.sic} == WRONG_BY_DEFINITION
    assert all("definition" in row.sic for row in OPERATIONS.values() if row.sic)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (360.0, "360"),
        (-5, "-5"),
        (0.0, "0"),
        (-0.0, "0"),
        (12.5, "12.5"),
        (0.2778, "0.2778"),
        (1 / 3, "0.3333"),
        (200 / 3, "66.6667"),
        (123456.75, "123456.75"),
        (120.00000000000001, "120"),
        (1_500_000, "1500000"),
        (1_230_000_000, "1.23e+09"),
        (1.23456e-7, "1.235e-07"),
        (math.factorial(170), "7.257e+306"),
    ],
)
def test_numbers_as_people_write_them(number: float, text: str) -> None:
    assert written(number) == text


def value_of(formula: str) -> float:
    """A formula as shown to people, computed by Python."""
    formula, _, half = formula.partition(", s = ")
    for pattern, python in (
        (r"(\d+|\([^()]*\))!", r"factorial(\1)"),
        (r"\^", "**"),
        (r"sqrt ([\d.]+)", r"sqrt(\1)"),
        (r"ln ([\d.]+)", r"log(\1)"),
        (r"whole part of ([-\d.]+)", r"trunc(\1)"),
    ):
        formula = re.sub(pattern, python, formula)
    names: dict[str, object] = {**vars(math), "max": max, "min": min, "s": eval(half) if half else None}
    return float(eval(formula, names))
