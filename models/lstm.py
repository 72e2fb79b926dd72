"""A bidirectional LSTM, with layer normalisation if wanted.

    LSTM                  Hochreiter & Schmidhuber 1997, with the forget gates of Gers et al. 2000, as in torch.nn
    layer normalisation   Ba, Kiros & Hinton 2016, arXiv:1607.06450, eq. 20-22

        gates = LN(W_x x_t) + LN(W_h h_t-1) + b                    i, f, g, o, in torch's order
        c_t   = sigmoid(f) c_t-1 + sigmoid(i) tanh(g)
        h_t   = sigmoid(o) tanh(LN(c_t))                           without normalisation every LN is the identity

What does not depend on the step before is done for all steps at once: the product W_x x and its normalisation. Both
directions run in one loop, as a batch of two: tensors of steps are (time, direction, batch, width), and the direction
behind has its time reversed. The loop has its own gradient, since recording every step for autograd costs; what a step
does between two products of matrices stands in two functions, `advance` and `retreat`, that can be compiled into one
pass over memory each. A GPU waits for the loop to ask for its many small steps: without normalisation, which cuDNN's
LSTM does not know, that one takes the loop's place there.

Sentences are padded on the right. Ahead, padding comes after the last token and reaches nothing; behind, it comes
first, and the state is kept at zero until the last token.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable
from torch.nn import functional as F

from models.crf import reversal

EPSILON = 1e-5

sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
layer_norm_backward = torch.ops.aten.native_layer_norm_backward


class Norms(NamedTuple):
    """What stands in the layer normalisations that are done step by step."""

    gain: Tensor  # (2, 1, 4 hidden), of the recurrent product
    gain_cell: Tensor  # (2, 1, hidden)
    bias_cell: Tensor  # (2, 1, hidden)


class Normalised(NamedTuple):
    """Rows, what a layer normalisation without gain and bias makes of them, and what its gradient needs."""

    x: Tensor
    unit: Tensor
    mean: Tensor
    scale: Tensor

    @staticmethod
    def of(x: Tensor) -> Normalised:
        return Normalised(x, *torch.native_layer_norm(x, x.shape[-1:], None, None, EPSILON))

    def backward(self, grad: Tensor) -> Tensor:
        asked = [True, False, False]
        found: Tensor = layer_norm_backward(grad, self.x, self.x.shape[-1:], self.mean, self.scale, None, None, asked)[
            0
        ]
        return found


class Step(NamedTuple):
    """What the gradient needs to know of a step."""

    gates: Tensor  # (2, batch, 4 hidden), after their nonlinearities
    flat: Tensor  # (2, batch, hidden), the tanh behind the output gate
    of_product: Normalised | None
    of_cell: Normalised | None


class BiLSTM(nn.Module):
    """One layer, both directions: (batch, time, inputs) -> (batch, time, 2 hidden), zero on padding.

    Weights begin as torch.nn.LSTM's do, uniform within 1 / sqrt(hidden), except that the forget gate's bias is one:
    a cell remembers before it has learned to forget (Jozefowicz et al. 2015).
    """

    norms_and_biases = ("bias", "gain_input", "gain_hidden", "gain_cell", "bias_cell")

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False):
        super().__init__()
        self.hidden = hidden
        self.compiled = False
        bound = 1 / math.sqrt(hidden)

        def uniform(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.weight_input = uniform(2, 4 * hidden, inputs)  # (direction, to, from)
        self.weight_hidden = uniform(2, hidden, 4 * hidden)  # (direction, from, to)
        self.bias = uniform(2, 4 * hidden)
        with torch.no_grad():
            self.bias[:, hidden : 2 * hidden] = 1.0
        self.gain_input = self.gain_hidden = self.gain_cell = self.bias_cell = None
        if layer_norm:
            self.gain_input = nn.Parameter(torch.ones(2, 4 * hidden))
            self.gain_hidden = nn.Parameter(torch.ones(2, 1, 4 * hidden))
            self.gain_cell = nn.Parameter(torch.ones(2, 1, hidden))
            self.bias_cell = nn.Parameter(torch.zeros(2, 1, hidden))

    def compile_steps(self, compiled: bool = True) -> None:
        """From now on steps are compiled, for seconds at the first; or are not any more."""
        self.compiled = compiled

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (batch, time, inputs), mask (batch, time) bool, True on tokens, which come first."""
        if x.is_cuda and self.gain_hidden is None:
            return self.at_once(x, mask)
        steps, kept = x.transpose(0, 1), mask.T[:, :, None]  # (time, batch, ...)
        driven = torch.stack([self._driven(steps, 0), self._driven(steps.flip(0), 1)], 1)
        kept = torch.stack([torch.ones_like(kept), kept.flip(0)], 1)
        with torch.autocast(x.device.type, enabled=False):
            wide = torch.promote_types(driven.dtype, torch.float32)
            states = recurrence(
                driven.to(wide), kept.to(wide), self.weight_hidden.to(wide), self._norms(), self.compiled
            )
        return torch.cat([states[:, 0], states[:, 1].flip(0)], 2).transpose(0, 1).masked_fill(~mask[:, :, None], 0.0)

    def at_once(self, x: Tensor, mask: Tensor) -> Tensor:
        """`forward` without normalisation, by torch's own LSTM: each direction is one call."""
        back = reversal(mask)[:, :, None]
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(torch.promote_types(x.dtype, torch.float32))
            ahead = self._through(x, 0)
            behind = self._through(x.gather(1, back.expand_as(x)), 1)
            behind = behind.gather(1, back.expand_as(behind))
        return torch.cat([ahead, behind], 2).masked_fill(~mask[:, :, None], 0.0)

    def _through(self, x: Tensor, direction: int) -> Tensor:
        """States (batch, time, hidden) of one direction, which begins at zero."""
        bias, zero = self.bias[direction], x.new_zeros(1, len(x), self.hidden)
        weights = [
            self.weight_input[direction],
            self.weight_hidden[direction].T.contiguous(),
            bias,
            bias.new_zeros(bias.shape),
        ]
        weights = [each.to(x.dtype) for each in weights]
        # has_biases, num_layers, dropout, train (or cuDNN keeps nothing for the gradient), bidirectional, batch_first
        states: Tensor = torch.lstm(x, (zero, zero), weights, True, 1, 0.0, torch.is_grad_enabled(), False, True)[0]
        return states

    def _norms(self) -> Norms | None:
        if self.gain_hidden is None or self.gain_cell is None or self.bias_cell is None:
            return None
        return Norms(self.gain_hidden, self.gain_cell, self.bias_cell)

    def _driven(self, steps: Tensor, direction: int) -> Tensor:
        """What the inputs add to the gates: (time, batch, 4 hidden)."""
        weight, bias = self.weight_input[direction], self.bias[direction]
        if self.gain_input is None:
            return F.linear(steps, weight, bias)
        return F.layer_norm(F.linear(steps, weight), bias.shape, self.gain_input[direction], bias, EPSILON)


