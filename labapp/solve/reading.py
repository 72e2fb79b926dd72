"""Problems from a file or a pipe, one a line, in portions that are solved together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import UsageError

PORTION = 32  # problems
LONGEST = 20_000  # characters of a problem; the inference process takes no longer ones


def portions_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """Blank lines are none. One that is too long is refused when all before it have been handed out."""
    held: list[str] = []
    for number, line in enumerate(lines, 1):
        problem = line.strip()
        if len(problem) > LONGEST:
            if held:
                yield held
            raise UsageError(
                "a problem is too long",
                got=f"line {number:,}: {len(problem):,} characters",
                expected=f"at most {LONGEST:,}, one problem a line",
            )
        if problem:
            held.append(problem)
        if len(held) == PORTION:
            yield held
            held = []
    if held:
        yield held
