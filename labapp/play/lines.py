"""Lines of text from a file or a pipe, whatever is in it: what is read is never held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from engine.errors import LabError, UsageError

LONGEST_LINE = 1_000_000  # bytes
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


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
