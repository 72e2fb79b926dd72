"""Grad-CAM: the closed form where there is one, the mean over layers, and whether it finds the object."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import UsageError
from engine.images.data import Masks
from engine.images.gradcam import LAST_STAGE, find_layers, heat_maps, shares_inside, target_layers
from engine.images.sample import CLASSES, Difficulty, draw
from models.norms import norm_factory
from models.resnet import ResNet

pytestmark = pytest.mark.filterwarnings("default")  # the package's imports are not ours


def network(n: int = 1, classes: int = 4, seed: int = 0) -> ResNet:
    torch.manual_seed(seed)
    return ResNet(n, classes, norm_factory("bn")).eval()


def scaled(maps: Tensor, side: int | None = None) -> Tensor:
    """(N, h, w) -> each from 0 to 1, enlarged to (N, side, side)."""
    maps = maps - maps.amin((1, 2), keepdim=True)
    maps = maps / (maps.amax((1, 2), keepdim=True) + 1e-7)
    if side is None:
        return maps
    return F.interpolate(maps[:, None], (side, side), mode="bilinear", align_corners=False)[:, 0]


def test_of_the_last_output_it_is_the_class_activation_map() -> None:
    """After the last ReLU come a mean and a linear layer, so the gradient is the class's weight: Zhou et al. 2016."""
    net, images, targets = network(), torch.randn(3, 3, 32, 32), [2, 0, 3]
    kept: list[Tensor] = []
    last = net.cam_layers()[-1]
    hook = last.register_forward_hook(lambda module, inputs, output: kept.append(output.detach()))
    net(images)
    hook.remove()
    weighted = torch.einsum("nc,nchw->nhw", net.linear.weight[targets], kept[0]).detach()
    expected = scaled(scaled(weighted.relu(), 32))
    found = heat_maps(net, images, targets, [last])
    np.testing.assert_allclose(found, expected.numpy(), atol=2e-5)


def test_several_layers_are_averaged_after_each_is_scaled() -> None:
    net, images, targets = network(n=2), torch.randn(2, 3, 32, 32), [1, 3]
    layers = net.cam_layers()
    kept: list[Tensor] = []
    hooks = [layer.register_forward_hook(lambda module, inputs, output: kept.append(output)) for layer in layers]
    evidence = net(images)[torch.arange(2), targets].sum()
    for hook in hooks:
        hook.remove()
    maps = []
    for output, gradient in zip(kept, torch.autograd.grad(evidence, kept), strict=True):
        weighted = (gradient.mean((2, 3), keepdim=True) * output).sum(1).relu().detach()  # eqs. 1 and 2
        maps.append(scaled(weighted, 32))
    assert len(maps) == 4
    expected = scaled(torch.stack(maps).mean(0))
    np.testing.assert_allclose(heat_maps(net, images, targets, layers), expected.numpy(), atol=2e-5)


def test_pictures_explained_together_and_alone_give_the_same_heat(monkeypatch: pytest.MonkeyPatch) -> None:
    net, images, targets = network(), torch.randn(5, 3, 16, 16), [0, 1, 2, 3, 0]
    together = heat_maps(net, images, targets, net.cam_layers())
    monkeypatch.setattr("engine.images.gradcam.PIXELS_AT_ONCE", 2 * 16 * 16)
    np.testing.assert_allclose(heat_maps(net, images, targets, net.cam_layers()), together, atol=1e-5)
    assert heat_maps(net, images[:0], [], net.cam_layers()).shape == (0, 16, 16)


def test_it_leaves_the_network_as_it_was() -> None:
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    heat_maps(net, torch.randn(2, 3, 16, 16), [0, 1], net.cam_layers())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(each.grad is None for each in net.parameters())
    assert not any(layer._forward_hooks for layer in net.cam_layers())


def test_layers_have_the_names_the_network_gives_them() -> None:
    net = network(n=2)
    layers = target_layers(net)
    assert next(iter(layers)) == LAST_STAGE
    assert find_layers(net, None) == net.cam_layers() == find_layers(net, "stage3")
    assert find_layers(net, "stage2.1.relu2") == [net.stage2[1].relu2]
    with pytest.raises(UsageError, match="unknown layer 'stage4'") as refusal:
        find_layers(net, "stage4")
    assert "stage" in str(refusal.value.hint)


def test_every_picture_needs_a_class_to_be_explained_for() -> None:
    with pytest.raises(ValueError, match="2 pictures, but 1 classes"):
        heat_maps(network(), torch.randn(2, 3, 16, 16), [0], [])


class TestShareInside:
    def test_counts_the_heat_on_the_object(self) -> None:
        heat = np.zeros((3, 4, 4), np.float32)
        heat[0, :2] = 1  # all of it on the upper half
        heat[1] = 0.5  # evenly
        masks = np.zeros((3, 4, 4), bool)
        masks[:, :2, :2] = True
        shares = shares_inside(heat, masks)
        assert shares[:2].tolist() == [0.5, 0.25]
        assert np.isnan(shares[2]), "no heat, no share"

    def test_a_trained_network_looks_at_the_object_and_untrained_ones_anywhere(self) -> None:
        """Of untrained ones several: each prefers, by the luck of its draw, the object or what is around it."""
        pictures, masks, labels = shapes(100, seed=1)
        chance = float(masks.mean())

        def share(net: ResNet) -> float:
            heat = heat_maps(net, pictures, labels.tolist(), net.cam_layers())
            return float(np.nanmean(shares_inside(heat, masks)))

        untrained = [share(network(2, COLOURS, seed)) for seed in range(4)]
        assert 0.75 * chance < np.mean(untrained) < 1.35 * chance
        net = network(classes=COLOURS)
        assert teach(net) > 0.9
        assert share(net) > 1.7 * chance


COLOURS = 3


def shapes(count: int, seed: int) -> tuple[Tensor, Masks, Tensor]:
    """Pictures of the sample, (N, 3, 32, 32) in [-1, 1], and their masks. The class is the colour of the object, which
    is learned in seconds, and all else is grey."""
    random = np.random.default_rng(seed)
    pictures, masks = draw(random.integers(0, len(CLASSES), count), 32, random, Difficulty())
    grey = torch.from_numpy(pictures).float().mean(3)  # (N, 32, 32)
    labels = torch.arange(count) % COLOURS
    images = grey[:, None].repeat(1, 3, 1, 1)
    images[torch.arange(count), labels] += 60 * torch.from_numpy(masks)
    return (images / 127.5 - 1).contiguous(memory_format=torch.channels_last), masks, labels


def teach(net: ResNet, updates: int = 25, size: int = 48) -> float:
    """Train for a few seconds; the accuracy on new pictures."""
    images, _, labels = shapes(updates * size, seed=2)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    net.to(memory_format=torch.channels_last).train()
    for some, wanted in zip(images.split(size), labels.split(size), strict=True):
        F.cross_entropy(net(some), wanted).backward()
        optimizer.step()
        optimizer.zero_grad()
    net.eval()
    images, _, labels = shapes(200, seed=3)
    with torch.no_grad():
        return float((net(images).argmax(1) == labels).float().mean())
