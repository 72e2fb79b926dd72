"""The allocator of a worker for a measurement, the default one for a peer: glibc chooses when a process starts."""

from __future__ import annotations

import os
import sys

from sessions.process import STEADY

ALLOCATOR = tuple(name for name in STEADY if name.startswith("MALLOC_"))


def as_a_worker() -> None:
    """Start this very command again with a worker's settings, unless it has them. Call it before torch is imported."""
    if any(name not in os.environ for name in ALLOCATOR):
        module = sys.modules["__main__"].__spec__.name  # type: ignore[union-attr]
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**STEADY, **os.environ})


def as_everybody() -> dict[str, str]:
    """This environment without a worker's settings."""
    return {name: value for name, value in os.environ.items() if name not in STEADY}
