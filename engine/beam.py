"""Beam search for a whole batch at once (Graves 2012, arXiv:1211.3711; Sutskever et al. 2014, arXiv:1409.3215).

It knows no network: `step(tokens, state) -> (log_probs, state)` says how likely each token is next. From all
continuations of all beams of a problem the 2k best are looked at, so that k of them are left to go on even if k end.
Those that end among the k best leave the beam and are ranked by score:

    score = log-probability / length ** alpha                          the end counts as a token

A problem is done when none is left that could go on, or when no open one can get among the `wanted` best any more:
log-probabilities only fall, so an open one's score is at best that of its present log-probability at the greatest
length. That k have ended is no reason to stop: a network that is sure of its best beam fills the others with what is
improbable, k of which have soon ended, while the best is still being written. Problems that are done are dropped from
the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor


class State(Protocol):
    """What a step needs to know of what went before, for (problems, beams)."""

    def follow(self, parents: Tensor) -> Self:
        """The state of new beams: parents (problems, beams) says which old one each of them continues."""

    def keep(self, problems: Tensor) -> Self:
        """Only these problems."""


class Found(NamedTuple):
    """The best hypotheses of each problem, the best first; where fewer exist the rest have score -inf."""

    tokens: Tensor  # (problems, k, longest) int64, `end` behind the end
    log_probs: Tensor  # (problems, k)
    scores: Tensor  # (problems, k), -inf where there is none
    lengths: Tensor  # (problems, k), with the end
    complete: Tensor  # (problems, k) bool: False where the greatest length cut it off; those rank last


S = TypeVar("S", bound=State)
COMPACT = 0.75  # of the problems are left when the batch is made smaller


def beam_search(
    step: Callable[[Tensor, S], tuple[Tensor, S]],
    state: S,
    problems: int,
    width: int,
    *,
    start: int,
    end: int,
    longest: int,
    alpha: float,
    device: torch.device,
    wanted: int | None = None,
) -> Found:
    """The `width` best of each problem, in at most `longest` tokens.

    `step` takes tokens (problems, width) int64 and returns log-probabilities (problems, width, vocabulary), -inf for
    what must not follow. `wanted` (default: all) of the hypotheses are sure to be the best the search can find; the
    rest are those found by then.
    """
    wanted = min(wanted or width, width)
    results = Ended.none(problems, width, longest, end, device)
    rows = torch.arange(problems, device=device)  # of the results, that are still searched
    ended = Ended.none(problems, width, longest, end, device)
    history = torch.empty(problems, width, 0, dtype=torch.int64, device=device)
    log_probs = torch.full((problems, width), -math.inf, device=device)
    log_probs[:, 0] = 0.0  # all beams begin alike: one of them is enough
    last = torch.full((problems, width), start, dtype=torch.int64, device=device)
    for length in range(1, longest + 1):
        found, state = step(last, state)  # (problems, width, vocabulary)
        size = found.shape[2]
        total = (log_probs[:, :, None] + found.float()).flatten(1)
        values, places = total.topk(min(2 * width, total.shape[1]), 1)  # (problems, 2 width), the best first
        parents, tokens = places // size, places % size
        ends = tokens == end
        finishes = ends[:, :width] & (values[:, :width] > -math.inf)
        if bool(finishes.any()):
            scores = (values[:, :width] / length**alpha).masked_fill(~finishes, -math.inf)
            ended.add(scores, values[:, :width], follow(history, parents[:, :width]), length)
        log_probs, chosen = values.masked_fill(ends, -math.inf).topk(width, 1)
        parents, last = parents.gather(1, chosen), tokens.gather(1, chosen)
        history = torch.cat([follow(history, parents), last[:, :, None]], 2)
        state = state.follow(parents)

        hopes = log_probs[:, 0] / longest**alpha  # the best score that may still come
        done = (ended.scores[:, wanted - 1] >= hopes) | (hopes == -math.inf)
        left = (~done).nonzero()[:, 0]
        if not len(left):
            break
        if len(left) <= COMPACT * len(rows):
            results.put(rows, ended)
            rows, ended, history = rows[left], ended.keep(left), history[left]
            log_probs, last, state = log_probs[left], last[left], state.keep(left)
        else:
            log_probs = log_probs.masked_fill(done[:, None], -math.inf)
    else:
        ended.add_cut(log_probs, history, longest, alpha)
    results.put(rows, ended)
    return Found(results.tokens, results.log_probs, results.scores, results.lengths, results.complete)


def follow(values: Tensor, parents: Tensor) -> Tensor:
    """Of values (problems, beams, ...), those of each beam's parent (problems, beams)."""
    shape = (*parents.shape, *values.shape[2:])
    return values.gather(1, parents.reshape(*parents.shape, *[1] * (values.dim() - 2)).expand(shape))


