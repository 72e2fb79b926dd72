"""Grad-CAM: where a network looked for the evidence of a class. Selvaraju et al. 2017, arXiv:1610.02391, eqs. 1 and 2.

The channels of a layer's output are weighted by the mean gradient of the class's logit over the pixels and summed, and
what is negative is cut off; the maps of several layers, each scaled to [0, 1] and enlarged to the picture's size, are
averaged.
The computation is the grad-cam package's; this module says which layers, and measures what comes out.

The package imports OpenCV, SciPy and scikit-learn, which takes seconds: it is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.errors import unknown
from engine.images.data import Masks
from models.resnet import ResNet

Heat = npt.NDArray[np.float32]
PIXELS_AT_ONCE = 2**16  # of pictures explained together: activations and gradients of every layer are held
LAST_STAGE = "stage3"


def target_layers(model: ResNet) -> dict[str, list[nn.Module]]:
    """What can be looked at, by name, the default first: all post-activation outputs of a stage (`stage3`, the 2n that
    assignment 004 section 2.7 asks for), or a single one, named as in the network (`stage2.0.relu1`)."""
    stages = {f"stage{number}": model.cam_layers(number) for number in (3, 2, 1)}
    names = {module: name for name, module in model.named_modules()}
    return stages | {names[layer]: [layer] for layers in stages.values() for layer in layers}


def find_layers(model: ResNet, name: str | None) -> list[nn.Module]:
    """The layers of that name, None = the last stage's; UsageError when there are none."""
    layers = target_layers(model)
    if name is not None and name not in layers:
        raise unknown("layer", name, layers)
    return layers[name or LAST_STAGE]


def heat_maps(model: nn.Module, images: Tensor, targets: Sequence[int], layers: Sequence[nn.Module]) -> Heat:
    """Heat (N, H, W) in [0, 1] for normalised pictures (N, 3, H, W) and the class index each is explained for.

    The hottest pixel of a picture is 1; a picture in which nothing speaks for the class is all zero.
    """
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    if len(images) != len(targets):
        raise ValueError(f"{len(images)} pictures, but {len(targets)} classes to explain them for")
    at_once = max(1, PIXELS_AT_ONCE // (images.shape[2] * images.shape[3]))
    found = [np.zeros((0, *images.shape[2:]), np.float32)]
    with GradCAM(model=model, target_layers=list(layers)) as cam, torch.enable_grad():
        for start in range(0, len(images), at_once):
            some = slice(start, start + at_once)
            found.append(cam(images[some], [ClassifierOutputTarget(index) for index in targets[some]]))
    model.zero_grad(set_to_none=True)
    heat = np.concatenate(found)
    if len(heat) != len(images):  # the package's context manager swallows IndexError
        raise ValueError(f"{len(images)} pictures, but heat for {len(heat)}: is a class index beyond the classes?")
    return heat


def shares_inside(heat: Heat, masks: Masks) -> npt.NDArray[np.float64]:
    """The share of each picture's heat that lies inside the object, (N,); NaN where there is no heat at all.

    heat and masks: (N, H, W). Chance, heat spread evenly, is the share of the picture that the object covers.
    """
    total = heat.sum((1, 2), dtype=np.float64)
    inside = (heat * masks).sum((1, 2), dtype=np.float64)
    found = np.full(len(heat), np.nan)
    np.divide(inside, total, out=found, where=total > 0)
    return found
