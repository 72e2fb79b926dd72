"""The operation language of MathQA (Amini et al. 2019): a program as text, as steps, as tokens. Torch-free.

    text      divide(n0,n1)|add(n2,#0)|              as the data has it; empty steps do not count
    tokens    divide n0 n1 add n2 #0                 no punctuation: an operation's arity tells where its step ends

An argument is `#K` (the result of step K), `const_X`, or `nK` (the K-th number of the problem).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEP = re.compile(r"\s*([A-Za-z_]\w*)\s*\(([^()|]*)\)\s*", re.ASCII)
ARGUMENT = re.compile(r"#\d{1,4}|n\d{1,4}|const_[A-Za-z0-9_.]{1,30}", re.ASCII)
OPERATION = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One step: an operation and its arguments, as they are written."""

    operation: str
    arguments: tuple[str, ...]


Program = tuple[Step, ...]


class ProgramError(ValueError):
    """What is wrong with a program, in words for its reader."""


def parse(text: str) -> Program:
    """The steps of a program; raises ProgramError where it is none. Names of operations are not judged here."""
    steps = []
    for number, piece in enumerate(part for part in text.split("|") if part.strip()):
        match = STEP.fullmatch(piece)
        if match is None:
            raise ProgramError(f"step {number + 1} is no step: {shown(piece)}, expected operation(argument,...)")
        if ARGUMENT.fullmatch(match[1]):
            raise ProgramError(f"step {number + 1}: {shown(match[1])} is an argument, no operation")
        arguments = tuple(each.strip() for each in match[2].split(","))
        for each in arguments:
            if not ARGUMENT.fullmatch(each):
                raise ProgramError(f"step {number + 1}: {shown(each)} is no argument, expected #K, nK or const_X")
        steps.append(Step(match[1], arguments))
    if not steps:
        raise ProgramError("there is no step in it, expected operation(argument,...)|...")
    return tuple(steps)


def text_of(steps: Iterable[Step]) -> str:
    """A program as text, without a final bar."""
    return "|".join(f"{step.operation}({','.join(step.arguments)})" for step in steps)


def tokens_of(steps: Iterable[Step]) -> list[str]:
    """Every operation, and its arguments behind it."""
    return [token for step in steps for token in (step.operation, *step.arguments)]


def steps_of(tokens: Sequence[str]) -> Program:
    """The steps that tokens spell; raises ProgramError where they spell none."""
    steps: list[tuple[str, list[str]]] = []
    for token in tokens:
        if ARGUMENT.fullmatch(token):
            if not steps:
                raise ProgramError(f"the program begins with the argument {shown(token)}, expected an operation")
            steps[-1][1].append(token)
        elif OPERATION.fullmatch(token):
            steps.append((token, []))
        else:
            raise ProgramError(f"{shown(token)} is neither operation nor argument")
    if not steps:
        raise ProgramError("the program is empty")
    for number, (operation, arguments) in enumerate(steps):
        if not arguments:
            raise ProgramError(f"step {number + 1}: {operation} has no arguments")
    return tuple(Step(operation, tuple(arguments)) for operation, arguments in steps)


def shown(text: str) -> str:
    """A piece of someone's text, short enough for a message."""
    return repr(text.strip()[:40])
