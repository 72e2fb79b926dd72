"""What programs are worth: exact match, execution accuracy, token accuracy. Torch-free."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.mathqa.execute import Execution, execute, is_right
from engine.mathqa.programs import Program, ProgramError, steps_of, tokens_of

NOVEL = "novel/"  # before the names of metrics over the problems that are in no training problem up to numbers
LISTED = 20  # reasons why programs have no value, the commonest
OTHERS = "others"
# What differs between two errors of one kind, and what stands there where they are counted
ALIKE = (
    (re.compile(r"uses n\d+, the problem has .*"), "uses a number that the problem has not"),
    (re.compile(r"gives (\w+) (?:no|\d+) arguments?, .*"), r"gives \1 too few arguments"),
    (re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""), "..."),
    (re.compile(r"#\d+|\bconst_[\w.]*\w|\bn\d+|(?<!\w)-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"), "..."),
)


@dataclass(frozen=True)
class Marks:
    """What one program is worth."""

    exact: bool
    right: bool  # it gives the answer within 2 %
    matches: int  # tokens, with the end, that are the gold ones
    places: int  # of the longer of both
    error: str | None  # why it has no value


CUT = "cut off at the length limit"


def run(tokens: Sequence[str], numbers: Sequence[float], *, complete: bool = True) -> Execution:
    """A program's value from its tokens; what spells no program is an error like all others."""
    if not complete:
        return Execution((), None, CUT)
    try:
        return execute(steps_of(tokens), numbers)
    except ProgramError as error:
        return Execution((), None, str(error))


def mark(
    tokens: Sequence[str], gold: Program, numbers: Sequence[float], answer: float, *, complete: bool = True
) -> Marks:
    """Judge a predicted program; `complete`: it ended by itself, so its end can match too."""
    wanted = tokens_of(gold)
    found = run(tokens, numbers, complete=complete)
    ended = [*tokens, None] if complete else list(tokens)
    gold_ended = [*wanted, None]
    return Marks(
        exact=complete and list(tokens) == wanted,
        right=is_right(found.value, answer),
        matches=sum(ours == theirs for ours, theirs in zip(ended, gold_ended, strict=False)),
        places=max(len(ended), len(gold_ended)),
        error=found.error,
    )


def scores(marks: Sequence[Marks], novel: Iterable[bool]) -> dict[str, float]:
    """Metrics over all problems, and under `novel/` over the novel ones, where there are any."""
    found = _scores(marks)
    strange = [each for each, is_novel in zip(marks, novel, strict=True) if is_novel]
    return found | {NOVEL + name: value for name, value in _scores(strange).items()}


def _scores(marks: Sequence[Marks]) -> dict[str, float]:
    if not marks:
        return {}
    return {
        "exact_match": sum(each.exact for each in marks) / len(marks),
        "execution_accuracy": sum(each.right for each in marks) / len(marks),
        "token_accuracy": sum(each.matches for each in marks) / max(sum(each.places for each in marks), 1),
    }


def without_value(marks: Sequence[Marks]) -> dict[str, float]:
    """Share of the programs that have no value."""
    return {"no_value": sum(each.error is not None for each in marks) / len(marks)} if marks else {}


def errors_of(marks: Iterable[Marks]) -> dict[str, int]:
    """How often each reason keeps a program from having a value: the commonest first, `others` for what is rare."""
    reasons = Counter(reason_of(each.error) for each in marks if each.error is not None).most_common()
    others = sum(count for _, count in reasons[LISTED:])
    return dict(reasons[:LISTED]) | ({OTHERS: others} if others else {})


def reason_of(error: str) -> str:
    """An error without its step and its values: `step 2 uses #7, which ...` -> `uses ..., which ...`."""
    first, _, rest = error.partition(" ")
    reason = rest.partition(" ")[2] if first == "step" else error
    for differing, said in ALIKE:
        reason = differing.sub(said, reason)
    return reason or error
