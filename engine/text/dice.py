"""Dice for generated data. Torch-free."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence


class Dice:
    """Choices that are the same on every platform and under every Python: from `random()` and exact arithmetic."""

    def __init__(self, name: str):
        self._random = random.Random(name).random

    def below(self, end: int) -> int:
        return int(self._random() * end)

    def chance(self, share: float) -> bool:
        return self._random() < share

    def pick(self, items: Sequence[str]) -> str:
        return items[self.below(len(items))]

    def pick_early(self, items: Sequence[str]) -> str:
        """The first ones often, the last ones seldom, as names are used."""
        draw = self._random()
        return items[int(len(items) * draw * math.sqrt(draw))]  # a root is exact everywhere, a power is not

    def shuffled(self, items: Sequence[str]) -> list[str]:
        return [item for _, item in sorted((self._random(), item) for item in items)]

    def noise(self) -> float:
        """Near to normal, of variance 1: sums of three even draws, exact arithmetic everywhere."""
        return (self._random() + self._random() + self._random() - 1.5) * 2.0
