"""A bidirectional LSTM, with layer normalisation if wanted.

    LSTM                  Hochreiter & Schmidhuber 1997, with the forget gates of Gers et al. 2000, as in torch.nn
    layer normalisation   Ba, Kiros & Hinton 2016, arXiv:1607.06450, eq. 20-22

        gates = LN(W_x x_t) + LN(W_h h_t-1) + b                    i, f, g, o, in torch's order
        c_t   = sigmoid(f) c_t-1 + sigmoid(i) tanh(g)
        h_t   = sigmoid(o) tanh(LN(c_t))                           without normalisation every LN is the identity

What does not depend on the step before is done for all steps at once: the product W_x x and its normalisation. The
backward direction is a forward one over the reversed sentences, so one loop runs both, as a batch of two products.
The loop has its own gradient: recording every step for autograd costs more than the arithmetic of it, and the
gradients of the weights become one product over all steps.

Sentences are padded on the right, and reversed within their own length, so padding comes after the last token in both
directions and never reaches a state that is used.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

from models.crf import reversal

EPSILON = 1e-5


class BiLSTM(nn.Module):
    """One layer, both directions: (batch, time, inputs) -> (batch, time, 2 hidden), zero on padding.

    Weights begin as torch.nn.LSTM's do, uniform within 1 / sqrt(hidden), except that the forget gate's bias is one:
    a cell remembers before it has learned to forget (Jozefowicz et al. 2015).
    """

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False):
        super().__init__()
        self.hidden = hidden
        bound = 1 / math.sqrt(hidden)

        def uniform(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.weight_input = uniform(2, inputs, 4 * hidden)  # (direction, from, to)
        self.weight_hidden = uniform(2, hidden, 4 * hidden)
        self.bias = uniform(2, 1, 4 * hidden)
        with torch.no_grad():
            self.bias[:, :, hidden : 2 * hidden] = 1.0
        self.gain_input = self.gain_hidden = self.gain_cell = self.bias_cell = None
        if layer_norm:
            self.gain_input = nn.Parameter(torch.ones(2, 1, 4 * hidden))
            self.gain_hidden = nn.Parameter(torch.ones(2, 1, 4 * hidden))
            self.gain_cell = nn.Parameter(torch.ones(2, 1, hidden))
            self.bias_cell = nn.Parameter(torch.zeros(2, 1, hidden))

    @property
    def no_weight_decay(self) -> tuple[str, ...]:
        return ("bias", "gain_input", "gain_hidden", "gain_cell", "bias_cell")

    def forward(self, x: Tensor, mask: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x (batch, time, inputs), mask (batch, time) bool, True on tokens, which come first. It says the lengths."""
        batch, time, inputs = x.shape
        back = reversal(mask)[:, :, None]  # (batch, time, 1)
        both = torch.stack([x, x.gather(1, back.expand_as(x))]).transpose(1, 2)  # (2, time, batch, inputs)
        driven = both.reshape(2, time * batch, inputs) @ self.weight_input  # (2, time * batch, 4 hidden)
        if self.gain_input is not None:
            driven = normalised(driven) * self.gain_input
        driven = (driven + self.bias).view(2, time, batch, 4 * self.hidden).transpose(0, 1)
        with torch.autocast(x.device.type, enabled=False):
            wide = torch.promote_types(x.dtype, torch.float32)
            states = recurrence(
                driven.to(wide).contiguous(),
                self.weight_hidden.to(wide),
                self.gain_hidden,
                self.gain_cell,
                self.bias_cell,
            )  # (time, 2, batch, hidden)
        ahead, behind = states.permute(1, 2, 0, 3)  # each (batch, time, hidden)
        out = torch.cat([ahead, behind.gather(1, back.expand_as(behind))], 2)
        return out.masked_fill(~mask[:, :, None], 0.0)


def normalised(x: Tensor) -> Tensor:
    """Zero mean and unit variance over the last dimension."""
    return nn.functional.layer_norm(x, x.shape[-1:], eps=EPSILON)


def recurrence(
    driven: Tensor, weight: Tensor, gain: Tensor | None, gain_cell: Tensor | None, bias_cell: Tensor | None
) -> Tensor:
    """States (time, 2, batch, hidden) from what drives the gates, (time, 2, batch, 4 hidden). Begins at zero.

    weight (2, hidden, 4 hidden); gain (2, 1, 4 hidden), gain_cell and bias_cell (2, 1, hidden) of the normalisation of
    the recurrent product and of the cell, or None of them.
    """
    states: Tensor = _Recurrence.apply(driven, weight, gain, gain_cell, bias_cell)
    return states


