"""What the inference process does with a trained solver: solve problems, say where it looked, show examples.

Each operation takes the loaded model and the request's arguments, checks them, and returns what goes back as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.arguments import number, one_of, split_of
from engine.errors import UsageError
from engine.jobs import Say, TrainedModel
from engine.mathqa import solving
from engine.mathqa.corpus import Problem
from engine.mathqa.decoding import Search, search_of
from engine.mathqa.execute import MOST_STEPS, is_right
from engine.mathqa.metrics import CUT
from engine.mathqa.numbers import read
from engine.mathqa.programs import Program, ProgramError, parse, text_of
from engine.mathqa.settings import WIDEST, MathSettings
from engine.mathqa.task import MathTask
from engine.task import Split

Answer = dict[str, Any]
Arguments = Mapping[str, Any]
ORDERS = ("corpus", "wrong", "novel")  # as they stand; those that went wrong, the surest first; the novel ones
MOST = 1_000  # problems asked for at a time
LONGEST = 20_000  # characters of a problem, and of a program
MEMORY = "solved"  # of the model: what it made of whole splits


def solve(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Solve problems: {problem | problems, beam, grammar, program}; `program` is scored beside the beams of one."""
    task, network = ready(model)
    how = checked_search(model, args)
    texts = checked_problems(args)
    program = checked_program(args["program"]) if args.get("program") is not None else None
    if program is not None:
        only(texts)
    problems = solving.solve(task, network, texts, how)
    for each in problems:
        each["typed"] = None
    if program is not None:
        (problems[0]["typed"],) = solving.given(task, network, [read(texts[0])], [program], how.alpha)
    return described(task, how) | {"problems": problems}


def attend(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Where a network looks while it writes a program: {problem, program}; null where it has no attention."""
    task, network = ready(model)
    whole, program = only(checked_problems(args)), checked_program(args.get("program"))
    reading, alpha = read(whole), checked_search(model, {}).alpha
    return {
        "problem": solving.described(task, whole, reading),
        "beam": solving.given(task, network, [reading], [program], alpha)[0],
        "attention": solving.attention_of(task, network, reading, program),
    }


def examples(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Problems of a split, solved, with their gold programs: {split, order, start, count, beam, grammar}."""
    split, order = split_of(args, "test"), one_of(args, "order", "corpus", ORDERS)
    start, count = number(args, "start", 0, 0, 2**31), number(args, "count", 1, 1, MOST)
    task, network = ready(model)
    how = checked_search(model, args)
    if MEMORY not in model.memory:
        say("opening the problems")
        model.attach_own_data(model.settings, cache, say)
        model.memory[MEMORY] = {}
    problems = task.problems(split)
    rows = order_of(model, task, network, split, order, how.grammar, say)
    chosen = rows[start : start + count]
    texts, programs = [problems[row].text for row in chosen], [parse(problems[row].formula) for row in chosen]
    found = solving.solve(task, network, texts, how)
    golds = solving.given(task, network, [read(each) for each in texts], programs, how.alpha)
    for row, each, gold, program in zip(chosen, found, golds, programs, strict=True):
        problem, best = problems[row], (each["beams"] or [None])[0]
        each |= {
            "typed": None,
            "index": row,
            "gold": gold,
            "answer": problem.answer,
            "exact": best is not None and best["error"] != CUT and best["program"] == text_of(program),
            "correct": best is not None and is_right(best["value"], problem.answer),
            "novel": task.artifacts.novel(problem),
        }
    about = {"split": split, "order": order, "total": len(rows)}
    return about | described(task, how) | {"problems": found}


def described(task: MathTask, how: Search) -> Answer:
    return {"beam": how.width, "grammar": how.grammar, "attention": bool(task.options.get("attention"))}


def order_of(
    model: TrainedModel, task: MathTask, network: Any, split: Split, order: str, grammar: bool, say: Say
) -> Sequence[int]:
    """Rows of a split; those that went wrong are found by greedy search."""
    problems = task.problems(split)
    if order == "corpus":
        return range(len(problems))
    known: dict[tuple[str, str, bool], list[int]] = model.memory[MEMORY]
    key = split, order, grammar
    if key not in known:
        if order == "novel":
            rows = [row for row, problem in enumerate(problems) if task.artifacts.novel(problem)]
        else:
            say(f"solving {len(problems):,} problems")
            rows = wrong_ones(task, network, split, problems, grammar)
        known[key] = rows
    return known[key]


def wrong_ones(task: MathTask, network: Any, split: Split, problems: Sequence[Problem], grammar: bool) -> list[int]:
    """Rows of the problems whose value is not the answer, those it was surest of first."""
    whole = torch.arange(len(problems))
    (found,) = task.evaluator.hypotheses(network, split, whole, [(1, grammar)])
    marks = task.evaluator.marks(split, whole, found)
    wrong = [row for row, each in enumerate(marks) if not each.right]
    return sorted(wrong, key=lambda row: -found[row].score)


def ready(model: TrainedModel) -> tuple[MathTask, Any]:
    """The task, which needs no data to solve, and the network in evaluation mode."""
    task: MathTask = model.task  # type: ignore[assignment]
    if not hasattr(task, "reader"):
        task.attach(None, model.settings, model.artifacts, model.learner.device)  # type: ignore[arg-type]
    return task, model.learner.evaluation_model()


# --- what may come from anywhere -------------------------------------------------------------------------------------


def checked_search(model: TrainedModel, args: Arguments) -> Search:
    """What is not said is as the run's own settings have it, whatever was evaluated since."""
    settings: MathSettings = model.settings  # type: ignore[assignment]
    grammar = args.get("grammar", None)
    if grammar is not None and not isinstance(grammar, bool):
        raise UsageError("grammar must be true or false", got=repr(grammar)[:80])
    width = number(args, "beam", settings.beam, 1, WIDEST)
    return search_of(settings, width, grammar)


def checked_problems(args: Arguments) -> list[str]:
    value = args.get("problems")
    whole: Any = [args.get("problem")] if value is None else value
    good = isinstance(whole, list) and whole and all(isinstance(each, str) for each in whole)
    if not good or len(whole) > MOST:
        raise UsageError(f"problems must be texts, at most {MOST:,} at a time", got=repr(whole)[:80])
    for each in whole:
        if len(each) > LONGEST:
            raise UsageError("a problem is too long", got=f"{len(each):,} characters", expected=f"at most {LONGEST:,}")
    return list(whole)


def only(texts: list[str]) -> str:
    if len(texts) != 1:
        raise UsageError("a program is of one problem", got=f"a program and {len(texts)} problems")
    return texts[0]


def checked_program(value: Any) -> Program:
    if not isinstance(value, str):
        raise UsageError("a program must be a text", got=repr(value)[:80])
    if len(value) > LONGEST:
        raise UsageError("a program is too long", got=f"{len(value):,} characters", expected=f"at most {LONGEST:,}")
    try:
        program = parse(value)
        if len(program) > MOST_STEPS:
            raise ProgramError(f"a program of {len(program):,} steps, at most {MOST_STEPS} are run")
        return program
    except ProgramError as error:
        raise UsageError(
            "this is no program",
            got=str(error),
            expected="operation(argument,...)|...",
            hint="add(n0,n1)|divide(#0,n2)",
        ) from error
