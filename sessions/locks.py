"""Locks between processes: flock on a file. A lock never creates the folder it lies in, so what was deleted stays so.

A lock is a descriptor, which can be handed to a child.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL = 0.02  # seconds between two tries


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock until we, and every child that inherited it, have closed it; None when held."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle


def lock_within(path: Path, seconds: float) -> int | None:
    """The same, tried for a while. FileNotFoundError when the folder is not there, or went while we waited."""
    deadline = time.monotonic() + seconds
    while True:
        handle = try_lock(path)
        if handle is not None:
            if is_at(handle, path):
                return handle
            os.close(handle)  # the file we hold lies elsewhere by now: its folder was moved to the trash
        elif time.monotonic() >= deadline:
            return None
        else:
            time.sleep(POLL)


def is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def is_held(path: Path, seconds: float = 0.0) -> bool:
    """Whether somebody holds a lock; one who is about to leave is waited for."""
    handle = lock_within(path, seconds)
    if handle is not None:
        os.close(handle)
    return handle is None


@contextlib.contextmanager
def holding(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock; TimeoutError when somebody else does for too long."""
    handle = lock_within(path, seconds)
    if handle is None:
        raise TimeoutError
    try:
        yield
    finally:
        os.close(handle)
