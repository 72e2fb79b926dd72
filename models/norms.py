"""Normalisation layers for images, from scratch, and the table of them.

    batch            Ioffe & Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2
    instance         Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022, eq. 5
    batch-instance   Nam & Kim 2018, arXiv:1805.07925, eq. 3
    layer            Ba, Kiros & Hinton 2016, arXiv:1607.06450, eq. 3
    group            Wu & He 2018, arXiv:1803.08494, eq. 7

They differ only in the set of values that share a mean and a variance. So the picture is read once: `moments` centres
every channel of every sample on its own mean. All larger sets are pooled from those (samples, channels) tables, and
the result is one multiplication and one addition per pixel:

    y = gamma * (d * scale + shift) + beta        d = x - mean over the pixels of that sample and channel

Statistics are computed in float32 when the input is bfloat16 or float16 (float64 stays float64); the output has the
input's type and memory format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

PIXELS = (2, 3)  # the dimensions H, W of (N, C, H, W)

# ---------------------------------------------------------------------------------------------------- pure functions


class _Moments(Function):
    """`moments` with its gradient in closed form: half the time of recording each step. No second derivatives.

    The variance is the mean of squared deviations, in two passes: as exact as torch.var_mean and, on a CPU, more than
    ten times as fast.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        wide = torch.promote_types(x.dtype, torch.float32)
        mean = x.mean(PIXELS, keepdim=True, dtype=wide)  # (N, C, 1, 1)
        d = x - mean  # (N, C, H, W)
        var = d.square().mean(PIXELS, keepdim=True)  # (N, C, 1, 1)
        ctx.save_for_backward(d)
        ctx.dtype = x.dtype
        return d, mean, var

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_d: Tensor, grad_mean: Tensor, grad_var: Tensor) -> Tensor:
        (d,) = ctx.saved_tensors
        area = d.shape[2] * d.shape[3]
        level = grad_mean / area - grad_d.mean(PIXELS, keepdim=True)  # (N, C, 1, 1)
        grad_x: Tensor = (grad_d + level).addcmul_(d, grad_var * (2 / area))  # (N, C, H, W)
        return grad_x.to(ctx.dtype)


def moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Centre every channel of every sample.

    x: (N, C, H, W). Returns d = x - mean (N, C, H, W), and mean and biased variance over the pixels (N, C, 1, 1), all
    in float32 or, for a float64 input, float64.
    """
    d, mean, var = _Moments.apply(x)
    return d, mean, var


def pooled(mean: Tensor, var: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of the union, along `dim`, of equally large sets with these means and variances.

    The law of total variance: the mean of the variances plus the variance of the means. `dim` keeps size 1.
    """
    union_mean = mean.mean(dim, keepdim=True)
    union_var = (var + (mean - union_mean).square()).mean(dim, keepdim=True)
    return union_mean, union_var


