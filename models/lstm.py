"""A bidirectional LSTM, with layer normalisation if wanted.

    LSTM                  Hochreiter & Schmidhuber 1997, with the forget gates of Gers et al. 2000, as in torch.nn
    layer normalisation   Ba, Kiros & Hinton 2016, arXiv:1607.06450, eq. 20-22

        gates = LN(W_x x_t) + LN(W_h h_t-1) + b                    i, f, g, o, in torch's order
        c_t   = sigmoid(f) c_t-1 + sigmoid(i) tanh(g)
        h_t   = sigmoid(o) tanh(LN(c_t))                           without normalisation every LN is the identity

What does not depend on the step before is done for all steps at once: the product W_x x and its normalisation. Both
directions run in one loop, as a batch of two. The loop has its own gradient, since recording every step for autograd
costs. All that is kept of the steps lies as (direction, time, batch, width), both directions in the order of time;
`both` looks at the two places where a step is.

Sentences are padded on the right. Ahead, padding comes after the last token and reaches nothing; behind, it comes
first, and the state is kept at zero until the last token.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable
from torch.nn import functional as F

EPSILON = 1e-5

sigmoid_backward, tanh_backward = torch.ops.aten.sigmoid_backward.grad_input, torch.ops.aten.tanh_backward.grad_input


class BiLSTM(nn.Module):
    """One layer, both directions: (batch, time, inputs) -> (batch, time, 2 hidden), zero on padding.

    Weights begin as torch.nn.LSTM's do, uniform within 1 / sqrt(hidden), except that the forget gate's bias is one:
    a cell remembers before it has learned to forget (Jozefowicz et al. 2015).
    """

    norms_and_biases = ("bias", "gain_input", "gain_hidden", "gain_cell", "bias_cell")

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False):
        super().__init__()
        self.hidden = hidden
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

    def forward(self, x: Tensor, mask: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x (batch, time, inputs), mask (batch, time) bool, True on tokens, which come first.

        lengths (batch,) on the CPU, if at hand, spare a look at the mask.
        """
        steps = x.transpose(0, 1).contiguous()  # (time, batch, inputs)
        driven = torch.stack([self._driven(steps, direction) for direction in (0, 1)])
        shortest = int((mask.sum(1) if lengths is None else lengths).min())
        with torch.autocast(x.device.type, enabled=False):
            wide = torch.promote_types(driven.dtype, torch.float32)
            weight = self.weight_hidden.to(wide)
            norms = self.gain_hidden, self.gain_cell, self.bias_cell
            states = recurrence(driven.to(wide), mask, shortest, weight, *norms)  # (2, time, batch, hidden)
        return torch.cat([states[0], states[1]], 2).transpose(0, 1).masked_fill(~mask[:, :, None], 0.0)

    def _driven(self, steps: Tensor, direction: int) -> Tensor:
        """What the inputs add to the gates: (time, batch, 4 hidden)."""
        weight, bias = self.weight_input[direction], self.bias[direction]
        if self.gain_input is None:
            return F.linear(steps, weight, bias)
        return F.layer_norm(F.linear(steps, weight), bias.shape, self.gain_input[direction], bias, EPSILON)


@torch.compiler.disable  # type: ignore[untyped-decorator]  # it would compile each length anew
def recurrence(
    driven: Tensor,
    mask: Tensor,
    shortest: int,
    weight: Tensor,
    gain: Tensor | None,
    gain_cell: Tensor | None,
    bias_cell: Tensor | None,
) -> Tensor:
    """States (2, time, batch, hidden) from what drives the gates, (2, time, batch, 4 hidden). Begins at zero.

    mask (batch, time), and the length of the shortest sentence; weight (2, hidden, 4 hidden); gain (2, 1, 4 hidden),
    gain_cell and bias_cell (2, 1, hidden) normalise the recurrent product and the cell, or are None.
    """
    kept = torch.ones(2, driven.shape[1], driven.shape[2], 1, dtype=driven.dtype, device=driven.device)
    kept[1] = mask.T[:, :, None]  # behind, a state begins at the last token
    states: Tensor = _Recurrence.apply(driven, kept, shortest, weight, gain, gain_cell, bias_cell)
    return states


def both(kept: Tensor, step: int) -> Tensor:
    """A view of what belongs to a step: at that time ahead, at the same time from the end behind.

    (2, time, batch, width) -> (2, batch, width).
    """
    _, time, batch, width = kept.shape
    size = batch * width
    apart = (2 * (time - step) - 1) * size
    return kept.as_strided((2, batch, width), (apart, width, 1), kept.storage_offset() + step * size)


