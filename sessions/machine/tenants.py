"""Whose a process on a GPU is: one of this user's runs, something else of somebody's, or nothing we can know.

Within a container NVML may name processes as the machine outside knows them. Such a number means nothing here, or
worse, somebody else: it is believed only of a process that holds a GPU's device open.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sessions.process import created_at

PROC = Path("/proc")
OUTERMOST = "pid:[4026531836]"  # the namespace of the machine itself: its number is fixed in the kernel
MODULES = frozenset({"sessions.worker", "sessions.queue.jobs", "sessions.infer"})
LONGEST_COMMAND = 300  # characters kept


@dataclass(frozen=True)
class Tenant:
    """A process on a GPU."""

    pid: int
    memory: int | None  # bytes; None where NVML does not tell
    known: bool = False  # whether the rest could be found out
    user: str = ""
    ours: bool = False  # belongs to a run of this user
    run_id: str = ""
    command: str = ""


class Register:
    """Looks processes up, each once."""

    def __init__(self, proc: Path = PROC):
        self.proc = proc
        self._known: dict[tuple[int, float], Tenant] = {}
        self._users: dict[int, str] = {}

    def tenants(self, found: Iterable[tuple[int, int | None]]) -> tuple[Tenant, ...]:
        """(pid, bytes) as NVML gives them -> whose they are, the largest first."""
        named = [self._tenant(pid, memory) for pid, memory in found]
        return tuple(sorted(named, key=lambda each: (-(each.memory or 0), each.pid)))

    def _tenant(self, pid: int, memory: int | None) -> Tenant:
        created = created_at(pid)
        if created is None:
            return Tenant(pid, memory)
        if (pid, created) not in self._known:
            if len(self._known) > 1000:
                self._known.clear()
            known = self._look_up(pid)
            if known.command:  # one that is just beginning has none yet
                self._known[pid, created] = known
        else:
            known = self._known[pid, created]
        return Tenant(pid, memory, known.known, known.user, known.ours, known.run_id, known.command)

    def _look_up(self, pid: int) -> Tenant:
        try:
            uid = (self.proc / str(pid)).stat().st_uid
            leader = os.getsid(pid)
        except OSError:
            return Tenant(pid, None)
        if not self._outermost() and not self._holds_gpu(pid):
            return Tenant(pid, None)
        run_id = run_of(self._command(leader)) if uid == os.getuid() else None
        command = " ".join(self._command(pid))[:LONGEST_COMMAND]
        return Tenant(pid, None, True, self._user(uid), run_id is not None, run_id or "", command)

    def _outermost(self) -> bool:
        try:
            return str((self.proc / "self/ns/pid").readlink()) == OUTERMOST
        except OSError:
            return False

    def _holds_gpu(self, pid: int) -> bool:
        folder = self.proc / str(pid) / "fd"
        try:
            names = os.listdir(folder)
        except OSError:
            return False
        return any(_target(folder / name).startswith("/dev/nvidia") for name in names)

    def _command(self, pid: int) -> list[str]:
        try:
            return (self.proc / str(pid) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            return []

    def _user(self, uid: int) -> str:
        """A name may have to be asked for over the network: once is enough."""
        if uid not in self._users:
            try:
                self._users[uid] = pwd.getpwuid(uid).pw_name
            except KeyError:
                self._users[uid] = str(uid)
        return self._users[uid]


def run_of(command: list[str]) -> str | None:
    """The run that a command line of ours works on; "" for the playground, which has none; None when it is not ours.

    Workers lead a session of their own, so what they start is found by its session's leader.
    """
    for number, word in enumerate(command[:-1]):
        if word == "-m":
            module, *rest = command[number + 1 :]
            if module not in MODULES:
                return None
            return Path(rest[0]).name if rest and module != "sessions.infer" else ""
    return None


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
