"""This machine at one moment: GPUs, CPU, memory, disk, as far as we may use them. Torch-free.

What cannot be found out is None and never an error. A `Sampler` remembers what it saw, since a load is a difference
between two looks; it is asked from one thread at a time.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from sessions.machine.cards import Card, Cards, Nvml
from sessions.machine.cgroups import Allowance, allowance
from sessions.machine.cpu import Cpu, CpuMeter

REMEMBERED = 60.0  # seconds of load kept
GIB = 2**30
ROOM_NEEDED = 2 * GIB  # bytes free on the home's disk


@dataclass(frozen=True)
class Memory:
    total: int  # bytes we may use
    used: int
    limited: bool = False  # by a container or a slice, to less than the machine has
    swap: bool = False

    @property
    def available(self) -> int:
        return max(0, self.total - self.used)


@dataclass(frozen=True)
class Disk:
    total: int  # bytes
    free: int  # bytes that we may fill
    files_free: float = 1.0  # fraction of the files that it can hold


@dataclass(frozen=True)
class Machine:
    """Everything, at one moment."""

    host: str = ""
    uptime: float | None = None  # seconds
    gpus: Cards = field(default_factory=Cards)
    cpu: Cpu = field(default_factory=Cpu)
    memory: Memory | None = None
    swap: Memory | None = None
    disk: Disk | None = None  # of the home
    disk_problem: str = ""

    @property
    def cards(self) -> tuple[Card, ...]:
        return self.gpus.cards


class Sampler:
    """Looks at the machine again and again."""

    def __init__(self, home: Path, environment: Mapping[str, str] = os.environ, nvml: Nvml | None = None):
        self.home = home
        self._environment = environment
        self._nvml = nvml or Nvml()
        self._recent: dict[str, deque[tuple[float, float]]] = {}
        self._lock = threading.Lock()
        self._cpu = CpuMeter(allowance())

    def sample(self) -> Machine:
        """The machine now."""
        with self._lock:
            allowed = allowance()
            cpu = self._cpu.look(allowed)
            cpu = replace(cpu, recent=self._remember("cpu", cpu.total))
            disk, problem = _disk(self.home)
            return Machine(socket.gethostname(), _uptime(), self._gpus(), cpu, _memory(allowed), _swap(), disk, problem)

    def _gpus(self) -> Cards:
        found = self._nvml.look(self._environment.get("CUDA_VISIBLE_DEVICES"))
        for gone in self._recent.keys() - {card.uuid for card in found.cards} - {"cpu"}:
            del self._recent[gone]
        cards = tuple(replace(card, recent=self._remember(card.uuid, card.utilisation)) for card in found.cards)
        return replace(found, cards=cards)

    def _remember(self, name: str, value: float | None) -> tuple[tuple[float, float], ...]:
        now = time.monotonic()
        kept = self._recent.setdefault(name, deque())
        if value is not None:
            kept.append((now, value))
        while kept and now - kept[0][0] > REMEMBERED:
            kept.popleft()
        return tuple((now - when, each) for when, each in kept)


def _memory(allowed: Allowance) -> Memory | None:
    try:
        found = psutil.virtual_memory()
    except (OSError, RuntimeError):
        return None
    total, available = int(found.total), int(found.available)
    share = allowed.memory
    if share is None or share.limit >= total:
        return Memory(total, max(0, total - available))
    limit = int(share.limit)
    room = min(available, max(0, limit - int(share.used)))
    return Memory(limit, limit - room, limited=True)


def _swap() -> Memory | None:
    """psutil's own warns where the kernel does not count what is swapped."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line)
        total, free = (1024 * int(lines[name].split()[0]) for name in ("SwapTotal", "SwapFree"))
    except (OSError, KeyError, ValueError, IndexError):
        return None
    return Memory(total, total - free, swap=True) if total else None


def _disk(home: Path) -> tuple[Disk | None, str]:
    try:
        found = os.statvfs(home)
    except OSError as error:
        return None, error.strerror or str(error)
    files = found.f_favail / found.f_files if found.f_files else 1.0
    return Disk(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, files), ""


def _uptime() -> float | None:
    try:
        return float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


# -- in a line


def summaries(machine: Machine) -> tuple[str, ...]:
    """The machine in a line, the longest form first: `gpu 0 71% 1 idle 2 98%(ana)`; without GPU CPU and memory."""
    if machine.cards:
        said = " ".join(f"{place_of(card)} {_state(card)}" for card in machine.cards)
        idle = sum(card.idle and card.visible for card in machine.cards)
        count = len(machine.cards)
        return f"gpu {said}", f"{idle} of {count} gpus idle", f"{idle}/{count} idle"
    cpu = "-" if machine.cpu.total is None else f"{machine.cpu.total:.0%}"
    if machine.memory is None:
        return (f"cpu {cpu}",)
    ram = f"ram {machine.memory.used / GIB:.1f}/{machine.memory.total / GIB:.0f} GiB"
    return f"cpu {cpu} {ram}", f"cpu {cpu}"


def place_of(card: Card) -> str:
    """A GPU, or an instance of one, in few characters."""
    return f"{card.index}:{card.uuid.removeprefix('MIG-')[:4]}" if card.parent else str(card.index)


def _state(card: Card) -> str:
    users = Counter(each.user for each in card.tenants if each.user and not each.ours)
    whose = f"({users.most_common(1)[0][0][:8]}{'+' if len(users) > 1 else ''})" if users else ""
    if not card.visible:
        whose = "(hidden)"
    if card.memory_total is None and card.utilisation is None:
        return f"?{whose}"
    if card.idle:
        return "idle" if card.visible else "hidden"
    if card.utilisation is None:
        return f"in use{whose}"
    return f"{card.utilisation:.0%}{whose}"
