"""Batches of pictures: held on the device as uint8 when they fit, else streamed; cropped and mirrored in one gather.

Cropping out of a padded picture, and mirroring, only say which row and column each output pixel comes from. So a
whole augmented batch is one indexing operation on the uint8 pictures, with no padding and no loop over pictures. What
is drawn on the CPU is `sent`: making the next batch does not wait for what the device still does with the last.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import psutil
import torch
from torch import Tensor

from engine.images.data import PictureSplit
from engine.images.settings import ImageSettings
from engine.randomness import Stream

T = TypeVar("T")


class Batch(NamedTuple):
    """images (N, 3, H, W) float32, labels (N,) int64."""

    images: Tensor
    labels: Tensor


class Pictures:
    """One split on its way to the device."""

    def __init__(self, split: PictureSplit, device: torch.device, residency: str):
        self.split = split
        self.side: int = split.images.shape[1]
        self.device = device
        self.labels = torch.from_numpy(np.ascontiguousarray(split.labels)).to(device)
        self.resident: Tensor | None = None
        if residency == "device" or (residency == "auto" and fits(split, device)):
            self.resident = torch.from_numpy(split.load()).to(device)

    def __len__(self) -> int:
        return len(self.labels)

    def gather(self, index: Tensor, rows: Tensor | None = None, columns: Tensor | None = None) -> Tensor:
        """Pictures `index` (N,) as uint8 (N, H, W, 3); pixel (i, j) is taken from (rows[n, i], columns[n, j])."""
        if self.resident is not None:
            source, first = self.resident, sent(index, self.device)
        else:
            taken = torch.from_numpy(self.split.take(index.numpy()))
            source = taken.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else taken
            first = torch.arange(len(index), device=self.device)
        if rows is None or columns is None:
            return source.index_select(0, first)
        return source[first[:, None, None], rows[:, :, None], columns[:, None, :]]


def sent(few: Tensor, device: torch.device) -> Tensor:
    """A few numbers on their way to the device, behind what it was asked for before."""
    return few.to(device, non_blocking=True)


def fits(split: PictureSplit, device: torch.device) -> bool:
    """Whether a split may be held on the device: at most a third of what is free there."""
    size = len(split) * int(np.prod(split.images.shape[1:]))
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    return size < free / 3


class Normalise:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) with zero mean and unit variance per channel of the training set."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...], device: torch.device, channels_last: bool):
        self.scale = 1 / (255 * torch.tensor(std, device=device))  # (3,)
        self.shift = -torch.tensor(mean, device=device) / torch.tensor(std, device=device)  # (3,)
        self.channels_last = channels_last

    def __call__(self, pictures: Tensor) -> Tensor:
        images = torch.addcmul(self.shift, pictures.float(), self.scale).permute(0, 3, 1, 2)
        return images if self.channels_last else images.contiguous()


def training_batches(
    pictures: Pictures, normalise: Normalise, settings: ImageSettings, rng: Stream, start: int
) -> Iterator[Batch]:
    """One epoch of augmented batches, from batch `start`, in the order `rng` names."""
    count, size = len(pictures), settings.batch_size
    order = torch.randperm(count, generator=generator(rng.seed_for("order")))
    mirrored = alternating_flips(count, rng) if settings.flip == "alternate" else None

    def make(number: int) -> Batch:
        index = order[number * size : (number + 1) * size]
        flips = mirrored[index] if mirrored is not None else None
        random = generator(rng.seed_for("augment", number))
        rows, columns = origins(len(index), pictures.side, settings, random, flips, pictures.device)
        images = normalise(crop(pictures, index, rows, columns, settings.crop_mode))
        if settings.cutout:
            images *= cutout_mask(len(index), pictures.side, settings.cutout, random, pictures.device)
        return Batch(images, pictures.labels[sent(index, pictures.device)])

    numbers = range(start, -(-count // size))
    yield from map(make, numbers) if pictures.resident is not None else prefetched(make, numbers)


def evaluation_batches(pictures: Pictures, normalise: Normalise, size: int) -> Iterator[Batch]:
    """A split in its own order, as it is."""

    def make(number: int) -> Batch:
        index = torch.arange(number * size, min((number + 1) * size, len(pictures)))
        return Batch(normalise(pictures.gather(index)), pictures.labels[sent(index, pictures.device)])

    numbers = range(-(-len(pictures) // size))
    yield from map(make, numbers) if pictures.resident is not None else prefetched(make, numbers)


def origins(
    count: int,
    side: int,
    settings: ImageSettings,
    random: torch.Generator,
    flips: Tensor | None,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Which row and column every pixel of `count` augmented pictures comes from: two (count, side) int64.

    Values beyond [0, side) lie in the padding. Drawn on the CPU, the same for every device; only the few numbers drawn
    travel to it.
    """
    padding = settings.crop_padding
    offsets = sent(torch.randint(-padding, padding + 1, (2, count, 1), generator=random), device)
    rows, columns = torch.arange(side, device=device) + offsets  # each (count, side)
    if settings.flip == "random":
        flips = torch.rand(count, generator=random) < 0.5
    if flips is not None:
        columns = torch.where(sent(flips, device)[:, None], columns.flip(1), columns)
    return rows, columns


