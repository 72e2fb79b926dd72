"""The 48 operations of the MathQA language, as the course's evaluator defines them: one row an operation. Torch-free.

Some definitions are not what their names promise. Scores follow the definitions; `sic` says to a person what would be
right. Numbers are floats but for results that are whole by nature (factorials, gcd, ...): those stay Python's exact
integers, for 39! mod 41 is 1 only with every digit. No function here works longer than some microseconds on arguments
that fit a float: where a result would not fit, that is known before it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """An operation; `formula` and `words` are templates of its step for a person."""

    name: str
    arity: int
    apply: Callable[..., float]
    formula: str
    words: str
    sic: str = ""  # what would be right, where the definition is not


class Undefined(ValueError):
    """Why an operation has no result: words that follow "the step"."""


LARGEST_FACTORIAL = 170  # 171! does not fit a float
WIDEST_CHOICE = (
    520  # of 2k things k can be chosen in at least 4^k / (2k + 1) ways: beyond this, more than a float holds
)
BITS = 1024  # of the largest float


def written(number: float) -> str:
    """A number as people write it: 360, 12.5, 0.2778, 1.23e+09."""
    number = float(number)
    if number.is_integer() and abs(number) < 1e9:
        return str(int(number))
    if 1 <= abs(number) < 1e9:
        return f"{number:.4f}".rstrip("0").rstrip(".")
    return f"{number:.4g}"


# --- where arithmetic needs care -------------------------------------------------------------------------------------


def root(a: float) -> float:
    if a < 0:
        raise Undefined(f"takes the square root of {written(a)}, which is no real number")
    return float(a**0.5)


def cube_root(a: float) -> float:
    """By the evaluator's a^(1/3), which is complex below zero."""
    return power(a, 1 / 3)


def power(a: float, b: float) -> float:
    if isinstance(a, int) and isinstance(b, int) and (a.bit_length() - 1) * b > BITS:
        raise OverflowError
    result = a**b
    if isinstance(result, complex):
        raise Undefined(f"raises {written(a)} to the power of {written(b)}, which gives no real number")
    return result  # type: ignore[no-any-return]


def logarithm(a: float) -> float:
    if a <= 0:
        raise Undefined(f"takes the logarithm of {written(a)}, which does not exist")
    return math.log(a)


def factorial(a: float) -> int:
    whole = int(a)
    if whole < 0:
        raise Undefined(f"takes the factorial of {written(a)}, which does not exist")
    if whole > LARGEST_FACTORIAL:
        raise Undefined(f"takes the factorial of {written(a)}, which is too large")
    return math.factorial(whole)


def factorial_ratio(a: float, b: float) -> float:
    """a! / b!, also where neither could be written out."""
    above, below = int(a), int(b)
    if above < 0 or below < 0:
        raise Undefined(f"takes the factorial of {written(min(a, b))}, which does not exist")
    if abs(above - below) > LARGEST_FACTORIAL:  # that many factors above 1 make more than 170!
        raise Undefined(f"divides {written(a)}! by {written(b)}!, which is too large or too small")
    if above >= below:
        return math.perm(above, above - below)
    return 1 / math.perm(below, below - above)


