"""What a corpus is known by: its fingerprint, and its types of entities. Torch-free."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.ner.corpus import OUTSIDE, Sentence, type_of
from engine.task import SPLITS, Split


def types_of(splits: Iterable[Sequence[Sentence]]) -> tuple[str, ...]:
    tags = Counter[str]()
    for sentences in splits:
        for sentence in sentences:
            tags.update(sentence.tags)
    return tuple(sorted({type_of(tag) for tag in tags if tag != OUTSIDE}))


def fingerprint_of(given: Mapping[Split, Sequence[Sentence]]) -> str:
    """SHA-256 over every split as it was given: its sentences' tokens and tags. No token holds a line's end."""
    digest = hashlib.sha256()
    for split in SPLITS:
        if split in given:
            digest.update(f"{split} {len(given[split])}\n".encode())
            for sentence in given[split]:
                text = "\n".join((str(len(sentence.tokens)), *sentence.tokens, *sentence.tags, ""))
                digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
