"""A corpus of a few sentences, and networks of every variant on it: for tests that need something to tag with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.catalogue import task_row
from engine.config import Config, Layer, resolve
from engine.ner.artifacts import NerArtifacts
from engine.ner.corpus import Corpus, Sentence
from engine.ner.settings import NerSettings
from engine.ner.task import NerTask

VARIANTS = tuple(task_row("ner").variants)
TINY: dict[str, Any] = {
    "word_dim": 4, "hidden": 4, "character_dim": 3, "character_hidden": 2, "case_dim": 2, "batch_size": 2,
    "max_tokens": 6, "epochs": 1, "ema_decay": 0.0,
}  # fmt: skip
VECTORS = "ana 1 0 0 0\nparis 0 1 0 0\nrome 0 0.9 0.1 0\nunseen 0 0 1 0\n"


def sentence(text: str) -> Sentence:
    """`Ana/B-per sings` -> tokens and tags; without a slash a token is outside."""
    pairs = [token.partition("/") for token in text.split()]
    return Sentence(tuple(word for word, _, _ in pairs), tuple(tag or "O" for _, _, tag in pairs))


TRAIN = (
    "Ana/B-per sings in Paris/B-geo .",
    "the Bank/B-org of/I-org Rome/I-org closed",
    "Rome/B-geo is old , and Paris/B-geo is not so old , said Ana/B-per Lee/I-per .",  # longer than max_tokens
    "nobody came",
    "Lee/B-per left Rome/B-geo",
)
OTHERS = ("Ana/B-per left Oslo/B-geo .", "the Bank/B-org of/I-org Paris/I-org opened , and Ana/B-per came in")


def corpus(folder: Path) -> Corpus:
    """With vectors made for it, in a file of `folder`."""
    vectors = folder / "vectors.txt"
    vectors.write_text(VECTORS)
    train, others = tuple(map(sentence, TRAIN)), tuple(map(sentence, OTHERS))
    return Corpus("f" * 64, ("geo", "org", "per"), {"train": train, "val": others, "test": others}, vectors)


def config(variant: str, recipe: str = "best", **settings: Any) -> Config:
    return resolve(task_row("ner"), variant, "sample", recipe, [Layer("the test", {**TINY, **settings})])


def made(variant: str, folder: Path, **changes: Any) -> tuple[NerTask, nn.Module, NerArtifacts]:
    """An untrained network on the corpus, with its task attached."""
    torch.manual_seed(0)
    chosen = config(variant, **changes)
    settings = chosen.settings
    assert isinstance(settings, NerSettings)
    task = NerTask(chosen.row.variants[variant].options)
    data = corpus(folder)
    artifacts = task.prepare(data, settings)
    task.attach(data, settings, artifacts, torch.device("cpu"))
    return task, task.model(settings, artifacts), artifacts
