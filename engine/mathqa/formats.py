"""Reading files of word problems: a JSON list, or one JSON object a line. Torch-free, quick to import.

What an entry has to hold is the affair of `entries`. Wrong entries are collected, by their index from 0; what is raised
is wrong with the file as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.errors import LabError
from engine.mathqa.corpus import Problem
from engine.mathqa.entries import WrongEntry, problem_of
from engine.text.files import Wanted, content_of, decoded

LISTED = 5  # wrong entries in an error message
KEPT = 1_000  # wrong entries that are remembered; more are only counted
LARGEST = 2**28  # bytes of a file; MathQA's largest has 24 million
TRIED = 20  # entries that are looked at to say what a file is
KEYS = frozenset(["Problem", "linear_formula"])  # of every entry
SHOWN = 60  # characters of a text in a message

EXPECTED = (
    'a JSON list of {"Problem", "linear_formula", "answer"}, or with "options" and "correct" instead of the answer'
)
WANTED = Wanted("file of problems", EXPECTED, "unpack it first; MathQA's own: labapp data fetch mathqa --from FILE")


class Wrong(NamedTuple):
    """An entry that cannot be used."""

    number: int  # its index, from 0
    why: str

    def __str__(self) -> str:
        return f"entry {self.number:,}: {self.why}"


@dataclass
class ProblemFile:
    """A file as it was read. Wrong entries are left out."""

    name: str
    encoding: str  # utf-8 or cp1252
    problems: list[Problem] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)  # the first of them
    wrong_entries: int = 0
    replaced: int = 0  # bytes that are in no alphabet

    @property
    def entries(self) -> int:
        return len(self.problems) + self.wrong_entries

    def add(self, entries: Iterable[object]) -> None:
        for index, entry in enumerate(entries):
            try:
                self.problems.append(problem_of(entry, f"{self.name}#{index}"))
            except WrongEntry as error:
                self.wrong_entries += 1
                if len(self.wrong) < KEPT:
                    self.wrong.append(Wrong(index, str(error)))


def read_problems(path: Path) -> ProblemFile:
    """All problems of a file. Raises what is wrong with the file as a whole; wrong entries are only collected."""
    content = content_of(path, WANTED, LARGEST + 1)
    return problems_in(path, path.name, content)


def problems_in(path: Path, name: str, content: bytes) -> ProblemFile:
    """The same from bytes; `path` is for errors, and `name` is what the problems will say they come from."""
    if len(content) > LARGEST:
        raise LabError("the file is too large", got=f"{path}: more than {LARGEST:,} bytes", expected=EXPECTED)
    text, encoding, replaced = _text(path, content)
    found = ProblemFile(name, encoding, replaced=replaced)
    found.add(_entries(path, text))
    if not found.problems:
        raise _nothing(path, found)
    return found


def look(path: Path, at_most: int) -> None:
    """Raise a LabError if the first bytes of a file show that it holds no problems.

    Its first entries may all be wrong: with broken=skip one can train on the others.
    """
    content = content_of(path, WANTED, at_most)
    if len(content) < at_most:
        problems_in(path, path.name, content)
        return
    text, encoding, _ = _text(path, content)
    found = ProblemFile(path.name, encoding)
    entries = list(_first(text))
    if not any(isinstance(entry, dict) and entry.keys() >= KEYS for entry in entries):
        found.add(entries)
        raise _nothing(path, found)


def _text(path: Path, content: bytes) -> tuple[str, str, int]:
    if content.startswith(b"\x80"):
        raise LabError("the file is not text", got=f"{path}: a pickle, which labapp never opens", expected=EXPECTED)
    return decoded(path, content, WANTED)


def _entries(path: Path, text: str) -> list[object]:
    before = 0  # lines before what is being read
    try:
        if not text.lstrip().startswith("{"):
            entries = json.loads(text)
        else:
            entries = []
            for before, content in enumerate(text.split("\n")):  # noqa: B007
                if content.strip():
                    entries.append(json.loads(content))
    except json.JSONDecodeError as error:
        where, what = before + error.lineno, error.doc[error.pos : error.pos + SHOWN]
        raise LabError(
            "the file is not JSON", got=f"{path}, line {where:,}: {error.msg}: {what!r}", expected=EXPECTED
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; lists within lists within lists
        raise LabError("the file is not JSON that can be read", got=f"{path}: {error}", expected=EXPECTED) from error
    if not isinstance(entries, list):
        raise LabError("the file holds no list", got=f"{path}: {type(entries).__name__}", expected=EXPECTED)
    return entries


def _first(text: str) -> Iterator[object]:
    """The first entries of a text that may break off."""
    decoder = json.JSONDecoder()
    position = len(text) - len(text.lstrip().removeprefix("["))
    for _ in range(TRIED):
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        try:
            entry, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield entry


def _nothing(path: Path, found: ProblemFile) -> LabError:
    return LabError(
        "no problem of it can be read",
        got=f"{path}: " + ("; ".join(map(str, found.wrong[:LISTED])) or "no entry"),
        expected=EXPECTED,
    )
