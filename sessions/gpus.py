"""The GPUs of this machine, by UUID, with what anybody does on them. Torch-free; without NVML there are none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError

IDLE_MEMORY = 0.10  # share of the memory that may be taken on an idle GPU
IDLE_UTILISATION = 0.10


@dataclass(frozen=True)
class Gpu:
    """One GPU at one moment."""

    index: int
    uuid: str
    name: str
    memory_total: int  # bytes
    memory_used: int  # bytes, by everybody
    utilisation: float  # fraction over the last moments
    processes: int  # everybody's

    @property
    def idle(self) -> bool:
        return self.memory_used <= IDLE_MEMORY * self.memory_total and self.utilisation <= IDLE_UTILISATION


def list_gpus(environment: Mapping[str, str] = os.environ) -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES lets us use, in its order; none where NVML cannot be asked."""
    return visible(ask_nvml()[0], environment.get("CUDA_VISIBLE_DEVICES"))


def ask_nvml() -> tuple[list[Gpu], str]:
    """All GPUs of the machine, and what went wrong where they cannot be listed ("" when nothing did)."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # no driver, no library, no permission
        return [], str(error)
    try:
        return [_read(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())], ""
    except pynvml.NVMLError as error:
        return [], str(error)
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _read(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    utilisation, processes = 0.0, 0
    with contextlib.suppress(nvml.NVMLError):  # not supported with MIG
        utilisation = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    with contextlib.suppress(nvml.NVMLError):
        processes = len(nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    return Gpu(
        index, _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle)),
        int(memory.total), int(memory.used), utilisation, processes,
    )  # fmt: skip


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def visible(gpus: Sequence[Gpu], mask: str | None) -> list[Gpu]:
    """What CUDA_VISIBLE_DEVICES leaves: indices or UUID prefixes, up to the first one that is not there."""
    if mask is None:
        return list(gpus)
    chosen = []
    for part in filter(None, (each.strip() for each in mask.split(","))):
        match = [gpu for gpu in gpus if part == str(gpu.index) or (len(part) > 4 and gpu.uuid.startswith(part))]
        if len(match) != 1:
            break
        chosen.append(match[0])
    return chosen


def choose(wanted: str, gpus: Sequence[Gpu]) -> Gpu | None:
    """The GPU for `auto` (an idle one, else the one with most free memory), `cpu` (none), an index or a UUID."""
    if wanted == "cpu":
        return None
    if wanted == "auto":
        idle = [gpu for gpu in gpus if gpu.idle]
        return max(idle or gpus, key=lambda gpu: gpu.memory_total - gpu.memory_used, default=None)
    match = [gpu for gpu in gpus if wanted == str(gpu.index) or (len(wanted) > 4 and gpu.uuid.startswith(wanted))]
    if len(match) == 1:
        return match[0]
    listed = ", ".join(f"{gpu.index} ({gpu.name}, {gpu.uuid})" for gpu in gpus)
    raise UsageError(
        f"there is no GPU {wanted!r}",
        got=f"--gpu {wanted}",
        expected=listed or "cpu: no GPU can be seen here",
        hint="labapp doctor says why a GPU cannot be seen",
    )


def worker_environment(gpu: Gpu | None, wanted: str) -> dict[str, str]:
    """What a worker's environment needs so that it sees exactly its GPU."""
    if gpu is not None:
        return {"CUDA_VISIBLE_DEVICES": gpu.uuid}
    return {"CUDA_VISIBLE_DEVICES": ""} if wanted == "cpu" else {}
