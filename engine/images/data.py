"""Labelled pictures as the image lab sees them: a split is a uint8 array and what belongs to it; splits open lazily.

Nothing here decodes or draws: `cache` stores the arrays, `sample`, `folder` and `cifar10` fill it. Splitting follows
scikit-learn's StratifiedShuffleSplit in spirit: at random within every class, so that shares of classes stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import LabError
from engine.randomness import Stream
from engine.task import SPLITS, Split

Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PictureSplit:
    """One split. `labels`, `names` and `masks` are the split's own; `images` may hold more, `rows` then says which."""

    images: Pixels  # (stored, height, width, 3), usually a read-only memory map
    labels: Rows  # (pictures,)
    names: Sequence[str]  # (pictures,) paths relative to the dataset, read on first use
    masks: Masks | None = None  # (pictures, height, width), True on the object; only the sample knows it
    rows: Rows | None = None  # (pictures,) where in `images` they lie; None = all of them, in order

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: npt.ArrayLike) -> Pixels:
        """A copy of some pictures, by their position in this split: (len(indices), height, width, 3)."""
        positions = np.asarray(indices, dtype=np.int64)
        if positions.size and not (positions.min() >= 0 and positions.max() < len(self)):
            raise IndexError(f"picture positions must lie in 0..{len(self) - 1}")
        return np.asarray(self.images[positions if self.rows is None else self.rows[positions]])

    def load(self) -> Pixels:
        """A copy of all pictures, in order, writable and in memory."""
        return np.array(self.images) if self.rows is None else np.asarray(self.images[self.rows])

    def select(self, indices: Rows) -> PictureSplit:
        """Some pictures as a split of their own; no pixels are read."""
        return PictureSplit(
            images=self.images,
            labels=self.labels[indices],
            names=_Selection(self.names, indices),
            masks=None if self.masks is None else self.masks[indices],
            rows=indices if self.rows is None else self.rows[indices],
        )


class _Selection(Sequence[str]):
    """Some items of a lazily read sequence."""

    def __init__(self, whole: Sequence[str], indices: Rows):
        self._whole = whole
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, item):  # type: ignore[no-untyped-def]  # int -> str, slice -> list[str]
        if isinstance(item, slice):
            return [self._whole[index] for index in self._indices[item]]
        return self._whole[self._indices[item]]


@dataclass(frozen=True)
class PictureData:
    """A dataset: its classes, its identity, and its splits, each opened only when asked for."""

    classes: tuple[str, ...]
    fingerprint: str  # hex SHA-256 of the content: pictures, class names, given splits, picture size
    image_size: int  # side of every picture, pixels
    class_counts: Mapping[Split, tuple[int, ...]]  # pictures of each class
    open: Callable[[Split], PictureSplit]
    broken: tuple[str, ...] = ()  # pictures left out because they cannot be decoded

    @property
    def counts(self) -> dict[Split, int]:
        """Pictures in each split, known without opening it."""
        return {split: sum(self.class_counts[split]) for split in SPLITS if split in self.class_counts}

    def split(self, name: Split) -> PictureSplit:
        if name not in self.class_counts:
            raise LabError(f"there is no {name} split", got=name, expected="one of " + ", ".join(self.class_counts))
        return self.open(name)


def split_sizes(class_counts: Sequence[int], fraction: float) -> list[int]:
    """How many pictures of each class are split off: the fraction, rounded, and of two or more one on each side."""
    return [0 if count < 2 else min(max(int(np.floor(count * fraction + 0.5)), 1), count - 1) for count in class_counts]


def split_off(labels: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split a share off every class at random: (kept, split off), both sorted positions, together all of them.

    The choice in one class depends on the seed and on that class's own pictures alone.
    """
    counts = np.bincount(labels).tolist() if len(labels) else []
    stream = Stream(seed)
    off = np.zeros(len(labels), dtype=bool)
    for label, size in enumerate(split_sizes(counts, fraction)):
        members = np.flatnonzero(labels == label)
        generator = np.random.default_rng(stream.seed_for("split_off", label))
        off[generator.permutation(members)[:size]] = True
    return np.flatnonzero(~off), np.flatnonzero(off)


def with_validation(data: PictureData, fraction: float, seed: int) -> PictureData:
    """The same data with validation split off the training split, where it has none of its own."""
    if "val" in data.class_counts:
        return data
    train = data.class_counts["train"]
    sizes = split_sizes(train, fraction)
    if not sum(sizes):
        raise LabError(
            "too few pictures to split a validation set off",
            got=f"{sum(train)} training pictures in {len(data.classes)} classes",
            expected="at least two training pictures in some class",
            hint="add pictures, or bring a val folder",
        )

    def open_split(name: Split) -> PictureSplit:
        if name == "test":
            return data.open(name)
        whole = data.open("train")
        kept, off = split_off(whole.labels, fraction, seed)
        return whole.select(kept if name == "train" else off)

    counts: dict[Split, tuple[int, ...]] = {
        **data.class_counts,
        "train": tuple(count - size for count, size in zip(train, sizes, strict=True)),
        "val": tuple(sizes),
    }
    return PictureData(data.classes, data.fingerprint, data.image_size, counts, open_split, data.broken)