@torch.compiler.disable  # type: ignore[untyped-decorator]  # it would compile each length anew
def recurrence(driven: Tensor, kept: Tensor, weight: Tensor, norms: Norms | None, compiled: bool = False) -> Tensor:
    """States (time, 2, batch, hidden) from what drives the gates, (time, 2, batch, 4 hidden). Begins at zero.

    kept (time, 2, batch, 1) is zero where a state stays at zero; weight (2, hidden, 4 hidden).
    """
    states: Tensor = _Recurrence.apply(driven, kept, weight, compiled, *(norms or ()))
    return states


class _Recurrence(Function):
    """The loop over time and its gradient. No second derivatives."""

    @staticmethod
    def forward(ctx: Any, driven: Tensor, kept: Tensor, weight: Tensor, compiled: bool, *gains: Tensor) -> Tensor:
        time, _, batch, four = driven.shape
        norms = Norms(*(each.detach() for each in gains)) if gains else None
        step_on = fused(advance) if compiled else advance
        states = driven.new_empty(time, 2, batch, four // 4)
        state = cell = driven.new_zeros(2, batch, four // 4)
        ctx.steps = []
        for step in range(time):
            before = cell
            if norms is None:
                product = torch.baddbmm(driven[step], state, weight)
            else:
                product = torch.bmm(state, weight)
            cell, seen = step_on(driven[step], product, before, kept[step], norms, states[step])
            state = states[step]
            ctx.steps.append((before, seen))
        ctx.save_for_backward(kept, weight, states)
        ctx.norms, ctx.compiled = norms, compiled
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        kept, weight, states = ctx.saved_tensors
        step_back = fused(retreat) if ctx.compiled else retreat
        time, _, batch, hidden = states.shape
        grad, transposed = grad.contiguous(), weight.transpose(1, 2)
        d_gates = grad.new_empty(time, 2, batch, 4 * hidden)
        d_products, d_norms = d_gates, None
        if ctx.norms is not None:
            d_products = torch.empty_like(d_gates)
            d_norms = Norms(grad.new_zeros(2, batch, 4 * hidden), *grad.new_zeros(2, 2, batch, hidden))
        d_state, d_cell = grad[-1], grad.new_zeros(2, batch, hidden)
        for step in reversed(range(time)):
            before, seen = ctx.steps[step]
            written = d_gates[step], d_products[step], d_norms
            d_cell = step_back(d_state, d_cell, before, kept[step], seen, ctx.norms, *written)
            if step:
                d_state = torch.baddbmm(grad[step - 1], d_products[step], transposed)
        earlier, later = states[:-1].transpose(0, 1).flatten(1, 2), d_products[1:].transpose(0, 1).flatten(1, 2)
        d_weight = torch.bmm(earlier.transpose(1, 2), later)
        return d_gates, None, d_weight, None, *(each.sum(1, keepdim=True) for each in d_norms or ())


def advance(
    driven: Tensor,
    product: Tensor,
    before: Tensor,
    kept: Tensor,
    norms: Norms | None,
    state: Tensor,
) -> tuple[Tensor, Step]:
    """One step of both directions: writes `state`; returns the cell, and what `retreat` needs to know of the step.

    Without norms `product` has what drives the gates in it, and becomes the gates.
    """
    hidden = state.shape[-1]
    of_product = of_cell = None
    gates = product
    if norms is not None:
        of_product = Normalised.of(product)
        gates = torch.addcmul(driven, of_product.unit, norms.gain)
    gates[..., : 2 * hidden].sigmoid_()
    gates[..., 2 * hidden : 3 * hidden].tanh_()
    gates[..., 3 * hidden :].sigmoid_()
    i, f, g, o = gates.chunk(4, -1)
    cell = (i * g).addcmul_(f, before).mul_(kept)
    inner = cell
    if norms is not None:
        of_cell = Normalised.of(cell)
        inner = torch.addcmul(norms.bias_cell, of_cell.unit, norms.gain_cell)
    flat = inner.tanh()
    state.copy_((o * flat).mul_(kept))
    return cell, Step(gates, flat, of_product, of_cell)


def retreat(
    d_state: Tensor,
    d_cell: Tensor,
    before: Tensor,
    kept: Tensor,
    seen: Step,
    norms: Norms | None,
    d_gates: Tensor,
    d_product: Tensor,
    d_norms: Norms | None,
) -> Tensor:
    """The gradient of a step: writes `d_gates` and `d_product`, adds to `d_norms`; returns that of the cell before."""
    gates, flat, of_product, of_cell = seen
    hidden = flat.shape[-1]
    i, f, g, o = gates.chunk(4, -1)
    d_state = d_state * kept
    d_inner = tanh_backward(d_state * o, flat)
    if norms and d_norms and of_cell:
        d_norms.gain_cell.addcmul_(d_inner, of_cell.unit)
        d_norms.bias_cell.add_(d_inner)
        d_inner = of_cell.backward(d_inner * norms.gain_cell)
    d_cell = (d_cell + d_inner).mul_(kept)
    first = torch.cat([d_cell * g, d_cell * before], -1)
    d_gates[..., : 2 * hidden].copy_(sigmoid_backward(first, gates[..., : 2 * hidden]))
    d_gates[..., 2 * hidden : 3 * hidden].copy_(tanh_backward(d_cell * i, g))
    d_gates[..., 3 * hidden :].copy_(sigmoid_backward(d_state * flat, o))
    if norms and d_norms and of_product:
        d_norms.gain.addcmul_(d_gates, of_product.unit)
        d_product.copy_(of_product.backward(d_gates * norms.gain))
    return d_cell * f


@functools.cache
def fused(step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` compiled, which is done at its first call."""
    return torch.compile(step)
