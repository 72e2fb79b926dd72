"""Beam search: on transition matrices whose best paths are known, and against all paths there are."""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from engine.beam import Found, beam_search, follow

START, END = 0, 1


class Chains(NamedTuple):
    """A Markov chain for each problem: (problems, from, to) log-probabilities."""

    tables: Tensor

    def follow(self, parents: Tensor) -> Chains:
        return self

    def keep(self, problems: Tensor) -> Chains:
        return Chains(self.tables[problems])


def step(tokens: Tensor, chains: Chains) -> tuple[Tensor, Chains]:
    return torch.stack([table[row] for table, row in zip(chains.tables, tokens, strict=True)]), chains


def search(tables: Tensor, width: int, *, longest: int = 6, alpha: float = 0.0, wanted: int | None = None) -> Found:
    return beam_search(
        step, Chains(tables), len(tables), width, start=START, end=END, longest=longest, alpha=alpha,
        device=tables.device, wanted=wanted,
    )  # fmt: skip


def random_chains(problems: int, tokens: int, seed: int) -> Tensor:
    tables = torch.randn(problems, tokens, tokens, generator=torch.Generator().manual_seed(seed)) * 2
    tables[:, :, START] = -math.inf  # never comes again
    return tables.log_softmax(2)


def paths(found: Found, problem: int = 0) -> list[list[int]]:
    """The hypotheses of a problem without their ends."""
    lengths = (found.lengths - found.complete.long())[problem].tolist()
    return [row[:length] for row, length in zip(found.tokens[problem].tolist(), lengths, strict=True)]


def every_path(table: Tensor, longest: int, alpha: float) -> list[tuple[float, list[int]]]:
    """All paths that end in time with their scores, the best first."""
    found = []
    tokens = [each for each in range(len(table)) if each not in (START, END)]
    for length in range(longest):
        for path in product(tokens, repeat=length):
            whole = [START, *path, END]
            log_prob = sum(float(table[a, b]) for a, b in pairwise(whole))
            found.append((log_prob / (length + 1) ** alpha, list(path)))
    return sorted(found, reverse=True)


@pytest.fixture
def by_hand() -> Tensor:
    """From the start, 2 looks better than 3; but from 2 it goes on badly."""
    table = torch.zeros(4, 4)
    table[START] = torch.tensor([0.0, 0.0, 0.6, 0.4])
    table[2] = torch.tensor([0.0, 0.4, 0.3, 0.3])
    table[3] = torch.tensor([0.0, 0.9, 0.05, 0.05])
    table[END] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    return table.log()[None]


def test_greedy_search_falls_into_the_trap_that_a_beam_of_two_sees(by_hand: Tensor) -> None:
    assert paths(search(by_hand, 1)) == [[2]]
    wide = search(by_hand, 2)
    assert paths(wide) == [[3], [2]]
    assert wide.log_probs[0].exp().tolist() == pytest.approx([0.36, 0.24])


def test_length_normalisation_prefers_what_is_longer(by_hand: Tensor) -> None:
    assert len(paths(search(by_hand, 8, alpha=0.0))[0]) == 1
    found = search(by_hand, 8, alpha=1.0)
    torch.testing.assert_close(found.scores, found.log_probs / found.lengths)
    assert found.scores[0].tolist() == sorted(found.scores[0].tolist(), reverse=True)


def test_as_many_go_on_as_before_though_some_have_ended() -> None:
    """To end at once is best; then the two others both go on, of which the worse ends well."""
    table = torch.zeros(4, 4)
    table[START] = torch.tensor([0.0, 0.5, 0.3, 0.2])
    table[2] = torch.tensor([0.0, 0.1, 0.5, 0.4])
    table[3] = torch.tensor([0.0, 0.9, 0.05, 0.05])
    table[END] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    assert paths(search(table.log()[None], 2)) == [[], [3]]


