"""A sentence under which taggings stand in rows: of one run or two, the second-best, what stands in the corpus.

The first row is what the others are compared with; an entity that the first one has not is marked, and so is the
absence of one that it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labapp.tag.replies import Sentence
from labapp.tag.spans import Span, spans_of


@dataclass(frozen=True)
class Row:
    """One tagging: whose it is, its entities, how likely it is as a whole."""

    name: str
    spans: tuple[Span, ...]
    probability: float | None = None


@dataclass(frozen=True)
class Stack:
    """Tokens with the rows below them."""

    tokens: tuple[str, ...]
    glued: tuple[bool, ...]  # whether nothing stands between a token and the one before it
    unknown: tuple[bool, ...]
    least: int | None  # the token that is least certain
    rows: tuple[Row, ...]


def differs(row: Row, first: Row) -> bool:
    """Whether a row has an entity that the first one has not."""
    return bool({span.what for span in row.spans} - {span.what for span in first.spans})


def lacks(row: Row, first: Row) -> bool:
    """Whether a row says nothing where the first one has an entity."""
    return bool(covered(first) - covered(row))


def covered(row: Row) -> set[int]:
    """The tokens that belong to entities."""
    return {place for span in row.spans for place in range(span.start, span.end)}


def stack_of(
    sentence: Sentence, *, name: str = "tags", second: bool = False, gold: Sequence[str] | None = None,
    other: Sentence | None = None, other_name: str = "B",
) -> Stack:  # fmt: skip
    """`gold` is the corpus's tagging, `other` the same sentence by another run; `second`: with the second-best."""
    rows = [Row(name, sentence.entities, sentence.probability)]
    if other is not None and other.tokens == sentence.tokens:
        rows.append(Row(other_name, other.entities, other.probability))
    if gold is not None:
        rows.append(Row("gold", spans_of(gold)))
    if second and sentence.second is not None:
        rows.append(Row("2nd", spans_of(sentence.second.tags), sentence.second.probability))
    return Stack(
        tokens=sentence.tokens,
        glued=glued(sentence),
        unknown=tuple(not known for known in sentence.known),
        least=sentence.least,
        rows=tuple(rows),
    )


def glued(sentence: Sentence) -> tuple[bool, ...]:
    """Whether a token stands directly behind the one before it in the text."""
    ends = [end for _, end in sentence.offsets]
    starts = [start for start, _ in sentence.offsets]
    if not sentence.offsets:
        return (False,) * len(sentence.tokens)
    return (False, *(start <= end for start, end in zip(starts[1:], ends, strict=False)))
