"""The thread that looks at the machine: how often, what it tells, and that it goes on whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labapp.live import sampling
from labapp.live.sampling import MachineWatch
from labapp.messages import MachineSampled, QueueChanged
from sessions.home import Home
from sessions.machine.sampler import Machine, Sampler


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FIRST", 0.0)
    monkeypatch.setattr(sampling, "LEAST", 0.0)


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_samples_are_taken_often_only_while_somebody_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sampler, "sample", lambda self: Machine())
    told: list[object] = []
    watch = MachineWatch(Home(tmp_path), told.append)
    watch._pauses = (3600.0, 0.001)
    watch.start()
    try:
        eventually(lambda: told)
        assert not any(isinstance(each, QueueChanged) for each in told)
        assert len(told) == 1
        watch.show(True)
        eventually(lambda: sum(isinstance(each, MachineSampled) for each in told) > 5)
        assert sum(isinstance(each, QueueChanged) for each in told) == 1  # told once: it is the same
    finally:
        watch.stop()
        watch._thread.join(5)
    assert not watch._thread.is_alive()


def test_a_sampler_that_breaks_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Sampler) -> Machine:
        raise RuntimeError("no /proc")

    monkeypatch.setattr(Sampler, "sample", broken)
    told: list[Any] = []
    watch = MachineWatch(Home(tmp_path), told.append)
    watch.sample()
    watch.sample()
    assert ["no /proc" in each.problem for each in told] == [True, True]


def test_what_is_seen_after_a_trouble_is_told_though_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    watch = MachineWatch(Home(tmp_path), told.append)
    watch.look_at_queue()
    watch.look_at_queue()
    assert [each.problem for each in told] == [""]
    monkeypatch.setattr(Sampler, "sample", lambda self: 1 / 0)
    watch.sample()
    watch.look_at_queue()
    assert [bool(each.problem) for each in told] == [False, True, False]
