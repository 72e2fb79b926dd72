"""What a trained tagger needs to be used without its corpus: vocabulary, entity types, and what it began with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.files import write_json
from engine.ner.vocabulary import Vocabulary
from engine.tensorfile import write_tensors
from engine.text.preprocessing import ENCODER, readable, restored_encoder

LIBRARY, INITIAL = "preprocessing.json", "vectors.safetensors"


@dataclass(frozen=True)
class NerArtifacts:
    """`initial`: pretrained vectors, as rows of the embedding and what these begin with."""

    vocabulary: Vocabulary
    initial: tuple[Tensor, Tensor] | None = None  # (n,) int64, (n, word_dim)
    coverage: Mapping[str, Any] = field(default_factory=dict)  # what the pretrained vectors cover, for the report
    sources: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of what was used besides the corpus
    encoder: Any = None  # `engine.text.encoder.Encoder`, for the variant that has one

    @property
    def types(self) -> tuple[str, ...]:
        return self.vocabulary.types

    def save(self, directory: Path) -> None:
        known = self.vocabulary
        write_json(
            directory / LIBRARY,
            {
                "words": list(known.words),
                "rare": sorted(known.rare),
                "characters": list(known.characters),
                "types": list(known.types),
                "fold_case": known.fold_case,
                "zero_digits": known.zero_digits,
                "coverage": dict(self.coverage),
                "sources": dict(self.sources),
            },
        )
        if self.initial is not None:
            rows, values = self.initial
            write_tensors({"rows": rows.contiguous(), "values": values.contiguous()}, directory / INITIAL)
        if self.encoder is not None:
            self.encoder.save(directory / ENCODER)


def restore(directory: Path) -> NerArtifacts:
    path = directory / LIBRARY
    with readable(path, "vocabulary and entity types as labapp wrote them"):
        raw = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = Vocabulary(
            words=tuple(map(str, raw["words"])),
            rare=frozenset(map(str, raw["rare"])),
            characters=tuple(map(str, raw["characters"])),
            types=tuple(map(str, raw["types"])),
            fold_case=bool(raw["fold_case"]),
            zero_digits=bool(raw["zero_digits"]),
        )
        coverage, sources = dict(raw.get("coverage", {})), dict(raw.get("sources", {}))
        initial = None
        if (directory / INITIAL).exists():
            tensors = load_file(directory / INITIAL)
            initial = (tensors["rows"].to(torch.int64), tensors["values"])
    return NerArtifacts(vocabulary, initial, coverage, sources, restored_encoder(directory))
