"""Following a log: reads what is new, keeps a bounded number of lines, makes of a progress bar its last state.

Used by one thread at a time. Nothing here knows a screen.
"""

from __future__ import annotations

import os
from pathlib import Path

from labapp.output import as_seen, clean

MOST_BYTES = 1_000_000  # read at once; what lies before is passed over
MOST_LINES = 20_000
LONGEST = 4_000  # characters of a line
MOST_OF_LINE = 64_000  # bytes of a line that are looked at
TAB = "    "


class Tail:
    """The end of a log file. `read` goes on where the last call stopped."""

    def __init__(self, path: Path):
        self.path = path
        self.generation = 0  # another one: nothing of what `lines` was before is in it any more
        self._forget()

    def _forget(self) -> None:
        self.generation += 1
        self.lines: list[str] = []  # harmless; the last one may still grow
        self.skipped = 0  # bytes passed over, at the start or because too many came at once
        self.dropped = 0  # lines of this generation that have been let go
        self.exists = False
        self._file: tuple[int, int] | None = None
        self._offset = 0
        self._rest = b""  # the last line, as long as it has no end
        self._open = False  # whether the last of `lines` is that rest

    def read(self) -> bool:
        """Read what is new; True when the lines are others now."""
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                identity = (found.st_dev, found.st_ino)
                another = self._file not in (None, identity) or found.st_size < self._offset
                if another:
                    self._forget()
                changed = another or not self.exists
                self._file, self.exists = identity, True
                skip = found.st_size - self._offset > MOST_BYTES
                if skip:
                    self._skip(found.st_size - MOST_BYTES)
                file.seek(self._offset)
                content = file.read(MOST_BYTES)
        except OSError:
            was = self.exists
            self._forget()
            return was
        self._offset += len(content)
        if skip:  # begin with a whole line
            cut = content.find(b"\n") + 1
            self.skipped, content = self.skipped + cut, content[cut:]
        if content:
            self._take(content)
        return changed or bool(content)

    def _skip(self, to: int) -> None:
        file, exists = self._file, self.exists
        self._forget()
        self._file, self.exists, self.skipped, self._offset = file, exists, to, to

    def _take(self, content: bytes) -> None:
        if self._open:
            self.lines.pop()
        *whole, rest = (self._rest + content).split(b"\n")
        self.lines += [harmless(line) for line in whole]
        if len(rest) > MOST_OF_LINE:  # a line without an end, or a progress bar
            rest = rest[-MOST_OF_LINE:] if b"\r" in rest[-MOST_OF_LINE:] else rest[:MOST_OF_LINE]
        self._rest, self._open = rest, bool(rest)
        if rest:
            self.lines.append(harmless(rest))
        if len(self.lines) > MOST_LINES:
            gone = len(self.lines) - MOST_LINES
            self.dropped += gone
            del self.lines[:gone]


def harmless(line: bytes) -> str:
    """A line as it looks at the end, of one that is too long a part."""
    line = line[-MOST_OF_LINE:] if b"\r" in line[-MOST_OF_LINE:] else line[:MOST_OF_LINE]
    text = as_seen(line)
    longer = len(text) - LONGEST
    text = clean(text[:LONGEST].replace("\t", TAB))
    return text + (f" ... {longer:,} characters more" if longer > 0 else "")
