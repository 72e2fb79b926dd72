"""Learning-rate schedules: at the points where anybody can say what they must be."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.schedules import SHAPES, factor
from engine.settings import ScheduleSettings

PER_EPOCH, TOTAL = 10, 100


def rates(**settings: object) -> list[float]:
    chosen = ScheduleSettings.model_validate(settings)
    return [factor(chosen, step, PER_EPOCH, TOTAL) for step in range(TOTAL)]


def test_constant_stays() -> None:
    assert set(rates(schedule="constant")) == {1.0}


def test_step_drops_by_gamma_at_every_milestone() -> None:
    found = rates(schedule="step", milestones=(0.5, 0.75), gamma=0.1)
    assert (found[49], found[50], found[74]) == (1.0, 0.1, 0.1)
    assert found[75] == pytest.approx(0.01)


def test_exponential_drops_once_an_epoch() -> None:
    found = rates(schedule="exponential", gamma=0.96)
    assert found[9] == 1.0
    assert found[10] == pytest.approx(0.96)
    assert found[99] == pytest.approx(0.96**9)


def test_cosine_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=TOTAL, eta_min=0.1)
    for found in rates(schedule="cosine", final_lr=0.1):
        assert found == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-6)
        optimizer.step()
        oracle.step()


def test_one_cycle_rises_over_the_warm_up_and_falls_in_a_line_to_its_end() -> None:
    found = rates(schedule="one-cycle", warmup_epochs=2, final_lr=0.0)
    assert found[0] == pytest.approx(1 / 21)
    assert max(found) == found[20] == 1.0
    assert found[60] == pytest.approx(0.5)
    assert found[99] == pytest.approx(1 / 80)


@given(
    shape=st.sampled_from(sorted(SHAPES)),
    warmup=st.floats(0, 20),
    step=st.integers(0, TOTAL - 1),
)
def test_every_shape_stays_between_nothing_and_the_peak(shape: str, warmup: float, step: int) -> None:
    settings = ScheduleSettings.model_validate({"schedule": shape, "warmup_epochs": warmup})
    assert 0.0 <= factor(settings, step, PER_EPOCH, TOTAL) <= 1.0


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_warm_up_rises_before_every_shape(shape: str) -> None:
    found = rates(schedule=shape, warmup_epochs=1)
    assert found[:10] == sorted(found[:10])
    assert found[0] < 0.1