def choose(a: float, b: float) -> int:
    things, chosen = int(a), int(b)
    if things < 0 or chosen < 0:
        raise Undefined(f"chooses {written(b)} of {written(a)} things, which cannot be done")
    if chosen > things:
        return 0
    fewer = min(chosen, things - chosen)
    # things! / ... is at least (things / fewer)^fewer
    if fewer > WIDEST_CHOICE or (fewer and fewer * math.log2(things // fewer) > BITS):
        raise Undefined(f"chooses {written(b)} of {written(a)} things, which can be done in too many ways")
    return math.comb(things, fewer)


def heron(a: float, b: float, c: float) -> float:
    half = (a + b + c) / 2
    square = half * (half - a) * (half - b) * (half - c)
    if square < 0:
        raise Undefined(f"has no triangle: edges of {written(a)}, {written(b)} and {written(c)} do not meet")
    return root(square)


# --- the table -------------------------------------------------------------------------------------------------------

PI = math.pi

_ROWS = (
    # one argument
    Operation("negate", 1, lambda a: -a, "-{a}", "change the sign of {a}"),
    Operation("sqrt", 1, root, "sqrt {a}", "take the square root of {a}"),
    Operation("square_edge_by_area", 1, root, "sqrt {a}", "the edge of a square with the area {a}"),
    Operation("floor", 1, int, "whole part of {a}", "cut off what is behind the decimal point of {a}"),
    Operation("inverse", 1, lambda a: 1 / a, "1 / {a}", "divide 1 by {a}"),
    Operation("log", 1, logarithm, "ln {a}", "take the natural logarithm of {a}"),
    Operation("negate_prob", 1, lambda a: 1 - a, "1 - {a}", "the probability that what has {a} does not happen"),
    Operation("factorial", 1, factorial, "{a}!", "multiply the whole numbers from 1 to {a}"),
    Operation("circle_area", 1, lambda a: PI * a**2, "pi * {a}^2", "the area of a circle with the radius {a}"),
    Operation(
        "circumface", 1, lambda a: 2 * PI * a, "2 * pi * {a}", "the circumference of a circle with the radius {a}"
    ),
    Operation("square_area", 1, lambda a: a**2, "{a}^2", "the area of a square with the edge {a}"),
    Operation(
        "surface_sphere", 1, lambda a: 4 * PI * a**2, "4 * pi * {a}^2", "the surface of a sphere with the radius {a}"
    ),
    Operation(
        "volume_sphere",
        1,
        lambda a: 4 / 3 * PI * a**3,
        "4 / 3 * pi * {a}^3",
        "the volume of a sphere with the radius {a}",
    ),
    Operation("square_perimeter", 1, lambda a: 4 * a, "4 * {a}", "the perimeter of a square with the edge {a}"),
    Operation("rhombus_perimeter", 1, lambda a: 4 * a, "4 * {a}", "the perimeter of a rhombus with the edge {a}"),
    Operation("square_edge_by_perimeter", 1, lambda a: a / 4, "{a} / 4", "the edge of a square with the perimeter {a}"),
    Operation("cube_edge_by_volume", 1, cube_root, "{a}^(1/3)", "the edge of a cube with the volume {a}"),
    Operation("surface_cube", 1, lambda a: 6 * a**2, "6 * {a}^2", "the surface of a cube with the edge {a}"),
    Operation(
        "volume_cube",
        1,
        lambda a: 6 * a**2,
        "6 * {a}^2",
        "multiply 6 by the square of {a}",
        sic="the volume of a cube with the edge a is a^3; the definition is its surface, 6 a^2",
    ),
    # two arguments
    Operation("add", 2, lambda a, b: a + b, "{a} + {b}", "add {a} and {b}"),
    Operation("subtract", 2, lambda a, b: a - b, "{a} - {b}", "subtract {b} from {a}"),
    Operation("multiply", 2, lambda a, b: a * b, "{a} * {b}", "multiply {a} by {b}"),
    Operation("divide", 2, lambda a, b: a / b, "{a} / {b}", "divide {a} by {b}"),
    Operation("speed", 2, lambda a, b: a / b, "{a} / {b}", "the speed over a distance of {a} in a time of {b}"),
    Operation(
        "p_after_gain",
        2,
        lambda a, b: a / b,
        "{a} / {b}",
        "divide {a} by {b}",
        sic="the price b after a gain of a % is (100 + a) / 100 * b; the definition divides a by b",
    ),
    Operation("power", 2, power, "{a}^{b}", "raise {a} to the power of {b}"),
    Operation("max", 2, max, "max({a}, {b})", "take the larger of {a} and {b}"),
    Operation("min", 2, min, "min({a}, {b})", "take the smaller of {a} and {b}"),
    Operation(
        "reminder", 2, lambda a, b: int(a) % int(b), "{a} mod {b}", "the remainder of {a} divided by {b}, both whole"
    ),
    Operation(
        "gcd", 2, lambda a, b: math.gcd(int(a), int(b)), "gcd({a}, {b})", "the greatest common divisor of {a} and {b}"
    ),
    Operation(
        "lcm", 2, lambda a, b: math.lcm(int(a), int(b)), "lcm({a}, {b})", "the least common multiple of {a} and {b}"
    ),
    Operation("choose", 2, choose, "{a}! / ({b}! * ({a} - {b})!)", "the ways to choose {b} of {a} things"),
    Operation(
        "permutation",
        2,
        factorial_ratio,
        "{a}! / {b}!",
        "divide the factorial of {a} by that of {b}",
        sic="the ways to arrange b of a things are a! / (a - b)!; the definition divides a! by b!",
    ),
    Operation(
        "rectangle_area", 2, lambda a, b: a * b, "{a} * {b}", "the area of a rectangle with the edges {a} and {b}"
    ),
    Operation(
        "rectangle_perimeter",
        2,
        lambda a, b: 2 * (a + b),
        "2 * ({a} + {b})",
        "the perimeter of a rectangle with the edges {a} and {b}",
    ),
    Operation(
        "triangle_area",
        2,
        lambda a, b: a * b / 2,
        "{a} * {b} / 2",
        "the area of a triangle with the base {a} and the height {b}",
    ),
    Operation(
        "rhombus_area",
        2,
        lambda a, b: (a + b) / 2,
        "({a} + {b}) / 2",
        "take the mean of {a} and {b}",
        sic="the area of a rhombus with the diagonals a and b is a * b / 2; the definition is (a + b) / 2",
    ),
    Operation(
        "stream_speed",
        2,
        lambda a, b: (a + b) / 2,
        "({a} + {b}) / 2",
        "take the mean of {a} and {b}",
        sic="a stream that lets a boat go at a down and at b up flows at (a - b) / 2; the definition, (a + b) / 2, is "
        "the boat's speed in still water",
    ),
    Operation(
        "original_price_before_loss",
        2,
        lambda a, b: (100 - a) / 100 * b,
        "(100 - {a}) / 100 * {b}",
        "take {a} % off {b}",
        sic="what brings b after a loss of a % cost 100 / (100 - a) * b; the definition takes a % off b",
    ),
    Operation(
        "original_price_before_gain",
        2,
        lambda a, b: (100 + a) / 100 * b,
        "(100 + {a}) / 100 * {b}",
        "put {a} % on {b}",
        sic="what brings b after a gain of a % cost 100 / (100 + a) * b; the definition puts a % on b",
    ),
    Operation(
        "volume_cylinder",
        2,
        lambda a, b: PI * b**2 * a / 3,
        "pi * {b}^2 * {a} / 3",
        "multiply pi by the square of {b} and by {a}, and divide by 3",
        sic="the volume of a cylinder is pi r^2 h; the definition divides by 3",
    ),
    Operation(
        "volume_cone",
        2,
        lambda a, b: PI * a**3 / 3,
        "pi * {a}^3 / 3",
        "multiply pi by the third power of {a}, and divide by 3",
        sic="the volume of a cone is pi r^2 h / 3; the definition takes a for both r and h and leaves b out",
    ),
    Operation(
        "surface_cylinder",
        2,
        lambda a, b: 2 * PI * a * b + 2 * PI * a**2,
        "2 * pi * {a} * {b} + 2 * pi * {a}^2",
        "the surface of a cylinder with the radius {a} and the height {b}",
    ),
    # three arguments
    Operation(
        "quadrilateral_area",
        3,
        lambda a, b, c: (b + c) / 2 * a,
        "({b} + {c}) / 2 * {a}",
        "the area of a quadrilateral with the diagonal {a} and the heights {b} and {c} on it",
    ),
    Operation(
        "volume_rectangular_prism",
        3,
        lambda a, b, c: a * b * c,
        "{a} * {b} * {c}",
        "the volume of a box with the edges {a}, {b} and {c}",
    ),
    Operation(
        "surface_rectangular_prism",
        3,
        lambda a, b, c: 2 * (a * b + b * c + a * c),
        "2 * ({a} * {b} + {b} * {c} + {a} * {c})",
        "the surface of a box with the edges {a}, {b} and {c}",
    ),
    Operation(
        "triangle_perimeter",
        3,
        lambda a, b, c: a + b + c,
        "{a} + {b} + {c}",
        "the perimeter of a triangle with the edges {a}, {b} and {c}",
    ),
    Operation(
        "triangle_area_three_edges",
        3,
        heron,
        "sqrt(s * (s - {a}) * (s - {b}) * (s - {c})), s = ({a} + {b} + {c}) / 2",
        "the area of a triangle with the edges {a}, {b} and {c}, by Heron's formula",
    ),
)

OPERATIONS: Mapping[str, Operation] = {row.name: row for row in _ROWS}
