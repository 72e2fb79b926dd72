"""A training of the math task that was interrupted goes on to the very same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.config import Config
from engine.jobs import TrainJob
from tests.engine.mathqa.solvers import config

SETTINGS: dict[str, Any] = {
    "epochs": 2, "dropout": 0.5, "word_dropout": 0.1, "singleton_dropout": 0.5, "ema_decay": 0.9,
    "teacher_forcing": 0.6,
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


def attempt(chosen: Config, folder: Path, pause_after: int) -> str:
    folder.mkdir(exist_ok=True)
    job = TrainJob(chosen, folder, folder.parent / "cache", lambda words: None)
    job.prepare()
    return job.train(Pausing(pause_after)).status


def last_weights(folder: Path) -> tuple[str, dict[str, torch.Tensor]]:
    newest = max((folder / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    return newest.name, load_file(newest / "model.safetensors")


@pytest.mark.parametrize(
    ("variant", "per", "schedule"),
    [
        ("seq2seq", "token", "sigmoid"), ("attention", "batch", "linear"), ("bert-frozen", "token", "constant"),
        ("bert-finetuned", "batch", "constant"),
    ],
)  # fmt: skip
def test_to_the_same_bits(variant: str, per: str, schedule: str, tmp_path: Path) -> None:
    chosen = config(variant, tmp_path, **SETTINGS, forcing_per=per, forcing_schedule=schedule)
    assert attempt(chosen, tmp_path / "whole", 0) == "finished"
    for pause_after in (4, 0):  # within the second epoch
        ended = attempt(chosen, tmp_path / "halved", pause_after)
    assert ended == "finished"
    (step, weights), (other_step, others) = (last_weights(tmp_path / name) for name in ("whole", "halved"))
    assert step == other_step
    assert weights.keys() == others.keys()
    assert [name for name, value in weights.items() if not torch.equal(others[name], value)] == []


def test_what_is_forced_matters(tmp_path: Path) -> None:
    """Or the test above would prove little."""
    found = {}
    for ratio in (0.6, 1.0):
        chosen = config("attention", tmp_path, **{**SETTINGS, "teacher_forcing": ratio})
        attempt(chosen, tmp_path / str(ratio), 0)
        found[ratio] = last_weights(tmp_path / str(ratio))[1]
    assert any(not torch.equal(found[1.0][name], value) for name, value in found[0.6].items())
