"""Every normalisation against torch's own, in float64, and what torch has no counterpart for against its definition."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models.norms import NORMS, BatchInstanceNorm2d, BatchNorm2d, GroupNorm, InstanceNorm2d, norm_factory

CHANNELS = 16
OURS = [name for name in NORMS if name not in ("torch-bn", "none")]

# What each name must compute. rho starts at 1, so an untrained batch-instance norm is a batch norm.
ORACLES: dict[str, Callable[[], nn.Module]] = {
    "torch-bn": lambda: nn.BatchNorm2d(CHANNELS),
    "bn": lambda: nn.BatchNorm2d(CHANNELS),
    "in": lambda: nn.InstanceNorm2d(CHANNELS, affine=True),
    "bin": lambda: nn.BatchNorm2d(CHANNELS),
    "ln": lambda: nn.GroupNorm(1, CHANNELS),
    "gn": lambda: nn.GroupNorm(8, CHANNELS),
    "none": nn.Identity,
}

every_norm = pytest.mark.parametrize("name", NORMS)
our_norms = pytest.mark.parametrize("name", OURS)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def pictures(*shape: int) -> Tensor:
    """Float64 (N, C, H, W) whose samples and channels differ in mean and spread."""
    n, c = shape[:2]
    return torch.randn(shape).double() * (1 + torch.rand(n, c, 1, 1)) + 3 * torch.randn(n, c, 1, 1)


def made(name: str) -> nn.Module:
    """The layer in float64 with gamma and beta that are not 1 and 0."""
    layer = norm_factory(name)(CHANNELS).double()
    for parameter_name, parameter in layer.named_parameters():
        if parameter_name != "rho":
            nn.init.uniform_(parameter, 0.5, 1.5)
    return layer


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """The layer and its oracle with the same parameters."""
    ours, oracle = made(name), ORACLES[name]().double()
    oracle.load_state_dict({key: value for key, value in ours.state_dict().items() if key != "rho"})
    return ours, oracle


def assert_same_step(ours: nn.Module, oracle: nn.Module, x: Tensor) -> None:
    """Same output, and for a random output gradient the same gradients of the input and of all parameters."""
    x_ours, x_oracle = x.clone().requires_grad_(), x.clone().requires_grad_()
    y_ours, y_oracle = ours(x_ours), oracle(x_oracle)
    grad = torch.randn_like(y_oracle)
    torch.testing.assert_close(y_ours, y_oracle)
    for module, y in ((ours, y_ours), (oracle, y_oracle)):
        module.zero_grad()
        y.backward(grad)
    torch.testing.assert_close(x_ours.grad, x_oracle.grad)
    gradients = {key: parameter.grad for key, parameter in ours.named_parameters()}
    for key, parameter in oracle.named_parameters():
        torch.testing.assert_close(gradients[key], parameter.grad)


class TestAgainstTorch:
    def test_every_row_of_the_table_has_an_oracle(self) -> None:
        assert ORACLES.keys() == NORMS.keys()

    @every_norm
    def test_training(self, name: str) -> None:
        ours, oracle = pair(name)
        for _ in range(3):
            assert_same_step(ours, oracle, pictures(4, CHANNELS, 5, 3))

    @every_norm
    def test_evaluation_after_some_training(self, name: str) -> None:
        ours, oracle = pair(name)
        for _ in range(3):
            x = pictures(4, CHANNELS, 5, 3)
            ours(x), oracle(x)
        assert_same_step(ours.eval(), oracle.eval(), pictures(4, CHANNELS, 5, 3))

    @pytest.mark.parametrize("name", ["bn", "bin"])
    def test_running_statistics_over_several_steps(self, name: str) -> None:
        ours, oracle = pair(name)
        for _ in range(4):
            x = pictures(3, CHANNELS, 2, 2)  # few values, so that biased and unbiased variances differ
            ours(x), oracle(x)
        expected = dict(oracle.named_buffers())
        assert expected.keys() == dict(ours.named_buffers()).keys()
        for key, buffer in ours.named_buffers():
            torch.testing.assert_close(buffer, expected[key])

    @pytest.mark.parametrize("name", ["bn", "bin"])
    def test_evaluation_leaves_running_statistics_alone(self, name: str) -> None:
        layer = made(name).eval()
        before = copy.deepcopy(layer.state_dict())
        layer(pictures(4, CHANNELS, 5, 3))
        torch.testing.assert_close(layer.state_dict(), before, rtol=0, atol=0)

    @pytest.mark.parametrize("name", ["bn", "bin"])
    def test_running_statistics_are_updated_in_place(self, name: str) -> None:
        layer = made(name)
        assert isinstance(layer, BatchNorm2d | BatchInstanceNorm2d)
        flat = torch.zeros(2 * CHANNELS).double()
        layer.running_mean, layer.running_var = flat.view(2, CHANNELS)
        layer(pictures(4, CHANNELS, 5, 3))
        assert (flat != 0).all()

    def test_batch_norm_state_is_interchangeable_with_torchs(self) -> None:
        ours, theirs = made("bn"), made("torch-bn")
        theirs(pictures(4, CHANNELS, 5, 3))
        ours.load_state_dict(theirs.state_dict())
        theirs.load_state_dict(ours.state_dict())
        x = pictures(4, CHANNELS, 5, 3)
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


class TestBatchInstance:
    """y = (rho * x_batch + (1 - rho) * x_instance) * gamma + beta."""

    @pytest.mark.parametrize("training", [True, False])
    def test_is_the_blend_of_its_halves(self, training: bool) -> None:
        layer, batch, instance = BatchInstanceNorm2d(CHANNELS), nn.BatchNorm2d(CHANNELS), nn.InstanceNorm2d(CHANNELS)
        blend = torch.linspace(0, 1, CHANNELS).double()
        with torch.no_grad():
            layer.rho.copy_(blend)
            layer.weight.uniform_(0.5, 1.5)
            layer.bias.uniform_(-1, 1)
        for module in (layer, batch, instance):
            module.double()
        earlier = 2 * pictures(4, CHANNELS, 5, 3)  # so that running statistics are unlike the next batch's
        for module in (layer, batch):
            module(earlier)
            module.train(training)

        def definition(x: Tensor, rho: Tensor) -> Tensor:
            rho, gamma, beta = (each.view(-1, 1, 1) for each in (rho, layer.weight, layer.bias))
            blended: Tensor = (rho * batch(x) + (1 - rho) * instance(x)) * gamma + beta
            return blended

        x = pictures(4, CHANNELS, 5, 3).requires_grad_()
        rho = blend.clone().requires_grad_()
        y, expected = layer(x), definition(x, rho)
        torch.testing.assert_close(y, expected)
        grad = torch.randn_like(expected)
        ours = torch.autograd.grad(y, (x, layer.rho, layer.weight, layer.bias), grad)
        theirs = torch.autograd.grad(expected, (x, rho, layer.weight, layer.bias), grad)
        torch.testing.assert_close(ours, theirs)

    def test_rho_of_zero_is_instance_norm(self) -> None:
        layer, instance = made("bin"), made("in")
        instance.load_state_dict({key: value for key, value in layer.state_dict().items() if key in ("weight", "bias")})
        assert isinstance(layer, BatchInstanceNorm2d)
        nn.init.zeros_(layer.rho)
        assert_same_step(layer, instance, pictures(4, CHANNELS, 5, 3))

    def test_constrain_brings_rho_back_between_zero_and_one(self) -> None:
        layer = BatchInstanceNorm2d(3)
        rho = layer.rho
        with torch.no_grad():
            rho.copy_(torch.tensor([-0.5, 0.25, 1.5]))
        layer.constrain()
        assert layer.rho is rho
        assert rho.tolist() == [0.0, 0.25, 1.0]

    def test_rho_is_exempt_from_weight_decay(self) -> None:
        layer = BatchInstanceNorm2d(3)
        assert layer.no_weight_decay == ("rho",)
        assert set(layer.no_weight_decay) <= dict(layer.named_parameters()).keys()


class TestTypesAndFormats:
    @our_norms
    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_statistics_of_half_precision_are_float32(self, name: str, dtype: torch.dtype) -> None:
        """Mean 64, spread 1: in bfloat16 the mean would be off by up to a quarter, the mean square by sixteen."""
        layer, oracle = norm_factory(name)(CHANNELS), ORACLES[name]().double()
        x = (64 + torch.randn(8, CHANNELS, 16, 16)).to(dtype)
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
        assert y.dtype == dtype
        torch.testing.assert_close(y.double(), oracle(x.double()), rtol=2**-8, atol=1e-3)

    @our_norms
    def test_gradients_of_half_precision_are_those_of_its_values(self, name: str) -> None:
        layer, oracle = norm_factory(name)(CHANNELS), ORACLES[name]().double()
        x = (64 + torch.randn(8, CHANNELS, 8, 8)).bfloat16().requires_grad_()
        wide = x.detach().double().requires_grad_()
        grad = torch.randn(8, CHANNELS, 8, 8).bfloat16()
        layer(x).backward(grad)
        oracle(wide).backward(grad.double())
        assert x.grad is not None
        assert wide.grad is not None
        assert x.grad.dtype == torch.bfloat16
        torch.testing.assert_close(x.grad.double(), wide.grad, rtol=2**-7, atol=1e-3)

    @our_norms
    def test_a_large_mean_costs_no_precision(self, name: str) -> None:
        x = 1000 + torch.randn(8, CHANNELS, 8, 8)
        y = norm_factory(name)(CHANNELS)(x)
        torch.testing.assert_close(y.double(), ORACLES[name]().double()(x.double()), rtol=0, atol=5e-4)

    @every_norm
    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    @pytest.mark.parametrize("training", [True, False])
    @pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
    def test_keeps_type_and_memory_format(
        self, name: str, dtype: torch.dtype, training: bool, memory_format: torch.memory_format
    ) -> None:
        layer = norm_factory(name)(CHANNELS).train(training)
        x = torch.randn(4, CHANNELS, 6, 6).to(dtype=dtype, memory_format=memory_format).requires_grad_()
        y = layer(x)
        y.backward(torch.randn_like(y))
        assert y.dtype == x.dtype
        assert x.grad is not None
        assert y.is_contiguous(memory_format=memory_format)
        assert x.grad.is_contiguous(memory_format=memory_format)


class TestErrors:
    @pytest.mark.parametrize("name", ["torch-bn", "bn"])
    def test_one_value_per_channel_has_no_batch_variance(self, name: str) -> None:
        with pytest.raises(ValueError, match=r"(?i)more than (1|one) value per channel"):
            norm_factory(name)(CHANNELS)(torch.randn(1, CHANNELS, 1, 1))

    @pytest.mark.parametrize("name", ["torch-bn", "bn"])
    def test_one_value_per_channel_is_enough_in_evaluation(self, name: str) -> None:
        assert norm_factory(name)(CHANNELS).eval()(torch.randn(1, CHANNELS, 1, 1)).isfinite().all()

    @pytest.mark.parametrize("layer", [InstanceNorm2d(4), BatchInstanceNorm2d(4)])
    def test_one_pixel_has_no_instance_variance(self, layer: nn.Module) -> None:
        with pytest.raises(ValueError, match="more than one value per sample and channel"):
            layer(torch.randn(8, 4, 1, 1))

    def test_groups_must_divide_channels(self) -> None:
        with pytest.raises(ValueError, match="20 channels do not divide into 8 groups"):
            GroupNorm(20)

    def test_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match=r"'batch'.*torch-bn, bn, in"):
            norm_factory("batch")


class TestTable:
    def test_names(self) -> None:
        assert list(NORMS) == ["torch-bn", "bn", "in", "bin", "ln", "gn", "none"]

    def test_groups_reach_group_norm(self) -> None:
        layer, oracle = norm_factory("gn", groups=4)(CHANNELS).double(), nn.GroupNorm(4, CHANNELS).double()
        assert_same_step(layer, oracle, pictures(2, CHANNELS, 4, 4))

    @every_norm
    def test_state_survives_a_round_trip(self, name: str) -> None:
        layer, fresh = made(name), norm_factory(name)(CHANNELS).double()
        layer(pictures(4, CHANNELS, 5, 3))
        fresh.load_state_dict(layer.state_dict())
        x = pictures(4, CHANNELS, 5, 3)
        torch.testing.assert_close(fresh.eval()(x), layer.eval()(x), rtol=0, atol=0)
