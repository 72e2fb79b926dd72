"""Optimizers by name, with weight decay where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from engine.settings import OptimizerSettings


def build_optimizer(model: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """The fused optimizer of the settings: fused ones can skip an update on the device (`found_inf`).

    A group's `scale` is what the learning rate is multiplied with for it.
    """
    decayed, free = split_parameters(model, settings.decay_norms_and_biases)
    groups = [
        {"params": chosen, "weight_decay": decay, "scale": rate / settings.lr}
        for parameters, decay in ((decayed, settings.weight_decay), (free, 0.0))
        for rate, chosen in by_rate(model, parameters, settings).items()
    ]
    return OPTIMIZERS[settings.optimizer](groups, settings)


def by_rate(
    model: nn.Module, parameters: list[nn.Parameter], settings: OptimizerSettings
) -> dict[float, list[nn.Parameter]]:
    """Parameters by the learning rate they have at the top of the schedule."""
    names = {each: name for name, each in model.named_parameters()}
    found: dict[float, list[nn.Parameter]] = {}
    for each in parameters:
        own = (rate for prefix, rate in settings.rates().items() if names[each].startswith(prefix))
        found.setdefault(next(own, settings.lr), []).append(each)
    return found


def split_parameters(model: nn.Module, decay_norms_and_biases: bool) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(with weight decay, without).

    Vectors are norms and biases, and what a module names in `norms_and_biases`; what it names in `no_weight_decay`
    never decays.
    """
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for module in model.modules():
        exempt = getattr(module, "no_weight_decay", ())
        for name, parameter in module.named_parameters(recurse=False):
            of_norm = parameter.ndim <= 1 or name in getattr(module, "norms_and_biases", ())
            spared = of_norm and not decay_norms_and_biases
            (free if spared or name in exempt else decayed).append(parameter)
    return decayed, free


def _sgd(groups: list[dict[str, Any]], settings: OptimizerSettings) -> torch.optim.Optimizer:
    optimizer = torch.optim.SGD(
        groups, lr=settings.lr, momentum=settings.momentum, nesterov=settings.nesterov, fused=True
    )
    # The fused kernel makes momentum buffers of uninitialised memory in the first update and leaves them so when it
    # skips that update; from zero buffers the first update gives the same numbers.
    if settings.momentum:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


def _adam(groups: list[dict[str, Any]], settings: OptimizerSettings) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=settings.lr, betas=(settings.beta1, settings.beta2), fused=True)


def _adamw(groups: list[dict[str, Any]], settings: OptimizerSettings) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=settings.lr, betas=(settings.beta1, settings.beta2), fused=True)


OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]], OptimizerSettings], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
}
