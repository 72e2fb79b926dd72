"""Tagging schemes: which one a file uses, and from any of them to IOB2, the one used here. Torch-free.

    IOB1   B- only parts an entity from one of the same type right before it (Ramshaw and Marcus 1995)
    IOB2   every entity begins with B- (also called BIO)
    IOBES  ... ends with E-, and S- is an entity of one token
    BILOU  the same with L- and U- (Ratinov and Roth 2009)

An entity is read wherever one can be: a tag that continues what is not there begins an entity, as seqeval's default
reading has it. Such tags are counted: they are mistakes in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from engine.ner.corpus import OUTSIDE, type_of

Scheme = Literal["IOB1", "IOB2", "IOBES", "BILOU"]
Transitions = Counter[tuple[str, str]]  # (a tag or O for the beginning, the tag after it) -> times

ENDS = "ELSU"  # the last token of an entity
LONGER = "BI"  # in IOBES and BILOU: more of the entity must follow


def transitions(sentences: Iterable[Sequence[str]]) -> Transitions:
    """How often each tag follows each."""
    found: Transitions = Counter()
    for tags in sentences:
        found.update(zip((OUTSIDE, *tags), tags, strict=False))
    return found


def recognise(found: Transitions) -> Scheme:
    """The scheme of a whole file from its transitions."""
    letters = {tag[0] for _, tag in found}
    if letters & set("LU"):
        return "BILOU"
    if letters & set("ES"):
        return "IOBES"
    begun = Counter[str]()  # entities after something else, by the letter they begin with
    for (before, tag), times in found.items():
        if tag != OUTSIDE and type_of(before) != type_of(tag):
            begun[tag[0]] += times
    return "IOB1" if begun["I"] > begun["B"] else "IOB2"


def mistakes(found: Transitions, scheme: Scheme) -> int:
    """Tags that the scheme forbids where they stand."""
    return sum(times for (before, tag), times in found.items() if _is_mistake(before, tag, scheme))


def _is_mistake(before: str, tag: str, scheme: Scheme) -> bool:
    same = tag != OUTSIDE and type_of(before) == type_of(tag)
    if scheme == "IOB1":
        return tag[0] == "B" and not same
    if scheme == "IOB2":
        return tag[0] == "I" and not same
    if before != OUTSIDE and before[0] in LONGER:  # an entity is open: it must go on
        return not (same and tag[0] in "IEL")
    return tag[0] in "IEL"  # none is open: nothing can go on


def to_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """The same entities, each begun with B-. From any scheme: none uses a letter in another's meaning, but for IOB1's
    I- at a beginning, which means there what IOB2's mistakes are taken for."""
    result = []
    before = OUTSIDE
    for tag in tags:
        if tag == OUTSIDE:
            result.append(OUTSIDE)
        else:
            ended = before == OUTSIDE or before[0] in ENDS or type_of(before) != type_of(tag)
            begins = ended or tag[0] in "BSU"
            result.append(("B-" if begins else "I-") + type_of(tag))
        before = tag
    return tuple(result)


def to_iobes(tags: Sequence[str]) -> tuple[str, ...]:
    """From IOB2."""
    result = []
    for tag, after in zip(tags, (*tags[1:], OUTSIDE), strict=False):
        goes_on = after[0] == "I" and type_of(after) == type_of(tag)
        letter = {("B", True): "B", ("B", False): "S", ("I", True): "I", ("I", False): "E"}.get((tag[0], goes_on))
        result.append(OUTSIDE if letter is None else f"{letter}-{type_of(tag)}")
    return tuple(result)
