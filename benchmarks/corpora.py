"""The training sentences that benchmarks of the entity lab use: a corpus at hand, else the embedded sample."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.catalogue import NER
from engine.config import Config, Layer, load, resolve
from engine.ner.corpus import Corpus, Sentence


def configured(variant: str, data: str | None, **settings: object) -> Config:
    return resolve(NER, variant, data or "sample", "seed", [Layer("the benchmark", {"vectors": "random", **settings})])


def open_corpus(config: Config) -> Corpus:
    with tempfile.TemporaryDirectory() as cache:
        corpus: Corpus = load(config.dataset.open)(config.data, config.settings, Path(cache), lambda words: None)
        return corpus


def open_training(data: str | None) -> Sequence[Sentence]:
    return open_corpus(configured("bilstm", data)).split("train")
