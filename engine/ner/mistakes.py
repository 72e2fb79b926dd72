"""Entities that were missed, invented or taken for others, each within its sentence: what stands behind the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.ner.corpus import OUTSIDE, Sentence
from engine.ner.metrics import Entity, entities_of

CONTEXT = 8  # tokens on either side
KEPT_OF_A_KIND = 20  # of each pair of types, the surest
KEPT = 600


def mistakes_of(
    sentences: Sequence[Sentence],
    predicted: Sequence[Sequence[str]],
    probabilities: Sequence[Sequence[float]],
    scheme: str,
) -> list[dict[str, Any]]:
    """The surest mistakes, surest first, at most some of each pair of types.

    An entity is wrong when no predicted one has its type and both its ends; it was taken for the one that overlaps it
    most, or for nothing (O). A predicted entity that overlaps none was nothing.
    """
    found = []
    for sentence, tags, sure in zip(sentences, predicted, probabilities, strict=True):
        if tuple(tags) == sentence.tags:
            continue
        gold, ours = entities_of(sentence.tags, scheme), entities_of(tags, scheme)
        for entity in gold:
            if entity not in ours:
                other = max(ours, key=lambda each, entity=entity: overlap(each, entity), default=None)  # type: ignore[misc]
                taken = other.type if other is not None and overlap(other, entity) else OUTSIDE
                found.append(_mistake(sentence, entity, entity.type, taken, sure))
        for entity in ours:
            if not any(overlap(each, entity) for each in gold):
                found.append(_mistake(sentence, entity, OUTSIDE, entity.type, sure))
    found.sort(key=lambda each: -each["confidence"])
    kinds: Counter[tuple[str, str]] = Counter()
    kept = []
    for each in found:
        kinds[each["class"], each["predicted"]] += 1
        if kinds[each["class"], each["predicted"]] <= KEPT_OF_A_KIND:
            kept.append(each)
    return kept[:KEPT]


def overlap(one: Entity, other: Entity) -> int:
    """Tokens that two entities share."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def _mistake(sentence: Sentence, entity: Entity, true: str, taken: str, sure: Sequence[float]) -> dict[str, Any]:
    start, end = entity.start, entity.end
    confidence = sum(sure[start:end]) / (end - start)
    return {
        "sentence": in_context(sentence.tokens, start, end),
        "class": true,
        "predicted": taken,
        "confidence": round(confidence, 4),
    }


def in_context(tokens: Sequence[str], start: int, end: int) -> str:
    """The entity in brackets among the words around it."""
    before, after = tokens[max(0, start - CONTEXT) : start], tokens[end : end + CONTEXT]
    parts = ["..."] * (start > CONTEXT) + [*before, f"[{' '.join(tokens[start:end])}]", *after]
    return " ".join(parts + ["..."] * (end + CONTEXT < len(tokens)))
