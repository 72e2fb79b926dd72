"""A program worked out for a person: every step in numbers and words, and what is wrong by definition. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.mathqa.execute import MOST_STEPS, constant, execute
from engine.mathqa.operations import OPERATIONS, written
from engine.mathqa.programs import ARGUMENT, Program, ProgramError, Step, shown


@dataclass(frozen=True)
class Working:
    """One step; a step after one that failed has neither value nor error."""

    reference: str  # what later steps call its result: #0
    operation: str
    formula: str  # 360 + 140
    value: float | None
    error: str | None
    words: str  # add 360 and 140; nothing where the step cannot be said
    note: str  # what would be right, where the operation's definition is not


def work_out(program: Program, numbers: Sequence[float]) -> list[Working]:
    """The steps of a program; of one too long for execution those that are run, and the one after them."""
    done = execute(program, numbers)
    failed = len(done.values) - 1 if done.error else -1
    workings = []
    for place, step in enumerate(program[: MOST_STEPS + 1]):
        operation = OPERATIONS.get(step.operation)
        heard = step.arguments[: operation.arity] if operation else step.arguments
        formula, words = _said(step, [_argument(each, numbers, done.values) for each in heard])
        workings.append(
            Working(
                reference=f"#{place}",
                operation=step.operation,
                formula=formula,
                value=done.values[place] if place < len(done.values) else None,
                error=done.error if place == failed else None,
                words=words,
                note=operation.sic if operation else "",
            )
        )
    return workings


def _said(step: Step, arguments: Sequence[str]) -> tuple[str, str]:
    """The step as formula and in words."""
    operation = OPERATIONS.get(step.operation)
    if operation is None or len(arguments) < operation.arity:
        return f"{step.operation}({', '.join(arguments)})", ""
    named = dict(zip("abc", arguments, strict=False))
    bracketed = {name: f"({each})" if each.startswith("-") else each for name, each in named.items()}
    return operation.formula.format(**bracketed), operation.words.format(**named)


def _argument(argument: str, numbers: Sequence[float], values: Sequence[float | None]) -> str:
    """The number an argument stands for, as people write it; the argument where there is none."""
    if not ARGUMENT.fullmatch(argument):
        return shown(argument)
    if argument == "const_pi":
        return "pi"
    if argument.startswith("const_"):
        try:
            return written(constant(argument))
        except ProgramError:
            return argument
    known = values if argument.startswith("#") else numbers
    place = int(argument[1:])
    number = known[place] if place < len(known) else None
    return argument if number is None else written(number)
