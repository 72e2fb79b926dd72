"""How much of the machine a container, or a user's slice, may use: control groups, version 1 and 2.

A limit may stand in any group above ours, so all of them are looked at. Within a container the path that
/proc/self/cgroup names may be the host's and not be there: then the group that is mounted is the container's own.
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SELF = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")
UNLIMITED = 2**60  # version 1 writes a number near 2^63 where there is no limit


@dataclass(frozen=True)
class Share:
    """A limit, and what its group has used of it."""

    limit: float
    used: float


@dataclass(frozen=True)
class Allowance:
    """None where there is no limit."""

    memory: Share | None = None  # bytes; files that can be dropped from memory are not counted as used
    cpu: Share | None = None  # cores' worth of time; seconds of it used so far


def allowance(own: Path = SELF, root: Path = ROOT) -> Allowance:
    """The tightest limits that hold for this process; nothing where there are no control groups."""
    memory: list[Share] = []
    cpu: list[Share] = []
    for controllers, path in _groups(own):
        if not controllers:
            folders = list(_upwards(root, path))
            memory += filter(None, (_memory(each, "memory.max", "memory.current", "inactive_file") for each in folders))
            cpu += filter(None, map(_cpu_v2, folders))
        if "memory" in controllers:
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            memory += filter(None, (_memory(each, *files) for each in _upwards(root / "memory", path)))
        if "cpu" in controllers:
            cpu += filter(None, (_cpu_v1(root, each) for each in _upwards(root / "cpu", path)))
    return Allowance(
        min(memory, key=lambda share: share.limit - share.used, default=None),
        min(cpu, key=lambda share: share.limit, default=None),
    )


def _groups(own: Path) -> Iterator[tuple[frozenset[str], PurePosixPath]]:
    """(controllers, path) of each hierarchy; version 2 names no controllers."""
    try:
        lines = own.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number.isdigit() and path.startswith("/") and ".." not in path.split("/"):
            yield frozenset(filter(None, names.split(","))), PurePosixPath(path.lstrip("/"))


def _upwards(base: Path, path: PurePosixPath) -> Iterator[Path]:
    """The folder of a group and of those above it, as far as they can be seen."""
    for each in (path, *path.parents):
        folder = base / each
        if folder.is_dir():
            yield folder
        if each == PurePosixPath("."):
            return
    yield base


def _memory(folder: Path, limit_file: str, used_file: str, dropped: str) -> Share | None:
    limit, used = _number(folder / limit_file), _number(folder / used_file)
    if limit is None or limit >= UNLIMITED or used is None:
        return None
    return Share(limit, max(0.0, used - (_entry(folder / "memory.stat", dropped) or 0.0)))


def _cpu_v2(folder: Path) -> Share | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    used = _entry(folder / "cpu.stat", "usage_usec")
    return _share(quota, period, (used or 0.0) / 1e6)


def _cpu_v1(root: Path, folder: Path) -> Share | None:
    accounts = root / "cpuacct" / folder.relative_to(root / "cpu")
    used = _number(folder / "cpuacct.usage") or _number(accounts / "cpuacct.usage") or 0.0
    return _share(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"), used / 1e9)


def _share(quota: str, period: str, used: float) -> Share | None:
    if not (quota.isdigit() and period.isdigit() and int(quota) and int(period)):  # "max", -1
        return None
    return Share(int(quota) / int(period), used)


def _entry(path: Path, name: str) -> float | None:
    """The number beside a name in a file of such lines."""
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return float(value)
    return None


def _number(path: Path) -> float | None:
    text = _text(path)
    return float(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
