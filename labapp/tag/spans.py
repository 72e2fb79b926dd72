"""Entities as spans of tokens, read off IOB2 tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Tokens `start` to `end`, the end exclusive."""

    type: str
    start: int
    end: int
    probability: float | None = None  # where it is known

    @property
    def what(self) -> tuple[str, int, int]:
        """What it says, however sure."""
        return self.type, self.start, self.end


def spans_of(tags: Sequence[str]) -> tuple[Span, ...]:
    """The entities of a tagging. An I- that continues nothing of its type begins an entity, as seqeval has it."""
    found: list[Span] = []
    begun: tuple[str, int] | None = None
    for place, tag in enumerate((*tags, "O")):
        kind, _, name = tag.partition("-")
        goes_on = kind == "I" and begun is not None and begun[0] == name
        if begun is not None and not goes_on:
            found.append(Span(begun[0], begun[1], place))
            begun = None
        if kind in ("B", "I") and not goes_on:
            begun = name, place
    return tuple(found)
