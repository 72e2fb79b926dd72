"""The GPUs as NVML describes them now: memory and whose it is, load, heat, power. Torch-free.

NVML is set up once and kept, since that alone can take a second. Every reading may fail by itself ("Not Supported",
"Insufficient Permissions"): then it is None, and `unknown` says why.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from sessions.machine.gpus import Gpu, visible
from sessions.machine.tenants import Register, Tenant

Value = TypeVar("Value")
TRY_AGAIN = 10.0  # seconds before NVML that could not be set up is tried again
# Bits of nvmlDeviceGetCurrentClocksEventReasons that mean "slower than it could be", and what they mean.
HOT, SLOW, POWER_CAP = "hot", "slowed", "power cap"
SLOWED = ((0x20 | 0x40, HOT), (0x08 | 0x80, SLOW), (0x04, POWER_CAP))


@dataclass(frozen=True)
class Card:
    """One GPU, or one MIG instance of one, at one moment. None where something is not known."""

    index: int  # of an instance: its parent's
    uuid: str
    name: str
    memory_total: int | None = None  # bytes
    memory_used: int | None = None  # bytes, by everybody
    utilisation: float | None = None  # fraction
    temperature: int | None = None  # degrees Celsius
    power: float | None = None  # watts; of an instance: of the whole GPU
    power_limit: float | None = None  # watts
    slowed: str = ""  # why it runs slower than it could
    tenants: tuple[Tenant, ...] = ()
    visible: bool = True  # CUDA_VISIBLE_DEVICES lets us use it
    parent: str = ""  # UUID of the GPU that this is an instance of
    unknown: Mapping[str, str] = field(default_factory=dict, hash=False)  # reading -> NVML's words
    recent: tuple[tuple[float, float], ...] = ()  # (seconds ago, utilisation), the oldest first

    @property
    def ours(self) -> int:
        """Bytes of this user's runs."""
        return min(self.memory_used or 0, sum(each.memory or 0 for each in self.tenants if each.ours))

    @property
    def others(self) -> int:
        """Bytes of everything else of which it is known whose it is."""
        known = sum(each.memory or 0 for each in self.tenants if each.known and not each.ours)
        return min((self.memory_used or 0) - self.ours, known)

    @property
    def unclaimed(self) -> int:
        """Bytes that are taken, nobody knows by whom: the driver's own, and what a container does not show."""
        return (self.memory_used or 0) - self.ours - self.others

    def as_gpu(self) -> Gpu:
        """As the queue sees it."""
        pids = tuple(each.pid for each in self.tenants)
        return Gpu(
            self.index, self.uuid, self.name, self.memory_total or 0, self.memory_used or 0, self.utilisation,
            len(pids), pids, self.parent,
        )  # fmt: skip

    @property
    def idle(self) -> bool:
        return self.as_gpu().idle

    @property
    def label(self) -> str:
        return self.as_gpu().label


@dataclass(frozen=True)
class Cards:
    """All GPUs of the machine."""

    cards: tuple[Card, ...] = ()
    problem: str = ""  # why they cannot be listed
    driver: str = ""


