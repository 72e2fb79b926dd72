"""The bidirectional LSTM against torch.nn.LSTM and against the equations written out, in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from engine.device import missing_for_compile
from models.lstm import EPSILON, BiLSTM

INPUTS, HIDDEN = 5, 4
NO_COMPILER = missing_for_compile(torch.device("cpu"))
LENGTHS = pytest.mark.parametrize("lengths", [[1], [3], [6, 1, 4], [2, 2]])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def made(layer_norm: bool) -> BiLSTM:
    """A layer in float64 whose gains and biases are not one and zero."""
    layer = BiLSTM(INPUTS, HIDDEN, layer_norm).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, 0.2, 0.8)
    return layer


def sentences(lengths: list[int]) -> tuple[Tensor, Tensor]:
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(len(lengths), max(lengths), INPUTS, dtype=torch.float64), mask


def torch_twin(ours: BiLSTM) -> nn.LSTM:
    """torch's own with the same weights."""
    theirs = nn.LSTM(INPUTS, HIDDEN, batch_first=True, bidirectional=True).double()
    with torch.no_grad():
        for direction, suffix in enumerate(("", "_reverse")):
            getattr(theirs, f"weight_ih_l0{suffix}").copy_(ours.weight_input[direction])
            getattr(theirs, f"weight_hh_l0{suffix}").copy_(ours.weight_hidden[direction].T)
            getattr(theirs, f"bias_ih_l0{suffix}").copy_(ours.bias[direction])
            getattr(theirs, f"bias_hh_l0{suffix}").zero_()
    return theirs


def written_out(layer: BiLSTM, x: Tensor) -> Tensor:
    """Ba et al. 2016, eq. 20-22, one sentence (time, inputs), one step, one direction at a time."""

    def norm(values: Tensor) -> Tensor:
        return (values - values.mean()) / (values.var(correction=0) + EPSILON).sqrt()

    assert layer.gain_input is not None
    assert layer.gain_hidden is not None
    assert layer.gain_cell is not None
    assert layer.bias_cell is not None
    outputs = []
    for direction, steps in enumerate((x, x.flip(0))):
        state, cell, states = torch.zeros(HIDDEN, dtype=x.dtype), torch.zeros(HIDDEN, dtype=x.dtype), []
        for step in steps:
            gates = norm(layer.weight_input[direction] @ step) * layer.gain_input[direction]
            gates = gates + norm(state @ layer.weight_hidden[direction]) * layer.gain_hidden[direction, 0]
            i, f, g, o = (gates + layer.bias[direction]).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            inner = norm(cell) * layer.gain_cell[direction, 0] + layer.bias_cell[direction, 0]
            state = o.sigmoid() * inner.tanh()
            states.append(state)
        outputs.append(torch.stack(states if direction == 0 else states[::-1]))
    return torch.cat(outputs, 1)


@LENGTHS
def test_what_takes_the_loops_place_on_a_gpu_gives_the_same_states_and_gradients(lengths: list[int]) -> None:
    layer, (x, mask) = made(layer_norm=False), sentences(lengths)
    random = torch.randn(len(lengths), max(lengths), 2 * HIDDEN, dtype=torch.float64)
    found = []
    for way in (layer.forward, layer.at_once):
        inputs = x.clone().requires_grad_()
        states = way(inputs, mask)
        found.append([states, *torch.autograd.grad((states * random).sum(), [inputs, *layer.parameters()])])
    for loop, at_once in zip(*found, strict=True):
        torch.testing.assert_close(at_once, loop)


@LENGTHS
def test_without_normalisation_it_is_torchs_lstm(lengths: list[int]) -> None:
    ours = made(layer_norm=False)
    theirs = torch_twin(ours)
    x, mask = sentences(lengths)
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    found = ours(mine, mask)
    packed = nn.utils.rnn.pack_padded_sequence(other, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    wanted = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)[0]
    torch.testing.assert_close(found, wanted)
    weights = torch.randn_like(found)
    (found * weights).sum().backward()
    (wanted * weights).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad)
    for direction, suffix in enumerate(("", "_reverse")):
        assert ours.weight_input.grad is not None
        assert ours.weight_hidden.grad is not None
        assert ours.bias.grad is not None
        torch.testing.assert_close(ours.weight_input.grad[direction], getattr(theirs, f"weight_ih_l0{suffix}").grad)
        torch.testing.assert_close(ours.weight_hidden.grad[direction].T, getattr(theirs, f"weight_hh_l0{suffix}").grad)
        torch.testing.assert_close(ours.bias.grad[direction], getattr(theirs, f"bias_ih_l0{suffix}").grad)


@LENGTHS
def test_with_normalisation_it_is_what_the_paper_says(lengths: list[int]) -> None:
    layer = made(layer_norm=True)
    x, mask = sentences(lengths)
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    found = layer(mine, mask)
    weights = torch.randn_like(found)
    (found * weights).sum().backward()
    grads = {name: each.grad.clone() for name, each in layer.named_parameters() if each.grad is not None}
    layer.zero_grad()
    for row, length in enumerate(lengths):
        wanted = written_out(layer, other[row, :length])
        torch.testing.assert_close(found[row, :length], wanted)
        (wanted * weights[row, :length]).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad)
    assert set(grads) == {name for name, _ in layer.named_parameters()}
    for name, each in layer.named_parameters():
        torch.testing.assert_close(grads[name], each.grad, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("layer_norm", [False, True])
def test_padding_never_reaches_a_state(layer_norm: bool) -> None:
    """Neither what stands on padding nor how much there is changes anything, and padding gets no gradient."""
    layer = made(layer_norm)
    x, mask = sentences([4, 2])
    alone = layer(x[1:, :2], mask[1:, :2])
    x[1, 2:] = 1e6
    x.requires_grad_()
    found = layer(x, mask)
    torch.testing.assert_close(found[1:, :2], alone)
    assert not found[1, 2:].any()
    found.sum().backward()
    assert x.grad is not None
    assert not x.grad[1, 2:].any()


@pytest.mark.parametrize("layer_norm", [False, True])
def test_bfloat16_inputs_under_autocast(layer_norm: bool) -> None:
    """The state is kept in float32."""
    layer = BiLSTM(INPUTS, HIDDEN, layer_norm)
    x, mask = sentences([3, 2])
    exact = layer(x.float(), mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer(x.float(), mask)
    found.sum().backward()
    assert found.dtype == torch.float32
    assert all(each.grad is not None and bool(each.grad.isfinite().all()) for each in layer.parameters())
    torch.testing.assert_close(found, exact, atol=0.02, rtol=0.05)


def test_the_forget_gate_begins_open() -> None:
    layer = BiLSTM(INPUTS, HIDDEN)
    assert bool((layer.bias[:, HIDDEN : 2 * HIDDEN] == 1).all())


@pytest.mark.skipif(NO_COMPILER is not None, reason=f"no {NO_COMPILER} here")
@pytest.mark.filterwarnings("default")  # of torch's compiler, about itself
def test_compiled_steps_give_the_same() -> None:
    """The batch gets smaller on the way, as the last one of an epoch is."""
    eager = made(layer_norm=True)
    compiled = copy.deepcopy(eager)
    compiled.compile_steps()
    for lengths in ([6, 1, 4], [3, 2]):
        x, mask = sentences(lengths)
        weights = torch.randn(*x.shape[:2], 2 * HIDDEN, dtype=torch.float64)
        for layer in (eager, compiled):
            (layer(x, mask) * weights).sum().backward()
        torch.testing.assert_close(compiled(x, mask), eager(x, mask))
    for ours, theirs in zip(compiled.parameters(), eager.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