class _Recurrence(Function):
    """The loop over time and its gradient. No second derivatives."""

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, kept: Tensor, shortest: int, weight: Tensor, gain: Any, gain_cell: Any, bias_cell: Any
    ) -> Tensor:
        _, time, batch, four = driven.shape
        hidden = four // 4
        ragged = time - shortest  # so many steps behind begin on padding
        gates = torch.empty_like(driven)  # after their nonlinearities
        products = torch.empty_like(driven) if gain is not None else None
        states, cells, squashed = (driven.new_empty(2, time, batch, hidden) for _ in range(3))
        ctx.of_products, ctx.of_cells = [], []  # (normalised, mean, 1 / deviation)
        state = cell = driven.new_zeros(2, batch, hidden)
        for step in range(time):
            now = both(gates, step)
            if step == 0:
                now.copy_(both(driven, 0))  # the state is zero, and so is what a normalisation makes of it
            elif products is None:
                torch.baddbmm(both(driven, step), state, weight, out=now)
            else:
                product = torch.bmm(state, weight, out=both(products, step))
                ctx.of_products.append(torch.native_layer_norm(product, (four,), None, None, EPSILON))
                torch.addcmul(both(driven, step), ctx.of_products[-1][0], gain, out=now)
            now[..., : 2 * hidden].sigmoid_()
            now[..., 2 * hidden : 3 * hidden].tanh_()
            now[..., 3 * hidden :].sigmoid_()
            i, f, g, o = now.split(hidden, -1)
            cell_before, cell = cell, torch.mul(i, g, out=both(cells, step))
            cell.addcmul_(f, cell_before)
            if step < ragged:
                cell.mul_(both(kept, step))
            inner = cell
            if gain_cell is not None:
                ctx.of_cells.append(torch.native_layer_norm(cell, (hidden,), None, None, EPSILON))
                inner = torch.addcmul(bias_cell, ctx.of_cells[-1][0], gain_cell)
            state = torch.mul(o, torch.tanh(inner, out=both(squashed, step)), out=both(states, step))
            if step < ragged:
                state.mul_(both(kept, step))
        ctx.save_for_backward(kept, weight, gain, gain_cell, gates, products, states, cells, squashed)
        ctx.ragged = ragged
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        kept, weight, gain, gain_cell, gates, products, states, cells, squashed = ctx.saved_tensors
        _, time, batch, hidden = states.shape
        grad, four = grad.contiguous(), 4 * hidden
        transposed = weight.transpose(1, 2).contiguous()
        d_gates = torch.empty_like(gates)
        d_products = d_gates if gain is None else torch.empty_like(gates)
        d_gain, d_gain_cell, d_bias_cell = grad.new_zeros(2, batch, four), *grad.new_zeros(2, 2, batch, hidden)
        d_cell, d_state = grad.new_zeros(2, batch, hidden), both(grad, time - 1)
        for step in reversed(range(time)):
            i, f, g, o = both(gates, step).split(hidden, -1)
            flat = both(squashed, step)
            if step < ctx.ragged:
                d_state = d_state * both(kept, step)
            d_inner = d_state * o
            tanh_backward(d_inner, flat, grad_input=d_inner)
            if gain_cell is not None:
                unit, mean, rstd = ctx.of_cells[step]
                d_gain_cell.addcmul_(d_inner, unit)
                d_bias_cell.add_(d_inner)
                d_inner = layer_norm_backward(d_inner * gain_cell, both(cells, step), mean, rstd)
            d_cell = d_cell + d_inner
            if step < ctx.ragged:
                d_cell = d_cell * both(kept, step)
            now, values = both(d_gates, step), both(gates, step)
            d_i, d_f, d_g, d_o = now.split(hidden, -1)
            torch.mul(d_cell, g, out=d_i)
            torch.mul(d_cell, both(cells, step - 1), out=d_f) if step else d_f.zero_()
            torch.mul(d_cell, i, out=d_g)
            torch.mul(d_state, flat, out=d_o)
            first = now[..., : 2 * hidden]
            sigmoid_backward(first, values[..., : 2 * hidden], grad_input=first)
            tanh_backward(d_g, g, grad_input=d_g)
            sigmoid_backward(d_o, o, grad_input=d_o)
            if not step:
                break
            if gain is not None:
                unit, mean, rstd = ctx.of_products[step - 1]
                d_gain.addcmul_(now, unit)
                product = layer_norm_backward(now * gain, both(products, step), mean, rstd)
                now = both(d_products, step).copy_(product)
            d_cell = d_cell * f
            d_state = torch.baddbmm(both(grad, step - 1), now, transposed)
        d_weight = torch.stack(
            [
                states[0, :-1].flatten(0, 1).T @ d_products[0, 1:].flatten(0, 1),
                states[1, 1:].flatten(0, 1).T @ d_products[1, :-1].flatten(0, 1),
            ]
        )
        if gain is None:
            return d_gates, None, None, d_weight, None, None, None
        of_norms = (each.sum(1, keepdim=True) for each in (d_gain, d_gain_cell, d_bias_cell))
        return d_gates, None, None, d_weight, *of_norms


def layer_norm_backward(grad: Tensor, x: Tensor, mean: Tensor, rstd: Tensor) -> Tensor:
    """Gradient of a layer normalisation without gain and bias."""
    found: Tensor = torch.ops.aten.native_layer_norm_backward(
        grad, x, x.shape[-1:], mean, rstd, None, None, [True, False, False]
    )[0]
    return found
