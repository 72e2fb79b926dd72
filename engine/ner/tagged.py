"""A file of tagged text as it was read: its sentences, and the lines that made no sense. Bytes to text. Torch-free."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.errors import LabError
from engine.files import MARKS
from engine.ner.corpus import OUTSIDE, Sentence

LISTED = 5  # wrong lines in an error message
KEPT = 1_000  # wrong lines that are remembered; more are only counted
SHOWN = 80  # characters of a wrong line

TAG = re.compile(r"[BIESLU]-\S+")

EXPECTED = "one token per line with its tag in the last column, and blank lines between sentences"


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


def content_of(path: Path, at_most: int = -1) -> bytes:
    try:
        if not path.is_file():  # a pipe would wait for ever
            kind = "a folder" if path.is_dir() else "no regular file" if path.exists() else "no such file"
            raise LabError("the tagged text cannot be read", got=f"{path}: {kind}", expected=EXPECTED)
        with path.open("rb") as file:
            return file.read(at_most)
    except OSError as error:
        raise LabError("the tagged text cannot be read", got=f"{path}: {error.strerror}", expected=EXPECTED) from error


def decoded(path: Path, content: bytes) -> tuple[str, str, int]:
    """(text with \\n at line ends, encoding, bytes that mean nothing in it)."""
    for mark, kind in MARKS.items():
        if content.startswith(mark):
            raise LabError("the file is not text", got=f"{path}: {kind}", expected=EXPECTED, hint="unpack it first")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LabError(
            "the file is in UTF-16", got=str(path), expected="UTF-8", hint=f"iconv -f utf-16 -t utf-8 {path}"
        )
    if b"\0" in content:
        raise LabError("the file is not text", got=f"{path}: it holds null bytes", expected=EXPECTED)
    replaced = 0
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
        replaced = text.count("\ufffd")  # cp1252 itself has no such character
    text = text.replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if not text.strip():
        raise LabError("the file is empty", got=str(path), expected=EXPECTED)
    return text, encoding, replaced
