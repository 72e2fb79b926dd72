"""The peer of our trainer learns: a slow opponent would be no opponent, one that does not learn neither."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.everybody import Everybody, Pictures, random_arrays
from benchmarks.steady import ALLOCATOR, as_everybody


def test_its_loop_reduces_the_loss() -> None:
    torch.manual_seed(0)
    labels = np.arange(64) % 2
    images = np.broadcast_to((labels * 200 + 20).astype(np.uint8)[:, None, None, None], (64, 32, 32, 3))
    loop = Everybody(Pictures(np.ascontiguousarray(images), labels), "bn", torch.device("cpu"), batch=32, workers=0)
    losses = [list(loop.epoch())[-1] for _ in range(3)]
    assert losses[-1][0] < 0.5 * losses[0][0]
    assert losses[-1][1] == 1.0


def test_its_pictures_are_augmented_and_normalised() -> None:
    torch.manual_seed(0)
    pictures = Pictures(*random_arrays(4))
    first, again = pictures[0][0], pictures[0][0]
    assert len(pictures) == 4
    assert first.shape == (3, 32, 32)
    assert first.dtype == torch.float32
    assert not torch.equal(first, again)


def test_its_process_has_the_allocator_everybody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ALLOCATOR:
        monkeypatch.setenv(name, "1")
    assert not set(ALLOCATOR) & as_everybody().keys()
