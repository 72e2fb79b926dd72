"""Several seeds as one number, and when two of them are called different."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.studies.statistics import Stat, best_of, margin, stat, told_apart

fractions = st.floats(0.0, 1.0)
stats = st.builds(Stat, st.lists(fractions, min_size=1, max_size=6).map(tuple), st.integers(0, 10_000))


class TestOneThingSeveralTimes:
    @given(st.lists(fractions, min_size=2, max_size=9))
    def test_mean_and_spread_are_those_of_the_textbook(self, values: list[float]) -> None:
        found = stat(values)
        assert found.mean == pytest.approx(statistics.fmean(values))
        assert found.spread == pytest.approx(statistics.stdev(values), abs=1e-12)

    def test_what_was_not_measured_or_is_not_finite_is_left_out(self) -> None:
        assert stat([0.5, None, math.nan, math.inf, 0.7]).values == (0.5, 0.7)

    def test_one_seed_has_no_spread_and_none_has_no_mean(self) -> None:
        assert math.isnan(Stat((0.5,)).spread)
        assert math.isnan(Stat(()).mean)

    def test_the_binomial_error_is_that_of_one_test_set(self) -> None:
        assert Stat((0.9,), 10_000).binomial == pytest.approx(0.003)
        assert math.isnan(Stat((2.3,), 10_000).binomial)  # no fraction
        assert math.isnan(Stat((0.9,)).binomial)  # a set of unknown size


class TestTellingApart:
    @given(stats, stats)
    def test_does_not_mind_which_comes_first(self, one: Stat, other: Stat) -> None:
        assert told_apart(one, other, "accuracy") == told_apart(other, one, "accuracy")
        assert margin(one, other, "accuracy") == margin(other, one, "accuracy")

    @given(stats)
    def test_nothing_is_told_from_itself(self, one: Stat) -> None:
        assert not told_apart(one, one, "accuracy")

    def test_takes_more_than_the_larger_spread(self) -> None:
        narrow, wide = Stat((0.90, 0.90)), Stat((0.91, 0.93))
        assert told_apart(narrow, wide, "accuracy")
        assert not told_apart(narrow, Stat((0.88, 0.94)), "accuracy")

    def test_takes_more_than_the_binomial_error_except_for_losses(self) -> None:
        one, other = Stat((0.900,), 10_000), Stat((0.902,), 10_000)
        assert not told_apart(one, other, "accuracy")
        assert told_apart(one, other, "loss")
        assert told_apart(one, Stat((0.904,), 10_000), "accuracy")

    def test_what_was_not_measured_is_told_from_nothing(self) -> None:
        assert not told_apart(Stat(()), Stat((0.5,)), "accuracy")


class TestTheBest:
    @given(st.dictionaries(st.text("abc", min_size=1), stats, min_size=1))
    def test_is_the_same_in_every_order_up_to_equals(self, found: dict[str, Stat]) -> None:
        best, near = best_of(found, "accuracy")
        turned, _ = best_of(dict(reversed(found.items())), "accuracy")
        assert best is not None
        assert turned is not None
        assert found[best].mean == found[turned].mean == max(each.mean for each in found.values())
        assert best not in near
        assert turned == best or turned in near

    def test_of_a_loss_is_the_least(self) -> None:
        assert best_of({"a": Stat((0.4,)), "b": Stat((0.3,)), "c": Stat(())}, "loss") == ("b", frozenset())

    def test_there_is_none_where_nothing_was_measured(self) -> None:
        assert best_of({"a": Stat(())}, "accuracy") == (None, frozenset())
