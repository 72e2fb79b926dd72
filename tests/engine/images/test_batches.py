"""Batches: augmentation against the obvious way of doing it, order, repeatability, resident against streamed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.images.batches import (
    Normalise,
    Pictures,
    alternating_flips,
    crop,
    cutout_mask,
    evaluation_batches,
    generator,
    origins,
    prefetched,
    reflect,
    training_batches,
)
from engine.randomness import Stream
from tests.engine.images.conftest import coloured, settings

CPU = torch.device("cpu")
AS_IS = Normalise((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), CPU, channels_last=True)  # values in [0, 1]


def pixels(images: Tensor) -> Tensor:
    """Normalised batches back to uint8 (N, H, W, 3)."""
    return (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


@pytest.mark.parametrize("mode", ["zero", "reflect"])
@pytest.mark.parametrize("flip", [False, True])
def test_a_crop_in_one_gather_is_padding_slicing_and_mirroring(mode: str, flip: bool) -> None:
    split = coloured(6)
    chosen = settings(crop_padding=3, crop_mode=mode, flip="none")
    flips = torch.tensor([flip] * 6)
    rows, columns = origins(6, 8, chosen, generator(5), flips, CPU)
    found = crop(Pictures(split, CPU, "device"), torch.arange(6), rows, columns, chosen.crop_mode)
    padding_mode = {"zero": "constant", "reflect": "reflect"}[mode]
    padded = F.pad(torch.from_numpy(split.images).permute(0, 3, 1, 2).float(), (3, 3, 3, 3), mode=padding_mode)
    for number in range(6):
        top = int(rows[number].min()) + 3
        left = int(columns[number].min()) + 3
        expected = padded[number, :, top : top + 8, left : left + 8].permute(1, 2, 0)
        assert torch.equal(found[number].float(), expected.flip(1) if flip else expected)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_reflection_stays_inside_and_mirrors_without_repeating_the_border(side: int) -> None:
    found = reflect(torch.arange(-2 * side, 3 * side), side)
    assert found.min() >= 0
    assert found.max() < side
    if side == 5:
        assert reflect(torch.tensor([-2, -1, 0, 4, 5, 6]), 5).tolist() == [2, 1, 0, 4, 3, 2]


def test_offsets_reach_as_far_as_the_padding_and_no_further() -> None:
    rows, columns = origins(500, 8, settings(crop_padding=2, flip="none"), generator(1), None, CPU)
    for found in (rows, columns):
        assert set(found[:, 0].tolist()) == {-2, -1, 0, 1, 2}


def test_without_augmentation_pictures_are_as_they_are() -> None:
    split = coloured(10)
    chosen = settings(crop_padding=0, flip="none", batch_size=4)
    batches = list(training_batches(Pictures(split, CPU, "device"), AS_IS, chosen, Stream(1), 0))
    found = torch.cat([pixels(batch.images) for batch in batches])
    order = torch.randperm(10, generator=generator(Stream(1).seed_for("order")))
    assert torch.equal(found, torch.from_numpy(split.images)[order])
    assert [len(batch.labels) for batch in batches] == [4, 4, 2]


class TestCutout:
    def test_a_square_is_hidden_wherever_its_centre_falls_cut_off_at_the_border(self) -> None:
        masks = cutout_mask(2000, 8, 4, generator(1), CPU)[:, 0]
        assert set(masks.unique().tolist()) == {0.0, 1.0}
        hidden = 1 - masks
        areas = hidden.sum((1, 2)).tolist()
        assert set(areas) == {rows * columns for rows in (2, 3, 4) for columns in (2, 3, 4)}
        assert torch.equal(hidden, hidden.amax(2, keepdim=True) * hidden.amax(1, keepdim=True))  # rectangles
        assert (hidden.mean(0) > 0.05).all()  # every pixel now and then

    def test_training_pictures_have_the_mean_colour_there_and_the_others_nothing(self) -> None:
        chosen = settings(crop_padding=0, flip="none", cutout=4, batch_size=50)
        pictures = Pictures(coloured(50), CPU, "device")
        (batch,) = training_batches(pictures, AS_IS, chosen, Stream(1), 0)
        (whole,) = training_batches(pictures, AS_IS, settings(crop_padding=0, flip="none", batch_size=50), Stream(1), 0)
        hidden = (batch.images != whole.images).any(1)
        assert (batch.images.permute(0, 2, 3, 1)[hidden] == 0).all()
        assert hidden.sum((1, 2)).max() == 16
        (batch,) = evaluation_batches(pictures, AS_IS, 50)
        assert torch.equal(pixels(batch.images), torch.from_numpy(pictures.split.images))


class TestAlternatingFlips:
    def test_every_picture_is_seen_both_ways_in_any_two_epochs(self) -> None:
        first, second, third = (alternating_flips(100, Stream(1, epoch)) for epoch in range(3))
        assert torch.equal(first, ~second)
        assert torch.equal(first, third)
        assert 30 < int(first.sum()) < 70

    def test_the_first_epoch_depends_on_the_seed(self) -> None:
        assert not torch.equal(alternating_flips(100, Stream(1)), alternating_flips(100, Stream(2)))


def epoch(rng: Stream, residency: str = "device", start: int = 0) -> list[Tensor]:
    batches = training_batches(Pictures(coloured(50), CPU, residency), AS_IS, settings(crop_padding=2), rng, start)
    return [batch.images for batch in batches]


def test_an_epoch_repeats_itself_exactly_and_differs_from_the_next() -> None:
    assert all(map(torch.equal, epoch(Stream(1)), epoch(Stream(1))))
    assert not torch.equal(epoch(Stream(1))[0], epoch(Stream(1, 1))[0])
    assert not torch.equal(epoch(Stream(1))[0], epoch(Stream(2))[0])


def test_an_epoch_taken_up_in_the_middle_goes_on_as_it_would_have() -> None:
    assert all(map(torch.equal, epoch(Stream(1))[2:], epoch(Stream(1), start=2)))


def test_streamed_batches_are_the_resident_ones() -> None:
    assert all(map(torch.equal, epoch(Stream(1), "stream"), epoch(Stream(1), "device")))
    split = coloured(50)
    for ours, theirs in zip(
        evaluation_batches(Pictures(split, CPU, "stream"), AS_IS, 16),
        evaluation_batches(Pictures(split, CPU, "device"), AS_IS, 16),
        strict=True,
    ):
        assert torch.equal(ours.images, theirs.images)
        assert torch.equal(ours.labels, theirs.labels)


def test_labels_stay_with_their_pictures() -> None:
    for batch in training_batches(Pictures(coloured(48), CPU, "device"), AS_IS, settings(crop_padding=0), Stream(3), 0):
        brightest = batch.images.mean((2, 3)).argmax(1)
        assert torch.equal(brightest, batch.labels)


@pytest.mark.parametrize("channels_last", [True, False])
def test_normalised_pictures_have_no_mean_and_unit_variance(channels_last: bool) -> None:
    split = coloured(200)
    values = torch.from_numpy(split.images).float() / 255
    mean, std = values.mean((0, 1, 2)), values.std((0, 1, 2), correction=0)
    normalise = Normalise(tuple(mean.tolist()), tuple(std.tolist()), CPU, channels_last)
    images = normalise(torch.from_numpy(split.images))
    torch.testing.assert_close(images.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(images.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)
    format = torch.channels_last if channels_last else torch.contiguous_format
    assert images.is_contiguous(memory_format=format)


class TestPrefetching:
    def test_it_keeps_the_order(self) -> None:
        assert list(prefetched(lambda number: number * 2, range(20))) == list(range(0, 40, 2))

    def test_an_error_surfaces_where_the_batches_are_used(self) -> None:
        def fail(number: int) -> int:
            if number == 3:
                raise ValueError("picture 3")
            return number

        found = prefetched(fail, range(10))
        assert list(itertools.islice(found, 3)) == [0, 1, 2]
        with pytest.raises(ValueError, match="picture 3"):
            next(found)

    def test_a_consumer_that_stops_early_leaves_no_thread(self) -> None:
        import threading

        found = prefetched(lambda number: np.zeros(3), range(1000))
        next(found)
        found.close()  # type: ignore[attr-defined]
        assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]
