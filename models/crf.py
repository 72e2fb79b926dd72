"""A linear-chain conditional random field over the tags of a sentence.

Lafferty, McCallum & Pereira 2001; as the last layer of a tagger: Lample et al. 2016, arXiv:1603.01360, section 2.2.
The score of tags y for emissions P is eq. (1) there, with a score for the first tag and one for the last:

    s(y) = start[y_1] + sum_t P[t, y_t] + sum_t transitions[y_t, y_t+1] + end[y_n]      log p(y) = s(y) - log_partition

Sums over all taggings come from the forward-backward algorithm (Rabiner 1989, section III A), for all sentences of a
batch at once: the only loop is over time. The backward pass is the forward pass over the reversed sentences with
transposed transitions, so both run as one batch; and what they give, the marginals, is the gradient of the partition
function, so that nothing has to be recorded for autograd and a training step loops over time once.

Sentences are padded on the right: `mask` (batch, time) is True on tokens, and True on the first. Inside, everything is
float32 at least, under autocast too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

FARTHEST = 80.0  # logarithms below the largest: beyond, float32 has fewer digits, and soon none


class LinearChainCRF(nn.Module):
    """The scores of tags that follow each other.

    They begin at zero: training then starts from the tagger without a CRF, whereas random ones, summed up over a
    sentence, prefer some taggings before anything was seen, and the emissions have to unlearn that first.

    `allowed` (tags + 1, tags): which tag may follow which, its last row which may come first; see `bio_transitions`.
    A forbidden one has probability zero, in training and in decoding. In the data there is none, so nothing is lost,
    and the probability a tagger without this knowledge gives to impossible taggings goes to possible ones.
    """

    forbidden: Tensor | None
    forbidden_start: Tensor | None

    def __init__(self, tags: int, allowed: Tensor | None = None):
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))  # (from, to)
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))
        if allowed is not None and (allowed.shape != (tags + 1, tags) or not bool(allowed.any(1).all())):
            raise ValueError(
                f"allowed must be ({tags + 1}, {tags}) with a True in each row, got {tuple(allowed.shape)}"
            )
        self.register_buffer("forbidden", None if allowed is None else ~allowed[:-1], persistent=False)
        self.register_buffer("forbidden_start", None if allowed is None else ~allowed[-1], persistent=False)

    def potentials(self, emissions: Tensor) -> Potentials:
        """All scores in the arithmetic of the CRF, with -inf for what is forbidden."""
        wide = torch.promote_types(emissions.dtype, torch.float32)
        transitions, start = self.transitions.to(wide), self.start.to(wide)
        if self.forbidden is not None and self.forbidden_start is not None:
            transitions = transitions.masked_fill(self.forbidden, -torch.inf)
            start = start.masked_fill(self.forbidden_start, -torch.inf)
        return Potentials(emissions.to(wide), transitions, start, self.end.to(wide))

    def log_likelihood(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Log-probability of each sentence's tags: (batch,). A forbidden tagging has -inf.

        emissions (batch, time, tags) float, tags (batch, time) int64 (anything on padding), mask (batch, time) bool.
        """
        check(emissions, mask, tags)
        with torch.autocast(emissions.device.type, enabled=False):
            potentials = self.potentials(emissions)
            return path_score(potentials, tags, mask) - log_partition(potentials, mask)

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Probability of each tag at each token, over all taggings: (batch, time, tags), zero on padding."""
        check(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return forward_backward(self.potentials(emissions), mask).marginals

    @torch.no_grad()
    def viterbi(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The best tagging (batch, time), zero on padding, and its log-probability (batch,)."""
        check(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            potentials = self.potentials(emissions)
            tags, scores = viterbi(potentials, mask)
            return tags, scores - log_partition(potentials, mask)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The best tagging alone: (batch, time), zero on padding."""
        check(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return viterbi(self.potentials(emissions), mask)[0]

    @torch.no_grad()
    def judge(self, emissions: Tensor, gold: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The best tagging, its log-probability, the marginals, and the log-probability of other tags, at once."""
        check(emissions, mask, gold)
        with torch.autocast(emissions.device.type, enabled=False):
            potentials = self.potentials(emissions)
            sums = forward_backward(potentials, mask)
            tags, score = viterbi(potentials, mask)
            return (
                tags,
                score - sums.log_partition,
                sums.marginals,
                path_score(potentials, gold, mask) - sums.log_partition,
            )

    @torch.no_grad()
    def continuations(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Probability of each tag given the one before it, (batch, time): of the first its own, one on padding.

        The product over some tokens that follow each other, times the marginal of the first over its own value here, is
        the probability that all of them have these tags.
        """
        check(emissions, mask, tags)
        with torch.autocast(emissions.device.type, enabled=False):
            potentials = self.potentials(emissions)
            return continuations(potentials, forward_backward(potentials, mask), tags, mask)

    @torch.no_grad()
    def n_best(self, emissions: Tensor, mask: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """The n best taggings (batch, n, time), best first, and their log-probabilities (batch, n).

        Where there are fewer possible ones, the rest has -inf.
        """
        check(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            potentials = self.potentials(emissions)
            tags, scores = n_best(potentials, mask, n)
            return tags, scores - log_partition(potentials, mask)[:, None]


class Potentials(NamedTuple):
    """What a chain is scored with."""

    emissions: Tensor  # (batch, time, tags)
    transitions: Tensor  # (tags, tags): from, to
    start: Tensor  # (tags,)
    end: Tensor  # (tags,)


def check(emissions: Tensor, mask: Tensor, tags: Tensor | None = None) -> None:
    """Refuse shapes and types that do not belong together."""
    if emissions.ndim != 3 or mask.shape != emissions.shape[:2] or mask.dtype != torch.bool:
        raise ValueError(
            f"expected emissions (batch, time, tags) with a bool mask (batch, time), got {tuple(emissions.shape)} "
            f"with {mask.dtype} {tuple(mask.shape)}"
        )
    if tags is not None and (tags.shape != mask.shape or tags.dtype != torch.int64):
        raise ValueError(f"expected int64 tags {tuple(mask.shape)}, got {tags.dtype} {tuple(tags.shape)}")


def bio_transitions(names: Sequence[str]) -> Tensor:
    """Which tag may follow which in BIO, (tags + 1, tags) bool, the last row for the first token.

    I-x continues an entity: it may only follow B-x or I-x. Everything else may stand anywhere.
    """
    before = [*names, "O"]  # at the start of a sentence as after an O
    return torch.tensor([[not to.startswith("I-") or was[1:] == to[1:] for to in names] for was in before])


# ----------------------------------------------------------------------------------------------- sums over all taggings


def path_score(potentials: Potentials, tags: Tensor, mask: Tensor) -> Tensor:
    """s(y) of the module's docstring: (batch,)."""
    emissions, transitions, start, end = potentials
    tags = tags.masked_fill(~mask, 0)
    emitted = emissions.gather(2, tags[:, :, None]).squeeze(2)  # (batch, time)
    moved = transitions[tags[:, :-1], tags[:, 1:]]  # (batch, time - 1)
    last = tags.gather(1, lengths_of(mask)[:, None] - 1).squeeze(1)  # (batch,)
    inside = emitted.masked_fill(~mask, 0.0).sum(1) + moved.masked_fill(~mask[:, 1:], 0.0).sum(1)
    return start[tags[:, 0]] + inside + end[last]


def log_partition(potentials: Potentials, mask: Tensor) -> Tensor:
    """Logarithm of the sum of exp(s(y)) over all taggings: (batch,)."""
    total: Tensor = _LogPartition.apply(*potentials, mask)
    return total


class Sums(NamedTuple):
    """What one pass forward and backward gives."""

    log_partition: Tensor  # (batch,)
    marginals: Tensor  # (batch, time, tags)
    forward: Tensor  # (batch, time, tags): log-sum over all beginnings up to and including this tag, the largest 0
    backward: Tensor  # (batch, time, tags): the same over all ends, this tag's emission included


def forward_backward(potentials: Potentials, mask: Tensor) -> Sums:
    """Both recursions of the forward-backward algorithm, side by side."""
    emissions, transitions, start, end = potentials
    back = reversal(mask)[:, :, None].expand_as(emissions)
    both = torch.stack([emissions, emissions.gather(1, back)]).permute(2, 0, 1, 3).contiguous()
    both[0] += torch.stack([start, end])[:, None]
    sums, total = recursion(both, torch.stack([transitions, transitions.T]), mask.T[:, None, :, None])
    forward, backward = sums[:, 0].transpose(0, 1), sums[:, 1].transpose(0, 1).gather(1, back)
    log_z = total[0, :, 0] + torch.logsumexp(sums[-1, 0] + end, 1)  # (batch,)
    marginals = (forward + backward - emissions).softmax(2)  # at each token they sum to one
    return Sums(log_z, marginals.masked_fill_(~mask[:, :, None], 0.0), forward, backward)


def recursion(emissions: Tensor, transitions: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Log-sums over all beginnings up to each tag, (time, 2, batch, tags).

    They grow with the sentence, and would lose digits: so at each time the largest is 0, and the second result,
    (2, batch, 1), is what was taken off the last ones altogether.

    emissions (time, 2, batch, tags), with what the first tag adds; transitions (2, tags, tags); valid (time, 1, batch,
    1). On a processor a step is a product of probabilities, several times as fast as the logarithms of sums. Where a
    tag can only follow tags that are too improbable for that, all is done again in logarithms. On a GPU these are
    as fast, and nobody has to wait to see whether they are needed.
    """
    if emissions.device.type == "cpu":
        sums, tops = _steps(emissions, transitions.exp(), valid, _by_products)
        summed_up = sums[1:] + tops[1:] - emissions[1:]  # their logarithms
        if not bool((summed_up.where(valid[1:], 0.0) > -FARTHEST).all()):
            sums, tops = _steps(emissions, transitions, valid, _by_logarithms)
    else:
        sums, tops = _steps(emissions, transitions, valid, _by_logarithms)
    return sums, tops.where(valid, 0.0).sum(0)


def _steps(
    emissions: Tensor, follow: Tensor, valid: Tensor, step: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    sums, tops = torch.empty_like(emissions), torch.empty_like(emissions[..., :1])
    torch.sub(emissions[0], torch.amax(emissions[0], -1, keepdim=True, out=tops[0]), out=sums[0])
    for time in range(1, len(emissions)):
        before = sums[time - 1]  # (2, batch, tags), the largest 0
        reached = step(before, follow).add_(emissions[time])
        top = torch.amax(reached, -1, keepdim=True, out=tops[time])
        torch.where(valid[time], reached.sub_(top), before, out=sums[time])  # a sentence that has ended keeps its sums
    return sums, tops


def _by_products(before: Tensor, follow: Tensor) -> Tensor:
    return before.exp().bmm(follow).log_()


def _by_logarithms(before: Tensor, transitions: Tensor) -> Tensor:
    return torch.logsumexp(before[:, :, :, None] + transitions[:, None], 2)


class _LogPartition(Function):
    """`log_partition` with its gradient: the expected counts of tags and of pairs of tags. No second derivatives."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, mask: Tensor) -> Tensor:
        sums = forward_backward(Potentials(emissions, transitions, start, end), mask)
        ctx.save_for_backward(transitions, mask, *sums[1:])
        return sums.log_partition

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        transitions, mask, marginals, forward, backward = ctx.saved_tensors
        expected = marginals * grad[:, None, None]  # (batch, time, tags)
        last = (lengths_of(mask) - 1)[:, None, None].expand(-1, 1, expected.shape[2])
        pairs = expected_pairs(transitions, mask, forward, backward, grad)
        return expected, pairs, expected[:, 0].sum(0), expected.gather(1, last).sum((0, 1)), None


def expected_pairs(transitions: Tensor, mask: Tensor, forward: Tensor, backward: Tensor, weight: Tensor) -> Tensor:
    """Expected number of times each tag follows each, summed over the batch with weights (batch,): (tags, tags).

    p(i, j at t, t+1) is proportional to exp(forward[t, i] + transitions[i, j] + backward[t+1, j]), and sums to one at
    each t. As products of probabilities it is one matrix product over all sentences and times; see `recursion`.
    """
    before, after = forward[:, :-1], backward[:, 1:]  # (batch, time - 1, tags)
    inside = mask[:, 1:, None]
    share = weight[:, None, None].expand(inside.shape).masked_fill(~inside, 0.0)
    if before.device.type == "cpu":
        ahead, behind, follow = before.exp(), after.exp(), transitions.exp()
        total = ((ahead @ follow) * behind).sum(-1, keepdim=True)  # (batch, time - 1, 1)
        if bool((total.where(inside, 1.0).log() > -FARTHEST).all()):
            scaled = ahead * (share / total).masked_fill(~inside, 0.0)
            return follow * (scaled.flatten(0, 1).T @ behind.flatten(0, 1))
    pairs = (before[:, :, :, None] + transitions + after[:, :, None]).flatten(2).softmax(2)
    return (pairs * share).sum((0, 1)).view_as(transitions)


def continuations(potentials: Potentials, sums: Sums, tags: Tensor, mask: Tensor) -> Tensor:
    """p(y_t | y_t-1) of these tags, and p(y_1): (batch, time), one on padding."""
    tags = tags.masked_fill(~mask, 0)
    own = sums.marginals.gather(2, tags[:, :, None]).squeeze(2)  # (batch, time)
    pairs = sums.forward[:, :-1, :, None] + potentials.transitions + sums.backward[:, 1:, None]
    total = pairs.flatten(2).logsumexp(2)  # (batch, time - 1)
    taken = pairs.flatten(2).gather(2, (tags[:, :-1] * pairs.shape[3] + tags[:, 1:])[:, :, None]).squeeze(2)
    given = (taken - total).exp() / own[:, :-1].clamp(min=torch.finfo(own.dtype).tiny)
    return torch.cat([own[:, :1], given.clamp(max=1.0)], 1).masked_fill(~mask, 1.0)


# ------------------------------------------------------------------------------------------------------ best taggings


def viterbi(potentials: Potentials, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The best tagging (batch, time), zero on padding, and its score s(y) (batch,). Viterbi 1967."""
    emissions, transitions, start, end = potentials
    steps, valid = emissions.transpose(0, 1), mask.T[:, :, None]  # (time, batch, tags), (time, batch, 1)
    stay = torch.arange(len(start), device=mask.device).expand(len(mask), -1)  # (batch, tags)
    score, pointers = start + steps[0], []
    for emitted, going in zip(steps[1:], valid[1:], strict=True):
        best, came = (score[:, :, None] + transitions).max(1)  # (batch, tags)
        pointers.append(torch.where(going, came, stay))
        score = torch.where(going, best + emitted, score)
    best, tag = (score + end).max(1)  # (batch,)
    tags = [tag]
    for came in reversed(pointers):
        tags.append(came.gather(1, tags[-1][:, None]).squeeze(1))
    return torch.stack(tags[::-1], 1).masked_fill(~mask, 0), best


def n_best(potentials: Potentials, mask: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The n best taggings (batch, n, time) and their scores (batch, n): Viterbi with n survivors for each tag."""
    emissions, transitions, start, end = potentials
    batch, _, tags = emissions.shape
    steps, valid = emissions.transpose(0, 1), mask.T[:, :, None, None]
    survivors = torch.arange(tags * n, device=mask.device).view(1, tags, n).expand(batch, -1, -1)  # of themselves
    score = emissions.new_full((batch, tags, n), -torch.inf)
    score[:, :, 0] = start + steps[0]
    pointers = []
    for emitted, going in zip(steps[1:], valid[1:], strict=True):
        reached = (score[:, :, :, None] + transitions[:, None]).flatten(1, 2)  # (batch, tags * n, tags)
        best, came = reached.topk(n, 1)  # (batch, n, tags)
        pointers.append(torch.where(going, came.transpose(1, 2), survivors).flatten(1))
        score = torch.where(going, best.transpose(1, 2) + emitted[:, :, None], score)
    best, place = (score + end[:, None]).flatten(1).topk(n, 1)  # (batch, n), places among tags * n survivors
    places = [place]
    for came in reversed(pointers):
        places.append(came.gather(1, places[-1]))
    return (torch.stack(places[::-1], 2) // n).masked_fill(~mask[:, None], 0), best


# ------------------------------------------------------------------------------------------------------------- padding


def lengths_of(mask: Tensor) -> Tensor:
    """Tokens of each sentence: (batch,) int64."""
    return mask.sum(1)


def reversal(mask: Tensor) -> Tensor:
    """Where each token goes when every sentence is reversed within its own length; padding stays: (batch, time)."""
    times = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    return torch.where(mask, lengths_of(mask)[:, None] - 1 - times, times)