@dataclass
class Ended:
    """The best hypotheses that have ended, (problems, width), the best first; -inf where there is none."""

    tokens: Tensor
    log_probs: Tensor
    scores: Tensor
    lengths: Tensor
    complete: Tensor
    end: int  # the token

    @classmethod
    def none(cls, problems: int, width: int, longest: int, end: int, device: torch.device) -> Ended:
        nothing = torch.full((problems, width), -math.inf, device=device)
        return cls(
            tokens=torch.full((problems, width, longest), end, dtype=torch.int64, device=device),
            log_probs=nothing,
            scores=nothing.clone(),
            lengths=torch.zeros(problems, width, dtype=torch.int64, device=device),
            complete=torch.zeros(problems, width, dtype=torch.bool, device=device),
            end=end,
        )

    def add(self, scores: Tensor, log_probs: Tensor, history: Tensor, length: int) -> None:
        """Those with a score above -inf have ended with this length: history (problems, width, length - 1)."""
        width = self.scores.shape[1]
        scores, chosen = torch.cat([self.scores, scores], 1).topk(width, 1)
        exists = scores > -math.inf
        tokens = self.tokens.new_full((*log_probs.shape, self.tokens.shape[2]), self.end)
        tokens[:, :, : history.shape[2]] = history
        self.scores = scores
        self.tokens = follow(torch.cat([self.tokens, tokens], 1), chosen)
        self.log_probs = follow(torch.cat([self.log_probs, log_probs], 1), chosen).masked_fill(~exists, -math.inf)
        self.lengths = follow(torch.cat([self.lengths, torch.full_like(self.lengths, length)], 1), chosen)
        self.complete = exists

    def add_cut(self, log_probs: Tensor, history: Tensor, length: int, alpha: float) -> None:
        """Fill up with open hypotheses of the greatest length, behind all that have ended."""
        width = self.scores.shape[1]
        scores = torch.cat([self.scores, log_probs / length**alpha], 1)
        complete = torch.cat([self.complete, torch.zeros_like(self.complete)], 1)
        rank = torch.where(complete, 0, torch.where(scores > -math.inf, 1, 2))
        chosen = rank.argsort(dim=1, stable=True)[:, :width]
        self.scores, self.complete = follow(scores, chosen), follow(complete, chosen)
        self.tokens = follow(torch.cat([self.tokens, history], 1), chosen)
        self.log_probs = follow(torch.cat([self.log_probs, log_probs], 1), chosen)
        self.lengths = follow(torch.cat([self.lengths, torch.full_like(self.lengths, length)], 1), chosen)

    def keep(self, rows: Tensor) -> Ended:
        return Ended(
            self.tokens[rows],
            self.log_probs[rows],
            self.scores[rows],
            self.lengths[rows],
            self.complete[rows],
            self.end,
        )

    def put(self, rows: Tensor, other: Ended) -> None:
        """Take over what `other` has, into these rows."""
        self.tokens[rows], self.log_probs[rows], self.scores[rows] = other.tokens, other.log_probs, other.scores
        self.lengths[rows], self.complete[rows] = other.lengths, other.complete
