"""A problem laid out in cells, its numbers lettered below:

    a train 360 m long runs at 45 km / h . in what time will it pass a platform 140 m long ?
            n0                 n1                                               n2

Lines are broken at spaces; letters that would touch are parted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol

from rich.cells import cell_len

from labapp.fit import tidy

UNKNOWN, UNKNOWN_ASCII = "°", "*"  # behind a word that the vocabulary has not

Piece = tuple[str, str]  # a text and its kind: "", number, letter or unknown
Line = tuple[Piece, ...]


class Word(Protocol):
    """A word of a problem and its place in the text."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def number(self) -> int | None: ...


def lettered(problem: str, words: Sequence[Word], width: int, *, ascii: bool = False) -> list[Line]:
    """The lines of a problem; below each that has numbers, their letters."""
    lines: list[Line] = []
    line = Laid(width)
    for chunk in chunks(problem, words, UNKNOWN_ASCII if ascii else UNKNOWN):
        if not line.takes(chunk):
            lines += line.lines()
            line = Laid(width)
        for piece in chunk:
            for part in cut(piece, width):
                if not line.takes([part], glued=True):
                    lines += line.lines()
                    line = Laid(width)
                line.add(part)
        line.space = True
    return lines + line.lines()


class Laid:
    """One line, and the letters below it, as far as they are laid."""

    def __init__(self, width: int):
        self.width = max(1, width)
        self.text: list[Piece] = []
        self.letters: list[Piece] = []
        self.end = self.letters_end = 0  # cells
        self.space = False  # whether one comes before the next piece

    def takes(self, pieces: Sequence[tuple[str, str, str]], *, glued: bool = False) -> bool:
        """Whether these fit, one behind the other; an empty line takes anything."""
        end, letters_end = self.end + (self.space and not glued), self.letters_end
        for text, _, letter in pieces:
            if letter:
                end = max(end, letters_end + (letters_end > 0))
                letters_end = end + cell_len(letter)
            end += cell_len(text)
        return not self.text or max(end, letters_end) <= self.width

    def add(self, piece: tuple[str, str, str]) -> None:
        text, kind, letter = piece
        gap = int(self.space and bool(self.text))
        if letter:
            gap = max(gap, self.letters_end + (self.letters_end > 0) - self.end)
        if gap:
            self.text.append((" " * gap, ""))
            self.end += gap
        if letter:
            self.letters += [(" " * (self.end - self.letters_end), ""), (letter, "letter")]
            self.letters_end = self.end + cell_len(letter)
        self.text.append((text, kind))
        self.end += cell_len(text)
        self.space = False

    def lines(self) -> list[Line]:
        found = [tuple(self.text)] if self.text else []
        return found + ([tuple(self.letters)] if self.letters else [])


def chunks(problem: str, words: Sequence[Word], unknown: str) -> Iterator[list[tuple[str, str, str]]]:
    """What stands between two spaces, as pieces: text, kind, and the letter below it."""
    pieces: list[tuple[str, str, str]] = []
    place = 0
    for word in words:
        pieces += [(problem[place : word.start], "", "")] if place < word.start else []
        text = problem[word.start : word.end]
        if word.number is not None:
            pieces.append((text, "number", f"n{word.number}"))
        elif getattr(word, "known", True):
            pieces.append((text, "", ""))
        else:
            pieces.append((text + unknown, "unknown", ""))
        place = word.end
    pieces += [(problem[place:], "", "")] if place < len(problem) else []
    chunk: list[tuple[str, str, str]] = []
    for text, kind, letter in pieces:
        for blank, characters in groupby(text, str.isspace):
            if not blank:
                chunk.append((tidy("".join(characters)), kind, letter))
                letter = ""  # below the first part
            elif chunk:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def cut(piece: tuple[str, str, str], width: int) -> Iterator[tuple[str, str, str]]:
    """A piece in parts that fit into a line."""
    text, kind, letter = piece
    while cell_len(text) > width > 1:
        taken = next(n for n in range(1, len(text) + 1) if cell_len(text[: n + 1]) > width)
        yield text[:taken], kind, letter
        text, letter = text[taken:], ""
    yield text, kind, letter
