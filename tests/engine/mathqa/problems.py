"""Small files of word problems, for the tests of what reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.mathqa.corpus import MathData, Problem
from engine.mathqa.folder import check, open_problems, open_unseen
from engine.task import SPLITS, Split

Entry = dict[str, Any]
THINGS = ("apples", "books", "candles", "drums", "eggs", "flutes", "gloves", "hats", "inks", "jars", "kites", "lamps")


@dataclass(frozen=True)
class Choices:
    """Of the settings: what concerns the data."""

    split_seed: int = 1
    validation_fraction: float = 0.2
    test_fraction: float = 0.2
    broken: Literal["refuse", "skip"] = "refuse"


def entry(text: str = "what is 3 plus 4 ?", formula: str = "add(n0,n1)|", answer: object = 7) -> Entry:
    """As the course's cut has them."""
    return {"Problem": text, "linear_formula": formula, "answer": answer}


def original(options: object = "a ) 38 , b ) 7 , c ) none of these", correct: object = "b", **changes: object) -> Entry:
    """As MathQA was published."""
    return {
        "Problem": "what is 3 plus 4 ?",
        "Rationale": '"3 + 4 = 7 answer b"',
        "options": options,
        "correct": correct,
        "annotated_formula": "add(3, 4)",
        "linear_formula": "add(n0,n1)|",
        "category": "general",
        **changes,
    }


def numbered(count: int, start: int = 0) -> list[Entry]:
    """So many problems, no two of them the same up to their numbers."""
    return [
        entry(f"what are {number + 2} {THINGS[number % 12]} {'and' * (1 + number // 12)} 4 ?", answer=number + 6)
        for number in range(start, start + count)
    ]


class Folder:
    """A folder to write into, and short words for opening it."""

    def __init__(self, base: Path):
        self.root = base / "problems"
        self.root.mkdir()
        self.cache = base / "cache"
        self.said: list[str] = []

    def write(self, name: str, entries: Sequence[object]) -> Path:
        path = self.root / name
        path.write_text(json.dumps(entries))
        return path

    def open(self, name: str = "", **choices: Any) -> MathData:
        return open_problems(self.root / name, Choices(**choices), self.cache, self.said.append)

    def check(self, name: str = "", **choices: Any) -> list[str]:
        return check(self.root / name, Choices(**choices), self.cache, self.said.append)

    def unseen(self, split: Split, name: str = "", **choices: Any) -> MathData:
        return open_unseen(self.root / name, split, Choices(**choices), None, self.cache, self.said.append)


def texts(problems: Sequence[Problem]) -> list[str]:
    return [each.text for each in problems]


def everything(data: MathData) -> list[str]:
    return sorted(text for split in SPLITS for text in texts(data.split(split)))
