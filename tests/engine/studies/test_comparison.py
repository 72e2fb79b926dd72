"""Rows side by side: what differs, who is best, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.studies.comparison import NAME, SECONDS, Measured, Row, compare, natural, row_of


def made(label: str, *values: float, data: str = "sample", final: bool = True, **settings: Any) -> Row:
    """A row with an accuracy a seed."""
    measured = [
        Measured(
            f"{label}-{seed}", seed, {"test": {"accuracy": value}}, {"test": 10_000}, {**settings, "seed": seed},
            seconds=value * 100, data=data, final=final,
        )
        for seed, value in enumerate(values, 1)
    ]  # fmt: skip
    return row_of(label, "images", "bn", measured)


class TestWhatDiffers:
    def test_is_said_and_nothing_else(self) -> None:
        found = compare("", "accuracy", [made("a", 0.8, lr=0.1, n=2), made("b", 0.9, lr=0.3, n=2)])
        assert found.differences == {"lr": (0.1, 0.3)}

    def test_where_and_how_often_do_not_count(self) -> None:
        rows = [made("a", 0.8, 0.8, device="cpu"), made("b", 0.9, 0.9, device="cuda")]
        assert compare("", "accuracy", rows, frozenset({"device"})).differences == {}

    def test_the_seed_does_where_every_row_has_one(self) -> None:
        rows = [made("a", 0.8), row_of("b", "images", "bn", [made("b", 0.1, 0.9).measured[1]])]
        assert compare("", "accuracy", rows).differences == {"seed": (1, 2)}

    def test_other_data_are_a_difference(self) -> None:
        found = compare("", "accuracy", [made("a", 0.8, data="/x/cifar10-jpeg"), made("b", 0.9, data="cifar10")])
        assert found.differences == {"data": ("cifar10-jpeg", "cifar10")}

    def test_of_a_row_without_runs_nothing_is_known(self) -> None:
        rows = [made("a", 0.8, lr=0.1), made("b", 0.9, lr=0.3), made("c")]
        assert compare("", "accuracy", rows).differences == {"lr": (0.1, 0.3, None)}

    def test_two_rows_of_one_label_are_a_mistake_of_ours(self) -> None:
        with pytest.raises(ValueError, match="one label"):
            compare("", "accuracy", [made("a", 0.8), made("a", 0.9)])


class TestTheBest:
    def test_is_no_row_that_still_goes_on_while_others_have_ended(self) -> None:
        found = compare("", "accuracy", [made("a", 0.8), made("b", 0.9, final=False)])
        assert found.best("test", "accuracy") == ("a", frozenset())

    def test_comes_with_those_that_cannot_be_told_apart(self) -> None:
        found = compare("", "accuracy", [made("a", 0.901), made("b", 0.902), made("c", 0.8)])
        assert found.best("test", "accuracy") == ("b", frozenset({"a"}))


class TestSorting:
    @given(st.permutations(range(5)), st.sampled_from(["accuracy", NAME, SECONDS]), st.booleans())
    def test_does_not_mind_the_order_before(self, order: list[int], column: str, worst_first: bool) -> None:
        rows = [made(f"bn {8 * place}", 0.5 + place / 10, lr=place) for place in range(4)] + [made("none")]
        found = compare("", "accuracy", [rows[place] for place in order])
        found = found.sorted_by("test", column, worst_first=worst_first)
        upwards = ["bn 0", "bn 8", "bn 16", "bn 24"]
        if column == NAME:
            expected = ["none", *reversed(upwards)] if worst_first else [*upwards, "none"]
        else:
            rising = worst_first if column == "accuracy" else not worst_first
            expected = [*(upwards if rising else reversed(upwards)), "none"]  # without a number: last either way
        assert [row.label for row in found.rows] == expected
        assert list(found.differences["lr"]) == [row.settings.get("lr") for row in found.rows]

    def test_by_name_puts_8_before_128_and_minds_no_odd_digits(self) -> None:
        names = ["gn 128", "gn ²", "8 gn", "gn 8", "", "GN 16"]
        assert sorted(names, key=natural) == ["", "8 gn", "gn 8", "GN 16", "gn 128", "gn ²"]
