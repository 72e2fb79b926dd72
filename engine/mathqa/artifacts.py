"""What a trained solver needs to be used without its dataset: vocabulary, what it began with, what it has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.files import write_json
from engine.mathqa.corpus import Problem
from engine.mathqa.numbers import masked
from engine.mathqa.vocabulary import Vocabulary
from engine.tensorfile import write_tensors
from engine.text.preprocessing import ENCODER, readable, restored_encoder

LIBRARY, TENSORS = "preprocessing.json", "vectors.safetensors"


@dataclass(frozen=True)
class MathArtifacts:
    """`seen` are the training problems up to their numbers, as `key_of` knows them: which of others are novel."""

    vocabulary: Vocabulary
    seen: frozenset[int]
    initial: tuple[Tensor, Tensor] | None = None  # rows of the word embedding, and what these begin with
    coverage: Mapping[str, Any] = field(default_factory=dict)  # what the pretrained vectors cover, for the report
    sources: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of what was used besides the problems
    encoder: Any = None  # `engine.text.encoder.Encoder`, for the variants that have one

    def novel(self, problem: Problem) -> bool:
        return key_of(problem.text) not in self.seen

    def save(self, directory: Path) -> None:
        known = self.vocabulary
        write_json(
            directory / LIBRARY,
            {
                "words": list(known.words),
                "rare": sorted(known.rare),
                "tokens": list(known.tokens),
                "coverage": dict(self.coverage),
                "sources": dict(self.sources),
            },
        )
        tensors = {"seen": torch.tensor(sorted(self.seen), dtype=torch.int64)}
        if self.initial is not None:
            rows, values = self.initial
            tensors |= {"rows": rows.contiguous(), "values": values.contiguous()}
        write_tensors(tensors, directory / TENSORS)
        if self.encoder is not None:
            self.encoder.save(directory / ENCODER)


def key_of(text: str) -> int:
    """A number for a problem up to its numbers."""
    return int.from_bytes(hashlib.blake2b(masked(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def keys_of(problems: Iterable[Problem]) -> frozenset[int]:
    return frozenset(key_of(problem.text) for problem in problems)


def restore(directory: Path) -> MathArtifacts:
    path = directory / LIBRARY
    with readable(path, "vocabulary and training problems as labapp wrote them"):
        raw = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = Vocabulary(
            words=tuple(map(str, raw["words"])),
            rare=frozenset(map(str, raw["rare"])),
            tokens=tuple(map(str, raw["tokens"])),
        )
        coverage, sources = dict(raw.get("coverage", {})), dict(raw.get("sources", {}))
        tensors = load_file(directory / TENSORS)
        seen = frozenset(tensors["seen"].tolist())
        initial = (tensors["rows"].to(torch.int64), tensors["values"]) if "rows" in tensors else None
    return MathArtifacts(vocabulary, seen, initial, coverage, sources, restored_encoder(directory))
