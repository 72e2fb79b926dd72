"""Who may start now: tickets in order, what goes on, the GPUs and the limits -> starts, and why each other one waits.

Pure: it reads nothing and starts nothing. Tickets are taken in order; one that has to wait takes nothing away from
those behind it, which can only get what it cannot use now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sessions.machine.gpus import Gpu, matching, visible
from sessions.run.tickets import AUTO, CPU

GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """How many may go on at once on this host."""

    per_gpu: int = 1
    per_cpu: int = 1


@dataclass(frozen=True)
class Want:
    """A ticket, as far as it matters here."""

    key: str
    gpu: str = AUTO  # auto, cpu, an index, a UUID or the beginning of one
    mask: str | None = None  # CUDA_VISIBLE_DEVICES of its submitter
    seen: bool = False  # a GPU could be seen when it was submitted
    waits: str = ""  # what else it waits for: not to be started now


@dataclass(frozen=True)
class Use:
    """Something that goes on, in its slot: `cpu`, a GPU's UUID, or "" when that is not known."""

    slot: str
    pid: int = 0


@dataclass
class Plan:
    starts: list[tuple[str, str]] = field(default_factory=list)  # (key, slot)
    reasons: dict[str, str] = field(default_factory=dict)  # why the others wait


def plan(wants: Sequence[Want], uses: Sequence[Use], gpus: Sequence[Gpu], limits: Limits) -> Plan:
    """Which tickets start where; `wants` in the order of the queue."""
    board = _Board(uses, gpus, limits)
    found = Plan()
    for want in wants:
        slot, reason = ("", want.waits) if want.waits else board.place(want)
        if slot:
            board.taken[slot] += 1
            found.starts.append((want.key, slot))
        else:
            found.reasons[want.key] = reason
    return found


class _Board:
    """The slots while they are being given out."""

    def __init__(self, uses: Sequence[Use], gpus: Sequence[Gpu], limits: Limits):
        self.gpus, self.limits = gpus, limits
        # A machine without GPUs has one place to be; elsewhere an unknown one shows in what NVML says of the GPUs.
        self.taken = Counter(use.slot or ("" if gpus else CPU) for use in uses)
        self.pids = {use.pid for use in uses}

    def place(self, want: Want) -> tuple[str, str]:
        """The slot for one ticket, or ("", why there is none)."""
        if want.gpu == CPU:
            return self._cpu()
        candidates = visible(self.gpus, want.mask)
        if want.gpu != AUTO:
            return self._named(want, candidates)
        if candidates:
            return self._auto(candidates)
        return ("", "no GPU can be seen any more; labapp doctor says why") if want.seen else self._cpu()

    def _cpu(self) -> tuple[str, str]:
        if self.taken[CPU] < self.limits.per_cpu:
            return CPU, ""
        return "", f"waits for the CPU ({self.taken[CPU]} of {self.limits.per_cpu} in use)"

    def _named(self, want: Want, candidates: Sequence[Gpu]) -> tuple[str, str]:
        """A GPU that was named is waited for; what others do on it is its user's business."""
        found = matching(want.gpu, candidates)
        for gpu in found:
            if self.taken[gpu.uuid] < self.limits.per_gpu:
                return gpu.uuid, ""
        if found:
            return "", f"waits for gpu {found[0].label}"
        hidden = " that CUDA_VISIBLE_DEVICES leaves visible" if matching(want.gpu, self.gpus) else " here"
        return "", f"there is no GPU {want.gpu}{hidden}; labapp doctor says what is"

    def _auto(self, candidates: Sequence[Gpu]) -> tuple[str, str]:
        free = [gpu for gpu in candidates if self._fits(gpu)]
        if free:
            # one that nobody holds before one that somebody does who computes nothing just now
            best = min(free, key=lambda gpu: (self.taken[gpu.uuid], gpu.processes, gpu.memory_used - gpu.memory_total))
            return best.uuid, ""
        return "", "no idle GPU: " + ", ".join(f"{gpu.label} {self._state(gpu)}" for gpu in candidates)

    def _fits(self, gpu: Gpu) -> bool:
        """Whether `auto` may take this GPU: an idle one, or one where only ours are and another is allowed."""
        ours = self.taken[gpu.uuid]
        if not ours:
            return gpu.idle
        return ours < self.limits.per_gpu and not self._strangers(gpu, ours)

    def _strangers(self, gpu: Gpu, ours: int) -> bool:
        """Whether somebody else computes there too."""
        if self.pids.intersection(gpu.pids):
            return not self.pids.issuperset(gpu.pids)
        # Within a container NVML may name processes as the machine knows them, not as we do: then only their number
        # tells. One of ours that has just started is not among them yet.
        return gpu.processes > ours

    def _state(self, gpu: Gpu) -> str:
        ours = self.taken[gpu.uuid]
        if ours and not self._strangers(gpu, ours):
            return "ours"
        if gpu.utilisation is not None and gpu.busy:
            return f"busy ({gpu.utilisation:.0%})".replace("%", " %")
        if gpu.full:
            return f"has {gpu.memory_used / GIB:.0f} of {gpu.memory_total / GIB:.0f} GiB in use"
        return f"busy ({gpu.processes} processes)"