def standardising(mean: Tensor, set_mean: Tensor, set_var: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Scale and shift that take d = x - mean to (x - set_mean) / sqrt(set_var + eps).

    mean: (N, C, 1, 1); set_mean and set_var broadcast to it. Returns two tensors that do so too.
    """
    scale = torch.rsqrt(set_var + eps)
    return scale, (mean - set_mean) * scale


def _need_several(values: int, of: str) -> None:
    if values < 2:
        raise ValueError(f"a variance needs more than one value per {of}, got {values}")


# ------------------------------------------------------------------------------------------------------------ layers


class _Norm(nn.Module):
    """What all have: gamma (`weight`) and beta (`bias`) per channel, and the pass over the picture.

    A subclass says how the picture is standardised: from mean and variance of every sample and channel, (N, C, 1, 1)
    each, over `area` pixels, to a scale and a shift that broadcast to (N, C, 1, 1).
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.channels = channels
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        d, mean, var = moments(x)
        return self.affine(d, *self.standardise(mean, var, x.shape[2] * x.shape[3])).to(x.dtype)

    def affine(self, d: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """gamma * (d * scale + shift) + beta, with one multiplication and one addition per pixel."""
        gamma, beta = self.weight.view(-1, 1, 1), self.bias.view(-1, 1, 1)  # (C, 1, 1)
        return torch.addcmul(beta + gamma * shift, d, gamma * scale)

    def extra_repr(self) -> str:
        return f"{self.channels}, eps={self.eps}"


class InstanceNorm2d(_Norm):
    """Each channel of each sample by its own statistics, in training and evaluation alike; no running statistics.

    (N, C, H, W) -> (N, C, H, W). ValueError for pictures of a single pixel.
    """

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        _need_several(area, "sample and channel")
        return standardising(mean, mean, var, self.eps)


class LayerNorm2d(_Norm):
    """Each sample by the statistics of all its channels and pixels; gamma and beta per channel, not per pixel.

    (N, C, H, W) -> (N, C, H, W). The same as nn.GroupNorm(1, C).
    """

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        return standardising(mean, *pooled(mean, var, dim=1), self.eps)


class GroupNorm(_Norm):
    """Each sample by the statistics of `groups` groups of neighbouring channels.

    (N, C, H, W) -> (N, C, H, W). ValueError if the channels do not divide into the groups.
    """

    def __init__(self, channels: int, groups: int = 8, eps: float = 1e-5):
        super().__init__(channels, eps)
        if groups < 1 or channels % groups:
            raise ValueError(f"{channels} channels do not divide into {groups} groups")
        self.groups = groups

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        by_group = (mean.shape[0], self.groups, -1, 1, 1)
        mean, var = mean.view(by_group), var.view(by_group)  # (N, groups, C / groups, 1, 1)
        scale, shift = standardising(mean, *pooled(mean, var, dim=2), self.eps)
        return scale.expand_as(mean).flatten(1, 2), shift.flatten(1, 2)  # (N, C, 1, 1)

    def extra_repr(self) -> str:
        return f"{self.channels}, groups={self.groups}, eps={self.eps}"


class _BatchStatistics(_Norm):
    """Mean and variance over a batch, and their running averages for evaluation, named and kept as nn.BatchNorm2d's.

    The buffers are updated in place: they may be views into a larger tensor.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__(channels, eps)
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def batch_statistics(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        """Mean and biased variance (1, C, 1, 1) over this batch (training) or the running ones (evaluation)."""
        if not self.training:
            return self.running_mean.view(1, -1, 1, 1), self.running_var.view(1, -1, 1, 1)
        count = mean.shape[0] * area
        _need_several(count, "channel in training")
        batch_mean, batch_var = pooled(mean, var, dim=0)
        with torch.no_grad():
            unbiased = batch_var * (count / (count - 1))
            self.running_mean.lerp_(batch_mean.flatten().to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_(unbiased.flatten().to(self.running_var.dtype), self.momentum)
            self.num_batches_tracked.add_(1)
        return batch_mean, batch_var


class BatchNorm2d(_BatchStatistics):
    """Each channel by its statistics over the batch (training) or their running averages (evaluation).

    (N, C, H, W) -> (N, C, H, W). State dictionaries are interchangeable with nn.BatchNorm2d's.
    ValueError in training for a single value per channel.
    """

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        return standardising(mean, *self.batch_statistics(mean, var, area), self.eps)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        if self.training:
            return super().forward(x)
        # Nothing to measure: the picture is centred on zero.
        fixed = standardising(x.new_zeros(()), self.running_mean, self.running_var, self.eps)  # (C,) each
        return self.affine(x, *(each.view(-1, 1, 1) for each in fixed)).to(x.dtype)


class BatchInstanceNorm2d(_BatchStatistics):
    """A learned blend, per channel, of batch and instance normalisation: rho * x_batch + (1 - rho) * x_instance.

    (N, C, H, W) -> (N, C, H, W). `rho` (C,) starts at 1, batch normalisation, as in the authors' code; `constrain`
    brings it back into [0, 1] and is to be called after every optimizer step.
    ValueError for pictures of a single pixel.
    """

    no_weight_decay = ("rho",)  # names of parameters here that an optimizer must not decay: 0 is no neutral rho

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__(channels, eps, momentum)
        self.rho = nn.Parameter(torch.ones(channels))

    def standardise(self, mean: Tensor, var: Tensor, area: int) -> tuple[Tensor, Tensor]:
        _need_several(area, "sample and channel")
        rho = self.rho.view(-1, 1, 1)  # (C, 1, 1)
        batch_scale, batch_shift = standardising(mean, *self.batch_statistics(mean, var, area), self.eps)
        instance_scale, _ = standardising(mean, mean, var, self.eps)  # its shift is zero
        return torch.lerp(instance_scale, batch_scale, rho), rho * batch_shift

    def constrain(self) -> None:
        """Clamp rho to [0, 1], in place."""
        with torch.no_grad():
            self.rho.clamp_(0.0, 1.0)


# ------------------------------------------------------------------------------------------------------------- table

# name -> (channels, groups) -> layer. A new normalisation is a class above and a row here.
NORMS: dict[str, Callable[[int, int], nn.Module]] = {
    "torch-bn": lambda channels, groups: nn.BatchNorm2d(channels),
    "bn": lambda channels, groups: BatchNorm2d(channels),
    "in": lambda channels, groups: InstanceNorm2d(channels),
    "bin": lambda channels, groups: BatchInstanceNorm2d(channels),
    "ln": lambda channels, groups: LayerNorm2d(channels),
    "gn": lambda channels, groups: GroupNorm(channels, groups),
    "none": lambda channels, groups: nn.Identity(),
}


def norm_factory(name: str, groups: int = 8) -> Callable[[int], nn.Module]:
    """The constructor channels -> layer for a name in NORMS; ValueError for other names."""
    if name not in NORMS:
        raise ValueError(f"unknown normalisation {name!r}, expected one of {', '.join(NORMS)}")
    row = NORMS[name]
    return lambda channels: row(channels, groups)
