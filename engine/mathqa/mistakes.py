"""Problems that were solved wrongly, with both programs and what they give. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.mathqa.corpus import Problem
from engine.mathqa.metrics import Marks, run
from engine.mathqa.numbers import numbers_of
from engine.mathqa.programs import ProgramError, steps_of, text_of

if TYPE_CHECKING:
    from engine.mathqa.decoding import Hypothesis

KEPT = 600


def mistakes_of(
    problems: Sequence[Problem], marks: Sequence[Marks], found: Sequence[Hypothesis]
) -> list[dict[str, Any]]:
    """Those whose value is not the answer, the surest first. `class` is the gold program, as the report calls it."""
    wrong = [
        (problem, each, best) for problem, each, best in zip(problems, marks, found, strict=True) if not each.right
    ]
    wrong.sort(key=lambda each: -each[2].score)
    return [
        {
            "problem": problem.text,
            "class": problem.formula,
            "predicted": text_or_tokens(best.tokens),
            "confidence": round(math.exp(best.score), 4),
            "value": run(best.tokens, numbers_of(problem.text), complete=best.complete).value,
            "error": each.error,
            "answer": problem.answer,
        }
        for problem, each, best in wrong[:KEPT]
    ]


def text_or_tokens(tokens: Sequence[str]) -> str:
    """A program as text; what spells none, as its tokens."""
    try:
        return text_of(steps_of(tokens))
    except ProgramError:
        return " ".join(tokens)
