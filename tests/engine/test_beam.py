"""Beam search: on transition matrices whose best paths are known, and against all paths there are."""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from engine.beam import Found, beam_search

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


@pytest.mark.parametrize("seed", range(5))
def test_width_one_is_greedy(seed: int) -> None:
    tables = random_chains(3, 6, seed)
    found = search(tables, 1, longest=20, alpha=1.0)
    for problem, table in enumerate(tables):
        token, path = START, []
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
    steps = {}

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


def test_hypotheses_differ() -> None:
    found = search(random_chains(5, 6, 2), 10, longest=8)
    for problem in range(5):
        some = [
            tuple(path)
            for path, score in zip(paths(found, problem), found.scores[problem], strict=True)
            if score > -math.inf
        ]
        assert len(set(some)) == len(some)
