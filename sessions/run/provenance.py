"""Which code launched a run: the commit it was at and what differed from it."""

from __future__ import annotations

import functools
import importlib.metadata
import subprocess
import time
from typing import Any

from sessions.process import SOURCE_ROOT

FRESH = 2.0  # seconds for which an answer of git's holds
DIFF_LIMIT = 200_000  # characters of a diff that are kept


def provenance() -> dict[str, Any]:
    """labapp's version, and git commit and diff when it runs from a checkout.

    An app stays open for days while its code is edited, so git is asked again; the runs of a study share one answer.
    """
    return {"labapp": _version(), **_checkout(int(time.monotonic() / FRESH))}


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version("labapp")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@functools.lru_cache(maxsize=1)
def _checkout(moment: int) -> dict[str, Any]:
    commit = _git("rev-parse", "HEAD")
    diff = _git("diff", "HEAD") if commit else ""
    return {"git_commit": commit or None, "git_diff": diff[:DIFF_LIMIT] or None}


def _git(*arguments: str) -> str:
    if not (SOURCE_ROOT / ".git").exists():
        return ""
    command = ["git", "-C", str(SOURCE_ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
