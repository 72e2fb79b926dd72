"""The GPUs of this machine, by UUID, with what anybody does on them. Torch-free; without NVML there are none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError

IDLE_MEMORY = 0.10  # share of the memory that may be taken on an idle GPU,
DESKTOP, OF_SMALL = 3 * 2**29, 0.30  # and bytes: a desktop takes as much of small cards too, up to this share
IDLE_UTILISATION = 0.10


@dataclass(frozen=True)
class Gpu:
    """One GPU, or one MIG instance of one, at one moment."""

    index: int  # of an instance: its parent's
    uuid: str
    name: str
    memory_total: int  # bytes
    memory_used: int  # bytes, by everybody
    utilisation: float | None  # fraction over the last moments; None where it is not known, as with MIG
    processes: int  # everybody's
    pids: tuple[int, ...] = ()  # of those processes
    parent: str = ""  # UUID of the GPU that this is an instance of

    @property
    def full(self) -> bool:
        desktop = min(DESKTOP, OF_SMALL * self.memory_total)
        return self.memory_used > max(IDLE_MEMORY * self.memory_total, desktop)

    @property
    def busy(self) -> bool:
        return self.processes > 0 if self.utilisation is None else self.utilisation > IDLE_UTILISATION

    @property
    def idle(self) -> bool:
        return not self.full and not self.busy

    @property
    def label(self) -> str:
        """As people call it."""
        return f"{self.index} ({self.uuid[:12]})" if self.parent else str(self.index)


def list_gpus(environment: Mapping[str, str] = os.environ) -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES lets us use, in its order; none where NVML cannot be asked."""
    return visible(ask_nvml()[0], environment.get("CUDA_VISIBLE_DEVICES"))


def ask_nvml() -> tuple[list[Gpu], str]:
    """The GPUs of the machine that can be asked, and what went wrong with the others ("" when nothing did)."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # no driver, no library, no permission
        return [], str(error)
    found: list[Gpu] = []
    trouble = ""
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            try:
                found += _read(pynvml, index)
            except pynvml.NVMLError as error:  # one that fell off the bus: the others are there
                trouble = trouble or f"GPU {index}: {error}"
    except pynvml.NVMLError as error:
        trouble = str(error)
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return found, trouble


def _read(nvml: Any, index: int) -> list[Gpu]:
    """One GPU; where it is cut into MIG instances, those instead of it: nothing can run on the whole."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    instances = _instances(nvml, handle)
    if not instances:
        return [_describe(nvml, handle, index)]
    parent = _text(nvml.nvmlDeviceGetUUID(handle))
    return [_describe(nvml, each, index, parent) for each in instances]


def _instances(nvml: Any, handle: Any) -> list[Any]:
    found: list[Any] = []
    try:
        if not nvml.nvmlDeviceGetMigMode(handle)[0]:
            return found
        count = nvml.nvmlDeviceGetMaxMigDeviceCount(handle)
    except (nvml.NVMLError, AttributeError):  # a card or bindings that know no MIG
        return found
    for number in range(count):
        with contextlib.suppress(nvml.NVMLError):  # a place where there is none
            found.append(nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number))
    return found


def _describe(nvml: Any, handle: Any, index: int, parent: str = "") -> Gpu:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    utilisation: float | None = None
    pids: tuple[int, ...] = ()
    if not parent:  # of an instance it is not known
        with contextlib.suppress(nvml.NVMLError):
            utilisation = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    with contextlib.suppress(nvml.NVMLError):
        pids = tuple(int(each.pid) for each in nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    return Gpu(
        index, _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle)),
        int(memory.total), int(memory.used), utilisation, len(pids), pids, parent,
    )  # fmt: skip


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def visible(gpus: Sequence[Gpu], mask: str | None) -> list[Gpu]:
    """What CUDA_VISIBLE_DEVICES leaves: indices or UUID prefixes, up to the first one that is not there."""
    if mask is None:
        return list(gpus)
    chosen: list[Gpu] = []
    for part in filter(None, (each.strip() for each in mask.split(","))):
        match = matching(part, gpus)
        if not match or (len(match) > 1 and not all(each.parent for each in match)):
            break
        chosen.append(match[0])  # of a GPU cut into instances CUDA takes the first
    return chosen


def matching(wanted: str, gpus: Sequence[Gpu]) -> list[Gpu]:
    """The GPUs meant by an index, a UUID or the beginning of one: several are instances of the same one."""
    return [
        gpu
        for gpu in gpus
        if wanted == str(gpu.index)
        or (len(wanted) > 4 and (gpu.uuid.startswith(wanted) or (gpu.parent and gpu.parent.startswith(wanted))))
    ]


def choose(wanted: str, gpus: Sequence[Gpu]) -> Gpu | None:
    """The GPU for `auto` (an idle one, else the one with most free memory), `cpu` (none), an index or a UUID."""
    if wanted == "cpu":
        return None
    if wanted == "auto":
        idle = [gpu for gpu in gpus if gpu.idle]
        return max(idle or gpus, key=lambda gpu: gpu.memory_total - gpu.memory_used, default=None)
    match = matching(wanted, gpus)
    if len(match) == 1:
        return match[0]
    listed = ", ".join(f"{gpu.index} ({gpu.name}, {gpu.uuid})" for gpu in gpus)
    raise UsageError(
        f"{wanted!r} means several GPUs" if match else f"there is no GPU {wanted!r}",
        got=f"--gpu {wanted}",
        expected=listed or "cpu: no GPU can be seen here",
        hint="name one by its UUID" if match else "labapp doctor says why a GPU cannot be seen",
    )


def worker_environment(gpu: Gpu | None, wanted: str) -> dict[str, str]:
    """What a worker's environment needs so that it sees exactly its GPU."""
    if gpu is not None:
        return {"CUDA_VISIBLE_DEVICES": gpu.uuid}
    return {"CUDA_VISIBLE_DEVICES": ""} if wanted == "cpu" else {}
