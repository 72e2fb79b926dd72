"""The CRF against the enumeration of all taggings, and against pytorch-crf, in float64."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor
from torchcrf import CRF as TorchCRF

from models.crf import LinearChainCRF, bio_transitions

TAGS = 3
NAMES = ("O", "B-per", "I-per", "B-geo", "I-geo")
RAGGED = pytest.mark.parametrize("lengths", [[1], [1, 1], [4, 1, 3], [5, 5], [2, 6, 1, 4]])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def made(tags: int = TAGS, allowed: Tensor | None = None) -> LinearChainCRF:
    """A CRF in float64 with scores that are not zero."""
    crf = LinearChainCRF(tags, allowed).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


def sentences(lengths: list[int], tags: int = TAGS) -> tuple[Tensor, Tensor]:
    """Random emissions (batch, time, tags) and the mask of sentences of these lengths."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(len(lengths), max(lengths), tags, dtype=torch.float64) * 2, mask


def enumerated(crf: LinearChainCRF, emissions: Tensor, length: int) -> dict[tuple[int, ...], float]:
    """The score of every tagging of one sentence that is not forbidden, from the definition."""
    _, transitions, start, end = (each.tolist() for each in crf.potentials(emissions))
    emitted = emissions.tolist()
    scores = {}
    for tags in itertools.product(range(len(start)), repeat=length):
        score: float = start[tags[0]] + end[tags[-1]]
        score += sum(emitted[time][tag] for time, tag in enumerate(tags))
        score += sum(transitions[was][to] for was, to in itertools.pairwise(tags))
        if math.isfinite(score):
            scores[tags] = score
    return scores


def log_sum(scores: dict[tuple[int, ...], float]) -> float:
    return float(torch.tensor(list(scores.values()), dtype=torch.float64).logsumexp(0))


def padded(tags: tuple[int, ...], time: int) -> Tensor:
    return torch.tensor([*tags, *[0] * (time - len(tags))])


@pytest.fixture(params=["products", "logarithms"], autouse=True)
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds for the fast arithmetic of a processor, and for that of a GPU and of extreme scores."""
    if request.param == "logarithms":
        monkeypatch.setattr("models.crf.FARTHEST", -math.inf)  # nothing is near enough


@pytest.fixture(params=["free", "bio"])
def crf(request: pytest.FixtureRequest) -> LinearChainCRF:
    """Without and with forbidden transitions."""
    return made() if request.param == "free" else made(len(NAMES), bio_transitions(NAMES))


class TestEnumeration:
    @RAGGED
    def test_log_likelihood_is_the_share_of_the_tagging(self, crf: LinearChainCRF, lengths: list[int]) -> None:
        emissions, mask = sentences(lengths, len(crf.start))
        for index, length in enumerate(lengths):
            scores = enumerated(crf, emissions[index], length)
            tags = next(itertools.islice(scores, len(scores) // 2, None))
            rows = padded(tags, mask.shape[1]).expand(len(lengths), -1)
            found = crf.log_likelihood(emissions, rows, mask)[index].detach()
            assert float(found) == pytest.approx(scores[tags] - log_sum(scores), abs=1e-10)

    @RAGGED
    def test_marginals_are_sums_over_taggings(self, crf: LinearChainCRF, lengths: list[int]) -> None:
        emissions, mask = sentences(lengths, len(crf.start))
        found = crf.marginals(emissions, mask)
        for index, length in enumerate(lengths):
            scores = enumerated(crf, emissions[index], length)
            total, expected = log_sum(scores), [[0.0] * len(crf.start) for _ in range(mask.shape[1])]
            for tags, score in scores.items():
                for time, tag in enumerate(tags):
                    expected[time][tag] += math.exp(score - total)
            torch.testing.assert_close(found[index], torch.tensor(expected, dtype=torch.float64))

    @RAGGED
    def test_continuations_are_conditional_probabilities(self, crf: LinearChainCRF, lengths: list[int]) -> None:
        """Of the best tagging: their product over a whole sentence is its probability, and over a part that part's."""
        emissions, mask = sentences(lengths, len(crf.start))
        tags, log_probabilities = crf.viterbi(emissions, mask)
        found, own = crf.continuations(emissions, tags, mask), crf.marginals(emissions, mask)
        torch.testing.assert_close(found.prod(1), log_probabilities.exp())
        for index, length in enumerate(lengths):
            scores, best = enumerated(crf, emissions[index], length), tags[index, :length].tolist()
            total = log_sum(scores)
            for begin, end in itertools.combinations(range(length + 1), 2):
                alike = [score for each, score in scores.items() if list(each[begin:end]) == best[begin:end]]
                wanted = sum(math.exp(score - total) for score in alike)
                part = float(own[index, begin, best[begin]]) * float(found[index, begin + 1 : end].prod())
                assert part == pytest.approx(wanted)

    @RAGGED
    def test_viterbi_finds_the_best(self, crf: LinearChainCRF, lengths: list[int]) -> None:
        emissions, mask = sentences(lengths, len(crf.start))
        tags, log_probabilities = crf.viterbi(emissions, mask)
        for index, length in enumerate(lengths):
            scores = enumerated(crf, emissions[index], length)
            best = max(scores, key=scores.__getitem__)
            assert torch.equal(tags[index], padded(best, mask.shape[1]))
            assert float(log_probabilities[index]) == pytest.approx(scores[best] - log_sum(scores))
        assert torch.equal(crf.decode(emissions, mask), tags)

    @RAGGED
    @pytest.mark.parametrize("n", [1, 2, 7])
    def test_n_best_are_the_n_best_in_order(self, crf: LinearChainCRF, lengths: list[int], n: int) -> None:
        emissions, mask = sentences(lengths, len(crf.start))
        tags, log_probabilities = crf.n_best(emissions, mask, n)
        for index, length in enumerate(lengths):
            scores = enumerated(crf, emissions[index], length)
            total, best = log_sum(scores), sorted(scores, key=scores.__getitem__, reverse=True)[:n]
            assert [tuple(each[:length].tolist()) for each in tags[index, : len(best)]] == best
            wanted = [scores[each] - total for each in best] + [-math.inf] * (n - len(best))
            assert log_probabilities[index].tolist() == pytest.approx(wanted)
            assert not tags[index, :, length:].any()


