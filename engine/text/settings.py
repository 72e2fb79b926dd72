"""Settings that every lab of language has."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engine.settings import Settings, setting


class SplitSettings(Settings):
    """How data without files of its own for validation and test is split, and what cannot be read."""

    split_seed: int = setting(1, "names the split of data that comes in one file", ge=0, le=2**31)
    validation_fraction: float = setting(
        0.2, "share of all examples split off for validation where there is no dev file", gt=0.0, lt=1.0
    )
    test_fraction: float = setting(
        0.2, "share of all examples split off for test where there is no test file", gt=0.0, lt=1.0
    )
    broken: Literal["refuse", "skip"] = setting("refuse", "what to do with examples that cannot be read")

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Self:
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                "validation_fraction and test_fraction leave nothing to train on: their sum must be below 1"
            )
        return self
