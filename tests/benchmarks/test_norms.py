"""What our norms are measured against computes the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.norms import COUNTERPARTS
from models.norms import NORMS, norm_factory

CHANNELS = 16


def test_every_norm_of_ours_has_a_counterpart() -> None:
    assert COUNTERPARTS.keys() == NORMS.keys() - {"torch-bn", "none"}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", COUNTERPARTS)
def test_counterpart_gives_the_same_outputs_gradients_and_statistics(name: str, training: bool) -> None:
    torch.manual_seed(0)
    ours, theirs = norm_factory(name)(CHANNELS).double(), COUNTERPARTS[name](CHANNELS).double()
    for parameter in ours.parameters():
        nn.init.uniform_(parameter, 0.2, 0.8)
    theirs.load_state_dict(ours.state_dict())
    earlier, x = 2 * torch.randn(2, 6, CHANNELS, 4, 4).double() + 1
    for layer in (ours, theirs):
        layer(earlier)
        layer.train(training)
    inputs = x.clone().requires_grad_(), x.clone().requires_grad_()
    outputs = ours(inputs[0]), theirs(inputs[1])
    torch.testing.assert_close(*outputs)
    grad = torch.randn_like(x)
    for output in outputs:
        output.backward(grad)
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    gradients = {key: parameter.grad for key, parameter in theirs.named_parameters()}
    torch.testing.assert_close({key: parameter.grad for key, parameter in ours.named_parameters()}, gradients)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
