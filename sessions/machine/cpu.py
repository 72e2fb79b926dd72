"""The CPU's load, as a difference between two looks: of each core we may run on, and of what we are allowed of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from sessions.machine.cgroups import Allowance

SOONEST = 0.05  # seconds between two looks that can be compared


@dataclass(frozen=True)
class Cpu:
    total: float | None = None  # fraction of what we may use; None before there is a difference
    cores: tuple[float, ...] = ()  # of each core we may run on, by everybody
    allowed: float = 1.0  # cores' worth of time that we may use
    machine: int = 1  # cores there are
    load: tuple[float, float, float] | None = None  # over 1, 5 and 15 minutes
    recent: tuple[tuple[float, float], ...] = ()  # (seconds ago, total), the oldest first


class CpuMeter:
    """Remembers the last look."""

    def __init__(self, allowed: Allowance):
        self._before = _Times.now(allowed)
        self._cpu = Cpu()

    def look(self, allowed: Allowance) -> Cpu:
        """The load since the last look; what it was then when that has only just been."""
        now, before = _Times.now(allowed), self._before
        if now.when - before.when < SOONEST:
            return self._cpu
        self._before = now
        ours = _affinity(len(now.cores))
        cores = tuple(share for index, share in enumerate(now.shares(before)) if index in ours)
        count = float(len(ours))
        total = sum(cores) / len(cores) if cores else None
        if allowed.cpu is not None and allowed.cpu.limit < count:
            count = allowed.cpu.limit
            total = min(1.0, max(0.0, (now.spent - before.spent) / (now.when - before.when) / count))
        load = os.getloadavg() if hasattr(os, "getloadavg") else None
        self._cpu = Cpu(total, cores, count, len(now.cores), load)
        return self._cpu


@dataclass(frozen=True)
class _Times:
    """What the CPU had done by a moment."""

    when: float
    cores: tuple[tuple[float, float], ...]  # (busy, all) seconds
    spent: float  # seconds by the group whose time is limited

    @classmethod
    def now(cls, allowed: Allowance) -> _Times:
        try:
            times = psutil.cpu_times(percpu=True)
        except (OSError, RuntimeError):
            times = []
        return cls(time.monotonic(), tuple(map(_busy, times)), allowed.cpu.used if allowed.cpu else 0.0)

    def shares(self, before: _Times) -> list[float]:
        if len(before.cores) != len(self.cores):  # one was switched on or off
            return [0.0] * len(self.cores)
        pairs = zip(self.cores, before.cores, strict=True)
        return [min(1.0, max(0.0, (busy - was) / (total - past))) if total > past else 0.0
                for (busy, total), (was, past) in pairs]  # fmt: skip


def _busy(times: object) -> tuple[float, float]:
    """Guests' time is in user time already; waiting for the disk is idle."""
    fields: dict[str, float] = times._asdict()  # type: ignore[attr-defined]
    total = sum(fields.values()) - fields.get("guest", 0.0) - fields.get("guest_nice", 0.0)
    return total - fields["idle"] - fields.get("iowait", 0.0), total


def _affinity(count: int) -> frozenset[int]:
    """The cores we may run on; all where they cannot be told apart."""
    everywhere = frozenset(range(count))
    try:
        ours = frozenset(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not Linux
        return everywhere
    return ours if ours and ours <= everywhere else everywhere
