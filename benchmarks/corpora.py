"""The data that benchmarks of the labs of language use: some at hand, else the embedded samples."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.catalogue import MATHQA, NER, load
from engine.config import Config, Layer, resolve
from engine.mathqa.corpus import MathData, Problem
from engine.ner.corpus import Corpus, Sentence


def configured(variant: str, data: str | None, **settings: object) -> Config:
    return resolve(NER, variant, data or "sample", "seed", [Layer("the benchmark", {"vectors": "random", **settings})])


def open_corpus(config: Config) -> Corpus:
    with tempfile.TemporaryDirectory() as cache:
        corpus: Corpus = load(config.dataset.open)(config.data, config.settings, Path(cache), lambda words: None)
        return corpus


def open_training(data: str | None) -> Sequence[Sentence]:
    return open_corpus(configured("bilstm", data)).split("train")


def configured_solver(variant: str, data: str | None, **settings: object) -> Config:
    return resolve(
        MATHQA, variant, data or "sample", "seed", [Layer("the benchmark", {"vectors": "random", **settings})]
    )


def open_math(config: Config) -> MathData:
    with tempfile.TemporaryDirectory() as cache:
        found: MathData = load(config.dataset.open)(config.data, config.settings, Path(cache), lambda words: None)
        return replace(found, cache=None)


def open_problems(data: str | None) -> Sequence[Problem]:
    return open_math(configured_solver("attention", data)).split("train")
