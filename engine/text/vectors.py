"""Word vectors as GloVe writes them: a word and its numbers on each line (Pennington et al. 2014).

Also word2vec's text format, whose first line says how many vectors there are. Only lines that are wanted are parsed:
400,000 lines of 100 numbers are mostly skipped over. Words may hold spaces, as in GloVe 840B: the numbers are the last
columns. Lines that make no sense are skipped and counted, not guessed at.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from engine.errors import LabError
from engine.files import MARKS

LOOKED_AT = 100  # lines that tell how many numbers there are
AT_ONCE = 1_000  # vectors parsed together
LONGEST = 2**20  # bytes of a line: beyond, the file is something else
SHOWN = 60  # characters of a line in an error message

EXPECTED = "a text file with a word and its numbers on each line, as GloVe writes them (glove.6B.100d.txt)"

NUMBER_BEFORE = re.compile(r" [-+]?\d*\.?\d+(e[-+]?\d+)?$")  # the "word" of a line with too many numbers ends so

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vectors:
    """Words and their vectors, in the order of the file; for GloVe the most frequent first."""

    words: tuple[str, ...]
    values: Values  # (words, dim)
    lines: int  # of the file
    found: int  # of the wanted words
    wanted: int
    skipped: int  # lines that are no vectors

    @property
    def dim(self) -> int:
        return int(self.values.shape[1])

    @property
    def coverage(self) -> float:
        """Share of the wanted words that have a vector."""
        return self.found / self.wanted if self.wanted else 0.0


def read_vectors(path: Path, wanted: Collection[str], extra: int, say: Callable[[str], None]) -> Vectors:
    """Vectors of the `wanted` words, looked up as they are, and of the first `extra` of the file. First lines win."""
    wanted = frozenset(wanted)
    try:
        if not path.is_file():
            raise LabError("the word vectors cannot be read", got=f"{path}: no such file", expected=EXPECTED)
        with path.open("rb") as file:
            dim, header = _look(file, path)
            file.seek(0)
            found = _read(file, dim, header, wanted, extra)
    except OSError as error:
        raise LabError("the word vectors cannot be read", got=f"{path}: {error.strerror}", expected=EXPECTED) from error
    if found.skipped:
        say(f"word vectors: {found.skipped:,} of {found.lines:,} lines are none, skipped")
    kept = f"{len(found.words):,} vectors of {found.dim} kept"
    say(f"word vectors: {found.found:,} of {found.wanted:,} words found, {kept}")
    return found


def _look(file: BinaryIO, path: Path) -> tuple[int, bool]:
    """(numbers in a vector, whether the first line is word2vec's header), from the first lines."""
    start = file.read(4)
    for mark, kind in MARKS.items():
        if start == mark[:4] or start.startswith(mark):
            raise LabError("no word vectors", got=f"{path}: {kind}", expected=EXPECTED, hint="unpack it first")
    file.seek(0)
    lines = []
    for line in iter(lambda: file.readline(LONGEST), b""):
        if len(line) == LONGEST or b"\0" in line:
            raise LabError("no word vectors", got=f"{path} is no text of lines", expected=EXPECTED)
        lines.append(_bare(line))
        if len(lines) == LOOKED_AT:
            break
    header = len(lines) > 1 and _is_header(lines[0]) and lines[1].count(b" ") > 1
    counts = Counter(line.count(b" ") for line in lines[header:])
    dim = counts.most_common(1)[0][0] if counts else 0
    numbers = [line.split(b" ", 1)[1] for line in lines[header:] if line.count(b" ") == dim] if dim else []
    if not numbers or sum(_numbers(each, 1, dim) is not None for each in numbers) <= len(lines[header:]) / 2:
        first = lines[0][:SHOWN].decode("utf-8", "replace") if lines else ""
        got = f"{path} begins with {first!r}" if first else f"{path} is empty"
        raise LabError("no word vectors", got=got, expected=EXPECTED)
    return dim, header


def _read(file: BinaryIO, dim: int, header: bool, wanted: frozenset[str], extra: int) -> Vectors:
    # By its first piece a line is left alone or looked at: cheap, and enough for all but a few of them.
    pieces = {word.split(" ", 1)[0].encode("utf-8", "surrogatepass") for word in wanted}
    words: dict[str, None] = {}
    blocks: list[Values] = []
    waiting: list[tuple[str, bytes]] = []
    lines = skipped = taken = 0

    def parse() -> int:
        """Parse what waits, all at once; line by line if some of it is no number."""
        block = _numbers(b" ".join(numbers for _, numbers in waiting), len(waiting), dim)
        sound = [block] if block is not None else []
        names = [word for word, _ in waiting]
        if block is None:
            each = [(word, _numbers(numbers, 1, dim)) for word, numbers in waiting]
            names = [word for word, values in each if values is not None]
            sound = [values for _, values in each if values is not None]
        words.update(dict.fromkeys(names))
        blocks.extend(sound)
        wrong = len(waiting) - len(names)
        waiting.clear()
        return wrong

    queued: set[str] = set()
    for raw in islice(file, int(header), None):
        lines += 1
        among_first = taken < extra
        columns = raw.count(b" ")
        if not among_first and columns >= dim and raw[: raw.find(b" ")] not in pieces:
            continue
        line = _bare(raw)
        if line.count(b" ") < dim:
            skipped += bool(line)
            lines -= not line
            continue
        parts = line.rsplit(b" ", dim)
        try:
            word = parts[0].decode()
        except UnicodeDecodeError:
            skipped += 1
            continue
        if NUMBER_BEFORE.search(word):
            skipped += 1
            continue
        if word in queued or not (among_first or word in wanted):
            continue
        taken += among_first
        queued.add(word)
        waiting.append((word, b" ".join(parts[1:])))
        if len(waiting) == AT_ONCE:
            skipped += parse()
    if waiting:
        skipped += parse()

    values = np.concatenate(blocks) if blocks else np.zeros((0, dim), dtype=np.float32)
    return Vectors(tuple(words), values, lines, sum(word in words for word in wanted), len(wanted), skipped)


def _bare(line: bytes) -> bytes:
    """Without the line's end; tabs are taken as spaces."""
    return line.rstrip(b" \t\r\n").replace(b"\t", b" ")


def _is_header(line: bytes) -> bool:
    parts = line.split(b" ")
    return len(parts) == 2 and all(part.isdigit() for part in parts)


def _numbers(content: bytes, count: int, dim: int) -> Values | None:
    """`count` vectors, (count, dim); None if they are not so many finite numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of numbers that do not go on to the end
        try:
            values = np.fromstring(content, dtype=np.float32, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    if values.size != count * dim or not np.isfinite(values).all():
        return None
    return values.reshape(count, dim)
