"""A file of tagged text as it was read: its sentences, and the lines that made no sense. Torch-free."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.ner.corpus import OUTSIDE, Sentence
from engine.text.files import Wanted

LISTED = 5  # wrong lines in an error message
KEPT = 1_000  # wrong lines that are remembered; more are only counted
SHOWN = 80  # characters of a wrong line

TAG = re.compile(r"[BIESLU]-\S+")
WANTED = Wanted("tagged text", "one token per line with its tag in the last column, and blank lines between sentences")


class WrongLine(NamedTuple):
    """A line that cannot be read. Its content is shortened."""

    number: int  # from 1
    content: str
    why: str

    def __str__(self) -> str:
        return f"line {self.number:,}: {self.why}: {self.content!r}"


@dataclass
class TaggedFile:
    """A file as it was read. Sentences that hold a wrong line are left out."""

    path: Path
    encoding: str  # utf-8 or cp1252
    layout: str = ""  # its columns
    sentences: list[Sentence] = field(default_factory=list)  # tags as written
    wrong: list[WrongLine] = field(default_factory=list)  # the first of them
    wrong_lines: int = 0
    dropped: int = 0  # sentences left out
    replaced: int = 0  # bytes that are in no alphabet

    def close(self, pairs: list[tuple[str, str]], wrong: bool) -> None:
        """End a sentence: it counts, is left out, or was only a blank line."""
        if wrong:
            self.dropped += 1
        elif pairs:
            self.sentences.append(Sentence(*zip(*pairs, strict=True)))

    def note(self, number: int, content: str, why: str) -> None:
        self.wrong_lines += 1
        if len(self.wrong) < KEPT:
            self.wrong.append(WrongLine(number, content[:SHOWN], why))


def is_tag(tag: str) -> bool:
    return tag == OUTSIDE or TAG.fullmatch(tag) is not None


def instead(found: int, expected: int) -> str:
    return f"{found} column{'s' * (found != 1)} instead of {expected}"


def pair_of(word: str, tag: str) -> tuple[str, str] | str:
    """(word, tag), each kept in memory once, or what is wrong with them."""
    if not word.strip(" \t\n"):
        return "no word"
    if not is_tag(tag):
        return f"unknown tag {tag[:20]!r}"
    return sys.intern(word), sys.intern(tag)
