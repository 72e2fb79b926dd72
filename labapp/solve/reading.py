"""Problems from a file or a pipe, one a line, in portions that are solved together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PORTION = 32  # problems


def portions_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """Blank lines are none."""
    held: list[str] = []
    for line in lines:
        if problem := line.strip():
            held.append(problem)
        if len(held) == PORTION:
            yield held
            held = []
    if held:
        yield held