@pytest.mark.parametrize("seed", range(5))
def test_width_one_is_greedy(seed: int) -> None:
    tables = random_chains(3, 6, seed)
    found = search(tables, 1, longest=20, alpha=1.0)
    for problem, table in enumerate(tables):
        token, path = START, list[int]()
        while len(path) < 20 and (token := int(table[token].argmax())) != END:
            path.append(token)
        assert paths(found, problem) == [path]
        assert bool(found.complete[problem, 0]) == (len(path) < 20)


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_a_beam_as_wide_as_all_paths_finds_them_all(alpha: float) -> None:
    table, longest = random_chains(1, 5, 3), 4
    wanted = every_path(table[0], longest, alpha)
    found = search(table, 27 * 5, longest=longest, alpha=alpha)
    count = int(found.complete.sum())
    assert count == len(wanted) == 1 + 3 + 9 + 27
    assert paths(found)[:count] == [path for _, path in wanted]
    torch.testing.assert_close(found.scores[0, :count], torch.tensor([score for score, _ in wanted]))


@pytest.mark.parametrize("width", [1, 3, 10])
def test_a_batch_gives_what_each_problem_alone_gives(width: int) -> None:
    tables = random_chains(9, 7, 11)
    together = search(tables, width, longest=12, alpha=0.6)
    for problem in range(len(tables)):
        alone = search(tables[problem : problem + 1], width, longest=12, alpha=0.6)
        assert paths(together, problem) == paths(alone)
        torch.testing.assert_close(together.scores[problem], alone.scores[0])


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_stopping_early_does_not_change_the_best(alpha: float) -> None:
    tables = random_chains(40, 8, 5)
    steps: dict[int, int] = {}

    def counted(tokens: Tensor, chains: Chains) -> tuple[Tensor, Chains]:
        steps[wanted] = steps.get(wanted, 0) + tokens.numel()
        return step(tokens, chains)

    best = {}
    for wanted in (1, 10):
        best[wanted] = beam_search(
            counted, Chains(tables), 40, 10, start=START, end=END, longest=30, alpha=alpha,
            device=tables.device, wanted=wanted,
        )  # fmt: skip
    assert [paths(best[1], each)[0] for each in range(40)] == [paths(best[10], each)[0] for each in range(40)]
    assert steps[1] <= steps[10]
    if not alpha:
        assert steps[1] < steps[10]


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_a_sure_path_is_followed_to_its_end_though_many_improbable_ones_have_ended(width: int, alpha: float) -> None:
    """From each token the next is nearly certain; ending is improbable until the last, and all else more so."""
    tokens = 12
    table = torch.full((tokens, tokens), 1e-6)
    table[:, END] = 1e-3
    table[START, 2] = 1.0
    for token in range(2, tokens - 1):
        table[token, token + 1] = 1.0
    table[tokens - 1, END] = 1.0
    table[:, START] = 0.0
    found = search((table / table.sum(1, keepdim=True)).log()[None], width, longest=20, alpha=alpha)
    assert paths(found)[0] == list(range(2, tokens))


