"""A tagger from the corpus to the sentence, through real processes: train, evaluate, tag."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessions.inference import Inference
from tests.conftest import Lab
from tests.engine.ner.taggers import TINY

NAMES = ("Ana", "Bea", "Carl", "Dana", "Emil", "Fritz", "Gina", "Hugo")
TOWNS = ("Oslo", "Rome", "Paris", "Cairo", "Lima", "Quito")


def write_corpus(path: Path) -> Path:
    """Two columns; names stand before `lives`, towns after `in`."""
    sentences = [f"{name} B-per\nlives O\nin O\n{town} B-geo\n. O\n" for name in NAMES for town in TOWNS] + [
        f"In O\n{town} B-geo\nlives O\nno O\n{name} B-per\n" for name in NAMES[:4] for town in TOWNS
    ]
    path.write_text("\n".join(sentences))
    return path


SMALL = {
    **TINY,
    "epochs": 6,
    "hidden": 16,
    "word_dim": 16,
    "batch_size": 8,
    "lr": 0.02,
    "vectors": "random",
    "max_tokens": 30,
}


def test_a_tagger_is_trained_evaluated_and_tags(lab: Lab, tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "corpus.conll")
    trained = lab.ended(lab.launch("ner/bilstm-crf", data=str(data), **SMALL), seconds=90)
    assert trained.status.name == "finished", trained.error
    assert trained.metrics["test"]["micro_f1"] > 0.8
    result = json.loads((trained.path / "result.json").read_text())
    assert {row["class"] for row in result["reports"]["test"]["per_class"]} == {"geo", "per"}

    unseen = tmp_path / "unseen.conll"
    unseen.write_text("Zoe B-per\nlives O\nin O\nOslo B-geo\n. O\n")
    text = "Ana lives in Rome. Zoe lives in Lima."
    with Inference(lab.store.home) as inference:
        again = inference.ask("evaluate", run=trained.id, split="test")
        assert again["metrics"] == pytest.approx(trained.metrics["test"])
        examples = inference.ask("examples", run=trained.id, split="test", count=3)
        other = inference.ask("evaluate", run=trained.id, split="test", data=str(unseen))
        assert other["examples"] == 1
        assert inference.ask("examples", run=trained.id, split="test", count=3) == examples  # of its own corpus again
        data.unlink()  # to tag, the corpus is not needed
        tagged = inference.ask("tag", run=trained.id, text=text)
    assert [each["tokens"][0] for each in tagged["sentences"]] == ["Ana", "Zoe"]
    assert tagged["sentences"][0]["tags"] == ["B-per", "O", "O", "B-geo", "O"]
