"""Learning-rate schedules as pure functions of the update number. Torch-free.

A schedule gives the learning rate of update `step` (0-based) as a factor of the peak `lr`. Warm-up multiplies in front
of every shape; one-cycle (Smith & Topin 2019) uses the warm-up as its rising part and falls linearly after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.settings import ScheduleSettings


def factor(settings: ScheduleSettings, step: int, steps_per_epoch: int, total_steps: int) -> float:
    """Learning rate of update `step` as a fraction of the peak."""
    warmup = min(settings.warmup_epochs * steps_per_epoch, float(total_steps))
    if step < warmup:
        return (step + 1) / (warmup + 1)
    done = (step - warmup) / max(total_steps - warmup, 1.0)
    return SHAPES[settings.schedule](settings, done, step / max(steps_per_epoch, 1), step / max(total_steps, 1))


def _constant(settings: ScheduleSettings, done: float, epoch: float, fraction: float) -> float:
    return 1.0


def _step(settings: ScheduleSettings, done: float, epoch: float, fraction: float) -> float:
    return float(settings.gamma ** sum(fraction >= milestone for milestone in settings.milestones))


def _exponential(settings: ScheduleSettings, done: float, epoch: float, fraction: float) -> float:
    return float(settings.gamma ** math.floor(epoch))  # report 001: "after every epoch, 0.96 times the previous"


def _cosine(settings: ScheduleSettings, done: float, epoch: float, fraction: float) -> float:
    return settings.final_lr + (1 - settings.final_lr) * 0.5 * (1 + math.cos(math.pi * done))


def _one_cycle(settings: ScheduleSettings, done: float, epoch: float, fraction: float) -> float:
    return settings.final_lr + (1 - settings.final_lr) * (1 - done)


# done: share of the training after the warm-up; epoch: passes done; fraction: share of the whole training.
SHAPES: dict[str, Callable[[ScheduleSettings, float, float, float], float]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}
