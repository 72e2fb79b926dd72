"""Splits: a seeded share of every class, as row numbers over pictures that are not copied."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from engine.images.data import PictureData, PictureSplit, split_off, with_validation
from engine.task import Split


@given(
    labels=st.lists(st.integers(0, 5), max_size=80),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**31),
)
def test_splitting_off_loses_nothing_and_leaves_every_class_on_both_sides(
    labels: list[int], fraction: float, seed: int
) -> None:
    array = np.array(labels, dtype=np.int64)
    kept, off = split_off(array, fraction, seed)
    assert sorted([*kept, *off]) == list(range(len(labels)))
    assert list(kept) == sorted(kept)
    assert list(off) == sorted(off)
    for label in set(labels):
        total, share = labels.count(label), int((array[off] == label).sum())
        assert share == 0 if total == 1 else 1 <= share <= total - 1
        assert total < 2 or abs(share - fraction * total) <= 1.0
    assert np.array_equal(split_off(array, fraction, seed)[1], off)


def test_a_fifth_of_cifar10s_50_000_is_10_000_and_1_000_of_each_class() -> None:
    labels = np.random.default_rng(0).permutation(np.arange(50_000) % 10)
    kept, off = split_off(labels, 0.2, seed=1)
    assert (len(kept), len(off)) == (40_000, 10_000)
    assert np.bincount(labels[off]).tolist() == [1_000] * 10


def test_another_seed_splits_off_other_pictures() -> None:
    labels = np.arange(1_000) % 10
    assert not np.array_equal(split_off(labels, 0.2, 1)[1], split_off(labels, 0.2, 2)[1])


def test_the_split_is_the_same_on_every_machine() -> None:
    assert split_off(np.arange(20) % 2, 0.3, 1)[1].tolist() == [1, 4, 7, 12, 16, 17]


IMAGES = np.arange(10 * 2 * 2 * 3, dtype=np.uint8).reshape(10, 2, 2, 3)
LABELS = np.array([0, 1] * 5)
NAMES = [f"picture {number}" for number in range(10)]


def whole() -> PictureSplit:
    return PictureSplit(IMAGES, LABELS, NAMES, masks=IMAGES[..., 0] > 60)


def test_a_selection_shares_the_stored_pictures_and_has_its_own_labels_names_and_masks() -> None:
    rows = np.array([1, 4, 7])
    some = whole().select(rows)
    assert some.images is IMAGES
    assert len(some) == 3
    assert np.array_equal(some.load(), IMAGES[rows])
    assert np.array_equal(some.take([2, 0]), IMAGES[[7, 1]])
    assert some.labels.tolist() == [1, 0, 1]
    assert list(some.names) == ["picture 1", "picture 4", "picture 7"]
    assert some.names[1:] == ["picture 4", "picture 7"]
    assert some.masks is not None
    assert np.array_equal(some.masks, IMAGES[rows][..., 0] > 60)
    assert np.array_equal(some.select(np.array([2])).load(), IMAGES[[7]])


def test_positions_beyond_a_split_are_refused_also_when_the_stored_array_has_them() -> None:
    some = whole().select(np.array([1, 4, 7]))
    for position in (3, -1):
        with pytest.raises(IndexError):
            some.take([position])


def test_loaded_pictures_are_a_copy() -> None:
    loaded = whole().load()
    loaded[:] = 0
    assert IMAGES.any()


def data(**counts: tuple[int, ...]) -> tuple[PictureData, list[str]]:
    opened: list[str] = []

    def open_split(split: Split) -> PictureSplit:
        opened.append(split)
        return whole()

    return PictureData(("a", "b"), "f" * 64, 2, counts, open_split), opened  # type: ignore[arg-type]


def test_validation_is_taken_from_train_and_the_test_split_stays_closed() -> None:
    plain, opened = data(train=(5, 5), test=(5, 5))
    split = with_validation(plain, 0.2, seed=1)
    assert split.counts == {"train": 8, "val": 2, "test": 10}
    assert opened == []
    train, val = split.split("train"), split.split("val")
    assert (len(train), len(val)) == (8, 2)
    assert sorted([*train.names, *val.names]) == NAMES
    assert opened == ["train", "train"]


def test_a_given_validation_split_is_kept() -> None:
    plain, _ = data(train=(5, 5), val=(2, 3), test=(5, 5))
    assert with_validation(plain, 0.2, seed=1) is plain


def test_single_pictures_cannot_be_split() -> None:
    plain, _ = data(train=(1, 1), test=(5, 5))
    with pytest.raises(LabError, match="too few"):
        with_validation(plain, 0.2, seed=1)


def test_a_split_that_is_not_there_is_an_error() -> None:
    plain, _ = data(train=(5, 5), test=(5, 5))
    with pytest.raises(LabError, match="val"):
        plain.split("val")
