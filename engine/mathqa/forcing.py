"""Teacher forcing: how often the decoder reads the gold token rather than its own guess.

Williams & Zipser 1989; with a ratio that falls over the training, scheduled sampling (Bengio et al. 2015).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.mathqa.settings import MathSettings

STEEPNESS = 10.0  # of the sigmoid: all but one part in a hundred lies between the ends


def ratio(settings: MathSettings, done: float) -> float:
    """The chance at a time, where `done` is the share of the training that is over."""
    begin, final = settings.teacher_forcing, settings.forcing_final
    if settings.forcing_schedule == "constant":
        return begin
    if settings.forcing_schedule == "sigmoid":
        done = 1 / (1 + math.exp(-STEEPNESS * (done - 0.5)))
    return begin + (final - begin) * done


def draw(tokens: Tensor, ratio: float, per: str) -> Tensor | None:
    """Which of tokens (batch, steps) are read as they are: bool, or None where all are, which is much faster.

    For a whole batch the draw is made on the CPU, so that nothing waits for the device.
    """
    if ratio >= 1 or (per == "batch" and float(torch.rand(())) < ratio):
        return None
    if per == "batch" or ratio <= 0:
        return torch.zeros_like(tokens, dtype=torch.bool)
    return torch.rand(tokens.shape, device=tokens.device) < ratio
