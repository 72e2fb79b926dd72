"""Residual networks for small pictures, of depth 6n+2, with any normalisation.

He, Zhang, Ren & Sun 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2:
a 3x3 convolution; three stages of n blocks of two 3x3 convolutions with 16, 32 and 64 filters, the second and third
stage halving the picture with stride 2; shortcuts without parameters (option A); mean pool; one linear layer.
Normalisation comes right after each convolution, before the ReLU.

Weights: He et al. 2015, arXiv:1502.01852, eq. 14 (normal, variance 2 / fan-out), as in the authors' fb.resnet.torch.
Where filters double, fan-out starts the network smaller than fan-in would, which is kind to the one without norms.
"""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (16, 32, 64)  # filters of the three stages

Norm = Callable[[int], nn.Module]  # channels -> layer


def conv_norm(inputs: int, outputs: int, stride: int, norm: Norm) -> tuple[nn.Conv2d, nn.Module]:
    """A padded 3x3 convolution and the norm after it.

    The convolution has a bias only if the norm is nn.Identity: every other norm brings its own.
    """
    layer = norm(outputs)
    bias = isinstance(layer, nn.Identity)
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=bias), layer


def shortcut(x: Tensor, channels: int, stride: int) -> Tensor:
    """Option A: every `stride`-th pixel, and zeros for the channels that x lacks.

    (N, C, H, W) -> (N, channels, ceil(H / stride), ceil(W / stride)).
    """
    if stride == 1 and channels == x.shape[1]:
        return x
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, channels - x.shape[1]))


class Block(nn.Module):
    """Two convolutions around which the input is carried: relu(f(x) + shortcut(x)), eq. 1 of the paper.

    (N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, inputs: int, outputs: int, stride: int, norm: Norm):
        super().__init__()
        self.outputs = outputs
        self.stride = stride
        self.conv1, self.norm1 = conv_norm(inputs, outputs, stride, norm)
        self.relu1 = nn.ReLU()  # two of them: hooks tell them apart
        self.conv2, self.norm2 = conv_norm(outputs, outputs, 1, norm)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.norm1(self.conv1(x)))  # (N, outputs, H / stride, W / stride)
        y = self.norm2(self.conv2(y))
        out: Tensor = self.relu2(y + shortcut(x, self.outputs, self.stride))
        return out


class ResNet(nn.Module):
    """The network: colour pictures (N, 3, H, W) of any size -> logits (N, classes).

    n: blocks per stage, depth 6n+2. norm: called with a channel count, makes the layer after each convolution
    (`models.norms.norm_factory`). ValueError for n or classes below 1.
    """

    def __init__(self, n: int, classes: int, norm: Norm):
        super().__init__()
        if n < 1 or classes < 1:
            raise ValueError(f"n and classes must be at least 1, got n={n}, classes={classes}")
        narrow, middle, wide = WIDTHS
        self.conv, self.norm = conv_norm(3, narrow, 1, norm)
        self.relu = nn.ReLU()
        self.stage1 = stage(n, narrow, narrow, 1, norm)
        self.stage2 = stage(n, narrow, middle, 2, norm)
        self.stage3 = stage(n, middle, wide, 2, norm)
        self.linear = nn.Linear(wide, classes)
        self.apply(initialise)

    def features(self, x: Tensor) -> Tensor:
        """The penultimate layer: (N, 3, H, W) -> (N, 64), none negative."""
        x = self.relu(self.norm(self.conv(x)))  # (N, 16, H, W)
        x = self.stage1(x)  # (N, 16, H, W)
        x = self.stage2(x)  # (N, 32, H/2, W/2)
        x = self.stage3(x)  # (N, 64, H/4, W/4)
        return x.mean((2, 3))  # (N, 64)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> logits (N, classes)."""
        logits: Tensor = self.linear(self.features(x))
        return logits

    def cam_layers(self, stage: int = 3) -> list[nn.Module]:
        """The 2n ReLUs of a stage, in order. Those of the last one are Grad-CAM's targets: (N, 64, H/4, W/4)."""
        return [module for module in getattr(self, f"stage{stage}").modules() if isinstance(module, nn.ReLU)]


def stage(n: int, inputs: int, outputs: int, stride: int, norm: Norm) -> nn.Sequential:
    """n blocks, of which the first changes size and width."""
    first = Block(inputs, outputs, stride, norm)
    return nn.Sequential(first, *(Block(outputs, outputs, 1, norm) for _ in range(n - 1)))


def initialise(module: nn.Module) -> None:
    """He initialisation of convolutions; zero biases; linear weights as torch draws them, +-1/sqrt(fan-in)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
