"""What is trained in which order, how long it is thought to take, and the table at the end."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from benchmarks.lab import BESIDE, GOALS, GOALS_BATCH8, VARIANTS, Plan, plans, seconds_for, table
from engine.catalogue import IMAGES


def options(**changes: Any) -> argparse.Namespace:
    values = {"seeds": [1, 2], "variants": VARIANTS, "epochs": 100, "batch8": True, "batch8_epochs": 10}
    return argparse.Namespace(**values | changes)


def run(**values: Any) -> dict[str, Any]:
    return {"status": "finished", "epoch": 100, "seconds": 200.0, "metrics": {"test": {}}, **values}


def test_all_variants_have_a_goal() -> None:
    assert tuple(IMAGES.variants) == VARIANTS
    assert set(VARIANTS) == GOALS.keys()


def test_the_first_seed_of_everything_comes_first() -> None:
    found = plans(options())
    assert [each.seed for each in found] == sorted(each.seed for each in found)
    assert len(found) == len({each.name for each in found}) == 2 * (len(VARIANTS) + len(GOALS_BATCH8))
    assert [each.batch for each in plans(options(batch8=False))] == [128] * 14


def test_a_time_is_expected_by_the_slowest_pace_of_the_variant_else_of_all() -> None:
    todo = [Plan("bn", 1, 128, 100), Plan("in", 1, 128, 100), Plan("bn", 2, 128, 50), Plan("gn", 2, 128, 50)]
    runs = {todo[0].name: run(), todo[1].name: run(epoch=50, seconds=150.0)}
    assert seconds_for(todo[2], runs, todo) == pytest.approx(BESIDE + 100)
    assert seconds_for(todo[3], runs, todo) == pytest.approx(BESIDE + 150)
    assert seconds_for(todo[3], {}, todo) == 0


def test_the_table_has_mean_spread_and_distance_from_the_goal() -> None:
    todo = [Plan("bn", seed, 128, 100) for seed in (1, 2)] + [Plan("ln", 1, 128, 100)]
    accuracies = {todo[0].name: 0.90, todo[1].name: 0.92}
    runs = {
        name: run(metrics={"test": {"accuracy": value}}, best={"value": 0.93}) for name, value in accuracies.items()
    }
    _, bn, ln, _ = table(todo, runs)
    assert bn.split() == ["bn", "128", "100", "2", "0.9100", "0.0200", "0.9300", "200", "0.910", "+0.000"]
    assert ln.split() == ["ln", "128", "100", "0", "-", "0.888"]
