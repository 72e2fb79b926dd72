"""Processes across crashes and reboots: who is who, who is alive, starting detached ones, ending whole groups.

A process is known by host, boot, pid and the time it was created: a pid alone may be somebody else's by now.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import explained, write_json

SOURCE_ROOT = Path(__file__).resolve().parent.parent
LINUX = platform.system() == "Linux"


@dataclass(frozen=True)
class Identity:
    """One process on one host, for ever."""

    host: str
    boot: str
    pid: int
    created: float  # seconds since boot (Linux) or since 1970

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Any) -> Identity | None:
        """The identity in a record, None when it is not one."""
        try:
            return cls(str(raw["host"]), str(raw["boot"]), int(raw["pid"]), float(raw["created"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def is_here(self) -> bool:
        return self.host == host()

    def is_alive(self) -> bool:
        """Whether this very process runs now; a zombie does not."""
        if not self.is_here() or self.boot != boot():
            return False
        created = created_at(self.pid)
        return created is not None and abs(created - self.created) < 0.05


def host() -> str:
    return socket.gethostname()


@functools.cache
def boot() -> str:
    """A name for this boot of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def created_at(pid: int) -> float | None:
    """When a live process was created; None when there is none (or only a zombie)."""
    try:
        # /proc counts from boot: unlike psutil's figure it does not move when the clock is set.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        if LINUX:
            return None
    import psutil  # only where there is no /proc: importing it takes longer than all the rest

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def identify(pid: int) -> Identity | None:
    created = created_at(pid)
    return None if created is None else Identity(host(), boot(), pid, created)


def myself() -> Identity:
    me = identify(os.getpid())
    assert me is not None
    return me


def python_command(module: str, *arguments: str) -> list[str]:
    """How to run one of our modules; -P keeps the current folder out of its imports."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment(extra: Mapping[str, str] | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment (or `base`), with our own code first on the path and an allocator set for big, steady blocks."""
    environment = dict(os.environ if base is None else base)
    inherited = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each != str(SOURCE_ROOT)]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(SOURCE_ROOT), *inherited)))
    environment.update({key: value for key, value in STEADY.items() if key not in environment})
    return environment | dict(extra or {})


# glibc returns blocks above its threshold to the kernel at every free, and a training frees and takes the same big
# blocks at every step: keeping them is worth 13 % of a CPU step (docs/results.md).
STEADY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "PYTHONUNBUFFERED": "1",
}


def spawn_detached(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    *,
    exit_note: tuple[Path, int] | None = None,
    keep_open: Sequence[int] = (),
) -> Identity:
    """Start a process that outlives us: its own session, nothing to read, output appended to `log`.

    `exit_note` is where to write how it ended, and for which attempt, should we live to see it; `keep_open` are
    descriptors it inherits, and with them the locks they hold.
    """
    with explained(log), log.open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=dict(environment),
                start_new_session=True,
                close_fds=True,
                pass_fds=keep_open,
            )
        except OSError as error:
            hint = "too many processes or too little memory? labapp doctor looks"
            raise LabError("a process cannot be started", got=f"{command[0]}: {error.strerror}", hint=hint) from error
    process.returncode = 0  # it is ours to collect, in `reap`, and may outlive us
    _children[process.pid] = exit_note
    return identify(process.pid) or Identity(host(), boot(), process.pid, -1.0)


_children: dict[int, tuple[Path, int] | None] = {}  # the detached ones, and where to note how they ended


def reap() -> dict[int, int]:
    """Collect those of our detached children that ended: pid -> signal number, or 0. Those that want it are noted."""
    ended: dict[int, int] = {}
    for pid in list(_children):
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # somebody else collected it
            found, status = pid, None
        if not found:
            continue
        note = _children.pop(pid, None)
        code = 0 if status is None else os.waitstatus_to_exitcode(status)
        ended[pid] = max(0, -code)
        if note is not None and status is not None:
            _note_exit(*note, code)
    return ended


def has_children() -> bool:
    """Whether a detached child of ours has not been collected. One that was killed is seen dead before it can be:
    that takes until the last of its threads is gone."""
    return bool(_children)


def _note_exit(path: Path, attempt: int, code: int) -> None:
    """Write exit.json; the run may be in the trash by now, or the disk full."""
    how = {"v": 1, "attempt": attempt, "code": max(0, code), "signal": max(0, -code), "time": time.time()}
    with contextlib.suppress(LabError):
        write_json(path, how, durable=False)


def kill_group(identity: Identity) -> bool:
    """SIGKILL for a process and everything it started. False when it was not alive any more."""
    return _signal(identity, signal.SIGKILL, group=True)


def _signal(identity: Identity, number: signal.Signals, *, group: bool) -> bool:
    if not identity.is_alive():
        return False
    with contextlib.suppress(ProcessLookupError):
        if group and os.getpgid(identity.pid) == identity.pid:
            os.killpg(identity.pid, number)
        else:
            os.kill(identity.pid, number)
        return True
    return False
