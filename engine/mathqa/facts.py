"""What is worth knowing about word problems before one trains on them: sizes, leaks, programs that are wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean

from engine.mathqa.corpus import Problem
from engine.mathqa.execute import execute, is_right
from engine.mathqa.numbers import masked, numbers_of, read
from engine.mathqa.programs import parse
from engine.task import SPLITS, Split

Problems = Mapping[Split, Sequence[Problem]]
LISTED = 5  # examples of a kind
RARE = 20  # uses of an operation in train: with fewer, what it comes to is a matter of luck


def of(splits: Problems) -> list[str]:
    """All of it, one fact a line."""
    present = [split for split in SPLITS if split in splits]
    return [
        "problems: " + ", ".join(f"{split} {len(splits[split]):,}" for split in present),
        *_lengths(splits),
        *_operations(splits),
        *_novelty(splits),
        *_repeats(splits),
    ]


def of_programs(name: str, problems: Sequence[Problem]) -> list[str]:
    """Gold programs that do not come to the answer, and those that use numbers the problem does not have."""
    lacking, failing, other = [], [], []
    for problem in problems:
        program, numbers = parse(problem.formula), numbers_of(problem.text)
        if any(_place(argument) >= len(numbers) for step in program for argument in step.arguments):
            lacking.append(problem)
        found = execute(program, numbers)
        if found.value is None:
            failing.append(problem)
        elif not is_right(found.value, problem.answer):
            other.append(problem)
    kinds = {
        "use numbers that the problem does not have": lacking,
        "do not execute": failing,
        "execute to something other than the answer": other,
    }
    lines = [f"{name}: {len(some):,} gold programs {what}: {_origins(some)}" for what, some in kinds.items() if some]
    if failing or other:
        best = 1 - (len(failing) + len(other)) / len(problems)
        lines.append(f"{name}: gold programs that execute to the answer: {best:.2%}")
    return lines


def leaks(splits: Problems) -> list[str]:
    """Problems in two splits: what is measured on them is not generalisation."""
    present = [split for split in SPLITS if split in splits]
    texts = {split: [_plain(problem.text) for problem in splits[split]] for split in present}
    known = {split: set(texts[split]) for split in present}
    found = []
    for i, split in enumerate(present):
        for other in present[i + 1 :]:
            if both := sum(text in known[split] for text in texts[other]):
                found.append(f"the same problem in {split} and {other}: {both:,} of {other}'s")
    return found


def _place(argument: str) -> int:
    """Which number of the problem an argument is; -1 where it is none of them."""
    return int(argument[1:]) if argument[0] == "n" else -1


def _origins(problems: Sequence[Problem]) -> str:
    some = ", ".join(problem.origin for problem in problems[:LISTED])
    return some + (", ..." if len(problems) > LISTED else "")


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _lengths(splits: Problems) -> list[str]:
    problems = [problem for some in splits.values() for problem in some]
    readings = [read(problem.text) for problem in problems]
    steps = [len(parse(problem.formula)) for problem in problems]
    return [
        _spread("words in a problem", [len(reading.words) for reading in readings]),
        _spread("numbers in a problem", [len(reading.numbers) for reading in readings]),
        _spread("steps of a program", steps),
    ]


def _spread(what: str, values: Sequence[int]) -> str:
    return f"{what}: {mean(values):.1f} on average, {min(values):,} to {max(values):,}"


def _operations(splits: Problems) -> list[str]:
    used = {
        split: Counter(step.operation for problem in some for step in parse(problem.formula))
        for split, some in splits.items()
    }
    train = used.get("train", Counter())
    every = sum(used.values(), Counter())
    often = ", ".join(f"{name} {times / every.total():.0%}" for name, times in every.most_common(LISTED))
    found = [f"operations: {len(every)}, most often {often}"]
    if lacking := sorted(set(every) - set(train)):
        found.append(f"train has no {' and no '.join(lacking)}: nothing can learn to use them")
    if rare := sorted(name for name, times in train.items() if times < RARE):
        found.append(f"fewer than {RARE} times in train: {', '.join(rare)}")
    return found


def _novelty(splits: Problems) -> list[str]:
    known = {masked(problem.text) for problem in splits.get("train", ())}
    found = []
    for split in ("val", "test"):
        if problems := splits.get(split):
            new = sum(masked(problem.text) not in known for problem in problems)
            found.append(
                f"novel in {split}: {new / len(problems):.1%}; the others are problems of train with other numbers"
            )
    return found


def _repeats(splits: Problems) -> list[str]:
    found = []
    for split, some in splits.items():
        if again := len(some) - len({_plain(problem.text) for problem in some}):
            found.append(f"repeated in {split}: {again:,} problems")
    return found
