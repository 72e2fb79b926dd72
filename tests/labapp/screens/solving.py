"""A playground without a process that solves by a list of programs: it answers as the inference process does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engine.mathqa.execute import execute, is_right
from engine.mathqa.numbers import read
from engine.mathqa.programs import ProgramError, parse, text_of
from engine.mathqa.workings import work_out
from tests.labapp.screens.seeing import FakePlayground

PROGRAMS = (
    "add(n0,n2)|multiply(n1,const_0_2778)|divide(#0,#1)", "add(n0,n2)|divide(#0,n1)",
    "multiply(n1,const_1000)|divide(#0,const_0)", "add(n0,n1)", "multiply(n0,n1)|subtract(#0,const_2)",
    "divide(n0,n1)", "subtract(n0,n1)", "volume_cylinder(n0,n1)", "add(n0,const_100)", "sqrt(n0)",
)  # fmt: skip
TRAIN = "a train 360 m long runs at 45 km / h . in what time will it pass a platform 140 m long ?"
EXAMPLES = (
    (TRAIN, "add(n0,n2)|multiply(n1,const_0_2778)|divide(#0,#1)", 40.0),
    ("the sum of 3 and 4 is ?", "add(n0,n1)", 7.0),
    ("what is the volume of a can 3 cm high with a radius of 2 cm ?", "circle_area(n1)|multiply(#0,n0)", 37.7),
    ("a man bought 12 apples and gave 1,600 away . how many more would he need ?", "subtract(n1,n0)", 1588.0),
)
LOST = "lost"  # a run whose name ends in it has no attention
UNKNOWN = 9  # letters: longer words are unknown


class FakeSolver(FakePlayground):
    """Knows ten programs, of which it finds the same ones first for every problem: those that have a value, and the one
    that divides by zero as its third."""

    def __init__(self) -> None:
        super().__init__()
        self.examples: Sequence[tuple[str, str, float]] = EXAMPLES
        self.attention = True
        self.answers |= {"solve": self.solve, "attend": self.attend, "examples": self.of_split}

    def solve(self, args: Mapping[str, Any]) -> dict[str, Any]:
        beam, grammar = args.get("beam", 10), args.get("grammar", True)
        problems = []
        for text in args.get("problems") or [args["problem"]]:
            typed = args.get("program")
            found = self.solved(text, beam, grammar)
            problems.append(found | {"typed": None if typed is None else beam_of(typed, read(text).numbers, -1.2)})
        return {
            "run": args["run"], "beam": beam, "grammar": grammar, "attention": self.attention, "problems": problems,
        }  # fmt: skip

    def attend(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found = self.solved(args["problem"], 1, True)
        beam = beam_of(args["program"], read(args["problem"]).numbers, -0.1)
        words = found["words"]
        rows = [
            normalised([1.0 / (1 + abs(place - (number * 7 + 2))) ** 2 for place in range(len(words))])
            for number in range(len(beam["steps"]))
        ]
        found.pop("beams")
        return {"run": args["run"], "problem": found, "beam": beam, "attention": rows if self.attention else None}

    def of_split(self, args: Mapping[str, Any]) -> dict[str, Any]:
        known = []
        for index, (text, gold, answer) in enumerate(self.examples):
            found = self.solved(text, 10, True)
            best, novel = found["beams"][0], index % 2 == 1
            known.append(
                found
                | {"index": index, "gold": beam_of(gold, read(text).numbers, -2.0), "answer": answer,
                   "exact": best["program"] == gold, "correct": is_right(best["value"], answer), "novel": novel}
            )  # fmt: skip
        if args["order"] == "wrong":
            known = [each for each in known if not each["correct"]]
        if args["order"] == "novel":
            known = [each for each in known if each["novel"]]
        page = known[args["start"] : args["start"] + args["count"]]
        return {
            **{name: args[name] for name in ("run", "split", "order")}, "total": len(known), "problems": page,
            "beam": 10, "grammar": True, "attention": self.attention,
        }  # fmt: skip

    def solved(self, text: str, beam: int, grammar: bool) -> dict[str, Any]:
        reading = read(text)
        words = [
            {"text": word.text, "start": word.start, "end": word.end, "number": word.number,
             "known": len(word.text) <= UNKNOWN}
            for word in reading.words
        ]  # fmt: skip
        beams = [beam_of(each, reading.numbers, -0.08 - 0.9 * place) for place, each in enumerate(PROGRAMS)]
        if grammar:  # then no program uses a number that the problem has not
            beams = [each for each in beams if "the problem has" not in (each["error"] or "")]
        return {"problem": text, "words": words, "numbers": list(reading.numbers), "beams": beams[:beam]}


def beam_of(program: str, numbers: Sequence[float], score: float) -> dict[str, Any]:
    try:
        steps = parse(program)
    except ProgramError as error:
        return {
            "program": program, "score": -math.inf, "log_prob": -math.inf, "value": None, "error": str(error),
            "steps": [],
        }  # fmt: skip
    done = execute(steps, numbers)
    return {
        "program": text_of(steps), "score": score, "log_prob": score * (1 + len(steps)), "value": done.value,
        "error": done.error, "steps": [vars(each) for each in work_out(steps, numbers)],
    }  # fmt: skip


def normalised(weights: Sequence[float]) -> list[float]:
    return [each / sum(weights) for each in weights]


@pytest.fixture
def solver_process(monkeypatch: pytest.MonkeyPatch) -> FakeSolver:
    """Takes the place of the process in every app that is started."""
    fake = FakeSolver()
    monkeypatch.setattr("labapp.app.Playground", lambda home: fake)
    return fake
