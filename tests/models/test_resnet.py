"""The architecture of He et al. 2016, section 4.2, stated as numbers and shapes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.norms import NORMS, norm_factory
from models.resnet import Block, ResNet, shortcut

every_norm = pytest.mark.parametrize("name", NORMS)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def network(name: str = "bn", n: int = 2, classes: int = 10) -> ResNet:
    return ResNet(n, classes, norm_factory(name))


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class TestArchitecture:
    # Convolutions: 3*16*9 + 2n * 16*16*9 + 16*32*9 + (2n-1) * 32*32*9 + 32*64*9 + (2n-1) * 64*64*9
    #               = 23,472 + (2n) * 2,304 + (2n-1) * 46,080
    # Channels that follow a convolution: 16 * (2n+1) + 32 * 2n + 64 * 2n = 16 + 224n
    # Linear: 64 * 10 + 10 = 650.    Two parameters per channel with a norm, three with bin, one (the bias) without.
    @pytest.mark.parametrize(
        ("name", "n", "parameters"),
        [
            ("torch-bn", 2, 170_928 + 928 + 650),
            ("bn", 2, 172_506),
            ("bn", 3, 269_722),
            ("bn", 9, 853_018),
            ("in", 2, 172_506),
            ("ln", 2, 172_506),
            ("gn", 9, 853_018),
            ("bin", 2, 172_970),
            ("bin", 9, 855_050),
            ("none", 2, 172_042),
            ("none", 3, 269_034),
            ("none", 9, 850_986),
        ],
    )
    def test_number_of_parameters(self, name: str, n: int, parameters: int) -> None:
        assert count(network(name, n)) == parameters

    @pytest.mark.parametrize("n", [1, 2, 9])
    def test_depth_is_6n_plus_2(self, n: int) -> None:
        weighted = [module for module in network(n=n).modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        assert len(weighted) == 6 * n + 2

    @every_norm
    def test_convolution_then_norm_then_relu(self, name: str) -> None:
        net, kind = network(name, n=1), type(norm_factory(name)(16))
        order: list[type[nn.Module]] = []
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.ReLU | kind):
                module.register_forward_hook(lambda module, inputs, output: order.append(type(module)))
        net(torch.randn(2, 3, 8, 8))
        assert order == [nn.Conv2d, kind, nn.ReLU] * 7

    @every_norm
    def test_only_convolutions_without_a_norm_have_a_bias(self, name: str) -> None:
        convolutions = [module for module in network(name).modules() if isinstance(module, nn.Conv2d)]
        assert {convolution.bias is not None for convolution in convolutions} == {name == "none"}

    @pytest.mark.parametrize(("size", "sizes"), [(32, (32, 16, 8)), (256, (256, 128, 64)), (33, (33, 17, 9))])
    def test_shapes(self, size: int, sizes: tuple[int, int, int]) -> None:
        net = network(n=1, classes=7).eval()
        seen: list[tuple[int, ...]] = []
        for stage in (net.stage1, net.stage2, net.stage3):
            stage.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
        x = torch.randn(2, 3, size, size)
        with torch.no_grad():
            logits = net(x)
            features = net.features(x)
            torch.testing.assert_close(net.linear(features), logits)
        assert seen[:3] == [(2, width, side, side) for width, side in zip((16, 32, 64), sizes, strict=True)]
        assert logits.shape == (2, 7)
        assert features.shape == (2, 64)

    def test_features_are_the_mean_over_the_last_maps(self) -> None:
        net = network().eval()
        maps: list[Tensor] = []
        net.cam_layers()[-1].register_forward_hook(lambda module, inputs, output: maps.append(output))
        features = net.features(torch.randn(2, 3, 32, 32))
        torch.testing.assert_close(features, maps[0].sum((2, 3)) / 64)

    def test_convolutions_start_with_variance_two_over_fan_out(self) -> None:
        for module in network("none", n=9).modules():
            if isinstance(module, nn.Conv2d):
                expected = (2 / (9 * module.out_channels)) ** 0.5
                assert module.weight.std().item() == pytest.approx(expected, rel=0.12)
                assert module.bias is not None
                assert not module.bias.any()

    @pytest.mark.parametrize(("n", "classes"), [(0, 10), (2, 0)])
    def test_refuses_no_blocks_and_no_classes(self, n: int, classes: int) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            network(n=n, classes=classes)


class TestShortcut:
    def test_subsamples_and_pads_channels_with_zeros(self) -> None:
        x = torch.randn(2, 16, 7, 8)
        y = shortcut(x, channels=32, stride=2)
        assert y.shape == (2, 32, 4, 4)
        assert torch.equal(y[:, :16], x[:, :, ::2, ::2])
        assert not y[:, 16:].any()

    def test_is_the_input_itself_within_a_stage(self) -> None:
        x = torch.randn(2, 16, 8, 8)
        assert shortcut(x, channels=16, stride=1) is x

    def test_block_without_residual_passes_the_shortcut_on(self) -> None:
        block = Block(16, 32, 2, norm_factory("bn"))
        nn.init.zeros_(block.get_parameter("norm2.weight"))
        x = torch.randn(2, 16, 8, 8)
        torch.testing.assert_close(block(x), shortcut(x, 32, 2).relu())

    def test_has_no_parameters(self) -> None:
        block = Block(16, 32, 2, norm_factory("none"))
        assert count(block) == (16 * 32 * 9 + 32) + (32 * 32 * 9 + 32)


class TestForEveryNorm:
    @every_norm
    def test_gradients_reach_every_parameter(self, name: str) -> None:
        net = network(name)
        for key, parameter in net.named_parameters():
            if key.endswith("rho"):
                nn.init.constant_(parameter, 0.5)
        loss = nn.functional.cross_entropy(net(torch.randn(4, 3, 16, 16)), torch.arange(4))
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        for (key, _), gradient in zip(net.named_parameters(), gradients, strict=True):
            assert gradient.isfinite().all(), key
            assert gradient.any(), key

    @every_norm
    def test_a_batch_is_its_pictures_one_by_one_in_evaluation(self, name: str) -> None:
        net = network(name, n=1).double()
        x = torch.randn(4, 3, 16, 16).double()
        net(x)
        net.eval()
        torch.testing.assert_close(net(x), torch.cat([net(one) for one in x.chunk(4)]))

    @every_norm
    def test_state_survives_a_round_trip(self, name: str) -> None:
        net, fresh = network(name, n=1), network(name, n=1)
        x = torch.randn(4, 3, 16, 16)
        net(x)
        fresh.load_state_dict(net.state_dict())
        assert torch.equal(fresh.eval()(x), net.eval()(x))

    @every_norm
    def test_channels_last_stays_channels_last(self, name: str) -> None:
        net = network(name, n=1).to(memory_format=torch.channels_last)
        kept: list[bool] = []
        for module in net.modules():
            if not list(module.children()) and module is not net.linear:
                module.register_forward_hook(
                    lambda module, inputs, output: kept.append(output.is_contiguous(memory_format=torch.channels_last))
                )
        net(torch.randn(4, 3, 16, 16).to(memory_format=torch.channels_last))
        assert kept == [True] * 3 * (6 + 1)  # convolution, norm and ReLU


class TestGradCamTargets:
    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_are_2n_modules_of_their_own(self, n: int) -> None:
        layers = network(n=n).cam_layers()
        assert len(layers) == len(set(map(id, layers))) == 2 * n

    def test_are_the_post_activation_outputs_of_the_last_stage_in_order(self) -> None:
        net = network().eval()
        outputs: list[Tensor] = []
        for layer in net.cam_layers():
            layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
        blocks: list[Tensor] = []
        for block in net.stage3.children():
            block.register_forward_hook(lambda module, inputs, output: blocks.append(output))
        net(torch.randn(2, 3, 32, 32))
        assert [tuple(output.shape) for output in outputs] == [(2, 64, 8, 8)] * 4
        assert all(output.min() == 0 for output in outputs)
        assert outputs[1] is blocks[0]
        assert outputs[3] is blocks[1]
