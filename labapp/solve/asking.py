"""The requests of the Solve screen and of `labapp solve`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labapp.play.examples import AS_THEY_COME, EXAMPLES
from labapp.solve.replies import attending_of, examples_of, solving_of

SOLVE, ATTEND = "solve", "attend"  # operations of the inference process
ORDERS = {AS_THEY_COME: "as they come", "wrong": "wrong ones first", "novel": "novel ones"}
TYPED = {SOLVE: solving_of, ATTEND: attending_of, EXAMPLES: examples_of}
KEPT = {SOLVE: 64, ATTEND: 128, EXAMPLES: 16}  # answers
WIDTHS = (1, 2, 3, 5, 10, 20, 32, 64)  # of beams, that a key goes through


@dataclass(frozen=True)
class Search:
    """How to search, where it is not as the run has it."""

    beam: int | None = None
    grammar: bool | None = None

    @property
    def own(self) -> bool:
        """Whether it is as the run has it."""
        return self == Search()

    def args(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


def problem_args(run: str, problem: str, search: Search) -> dict[str, Any]:
    """A problem, to be solved."""
    return {"run": run, "problem": problem, **search.args()}


def portion_args(run: str, problems: Sequence[str], search: Search) -> dict[str, Any]:
    """Problems, to be solved together."""
    return {"run": run, "problems": list(problems), **search.args()}


def program_args(run: str, problem: str, program: str, search: Search) -> dict[str, Any]:
    """A problem, to be solved, and a program to be scored beside."""
    return problem_args(run, problem, search) | {"program": program}


def attend_args(run: str, problem: str, program: str) -> dict[str, Any]:
    """A program whose attention is wanted."""
    return {"run": run, "problem": problem, "program": program}


def wider(beam: int, by: int) -> int:
    """The next width, or the one before."""
    if by > 0:
        return next((width for width in WIDTHS if width > beam), beam)
    return next((width for width in reversed(WIDTHS) if width < beam), beam)
