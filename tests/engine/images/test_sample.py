"""The embedded sample: deterministic, balanced, with masks, and not for a linear classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.images.data import PictureData, PictureSplit
from engine.images.sample import CLASSES, SHAPES, Difficulty, draw, open_sample
from engine.images.settings import ImageSettings
from engine.task import SPLITS


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def sample(cache: Path) -> PictureData:
    return open_sample("sample", ImageSettings(), cache, print)


def test_the_default_is_32_pixels_and_6000_pictures_in_ten_classes(sample: PictureData) -> None:
    assert sample.image_size == 32
    assert len(sample.classes) == 10
    assert sample.counts == {"train": 4_000, "val": 1_000, "test": 1_000}
    assert sample.class_counts["train"] == (400,) * 10


def test_another_seed_gets_the_same_sample_from_the_cache(sample: PictureData, cache: Path) -> None:
    said: list[str] = []
    again = open_sample("sample", ImageSettings(seed=99), cache, said.append)
    assert again.fingerprint == sample.fingerprint
    assert said == []


def test_drawn_again_the_pictures_are_the_same(sample: PictureData, tmp_path: Path) -> None:
    again = open_sample("sample", ImageSettings(), tmp_path, print)
    for split in SPLITS:
        assert np.array_equal(again.split(split).load(), sample.split(split).load())
        assert np.array_equal(again.split(split).labels, sample.split(split).labels)


def test_no_picture_is_in_two_splits(sample: PictureData) -> None:
    pictures = [picture.tobytes() for split in SPLITS for picture in sample.split(split).load()]
    assert len(set(pictures)) == 6_000


def test_masks_cover_the_object_and_differ_from_its_surroundings(sample: PictureData) -> None:
    train = sample.split("train")
    assert train.masks is not None
    share = train.masks.mean(axis=(1, 2))
    assert share.min() > 0.02
    assert share.max() < 0.5
    images = train.load().astype(np.float32)
    inside = (images * train.masks[..., None]).sum((1, 2)) / train.masks.sum((1, 2))[:, None]
    outside = (images * ~train.masks[..., None]).sum((1, 2)) / (~train.masks).sum((1, 2))[:, None]
    assert np.median(np.linalg.norm(inside - outside, axis=1)) > 40  # of 441


def test_names_tell_split_and_class(sample: PictureData) -> None:
    val = sample.split("val")
    assert val.names[0] == f"val/{CLASSES[val.labels[0]]}/00000"


def test_a_linear_classifier_on_pixels_stays_near_chance(sample: PictureData) -> None:
    def features(split: PictureSplit) -> npt.NDArray[np.float64]:
        flat = split.load().reshape(-1, 32 * 32 * 3) / 255.0 - 0.5
        return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)

    train, val = sample.split("train"), sample.split("val")
    x, targets = features(train), np.eye(10)[train.labels]
    weights = np.linalg.solve(x.T @ x + 100.0 * np.eye(x.shape[1]), x.T @ targets)
    accuracy = (np.argmax(features(val) @ weights, axis=1) == val.labels).mean()
    assert accuracy < 0.3


def test_colour_and_place_say_nothing_about_the_class(sample: PictureData) -> None:
    """Nearest class mean on the mean colours inside and outside, the place and nothing else."""

    def features(split: PictureSplit) -> npt.NDArray[np.float64]:
        images, masks = split.load() / 255.0, np.asarray(split.masks)
        where = np.stack([masks.mean(1) @ np.arange(32), masks.mean(2) @ np.arange(32)], 1) / masks.sum((1, 2))[:, None]
        inside = (images * masks[..., None]).sum((1, 2)) / masks.sum((1, 2))[:, None]
        return np.concatenate([inside, images.mean((1, 2)), where], axis=1)

    train, val = sample.split("train"), sample.split("val")
    x, y = features(train), features(val)
    means = np.stack([x[train.labels == label].mean(0) for label in range(10)])
    guess = np.argmin((((y[:, None] - means) / x.std(0)) ** 2).sum(-1), axis=1)
    assert (guess == val.labels).mean() < 0.2


@pytest.mark.parametrize("name", CLASSES)
def test_a_shape_fits_its_frame_and_equals_its_mirror_image(name: str) -> None:
    axis = np.linspace(-1.3, 1.3, 131, dtype=np.float32)
    x, y = (each.reshape(1, -1) for each in np.meshgrid(axis, axis))
    inside = SHAPES[name](x, y) < 0
    assert 0.15 < inside.mean() < 0.55
    assert not inside[np.hypot(x, y) > 1.12].any()
    assert (inside != (SHAPES[name](-x, y) < 0)).mean() < 0.005


@pytest.mark.parametrize("name", CLASSES)
def test_distances_grow_no_faster_than_one_per_unit(name: str) -> None:
    """What makes the edge one pixel wide at every size."""
    axis = np.linspace(-1.2, 1.2, 97, dtype=np.float32)
    distance = SHAPES[name](*(each.reshape(1, -1) for each in np.meshgrid(axis, axis))).reshape(97, 97)
    steps = np.abs(np.diff(distance, axis=1)) / (axis[1] - axis[0])
    assert steps.max() < 1.01
    assert np.quantile(steps, 0.9) > 0.5


def test_the_same_distribution_at_256_with_masks_of_that_size() -> None:
    labels = np.arange(20) % 10
    small = draw(labels, 32, np.random.default_rng(0), Difficulty())
    large = draw(labels, 256, np.random.default_rng(0), Difficulty())
    assert large[0].shape == (20, 256, 256, 3)
    assert large[1].shape == (20, 256, 256)
    assert abs(small[1].mean() - large[1].mean()) < 0.01  # the same objects, drawn finer


def test_256_is_the_size_of_the_row_named_so_and_has_fewer_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {True: {}, False: {"train": 20, "val": 10, "test": 10}}
    monkeypatch.setattr("engine.images.sample.COUNTS", counts)
    by_name = open_sample("sample-256", ImageSettings(), tmp_path, print)
    by_setting = open_sample("sample", ImageSettings(image_size=256), tmp_path, print)
    assert by_name.image_size == 256
    assert by_name.fingerprint == by_setting.fingerprint
    assert by_name.split("test").load().shape == (10, 256, 256, 3)