def test_what_the_greatest_length_cuts_off_ranks_last_and_is_said() -> None:
    table = torch.tensor([[0.0, 0.01, 0.99], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).log()[None]
    found = search(table, 2, longest=5)
    assert found.complete[0].tolist() == [True, False]
    assert found.log_probs[0, 0] < found.log_probs[0, 1]
    assert paths(found)[1] == [2] * 5


def test_what_must_not_follow_never_does_and_a_problem_without_a_way_has_no_hypothesis() -> None:
    tables = random_chains(2, 5, 1)
    tables[0, :, 3] = -math.inf
    tables[1, :, :] = -math.inf
    found = search(tables, 4)
    assert all(3 not in path for path in paths(found, 0))
    assert found.scores[1].tolist() == [-math.inf] * 4
    assert not found.complete[1].any()


class Remembering(NamedTuple):
    """Tables for two tokens before, and the token before the last of every beam."""

    tables: Tensor  # (problems, before, from, to)
    before: Tensor  # (problems, beams)

    def follow(self, parents: Tensor) -> Remembering:
        return self._replace(before=follow(self.before, parents))

    def keep(self, problems: Tensor) -> Remembering:
        return Remembering(self.tables[problems], self.before[problems])


@pytest.mark.parametrize("width", [4, 150])
def test_every_beam_goes_on_from_what_it_has_written_itself(width: int) -> None:
    """The state belongs to the token that is read, so it changes hands with every step."""
    problems, longest = 3, 4
    tables = torch.stack([random_chains(problems, 5, seed) for seed in range(5)], 1)

    def step(tokens: Tensor, state: Remembering) -> tuple[Tensor, Remembering]:
        rows = torch.arange(len(tokens))[:, None]
        return state.tables[rows, state.before, tokens], state._replace(before=tokens)

    start = Remembering(tables, torch.full((problems, width), START))
    found = beam_search(
        step, start, problems, width, start=START, end=END, longest=longest, alpha=0.0, device=tables.device
    )
    for problem, table in enumerate(tables):
        scored = zip(paths(found, problem), found.log_probs[problem].tolist(), found.complete[problem], strict=True)
        ended = [(path, log_prob) for path, log_prob, complete in scored if complete]
        assert ended
        assert len(ended) == 1 + 3 + 9 + 27 or width < 150
        for path, log_prob in ended:
            whole = [START, START, *path, END]
            wanted = sum(float(table[a, b, c]) for a, b, c in zip(whole, whole[1:], whole[2:], strict=False))
            assert log_prob == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("wanted", [2, 5])
def test_as_many_as_are_wanted_are_the_best(wanted: int, alpha: float) -> None:
    tables = random_chains(30, 8, 9)
    every, some = (search(tables, 8, longest=15, alpha=alpha, wanted=many) for many in (None, wanted))
    for problem in range(len(tables)):
        assert paths(some, problem)[:wanted] == paths(every, problem)[:wanted]
    torch.testing.assert_close(some.scores[:, :wanted], every.scores[:, :wanted])


def test_behind_the_end_there_is_nothing_but_the_end() -> None:
    found = search(random_chains(4, 6, 4), 5, longest=9, alpha=0.5)
    for rows, lengths, complete in zip(found.tokens, found.lengths, found.complete, strict=True):
        for row, length, whole in zip(rows.tolist(), lengths.tolist(), complete.tolist(), strict=True):
            assert len(row) == 9
            assert END not in row[: length - whole]
            assert set(row[length - whole :]) <= {END}


def test_a_score_is_the_log_probability_by_length_whether_cut_off_or_not() -> None:
    found = search(random_chains(6, 6, 8), 6, longest=3, alpha=0.7)
    assert found.complete.any()
    assert not found.complete.all()
    there = found.scores > -math.inf
    torch.testing.assert_close(found.scores[there], (found.log_probs / found.lengths**0.7)[there])
    assert bool((found.lengths[there & ~found.complete] == 3).all())


def test_problems_that_are_done_are_dropped_from_the_batch() -> None:
    """Four end at once, six go on."""
    tables = random_chains(10, 5, 6)
    tables[1:, :, END] = -math.inf
    tables[1:] = tables[1:].log_softmax(2)
    tables[:4, START] = torch.tensor([-math.inf, 0.0, -math.inf, -math.inf, -math.inf])
    sizes = []

    def counted(tokens: Tensor, chains: Chains) -> tuple[Tensor, Chains]:
        sizes.append(len(tokens))
        return step(tokens, chains)

    found = beam_search(
        counted, Chains(tables), 10, 2, start=START, end=END, longest=4, alpha=1.0, device=tables.device
    )
    assert sizes == [10, 6, 6, 6]
    assert [paths(found, problem)[0] for problem in range(4)] == [[]] * 4
    assert found.complete[:, 0].tolist() == [True] * 4 + [False] * 6


def test_hypotheses_differ() -> None:
    found = search(random_chains(5, 6, 2), 10, longest=8)
    for problem in range(5):
        some = [
            tuple(path)
            for path, score in zip(paths(found, problem), found.scores[problem], strict=True)
            if score > -math.inf
        ]
        assert len(set(some)) == len(some)
