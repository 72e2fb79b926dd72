"""Problems from outside, solved: every beam with its program, what it gives, and how that comes about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from engine.mathqa.decoding import Hypothesis, Search, attention, log_probabilities, search
from engine.mathqa.metrics import run
from engine.mathqa.mistakes import text_or_tokens
from engine.mathqa.numbers import Reading, read
from engine.mathqa.programs import Program, ProgramError, steps_of, tokens_of
from engine.mathqa.vocabulary import UNKNOWN
from engine.mathqa.workings import work_out

if TYPE_CHECKING:
    from engine.mathqa.task import MathTask

Described = dict[str, Any]


def solve(task: MathTask, model: nn.Module, texts: Sequence[str], how: Search) -> list[Described]:
    """Each problem with its words, its numbers and its beams, the best first."""
    readings = [read(text) for text in texts]
    if not readings:
        return []
    found = search(model, task.encode(readings, []), task.vocabulary, how, task.device)  # type: ignore[arg-type]
    return [
        described(task, text, reading) | {"beams": [beam(each, reading) for each in beams]}
        for text, reading, beams in zip(texts, readings, found, strict=True)
    ]


def described(task: MathTask, text: str, reading: Reading) -> Described:
    """A problem as it was read."""
    words = [
        {
            "text": word.text,
            "start": word.start,
            "end": word.end,
            "number": word.number,
            "known": word.number is not None or task.reader.known(word),
        }
        for word in reading.words
    ]
    return {"problem": text, "words": words, "numbers": list(reading.numbers)}


def beam(found: Hypothesis, reading: Reading) -> Described:
    """A program with its value, or why it has none."""
    result = run(found.tokens, reading.numbers, complete=found.complete)
    return {
        "program": text_or_tokens(found.tokens),
        "score": found.score,
        "log_prob": found.log_probability,
        "value": result.value,
        "error": result.error,
        "steps": steps(found, reading),
    }


def steps(found: Hypothesis, reading: Reading) -> list[Described]:
    """The program worked out; nothing where it is none."""
    try:
        program = steps_of(found.tokens)
    except ProgramError:
        return []
    return [
        {
            "reference": each.reference,
            "operation": each.operation,
            "formula": each.formula,
            "value": each.value,
            "error": each.error,
            "words": each.words,
            "note": each.note,
        }
        for each in work_out(program, reading.numbers)
    ]


def given(
    task: MathTask, model: nn.Module, readings: Sequence[Reading], programs: Sequence[Program], alpha: float
) -> list[Described]:
    """Programs that somebody wrote, one for each problem, scored as if a search had found them.

    Tokens that training never saw have no probability of their own: they count as the unknown one.
    """
    if not programs:
        return []
    known = task.vocabulary.token_numbers
    totals = log_probabilities(model, task.encode(readings, programs), task.device)  # type: ignore[arg-type]
    found = []
    for reading, program, total in zip(readings, programs, totals, strict=True):
        tokens = tokens_of(program)
        written = Hypothesis(tuple(tokens), total / (len(tokens) + 1) ** alpha, total, complete=True)
        strange = [token for token in tokens if known.get(token, UNKNOWN) == UNKNOWN]
        found.append(beam(written, reading) | {"unknown": strange})
    return found


def attention_of(task: MathTask, model: nn.Module, reading: Reading, program: Program) -> list[list[float]] | None:
    """Where the network looks while it writes each step: weights over the words, averaged over the step's tokens.

    Words that were left out of a long problem have weight zero. None where the network has no attention.
    """
    weights = attention(model, task.encode([reading], [program]), task.device)  # type: ignore[arg-type]
    if weights is None:
        return None
    found, position = [], 0
    for step in program:
        count = 1 + len(step.arguments)
        found.append(spread(weights[position : position + count].mean(0), len(reading.words)).tolist())
        position += count
    return found


def spread(weights: torch.Tensor, words: int) -> torch.Tensor:
    """Weights of the words that were read, over all words: see `reading.shortened`."""
    most = len(weights)
    if most >= words:
        return weights[:words]
    first, last = most - most // 2, most // 2
    return torch.cat([weights[:first], weights.new_zeros(words - most), weights[most - last :]])
