"""Programs run to their value, by the rules of the course's evaluator, but within bounds. Torch-free.

Whatever the program, this never raises, and works for a few milliseconds at most: of a program at most MOST_STEPS steps
are run, and every value fits a float. Why a program has no value is said in words.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from engine.mathqa.operations import OPERATIONS, Undefined
from engine.mathqa.programs import ARGUMENT, Program, ProgramError, Step, shown

MOST_STEPS = 200  # the longest program of the data has 49
TOLERANCE = 0.02  # of the right answer
LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Execution:
    """What a program gave: the results of its steps, the last of them None where it failed; its value, or the error."""

    values: tuple[float | None, ...]
    value: float | None
    error: str | None


def execute(program: Program, numbers: Sequence[float]) -> Execution:
    """Run a program on the numbers of its problem."""
    if not program:
        return Execution((), None, "the program has no steps")
    results: list[float] = []
    for step in program:
        try:
            if len(results) == MOST_STEPS:
                raise Undefined(f"is one too many: the program has {len(program)}, only {MOST_STEPS} are run")
            results.append(_result(step, results, numbers))
        except (ArithmeticError, ValueError) as problem:
            values = (*map(float, results), None)
            return Execution(values, None, f"step {len(values)} {_reason(problem)}")
    return Execution(tuple(map(float, results)), float(results[-1]), None)


def is_right(value: float | None, answer: float) -> bool:
    """Whether a value is within 2 % of the answer. Nothing is of the answer 0: the evaluator divides by it."""
    if value is None or answer == 0:
        return False
    return abs((value - answer) / answer) <= TOLERANCE  # False for NaN


def constant(token: str) -> float:
    """The number that a const_X names; raises ProgramError where it is none."""
    name = token.removeprefix("const_")
    if name == "pi":
        return math.pi
    try:
        number = float(name.replace("_", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ProgramError(f"uses {token}, which is no number")
    return number


def _result(step: Step, results: Sequence[float], numbers: Sequence[float]) -> float:
    operation = OPERATIONS.get(step.operation)
    if operation is None:
        raise ProgramError(f"calls {shown(step.operation)}, which is no operation")
    given = step.arguments[: operation.arity]  # what is more is ignored, as the evaluator does
    if len(given) < operation.arity:
        raise ProgramError(f"gives {step.operation} {_counted(len(given), 'argument')}, it needs {operation.arity}")
    result = operation.apply(*(_argument(each, results, numbers) for each in given))
    if math.isnan(result):
        raise Undefined("has a result that is not a number")
    if abs(result) > LARGEST:
        raise OverflowError
    return result


def _argument(argument: str, results: Sequence[float], numbers: Sequence[float]) -> float:
    if not ARGUMENT.fullmatch(argument):
        raise ProgramError(f"uses {shown(argument)}, which is no argument")
    if argument.startswith("const_"):
        return constant(argument)
    place = int(argument[1:])
    if argument.startswith("#"):
        if place >= len(results):
            raise ProgramError(f"uses {argument}, which is no earlier step")
        return results[place]
    if place >= len(numbers):
        raise ProgramError(f"uses {argument}, the problem has {_counted(len(numbers), 'number')}")
    if not abs(numbers[place]) < LARGEST:
        raise Undefined(f"uses {argument}, a number too large to compute with")
    return float(numbers[place])


def _reason(problem: Exception) -> str:
    if isinstance(problem, ZeroDivisionError):
        return "divides by zero"
    if isinstance(problem, OverflowError):
        return "has a result that is too large"
    return str(problem)


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'s' * (count != 1)}"
