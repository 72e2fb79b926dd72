"""Every network trains on another device than the CPU, and nothing in a batch or an update waits for that device.

The variants over a pretrained encoder are left out: transformers looks at its attention mask, which waits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.catalogue import load, task_row
from engine.config import Config, Layer, resolve
from engine.images.data import PictureData
from engine.jobs import build_task
from engine.randomness import Stream
from tests.engine.elsewhere import ELSEWHERE, Waits, moved
from tests.engine.images.conftest import pictures
from tests.engine.mathqa import solvers
from tests.engine.ner import taggers

__all__ = ["pictures"]
ENCODERS = ("encoder-crf", "bert-frozen", "bert-finetuned")
TARGETS = [f"{task}/{variant}" for task in ("images", "ner", "mathqa") for variant in task_row(task).variants]


@pytest.fixture(params=[*(each for each in TARGETS if not each.endswith(ENCODERS)), "ner/bilstm-char lstm"])
def prepared(
    request: pytest.FixtureRequest, tmp_path: Path, pictures: Callable[..., PictureData]
) -> tuple[Config, Any]:
    """A configuration and its data, small; everything that may be drawn for a picture is."""
    target, _, characters = request.param.partition(" ")
    task, _, variant = target.partition("/")
    if task == "ner":
        read_by = {"character_network": characters} if characters else {}
        return taggers.config(variant, ema_decay=0.9, **read_by), taggers.corpus(tmp_path)
    if task == "mathqa":
        chosen = solvers.config(variant, tmp_path, teacher_forcing=0.6)
        return chosen, solvers.opened(chosen, tmp_path)
    drawn = {"n": 1, "batch_size": 8, "crop_padding": 1, "flip": "random", "cutout": 2, "clip_norm": 1.0}
    return resolve(task_row(task), variant, "sample", "best", [Layer("the test", drawn)]), pictures()


def test_a_batch_and_an_update_wait_for_nothing(prepared: tuple[Config, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    config, data = prepared
    settings = config.settings.model_copy(update={"device": "cpu", "precision": "fp32", "compile": "off"})
    learner = moved(load(config.row.learner)(settings), monkeypatch)
    task = build_task(config)
    artifacts = task.prepare(data, settings)
    task.attach(data, settings, artifacts, ELSEWHERE)
    learner.build(task, artifacts)
    batches = task.batches("train", Stream(1))
    next(batches)  # a split goes to the device when it is first needed
    with Waits() as waits:
        for _ in range(2):
            learner.update([next(batches)], 0.1)
    assert waits.seen == []
    assert {each.device for each in learner.model.parameters()} == {ELSEWHERE}


def test_what_waits_is_seen() -> None:
    there, here = torch.zeros(2, device=ELSEWHERE), torch.zeros(2)
    with Waits() as waits:
        here.to(ELSEWHERE)
        there.copy_(here)
        torch.as_tensor(3.0, device=ELSEWHERE)
        here.to(ELSEWHERE, non_blocking=True)
        there.copy_(here, non_blocking=True)
        torch.full((), 3.0, device=ELSEWHERE)
    assert len(waits.seen) == 3
    for waiting in (lambda: float(there[0]), lambda: bool(there.any()), lambda: torch.bincount(there.long())):
        with pytest.raises((RuntimeError, NotImplementedError)):
            waiting()
    with pytest.raises(RuntimeError):
        there + here
