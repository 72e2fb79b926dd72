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

    An entity is wrong when no predicted one has its type and both its ends; it was taken for each type that overlaps
    it, or for nothing (O). A predicted entity that overlaps none was nothing.
    """
    found = []
    for sentence, tags, sure in zip(sentences, predicted, probabilities, strict=True):
        if tuple(tags) == sentence.tags:
            continue
        gold, ours = entities_of(sentence.tags, scheme), entities_of(tags, scheme)
        right, at, at_gold = set(gold) & set(ours), standing(ours), standing(gold)
        for entity in gold:
            if entity not in right:
                others = Counter(at[place].type for place in range(entity.start, entity.end) if place in at)
                for taken in others or [OUTSIDE]:
                    found.append(_mistake(sentence, entity, entity.type, taken, sure))
        for entity in ours:
            if not any(place in at_gold for place in range(entity.start, entity.end)):
                found.append(_mistake(sentence, entity, OUTSIDE, entity.type, sure))
    found.sort(key=lambda each: -each["confidence"])
    kinds: Counter[tuple[str, str]] = Counter()
    kept = []
    for each in found:
        kinds[each["class"], each["predicted"]] += 1
        if kinds[each["class"], each["predicted"]] <= KEPT_OF_A_KIND:
            kept.append(each)
    return kept[:KEPT]


def standing(entities: Sequence[Entity]) -> dict[int, Entity]:
    """The entity at each token that has one."""
    return {place: each for each in entities for place in range(each.start, each.end)}


def _mistake(sentence: Sentence, entity: Entity, true: str, taken: str, sure: Sequence[float]) -> dict[str, Any]:
    start, end = entity.start, entity.end
    confidence = sum(sure[start:end]) / (end - start)
    return {
        "sentence": in_context(sentence.tokens, start, end),
        "text": " ".join(sentence.tokens),
        "class": true,
        "predicted": taken,
        "confidence": round(confidence, 4),
    }


def in_context(tokens: Sequence[str], start: int, end: int) -> str:
    """The entity in brackets among the words around it."""
    before, after = tokens[max(0, start - CONTEXT) : start], tokens[end : end + CONTEXT]
    parts = ["..."] * (start > CONTEXT) + [*before, f"[{' '.join(tokens[start:end])}]", *after]
    return " ".join(parts + ["..."] * (end + CONTEXT < len(tokens)))
