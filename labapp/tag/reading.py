"""Text from a file or a pipe, in portions: what is read is never held as a whole, and no sentence is ever cut.

A line of text is a paragraph: portions end where lines end. Of columns (CoNLL) the first is taken, and a blank line
ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from engine.errors import LabError, UsageError

LINES = 200  # of text in a portion, at most
CHARACTERS = 20_000  # from which a portion is full
TOKENS = 4_000  # the same, where tokens are given
LONGEST_LINE = 1_000_000  # bytes
LONGEST_SENTENCE = 100_000  # tokens
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DOCUMENT = "-DOCSTART-"  # stands in CoNLL files where a document begins
COLUMNS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Portion:
    """Some of the text: as it stands, or sentences of tokens. `begins` is its first character's place in the whole."""

    args: dict[str, Any]  # of the request, without the run
    begins: int = 0


class Lines:
    """Lines of a stream with their ends; `say` is told once when they are not UTF-8. `bytes` counts what was read."""

    def __init__(self, stream: IO[bytes], name: str, say: Callable[[str], object]):
        self.stream, self.name, self.say = stream, name, say
        self.bytes = 0
        self._number = 0
        self._legacy = False

    def __iter__(self) -> Iterator[str]:
        while line := self._next():
            self.bytes += len(line)
            self._number += 1
            yield self._decoded(line)

    def _next(self) -> bytes:
        try:
            line = self.stream.readline(LONGEST_LINE + 1)
        except OSError as error:
            raise LabError("the text cannot be read", got=f"{self.name}: {error.strerror or error}") from error
        if self._number == 0:
            if line.startswith(UTF_16):
                raise UsageError(
                    "this text is UTF-16", got=self.name, expected="UTF-8", hint=f"iconv -f utf-16 -t utf-8 {self.name}"
                )
            line = line.removeprefix(BOM)
        if b"\0" in line:
            raise UsageError("this is no text", got=f"{self.name} has a zero byte in line {self._number + 1}")
        if len(line) > LONGEST_LINE:
            raise UsageError(
                "a line is too long to be a paragraph",
                got=f"{self.name}, line {self._number + 1}: more than {LONGEST_LINE:,} bytes",
                expected="one sentence or paragraph a line",
            )
        return line

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            if not self._legacy:
                self._legacy = True
                self.say(f"{self.name}, line {self._number} is not UTF-8: such lines are read as Windows-1252")
            return line.decode("cp1252", errors="replace")


def text_portions(lines: Iterable[str]) -> Iterator[Portion]:
    """Text as it stands."""
    held: list[str] = []
    size = begins = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if len(held) >= LINES or size >= CHARACTERS:
            yield from _text(held, begins)
            begins += size
            held, size = [], 0
    yield from _text(held, begins)


def _text(held: list[str], begins: int) -> Iterator[Portion]:
    text = "".join(held)
    if text.strip():
        yield Portion({"text": text}, begins)


def token_portions(lines: Iterable[str], name: str) -> Iterator[Portion]:
    """One token a line, a blank line between sentences."""
    held: list[list[str]] = []
    size = 0
    for tokens in sentences_of(lines, name):
        held.append(tokens)
        size += len(tokens)
        if size >= TOKENS:
            yield Portion({"sentences": held})
            held, size = [], 0
    if held:
        yield Portion({"sentences": held})


def sentences_of(lines: Iterable[str], name: str) -> Iterator[list[str]]:
    tokens: list[str] = []
    for line in lines:
        token = COLUMNS.split(line.strip(" \t\r\n"), maxsplit=1)[0]
        if token and token != DOCUMENT:
            tokens.append(token)
            if len(tokens) > LONGEST_SENTENCE:
                raise UsageError(
                    "a sentence is too long",
                    got=f"more than {LONGEST_SENTENCE:,} tokens in {name} without a blank line",
                    expected="one token a line, a blank line between sentences",
                )
        elif tokens:
            yield tokens
            tokens = []
    if tokens:
        yield tokens