def crop(pictures: Pictures, index: Tensor, rows: Tensor, columns: Tensor, mode: Literal["zero", "reflect"]) -> Tensor:
    """Augmented pictures (N, H, W, 3) uint8, the padding black or mirrored at the border."""
    side = pictures.side
    if mode == "reflect":
        return pictures.gather(index, reflect(rows, side), reflect(columns, side))
    found = pictures.gather(index, rows.clamp(0, side - 1), columns.clamp(0, side - 1))
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    return found * inside[..., None]


def cutout_mask(count: int, side: int, hidden: int, random: torch.Generator, device: torch.device) -> Tensor:
    """What cutout leaves of `count` pictures (DeVries & Taylor 2017, arXiv:1708.04552): (count, 1, side, side) float32.

    0 in a square of `hidden` pixels a side, 1 elsewhere. The square's centre is drawn from the whole picture, so that
    at the border a part of the square lies outside, as in the paper. 0 is the mean colour of normalised pictures.
    Drawn on the CPU like the `origins`.
    """
    first = sent(torch.randint(side, (2, count, 1), generator=random), device) - hidden // 2
    pixels = torch.arange(side, device=device)
    rows, columns = (pixels >= first) & (pixels < first + hidden)  # each (count, side)
    inside: Tensor = rows[:, None, :, None] & columns[:, None, None, :]
    return (~inside).float()


def reflect(index: Tensor, side: int) -> Tensor:
    """Indices beyond the border mirrored back into [0, side)."""
    if side == 1:
        return torch.zeros_like(index)
    period = 2 * (side - 1)
    index = index.remainder(period)
    return torch.where(index < side, index, period - index)


def alternating_flips(count: int, rng: Stream) -> Tensor:
    """(count,) bool: a random half of the pictures in the first epoch, the other half in the next, and so on."""
    first = torch.rand(count, generator=generator(Stream(rng.seed).seed_for("flip"))) < 0.5
    return first if rng.epoch % 2 == 0 else ~first


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prefetched(make: Callable[[int], T], numbers: range, ahead: int = 3) -> Iterator[T]:
    """Like map(make, numbers), made in a thread a few items ahead. Errors surface in the consumer."""
    ready: queue.Queue[tuple[Literal["item", "error", "end"], Any]] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def put(kind: Literal["item", "error", "end"], value: Any) -> None:
        while not stopped.is_set():
            try:
                ready.put((kind, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for number in numbers:
                if stopped.is_set():
                    return
                put("item", make(number))
            put("end", None)
        except BaseException as error:  # handed over, not swallowed
            put("error", error)

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stopped.set()
        thread.join()