def torch_twin(ours: LinearChainCRF) -> TorchCRF:
    """pytorch-crf's with the same scores."""
    theirs = TorchCRF(TAGS, batch_first=True).double()
    with torch.no_grad():
        theirs.transitions.copy_(ours.transitions)
        theirs.start_transitions.copy_(ours.start)
        theirs.end_transitions.copy_(ours.end)
    return theirs


class TestAgainstPytorchCrf:
    @RAGGED
    def test_loss_and_every_gradient(self, lengths: list[int]) -> None:
        ours = made()
        theirs = torch_twin(ours)
        emissions, mask = sentences(lengths)
        tags = torch.randint(TAGS, mask.shape)
        weights = torch.rand(len(lengths), dtype=torch.float64)
        mine, other = emissions.clone().requires_grad_(), emissions.clone().requires_grad_()
        found = ours.log_likelihood(mine, tags, mask)
        wanted = theirs(other, tags, mask=mask, reduction="none")
        torch.testing.assert_close(found, wanted)
        (found * weights).sum().backward()
        (wanted * weights).sum().backward()
        torch.testing.assert_close(mine.grad, other.grad)
        moved = torch.zeros_like(theirs.transitions) if max(lengths) == 1 else theirs.transitions.grad  # None there
        torch.testing.assert_close(ours.transitions.grad, moved)
        torch.testing.assert_close(ours.start.grad, theirs.start_transitions.grad)
        torch.testing.assert_close(ours.end.grad, theirs.end_transitions.grad)

    @RAGGED
    def test_decoding(self, lengths: list[int]) -> None:
        ours = made()
        theirs = torch_twin(ours)
        emissions, mask = sentences(lengths)
        tags = ours.decode(emissions, mask)
        assert [row[:length].tolist() for row, length in zip(tags, lengths, strict=True)] == theirs.decode(
            emissions, mask
        )


class TestForbidden:
    def test_bio_lets_inside_follow_its_own_entity_alone(self) -> None:
        allowed = bio_transitions(NAMES)
        table = {
            (was, to) for i, was in enumerate((*NAMES, "start")) for j, to in enumerate(NAMES) if not allowed[i, j]
        }
        assert table == {
            ("O", "I-per"), ("O", "I-geo"), ("start", "I-per"), ("start", "I-geo"),
            ("B-per", "I-geo"), ("I-per", "I-geo"), ("B-geo", "I-per"), ("I-geo", "I-per"),
        }  # fmt: skip

    def test_a_forbidden_tagging_has_no_probability(self) -> None:
        crf = made(len(NAMES), bio_transitions(NAMES))
        emissions, mask = sentences([3], len(NAMES))
        assert crf.log_likelihood(emissions, torch.tensor([[0, 2, 0]]), mask).tolist() == [-math.inf]

    def test_gradients_stay_finite_and_forbidden_scores_get_none(self) -> None:
        crf = made(len(NAMES), bio_transitions(NAMES))
        emissions, mask = sentences([4, 2], len(NAMES))
        emissions.requires_grad_()
        crf.log_likelihood(emissions, torch.tensor([[0, 1, 2, 0], [3, 4, 0, 0]]), mask).sum().backward()
        assert emissions.grad is not None
        assert crf.transitions.grad is not None
        assert bool(emissions.grad.isfinite().all())
        assert not crf.transitions.grad[~bio_transitions(NAMES)[:-1]].any()

    def test_a_tag_that_nothing_may_follow_is_refused(self) -> None:
        with pytest.raises(ValueError, match="True in each row"):
            LinearChainCRF(2, torch.zeros(3, 2, dtype=torch.bool))


