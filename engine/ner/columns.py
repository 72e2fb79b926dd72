"""Tagged text in columns that blanks or tabs part: which column is what, and the sentences. Torch-free."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from engine.errors import LabError
from engine.ner.tagged import LISTED, SHOWN, TaggedFile, instead, is_tag, pair_of

LOOKED_AT = 500  # lines that tell the layout
SAME_WORD = 0.3  # share of lines whose third column repeats the first, in the course's layout
CHUNK = re.compile(r"[BIOES]-[A-Z]{1,8}|O")


class Layout(NamedTuple):
    title: str
    columns: int
    word: int  # which column
    tabs: bool  # columns are parted by tabs alone: tokens may hold blanks


def layout_of(text: str, path: Path) -> Layout:
    """What the columns are, from the first lines."""
    lines = [line for line in _first_lines(text) if line.strip(" \t") and not line.startswith("-DOCSTART-")]
    tabs = sum("\t" in line for line in lines) > len(lines) / 2
    rows = [_columns(line, tabs) for line in lines]
    counts = Counter(len(row) for row in rows)
    columns = counts.most_common(1)[0][0] if counts else 0
    rows = [row for row in rows if len(row) == columns]
    if not 2 <= columns <= 4:
        raise LabError(
            "the file has no columns of tagged text",
            got=f"{path}: {columns} column{'s' * (columns != 1)}, first {lines[0][:SHOWN]!r}" if lines else str(path),
            expected="2 to 4 columns: word tag, word POS tag, word POS chunk tag, or token POS word tag",
        )
    if sum(is_tag(row[-1]) for row in rows) <= len(rows) / 2:
        strange = Counter(row[-1] for row in rows if not is_tag(row[-1])).most_common(LISTED)
        raise LabError(
            "the last column holds no tags of entities",
            got=f"{path}: {', '.join(repr(tag[:20]) for tag, _ in strange)}",
            expected="O, B-type and I-type (also E-, S-, L- and U-)",
        )
    if columns == 2:
        return Layout("two columns: word, tag", columns, 0, tabs)
    if columns == 3:
        return Layout("three columns: word, POS, tag", columns, 0, tabs)
    if all(CHUNK.fullmatch(row[2]) for row in rows):
        return Layout("four columns: word, POS, chunk, tag", columns, 0, tabs)
    if sum(row[0].lower() == row[2].lower() for row in rows) >= SAME_WORD * len(rows):
        return Layout("four columns: token, POS, word, tag", columns, 2, tabs)
    return Layout("four columns: word, two others, tag", columns, 0, tabs)


def _first_lines(text: str) -> list[str]:
    end = -1
    for _ in range(LOOKED_AT):
        end = text.find("\n", end + 1)
        if end < 0:
            return text.split("\n")
    return text[:end].split("\n")


def _columns(line: str, tabs: bool) -> list[str]:
    if tabs:
        return [part.strip(" ") for part in line.rstrip(" \t").split("\t")]
    return [part for part in line.replace("\t", " ").split(" ") if part]


def read_columns(text: str, found: TaggedFile) -> None:
    layout = layout_of(text, found.path)
    found.layout = layout.title
    known: dict[str, tuple[str, str] | str | None] = {"": None}  # (word, tag), why it is wrong, or nothing
    pairs: list[tuple[str, str]] = []
    wrong = False
    for number, line in enumerate(text.split("\n"), 1):
        try:
            meaning = known[line]  # lines repeat: this also keeps one copy of each word
        except KeyError:
            meaning = known[line] = _meaning(line, layout)
        if meaning is None:
            found.close(pairs, wrong)
            pairs, wrong = [], False
        elif isinstance(meaning, str):
            found.note(number, line, meaning)
            wrong = True
        else:
            pairs.append(meaning)
    found.close(pairs, wrong)


def _meaning(line: str, layout: Layout) -> tuple[str, str] | str | None:
    columns = _columns(line, layout.tabs)
    if not any(columns) or columns[0] == "-DOCSTART-":
        return None
    if len(columns) != layout.columns:
        return instead(len(columns), layout.columns)
    return pair_of(columns[layout.word], columns[-1])
