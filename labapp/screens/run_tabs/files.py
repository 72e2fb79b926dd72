"""What lies in a run's directory, as the Artifacts tab lists it. For a thread: it looks at every file."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoints import Checkpoints
from labapp.fetching import fetch_line
from labapp.screens.run_tabs.reports import flat
from sessions.run.records import ARTIFACTS, CHECKPOINTS, number_of, table_of, text_of

MOST_FILES = 2_000
MOST_BYTES = 1_000_000  # of a job's result that is read
MOST_WORDS = 60  # lines of a job's result that are shown


@dataclass(frozen=True)
class Found:
    """A file, a checkpoint's folder, or the result of a job."""

    path: Path
    group: str  # jobs, artifacts, checkpoints, files
    name: str
    size: int
    changed: float  # Unix time
    about: str = ""
    folder: bool = False
    words: tuple[str, ...] = ()  # what a job's result says


@dataclass(frozen=True)
class Listing:
    found: tuple[Found, ...] = ()
    total: int = 0  # bytes of everything
    left_out: int = 0  # files that are not listed


def listing_of(path: Path, best_step: int | None = None) -> Listing:
    """Everything in a run's directory; what vanishes meanwhile is left out."""
    files = list(walk(path))
    jobs, artifacts, checkpoints, others = [], [], [], []
    steps = Checkpoints(path / CHECKPOINTS).steps()
    for step in steps:
        folder = path / CHECKPOINTS / f"step-{step}"
        inside = [(size, changed) for file, size, changed in files if file.is_relative_to(folder)]
        about = ", ".join(word for word, holds in (("newest", step == steps[0]), ("best", step == best_step)) if holds)
        size, changed = sum(size for size, _ in inside), max((changed for _, changed in inside), default=0.0)
        checkpoints.append(Found(folder, "checkpoints", f"step {step:,}", size, changed, about, folder=True))
    whole = {path / CHECKPOINTS / f"step-{step}" for step in steps}
    for file, size, changed in files:
        if whole.intersection(file.parents):
            continue
        name = str(file.relative_to(path))
        if file.is_relative_to(path / ARTIFACTS):
            job = job_of(file, size, changed)
            name = str(file.relative_to(path / ARTIFACTS))
            if job is not None:
                jobs.append(Found(file, "jobs", name, size, changed, job[0], words=job[1]))
            else:
                artifacts.append(Found(file, "artifacts", name, size, changed))
        else:
            others.append(Found(file, "files", name, size, changed))
    found = [*jobs, *artifacts, *checkpoints, *others]
    return Listing(tuple(found[:MOST_FILES]), sum(size for _, size, _ in files), max(0, len(found) - MOST_FILES))


def walk(path: Path) -> Iterator[tuple[Path, int, float]]:
    """All plain files below, in order; links are not followed."""
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            with contextlib.suppress(OSError):
                file = Path(folder, name)
                state = file.lstat()
                if not (name.startswith(".") and state.st_size == 0):  # locks
                    yield file, state.st_size, state.st_mtime


@functools.lru_cache(maxsize=MOST_FILES)
def job_of(path: Path, size: int, changed: float) -> tuple[str, tuple[str, ...]] | None:
    """What a queued job left: in a few words and in full; None when it is something else. Read once per change."""
    if path.suffix != ".json" or size > MOST_BYTES:
        return None
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not text_of(raw, "kind") or not text_of(raw, "status"):
        return None
    error = table_of(raw, "error")
    outcome = {key: raw[key] for key in ("args", "result") if raw.get(key)}
    words = [f"{key}  {error[key]}" for key in ("title", "got", "expected", "hint") if error.get(key)]
    words += flat(outcome)
    spent = number_of(raw, "ended") - number_of(raw, "started")
    about = f"{raw['kind']} {raw['status']}" + (f": {text_of(error, 'title')}" if text_of(error, "title") else "")
    return about + (f" in {spent:.0f} s" if spent > 0 else ""), tuple(words[:MOST_WORDS])


def scp_line(found: Found) -> str:
    return fetch_line(found.path, folder=found.folder)


def best_step(result: dict[str, Any] | None) -> int | None:
    best = table_of(result, "best")
    return int(number_of(best, "step")) if "step" in best else None
