"""An NVML for tests: cards with what they say, and ways to fail."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

GIB = 2**30


class NVMLError(Exception):
    pass


class FakeNvml:
    """Stands in for the module pynvml. `refuses` are functions that raise, `dead` makes all of them raise."""

    NVMLError = NVMLError

    def __init__(self, count: int = 1, *, refuses: Sequence[str] = (), instances: int = 0, **said: Any):
        self.count, self.refuses, self.instances, self.said = count, set(refuses), instances, said
        self.dead, self.inits, self.shutdowns = "", 0, 0

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("nvml"):
            raise AttributeError(name)

        def call(*arguments: Any) -> Any:
            if self.dead and name not in ("nvmlInit", "nvmlShutdown"):
                raise NVMLError(self.dead)
            if name in self.refuses or ("*" in self.refuses and name.startswith("nvmlDeviceGet") and name not in KEPT):
                raise NVMLError("Not Supported")
            return getattr(self, f"_{name}")(*arguments)

        return call

    def _nvmlInit(self) -> None:
        self.inits += 1

    def _nvmlShutdown(self) -> None:
        self.shutdowns += 1

    def _nvmlSystemGetDriverVersion(self) -> str:
        return "550.54.15"

    def _nvmlDeviceGetCount(self) -> int:
        return self.count

    def _nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        return f"GPU-{index}abcd"

    def _nvmlDeviceGetUUID(self, handle: str) -> str:
        return handle

    def _nvmlDeviceGetName(self, handle: str) -> bytes:
        return b"NVIDIA H200"  # as older bindings give it

    def _nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:
        return SimpleNamespace(total=140 * GIB, used=int(self.said.get("used", 70) * GIB))

    def _nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:
        return SimpleNamespace(gpu=self.said.get("busy", 98))

    def _nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:
        return 64

    def _nvmlDeviceGetPowerUsage(self, handle: str) -> int:
        return 512_300

    def _nvmlDeviceGetEnforcedPowerLimit(self, handle: str) -> int:
        return 700_000

    def _nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:
        return int(self.said.get("slowed", 0))

    def _nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[Any]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=memory) for pid, memory in self.said.get("processes", [])]

    def _nvmlDeviceGetGraphicsRunningProcesses(self, handle: str) -> list[Any]:
        return []

    def _nvmlDeviceGetMigMode(self, handle: str) -> list[int]:
        return [int(self.instances > 0), 0]

    def _nvmlDeviceGetMaxMigDeviceCount(self, handle: str) -> int:
        return 7

    def _nvmlDeviceGetMigDeviceHandleByIndex(self, handle: str, number: int) -> str:
        if number >= self.instances:
            raise NVMLError("Not Found")
        return f"MIG-{number}{handle}"


KEPT = {"nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetUUID", "nvmlDeviceGetName"}