class TestArithmetic:
    def test_untrained_is_a_softmax_per_token(self) -> None:
        """Zero transitions: the marginals are those of a tagger without a CRF."""
        emissions, mask = sentences([4, 2])
        found = LinearChainCRF(TAGS).double().marginals(emissions, mask)
        torch.testing.assert_close(found[mask], emissions.softmax(2)[mask])

    def test_gradients_by_finite_differences(self) -> None:
        crf = made()
        emissions, mask = sentences([4, 2])
        tags = torch.randint(TAGS, mask.shape)

        def function(emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
            scores = {"transitions": transitions, "start": start, "end": end}
            return torch.func.functional_call(Called(crf), {f"crf.{k}": v for k, v in scores.items()}, (emissions,))

        class Called(torch.nn.Module):
            def __init__(self, crf: LinearChainCRF):
                super().__init__()
                self.crf = crf

            def forward(self, emissions: Tensor) -> Tensor:
                return self.crf.log_likelihood(emissions, tags, mask)

        inputs = [each.detach().requires_grad_() for each in (emissions, crf.transitions, crf.start, crf.end)]
        assert torch.autograd.gradcheck(function, inputs)

    def test_float32_under_autocast(self) -> None:
        crf = LinearChainCRF(TAGS)
        emissions, mask = sentences([6, 3])
        half = emissions.bfloat16()
        exact = crf.log_likelihood(half.float(), torch.zeros(mask.shape, dtype=torch.int64), mask)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = crf.log_likelihood(half, torch.zeros(mask.shape, dtype=torch.int64), mask)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, exact)

    @pytest.mark.parametrize(
        "emissions",
        [
            [[0, -110, 0], [0, 0, 220]],  # B is all but impossible, and then I, which needs it, all but certain
            [[0, -110, 0], [0, 0, 220], [0, 0, 0], [300, 0, -300]],
            [[0, 300, 0], [0, 0, -300], [300, 0, 0], [0, -300, 300]],
        ],
    )
    def test_float32_gives_what_float64_gives_however_far_apart_the_scores_are(
        self, emissions: list[list[int]]
    ) -> None:
        names = ("O", "B-x", "I-x")
        tags = torch.tensor([[1, 2, 0, 0][: len(emissions)]])
        mask = torch.ones_like(tags, dtype=torch.bool)
        found = []
        for kind in (torch.float32, torch.float64):
            crf = LinearChainCRF(3, bio_transitions(names)).to(kind)
            scores = torch.tensor([emissions], dtype=kind, requires_grad=True)
            value = crf.log_likelihood(scores, tags, mask)
            value.sum().backward()
            assert scores.grad is not None
            assert crf.transitions.grad is not None
            marginals = crf.marginals(scores.detach(), mask)
            found.append([each.double() for each in (value.detach(), scores.grad, crf.transitions.grad, marginals)])
        for ours, exact in zip(*found, strict=True):
            torch.testing.assert_close(ours, exact, atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("time", [150, 600])
    def test_long_sentences_lose_no_digits(self, time: int) -> None:
        emissions = torch.randn(2, time, 17) * 8
        mask = torch.arange(time) < torch.tensor([[time], [time - 7]])
        crf = LinearChainCRF(17)
        torch.nn.init.normal_(crf.transitions)
        found = crf.marginals(emissions, mask)
        exact = crf.double().marginals(emissions.double(), mask)
        torch.testing.assert_close(found.double(), exact, atol=2e-4, rtol=0)
        assert float(found.sum(2).max()) <= 1 + 1e-5

    def test_what_stands_on_padding_does_not_matter(self) -> None:
        crf = made()
        emissions, mask = sentences([3, 1])
        tags = torch.zeros(mask.shape, dtype=torch.int64)
        wanted = crf.log_likelihood(emissions, tags, mask)
        found = crf.log_likelihood(emissions.masked_fill(~mask[:, :, None], 1e3), tags.masked_fill(~mask, -100), mask)
        torch.testing.assert_close(found, wanted)

    @pytest.mark.parametrize(
        ("shape", "mask_type", "tags_type"),
        [
            ((2, 3), torch.bool, torch.int64),
            ((2, 3, 4), torch.int64, torch.int64),
            ((2, 3, 4), torch.bool, torch.int32),
        ],
    )
    def test_shapes_and_types_are_checked(
        self, shape: tuple[int, ...], mask_type: torch.dtype, tags_type: torch.dtype
    ) -> None:
        with pytest.raises(ValueError, match="expected"):
            LinearChainCRF(4).log_likelihood(
                torch.zeros(shape), torch.zeros(2, 3, dtype=tags_type), torch.ones(2, 3, dtype=mask_type)
            )
