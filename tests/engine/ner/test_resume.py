"""A training of the entity task that was interrupted goes on to the very same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.catalogue import task_row
from engine.config import Layer, resolve
from engine.jobs import TrainJob
from tests.engine.ner.taggers import OTHERS, TINY, TRAIN, VECTORS, sentence

SETTINGS = {
    **TINY, "epochs": 3, "dropout": 0.5, "word_dropout": 0.1, "singleton_dropout": 0.5, "ema_decay": 0.9,
    "dropout_per": "sentence",
}  # fmt: skip


class Pausing:
    """Wants a pause after so many updates; 0 = never."""

    def __init__(self, after: int):
        self.after, self.step = after, 0

    def emit(self, type: str, **values: Any) -> None:
        pass

    def beat(self, phase: str, *, step: int, **values: Any) -> None:
        self.step = step

    def wanted(self) -> Any:
        return "pause" if self.after and self.step >= self.after else "run"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with three files and word vectors."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, texts in (("train", TRAIN), ("dev", OTHERS), ("test", OTHERS[:1])):
        rows = [
            "\n".join(f"{token} {tag}" for token, tag in zip(each.tokens, each.tags, strict=True))
            for each in map(sentence, texts)
        ]
        (folder / f"{name}.txt").write_text("\n\n".join(rows) + "\n")
    (tmp_path / "vectors.vec").write_text(VECTORS)
    return folder


@pytest.mark.parametrize("variant", ["bilstm-crf", "bilstm-ln", "encoder-crf"])
def test_to_the_same_bits(variant: str, data: Path, tmp_path: Path) -> None:
    vectors = str(tmp_path / "vectors.vec")
    more = {"vectors": vectors, "encoder": "scratch"}
    config = resolve(task_row("ner"), variant, str(data), "best", [Layer("the test", {**SETTINGS, **more})])

    def attempt(folder: Path, pause_after: int) -> str:
        folder.mkdir(exist_ok=True)
        job = TrainJob(config, folder, tmp_path, lambda words: None)
        job.prepare()
        return job.train(Pausing(pause_after)).status

    assert attempt(tmp_path / "whole", 0) == "finished"
    for pause_after in (4, 7, 0):  # within the second epoch, within the third
        ended = attempt(tmp_path / "halved", pause_after)
    assert ended == "finished"
    one, other = (
        max((tmp_path / name / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:])) / "model.safetensors"
        for name in ("whole", "halved")
    )
    weights, others = load_file(one), load_file(other)
    assert one.parent.name == other.parent.name
    assert all(torch.equal(others[name], value) for name, value in weights.items())
