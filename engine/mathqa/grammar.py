"""Which tokens a program may go on with, as a mask for a search.

A program is an operation, its arguments, the next operation, and so on; an operation's arity tells when its step is
complete. An argument is a constant, a number that the problem has, or the result of an earlier step. A program may end
where a step is complete. So two counts are all there is to remember: arguments still owed, and steps complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.mathqa.operations import OPERATIONS
from engine.mathqa.vocabulary import END


class Position(NamedTuple):
    """Where in its program each beam is: (problems, beams) int64."""

    owed: Tensor  # arguments
    steps: Tensor  # complete ones


class Grammar:
    """What the tokens of a vocabulary are, as tensors over them."""

    def __init__(self, tokens: Sequence[str], device: torch.device):
        def tensor(values: list[int]) -> Tensor:
            return torch.tensor(values, dtype=torch.int64, device=device)

        self.arity = tensor([OPERATIONS[each].arity if each in OPERATIONS else 0 for each in tokens])
        # The least number of numbers, and of complete steps, that an argument needs; none for what is no argument.
        self.numbers = tensor([int(each[1:]) + 1 if each[0] == "n" and each[1:].isdigit() else 0 for each in tokens])
        self.steps = tensor([int(each[1:]) + 1 if each[0] == "#" else 0 for each in tokens])
        constant = tensor([each.startswith("const_") for each in tokens])
        self.is_argument = (constant + self.numbers + self.steps) > 0
        self.is_operation = self.arity > 0
        self.is_end = torch.arange(len(tokens), device=device) == END

    def start(self, problems: int, width: int) -> Position:
        nothing = torch.zeros(problems, width, dtype=torch.int64, device=self.arity.device)
        return Position(nothing, nothing.clone())

    def advance(self, position: Position, tokens: Tensor) -> Position:
        """Behind these tokens (problems, beams)."""
        argument = self.is_argument[tokens]
        owed = torch.where(argument, position.owed - 1, self.arity[tokens])
        return Position(owed, position.steps + (argument & (owed == 0)))

    def allowed(self, position: Position, numbers: Tensor) -> Tensor:
        """(problems, beams, tokens) bool, where the problems have so many `numbers` (problems,)."""
        owed, steps = position.owed[:, :, None], position.steps[:, :, None]
        argument = self.is_argument & (self.numbers <= numbers[:, None, None]) & (self.steps <= steps)
        return torch.where(owed > 0, argument, self.is_operation | (self.is_end & (steps > 0)))