class _Recurrence(Function):
    """The loop over time and its gradient. No second derivatives."""

    @staticmethod
    def forward(ctx: Any, driven: Tensor, weight: Tensor, gain: Any, gain_cell: Any, bias_cell: Any) -> Tensor:
        time, _, batch, four = driven.shape
        hidden = four // 4
        gates = torch.empty_like(driven)  # after their nonlinearities
        products = torch.zeros_like(driven) if gain is not None else None
        states, cells, squashed = driven.new_empty(3, time, 2, batch, hidden)
        ctx.of_products, ctx.of_cells = [], []  # [mean, 1 / deviation]
        for step in range(time):
            now = gates[step]
            if step == 0:
                now.copy_(driven[0])  # the state before is zero, and so is what a normalisation makes of it
            elif products is None:
                torch.baddbmm(driven[step], states[step - 1], weight, out=now)
            else:
                product = torch.bmm(states[step - 1], weight, out=products[step])
                torch.addcmul(driven[step], layer_norm(product, ctx.of_products), gain, out=now)
            i, f, g, o = activate(now, hidden)
            cell = torch.mul(i, g, out=cells[step])
            if step:
                cell.addcmul_(f, cells[step - 1])
            if gain_cell is not None:
                cell = torch.addcmul(bias_cell, layer_norm(cell, ctx.of_cells), gain_cell)
            torch.mul(o, torch.tanh(cell, out=squashed[step]), out=states[step])
        ctx.save_for_backward(weight, gain, gain_cell, gates, products, states, cells, squashed)
        found: Tensor = states
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        weight, gain, gain_cell, gates, products, states, cells, squashed = ctx.saved_tensors
        time, _, _, hidden = states.shape
        slope = slopes(gates, hidden)
        steep = gates[..., 3 * hidden :] * (1 - squashed.square())  # d state / d cell, normalised where it is
        transposed = weight.transpose(1, 2).contiguous()
        d_gates, d_inner = torch.empty_like(gates), torch.empty_like(cells)
        d_products = d_gates if gain is None else torch.zeros_like(gates)
        d_cell, d_state = torch.zeros_like(states[0]), grad[time - 1]
        for step in reversed(range(time)):
            inner = torch.mul(d_state, steep[step], out=d_inner[step])
            if gain_cell is not None:
                inner = layer_norm_backward(inner * gain_cell, cells[step], ctx.of_cells[step])
            d_cell = d_cell + inner
            i, f, g, _ = gates[step].split(hidden, -1)
            d_i, d_f, d_g, d_o = d_gates[step].split(hidden, -1)
            torch.mul(d_cell, g, out=d_i)
            torch.mul(d_cell, i, out=d_g)
            torch.mul(d_state, squashed[step], out=d_o)
            torch.mul(d_cell, cells[step - 1], out=d_f) if step else d_f.zero_()
            d_gates[step].mul_(slope[step])
            if step:
                if gain is not None:
                    moments = ctx.of_products[step - 1]
                    d_products[step] = layer_norm_backward(d_gates[step] * gain, products[step], moments)
                d_cell = d_cell * f
                d_state = torch.baddbmm(grad[step - 1], d_products[step], transposed)
        d_weight = product_over_steps(states, d_products)
        if gain is None:
            return d_gates, d_weight, None, None, None
        d_gain = over_steps(d_gates[1:] * normalised(products[1:]))
        d_gain_cell = over_steps(d_inner * normalised(cells))
        return d_gates, d_weight, d_gain, d_gain_cell, over_steps(d_inner)


def layer_norm(x: Tensor, moments: list[list[Tensor]]) -> Tensor:
    """`normalised`, remembering [mean, 1 / deviation] for the way back."""
    unit, *found = torch.native_layer_norm(x, x.shape[-1:], None, None, EPSILON)
    moments.append(found)
    return unit


def activate(gates: Tensor, hidden: int) -> tuple[Tensor, ...]:
    """The nonlinearities of the gates, in place; returns views of i, f, g, o."""
    gates[..., : 2 * hidden].sigmoid_()
    gates[..., 2 * hidden : 3 * hidden].tanh_()
    gates[..., 3 * hidden :].sigmoid_()
    i, f, g, o = gates.split(hidden, -1)
    return i, f, g, o


def slopes(gates: Tensor, hidden: int) -> Tensor:
    """Derivatives of the gates' nonlinearities from their values, of all steps at once."""
    slope = gates * (1 - gates)
    g = gates[..., 2 * hidden : 3 * hidden]
    slope[..., 2 * hidden : 3 * hidden] = 1 - g.square()
    return slope


def layer_norm_backward(grad: Tensor, x: Tensor, moments: list[Tensor]) -> Tensor:
    mean, rstd = moments
    found: Tensor = torch.ops.aten.native_layer_norm_backward(
        grad, x, x.shape[-1:], mean, rstd, None, None, [True, False, False]
    )[0]
    return found


def product_over_steps(states: Tensor, grad: Tensor) -> Tensor:
    """Gradient of the recurrent weights: the sum over steps of state_t-1^T grad_t, as one product per direction."""
    before = states[:-1].permute(1, 3, 0, 2).flatten(2)  # (2, hidden, (time - 1) * batch)
    after = grad[1:].transpose(0, 1).flatten(1, 2)  # (2, (time - 1) * batch, 4 hidden)
    return before @ after


def over_steps(x: Tensor) -> Tensor:
    """Summed over steps and sentences: (time, 2, batch, width) -> (2, 1, width)."""
    return x.sum((0, 2)).unsqueeze(1)
