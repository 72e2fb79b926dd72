"""Settings of the image lab."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.settings import TrainSettings, setting

SMALLEST, LARGEST = 8, 1_024  # pixels a side


class ImageSettings(TrainSettings):
    """ResNet of depth 6n+2 on a folder of pictures."""

    monitor: Literal["loss", "accuracy", "micro_f1", "macro_f1"] = setting(
        "accuracy", "validation metric that picks the best checkpoint and stops early"
    )
    # network
    n: int = setting(2, "blocks per stage: the network has 6n+2 layers", "blocks", ge=1, le=200)
    classes: int = setting(0, "output units r; 0 = as many as the data has classes", "classes", ge=0, le=100_000)
    groups: Literal[1, 2, 4, 8, 16] = setting(8, "groups of the group norm (variant gn)", "groups")
    channels_last: bool = setting(True, "keep pictures channel-last in memory, the faster layout for convolutions")
    # data
    image_size: int = setting(0, "pictures are fitted to this side; 0 = the dataset's own", "pixels", ge=0, le=LARGEST)
    validation_fraction: float = setting(
        0.2, "share of the training pictures split off for validation where there is no val folder", gt=0.0, lt=1.0
    )
    test_fraction: float = setting(
        0.2, "share of all pictures split off for test where there is no test folder", gt=0.0, lt=1.0
    )
    broken: Literal["refuse", "skip"] = setting("refuse", "what to do with pictures that cannot be decoded")
    residency: Literal["auto", "device", "stream"] = setting(
        "auto",
        "hold the pictures on the device, or stream them from the cache; auto = hold them when they fit",
        place=True,
    )
    # augmentation
    crop_padding: int = setting(4, "random crop out of a picture padded by this much; 0 = none", "pixels", ge=0, le=128)
    crop_mode: Literal["zero", "reflect"] = setting("zero", "what the padding is filled with")
    flip: Literal["none", "random", "alternate"] = setting(
        "random", "mirror pictures: at random, or each picture every other epoch"
    )
    cutout: int = setting(
        0, "side of a square of every training picture that is hidden, anew each time; 0 = none", "pixels", ge=0, le=512
    )
    # loss
    label_smoothing: float = setting(0.0, "share of the target spread evenly over all classes", ge=0.0, lt=1.0)

    @field_validator("image_size")
    @classmethod
    def _large_enough(cls, value: int) -> int:
        if 0 < value < SMALLEST:
            raise ValueError(f"pictures need {SMALLEST} pixels a side or more: the last stage sees a quarter")
        return value
