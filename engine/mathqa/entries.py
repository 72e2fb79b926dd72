"""From one entry of a file of problems to a problem, or to what is wrong with it. Torch-free.

    Problem  linear_formula  answer                       the course's cut of MathQA
    Problem  linear_formula  options  correct  ...        MathQA as it was published (Amini et al. 2019)

An entry is wrong where its program cannot be one: it does not parse, names an unknown operation, lacks arguments, or
uses the result of a step that is yet to come. What a sound program comes to is another matter: see `facts`. Where the
right option names no number, the answer is what the program computes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.mathqa.answers import number_of, option_of, value_of
from engine.mathqa.corpus import Problem
from engine.mathqa.execute import execute
from engine.mathqa.numbers import numbers_of
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import Program, ProgramError, parse, shown, text_of

LONGEST = 10_000  # characters of a problem, of a program, and of all options together
LONGEST_ANSWER = 300  # characters of an answer: room for an option that is a whole sentence
HALF = re.compile("[\ud800-\udfff]")  # of a character beyond the first plane: no text has one alone
Entry = Mapping[str, object]


class WrongEntry(ValueError):
    """What is wrong with an entry, in words for its reader."""


def problem_of(entry: object, origin: str) -> Problem:
    """The problem that an entry states; raises WrongEntry."""
    if not isinstance(entry, dict):
        raise WrongEntry(f"no object with names and values, but {type(entry).__name__}")
    text = _text(entry, "Problem")
    program = _program(_text(entry, "linear_formula"))
    return Problem(text, text_of(program), _answer(entry, program, text), origin)


def _text(entry: Entry, name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WrongEntry(f"no text under {name!r}")
    _bound(value, name, LONGEST)
    if HALF.search(value):
        raise WrongEntry(f"half a character under {name!r}")
    return value.strip()


def _bound(text: str, name: str, most: int) -> None:
    if len(text) > most:
        raise WrongEntry(f"{len(text):,} characters under {name!r}, at most {most:,} are read")


def _program(text: str) -> Program:
    try:
        program = parse(text)
    except ProgramError as error:
        raise WrongEntry(str(error)) from error
    for number, step in enumerate(program):
        operation = OPERATIONS.get(step.operation)
        if operation is None:
            raise WrongEntry(f"step {number + 1}: unknown operation {shown(step.operation)}")
        if len(step.arguments) < operation.arity:
            raise WrongEntry(f"step {number + 1}: {step.operation} needs {operation.arity} arguments")
        for argument in step.arguments:
            if argument.startswith("#") and int(argument[1:]) >= number:
                raise WrongEntry(f"step {number + 1}: {argument} is no earlier step")
    return program


def _answer(entry: Entry, program: Program, text: str) -> float:
    if "answer" in entry:
        if isinstance(entry["answer"], str):
            _bound(entry["answer"], "answer", LONGEST_ANSWER)
        answer = number_of(entry["answer"])
        if answer is None:
            raise WrongEntry(f"the answer is no finite number: {shown(str(entry['answer']))}")
        return answer
    if "options" not in entry or not isinstance(letter := entry.get("correct"), str):
        raise WrongEntry("no 'answer', and no 'options' with the 'correct' one")
    _bound(letter, "correct", LONGEST_ANSWER)
    _bound(str(entry["options"]), "options", LONGEST)
    option = option_of(entry["options"], letter)
    if option is None:
        raise WrongEntry(f"no option {shown(letter)} in {shown(str(entry['options']))}")
    if len(option) > LONGEST_ANSWER:
        raise WrongEntry(f"{len(option):,} characters in option {shown(letter)}, at most {LONGEST_ANSWER:,} are read")
    stated = value_of(option)
    answer = stated if stated is not None else execute(program, numbers_of(text)).value
    if answer is None:
        raise WrongEntry(f"the right option is no number: {shown(option)}, and the program does not execute")
    return answer
