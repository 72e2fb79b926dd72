"""How far two trainings that should be the same went apart: the largest difference of their curves. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """Where two curves of one metric are furthest apart."""

    split: str
    metric: str
    epoch: float
    difference: float  # the first minus the second
    last: float  # the same at the last epoch both have


def gap(split: str, metric: str, one: Mapping[float, float], other: Mapping[float, float]) -> Gap | None:
    """From values by epoch; None where the two have no epoch in common."""
    common = sorted(
        epoch for epoch in one.keys() & other.keys() if math.isfinite(one[epoch]) and math.isfinite(other[epoch])
    )
    if not common:
        return None
    differences = {epoch: one[epoch] - other[epoch] for epoch in common}
    furthest = max(common, key=lambda epoch: abs(differences[epoch]))
    return Gap(split, metric, furthest, differences[furthest], differences[common[-1]])
