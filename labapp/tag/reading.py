"""Lines of text in portions: what is read is never held as a whole, and no sentence is ever cut.

A blank line ends a paragraph of a text, and a sentence of columns (CoNLL), of which the first is taken. Where no blank
line comes for long, a portion of text ends with a line that ends a sentence; at last with any line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError

LINES = 200  # of text from which a portion is full
CHARACTERS = 20_000  # the same
LONG, ENDLESS = 2, 10  # times as much: from then on it ends with a sentence, or with any line
TOKENS = 4_000  # from which a portion is full, where tokens are given
SENTENCE_ENDS = re.compile(r"[.!?…][\"'`)\]\u201d\u2019\u00bb]*\s*$")
LONGEST_SENTENCE = 100_000  # tokens
DOCUMENT = "-DOCSTART-"  # stands in CoNLL files where a document begins
COLUMNS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Portion:
    """Some of the text: as it stands, or sentences of tokens. `begins` is its first character's place in the whole."""

    args: dict[str, Any]  # of the request, without the run
    begins: int = 0


def text_portions(lines: Iterable[str], *, by_line: bool = False) -> Iterator[Portion]:
    """Text as it stands; `by_line`: no sentence goes on in the next line."""
    held: list[str] = []
    size = begins = 0
    for line in lines:
        full = max(len(held) / LINES, size / CHARACTERS)
        blank = not line.strip()
        ends = full >= LONG and SENTENCE_ENDS.search(held[-1]) and not line.strip()[:1].islower()
        if full >= 1 and (by_line or blank or ends or full >= ENDLESS):
            yield from _text(held, begins, by_line)
            begins += size
            held, size = [], 0
        held.append(line)
        size += len(line)
    yield from _text(held, begins, by_line)


def _text(held: list[str], begins: int, by_line: bool) -> Iterator[Portion]:
    text = "".join(held)
    if text.strip():
        yield Portion({"text": text} | ({"lines": True} if by_line else {}), begins)


def token_portions(lines: Iterable[str], name: str, column: int = 1) -> Iterator[Portion]:
    """One token a line, in this column (the first is 1), a blank line between sentences."""
    held: list[list[str]] = []
    size = 0
    for tokens in sentences_of(lines, name, column):
        held.append(tokens)
        size += len(tokens)
        if size >= TOKENS:
            yield Portion({"sentences": held})
            held, size = [], 0
    if held:
        yield Portion({"sentences": held})


def sentences_of(lines: Iterable[str], name: str, column: int = 1) -> Iterator[list[str]]:
    tokens: list[str] = []
    for number, line in enumerate(lines, 1):
        cells = COLUMNS.split(line.strip(" \t\r\n"), maxsplit=column)
        if cells[0] and cells[0] != DOCUMENT:
            if len(cells) < column:
                raise UsageError(
                    "a line has too few columns",
                    got=f"{name}, line {number}: {len(cells)} columns",
                    expected=f"{column} or more, or a blank line between sentences",
                )
            tokens.append(cells[column - 1])
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
