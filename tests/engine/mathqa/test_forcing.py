"""Teacher forcing: how high the chance is at a time, and what is drawn with it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from engine.mathqa import forcing
from engine.mathqa.settings import MathSettings


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def settings(schedule: str, begin: float = 0.9, final: float = 0.3) -> MathSettings:
    values: dict[str, Any] = {"forcing_schedule": schedule, "teacher_forcing": begin, "forcing_final": final}
    return MathSettings(**values)


class TestRatio:
    @pytest.mark.parametrize("done", [0.0, 0.5, 1.0])
    def test_constant_is_what_it_says(self, done: float) -> None:
        assert forcing.ratio(settings("constant"), done) == 0.9

    def test_linear_goes_straight_from_one_end_to_the_other(self) -> None:
        found = [forcing.ratio(settings("linear"), done) for done in (0.0, 0.25, 0.5, 1.0)]
        assert found == pytest.approx([0.9, 0.75, 0.6, 0.3])

    def test_sigmoid_falls_fastest_in_the_middle(self) -> None:
        found = [forcing.ratio(settings("sigmoid"), done / 10) for done in range(11)]
        assert found[0] == pytest.approx(0.9, abs=0.01)
        assert found[5] == pytest.approx(0.6)
        assert found[10] == pytest.approx(0.3, abs=0.01)
        falls = [before - after for before, after in pairwise(found)]
        assert min(falls) > 0
        assert max(falls) == pytest.approx(falls[4])

    @pytest.mark.parametrize("schedule", ["linear", "sigmoid"])
    def test_it_can_rise_too(self, schedule: str) -> None:
        found = [forcing.ratio(settings(schedule, 0.2, 0.8), done / 10) for done in range(11)]
        assert found == sorted(found)
        assert 0.2 <= found[0] < found[10] <= 0.8


class TestDraw:
    TOKENS = torch.ones(200, 50, dtype=torch.int64)

    @pytest.mark.parametrize("per", ["token", "batch"])
    def test_all_forced_is_one_pass_and_draws_nothing(self, per: str) -> None:
        before = torch.get_rng_state()
        assert forcing.draw(self.TOKENS, 1.0, per) is None
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("per", ["token", "batch"])
    def test_none_forced_is_none(self, per: str) -> None:
        forced = forcing.draw(self.TOKENS, 0.0, per)
        assert forced is not None
        assert forced.shape == self.TOKENS.shape
        assert not forced.any()

    @pytest.mark.parametrize("ratio", [0.3, 0.6, 0.9])
    def test_per_token_that_share_is_forced_everywhere(self, ratio: float) -> None:
        forced = forcing.draw(self.TOKENS, ratio, "token")
        assert forced is not None
        assert forced.dtype == torch.bool
        assert float(forced.float().mean()) == pytest.approx(ratio, abs=0.02)
        assert float(forced.float().mean(0).std()) < 0.06  # no step more than another

    @pytest.mark.parametrize("ratio", [0.3, 0.6, 0.9])
    def test_per_batch_that_share_of_batches_is_forced_as_a_whole(self, ratio: float) -> None:
        drawn = [forcing.draw(self.TOKENS[:2, :3], ratio, "batch") for _ in range(2_000)]
        free = [each for each in drawn if each is not None]
        assert not any(each.any() for each in free)
        assert 1 - len(free) / len(drawn) == pytest.approx(ratio, abs=0.03)
