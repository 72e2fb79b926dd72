"""Small pictures made for a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.images.data import PictureData, PictureSplit
from engine.images.settings import ImageSettings
from engine.task import Split


def settings(**changes: Any) -> ImageSettings:
    values = {"device": "cpu", "batch_size": 16, "epochs": 2, "n": 1, "lr": 0.05}
    return ImageSettings.model_validate(values | changes)


def coloured(count: int, classes: int = 3, side: int = 8, seed: int = 0) -> PictureSplit:
    """Noisy pictures whose class is their brightest channel: learnable within a few updates."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    pictures = draw.integers(0, 120, (count, side, side, 3), dtype=np.uint8)
    for label in range(classes):
        pictures[labels == label, :, :, label] += 100
    return PictureSplit(pictures, labels.astype(np.int64), [f"{i}.png" for i in range(count)])


@pytest.fixture
def pictures() -> Callable[..., PictureData]:
    def make(*, forbidden: tuple[Split, ...] = (), sizes: dict[Split, int] | None = None) -> PictureData:
        sizes = sizes or {"train": 48, "val": 24, "test": 24}
        made = {split: coloured(count, seed=index) for index, (split, count) in enumerate(sizes.items())}

        def open_split(split: Split) -> PictureSplit:
            assert split not in forbidden, f"the {split} split was touched"
            return made[split]

        counts = {split: (count // 3,) * 3 for split, count in sizes.items()}
        return PictureData(("red", "green", "blue"), "f" * 64, 8, counts, open_split)

    return make


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