class Nvml:
    """NVML, kept between looks."""

    def __init__(self, register: Register | None = None):
        self._register = register or Register()
        self._library: Any = None
        self._driver = ""
        self._problem, self._again = "", 0.0

    def look(self, mask: str | None) -> Cards:
        """Every GPU now; `mask` is what CUDA_VISIBLE_DEVICES says. A library that died is set up again."""
        kept = self._library is not None
        found = self._try(mask)
        if found is None and kept:  # the driver was reloaded under us
            self._again = 0.0
            found = self._try(mask)
        return found or Cards((), self._problem)

    def _try(self, mask: str | None) -> Cards | None:
        if self._set_up() is None:
            return None
        try:
            return self._all(mask)
        except Exception as error:
            self._drop(_words(error))
            return None

    def _set_up(self) -> Any:
        if self._library is None and time.monotonic() >= self._again:
            try:
                import pynvml

                pynvml.nvmlInit()
                self._library = pynvml
                self._driver = _ask(lambda: _text(pynvml.nvmlSystemGetDriverVersion()))[0] or ""
            except Exception as error:  # no driver, no library, another version of it, no permission
                self._drop(_words(error))
        return self._library

    def _drop(self, problem: str) -> None:
        self._problem, self._again = problem, time.monotonic() + TRY_AGAIN
        library, self._library = self._library, None
        if library is not None:
            with contextlib.suppress(Exception):
                library.nvmlShutdown()

    def _all(self, mask: str | None) -> Cards:
        nvml = self._library
        found = [card for index in range(nvml.nvmlDeviceGetCount()) for card in self._read(index)]
        if found and all("uuid" in card.unknown for card in found):  # none of them answers: it is not the cards' fault
            raise RuntimeError(found[0].unknown["uuid"])
        seen = {gpu.uuid for gpu in visible([card.as_gpu() for card in found], mask)}
        return Cards(tuple(replace(card, visible=card.uuid in seen) for card in found), "", self._driver)

    def _read(self, index: int) -> list[Card]:
        """One GPU; where it is cut into MIG instances, those instead of it."""
        nvml = self._library
        handle, problem = _ask(lambda: nvml.nvmlDeviceGetHandleByIndex(index))
        if handle is None:
            return [Card(index, f"gpu-{index}", "?", unknown={"uuid": problem})]
        whole = self._describe(handle, index)
        return [
            replace(
                self._describe(each, index, number), parent=whole.uuid, temperature=whole.temperature,
                power=whole.power, power_limit=whole.power_limit, slowed=whole.slowed,
            )
            for number, each in enumerate(self._instances(handle))
        ] or [whole]  # fmt: skip

    def _instances(self, handle: Any) -> list[Any]:
        nvml = self._library
        mode, _ = _ask(lambda: nvml.nvmlDeviceGetMigMode(handle)[0])
        count, _ = _ask(lambda: nvml.nvmlDeviceGetMaxMigDeviceCount(handle)) if mode else (0, "")
        if not count:
            return []
        get = nvml.nvmlDeviceGetMigDeviceHandleByIndex
        each = [_ask(partial(get, handle, number))[0] for number in range(count)]
        return [found for found in each if found is not None]  # None: a place where there is none

    def _describe(self, handle: Any, index: int, instance: int | None = None) -> Card:
        nvml, unknown = self._library, {}

        def read(name: str, call: Callable[[], Value]) -> Value | None:
            value, problem = _ask(call)
            if problem:
                unknown[name] = problem
            return value

        uuid = read("uuid", lambda: _text(nvml.nvmlDeviceGetUUID(handle)))
        place = f"gpu-{index}" if instance is None else f"gpu-{index}-{instance}"
        memory = read("memory", lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        card = Card(
            index, uuid or place, read("name", lambda: _text(nvml.nvmlDeviceGetName(handle))) or "?",
            int(memory.total) if memory else None, int(memory.used) if memory else None,
            tenants=self._register.tenants((read("processes", lambda: _processes(nvml, handle)) or {}).items()),
            unknown=unknown,
        )  # fmt: skip
        if instance is not None:  # of an instance NVML has no more
            return card
        power = read("power", lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000)
        limit, _ = _ask(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000)
        bits, _ = _ask(lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
        if bits is None:  # an older driver's name for it
            bits, _ = _ask(lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
        return replace(
            card,
            utilisation=read("utilisation", lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
            temperature=read("temperature", lambda: int(nvml.nvmlDeviceGetTemperature(handle, 0))),
            power=power,
            power_limit=limit,
            slowed=next((words for mask, words in SLOWED if (bits or 0) & mask), ""),
        )


def _processes(nvml: Any, handle: Any) -> dict[int, int | None]:
    """pid -> bytes. A process that both computes and draws is listed twice."""
    found: dict[int, int | None] = {}
    graphics, _ = _ask(lambda: nvml.nvmlDeviceGetGraphicsRunningProcesses(handle))
    for each in (*(graphics or ()), *nvml.nvmlDeviceGetComputeRunningProcesses(handle)):
        memory = getattr(each, "usedGpuMemory", None)
        found[int(each.pid)] = None if memory is None else int(memory)
    return found


def _ask(call: Callable[[], Value]) -> tuple[Value | None, str]:
    """A reading, or None and NVML's words: cards, drivers and bindings each lack something else."""
    try:
        return call(), ""
    except Exception as error:
        return None, _words(error)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
