"""The process that trains one run: `python -P -m sessions.worker RUN_DIRECTORY`.

From its first line on, whatever goes wrong becomes a recorded failure: torch is imported inside the try.
Exit code 0 when the attempt ended as wanted, 1 when it failed (and result.json says how), 3 when another worker
already has this run, 143 when it was asked to end by SIGTERM.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from engine.config import brief, read_config
from engine.errors import LabError, is_out_of_memory
from engine.files import explained, write_json
from sessions.home import Home
from sessions.locks import try_lock
from sessions.run.records import (
    ARTIFACTS,
    CONFIG,
    META,
    MISTAKES,
    RESULT,
    RUN_VERSION,
    WORKER_LOCK,
    Record,
    number_of,
    read_record,
)
from sessions.run.reporter import RunReporter
from sessions.run.runs import locked

RESERVE = ".reserve"  # room for the last words on a full disk
RESERVED = 256 * 1024
ATTEMPT_FACTS = ("device", "device_name", "precision", "compiled", "threads")
PACKAGES = ("labapp", "torch", "accelerate", "safetensors", "numpy", "seqeval", "transformers", "tokenizers")


def main(arguments: list[str]) -> int:
    directory = Path(arguments[0]).resolve()
    try:
        lock = try_lock(directory / WORKER_LOCK)
    except OSError as error:
        print(f"{directory} cannot be locked: {error}", file=sys.stderr)
        return 1
    if lock is None:
        print(f"another worker has {directory}", file=sys.stderr)
        return 3
    try:
        return work(directory)
    finally:
        os.close(lock)


def work(directory: Path) -> int:
    started = time.time()
    record = read_record(directory)
    attempt = max(1, int(number_of(record.request, "attempt", 1)))
    try:
        reporter = RunReporter(directory, attempt)
        reporter.enter("preparing")
        reserve(directory)
    except LabError as error:
        say(str(error))
        conclude(directory, attempt, started, {"status": "failed", "error": error.as_dict()})
        return 1
    install_signals(reporter)
    try:
        result = attempt_training(directory, record, reporter)
    except LabError as error:
        result = {"status": "failed", "error": error.as_dict()}
        say(str(error))
    except BaseException as error:  # SystemExit and MemoryError too: nothing goes unrecorded
        result = {"status": "failed", "error": unexpected(error, directory), "traceback": traceback.format_exc()}
        say(result["traceback"])
    release(directory)
    if result is None:
        reporter.enter("terminated" if reporter.terminated else "paused")
        return 143 if reporter.terminated else 0
    say_end(reporter, result)
    conclude(directory, attempt, started, result)
    return 1 if result["status"] == "failed" else 0


def attempt_training(directory: Path, record: Record, reporter: RunReporter) -> dict[str, Any] | None:
    """Train or go on training; the result to record, or None when paused."""
    config = read_config(directory / CONFIG)
    from engine.jobs import TrainJob

    job = TrainJob(config, directory, Home(directory.parent.parent).cache, say)
    prepared = job.prepare()
    note_attempt(directory, reporter, prepared)
    outcome = job.train(reporter)
    if outcome.status == "paused":
        return None
    progress = outcome.progress
    keep_mistakes(directory, {split: each.mistakes for split, each in outcome.evaluations.items() if each.mistakes})
    return {
        "status": outcome.status,
        "metrics": {split: each.metrics for split, each in outcome.evaluations.items()},
        "examples": {split: each.examples for split, each in outcome.evaluations.items()},
        "reports": {split: each.report for split, each in outcome.evaluations.items()},
        "best": {
            "step": progress.best_step,
            "epoch": progress.best_epoch,
            "metric": config.settings.monitor,
            "value": progress.best_value,
        },
        "step": progress.step,
        "epoch": progress.epoch,
        "skipped_updates": progress.skipped,
        "timings": {"training": round(progress.elapsed, 3), "evaluating": round(outcome.evaluating_seconds, 3)},
    }


def keep_mistakes(directory: Path, mistakes: dict[Any, list[dict[str, Any]]]) -> None:
    """The surest mistakes of every split, apart from the small result that every listing reads."""
    if mistakes:
        with explained(directory / ARTIFACTS):
            (directory / ARTIFACTS).mkdir(exist_ok=True)
        write_json(directory / ARTIFACTS / MISTAKES, mistakes)


def note_attempt(directory: Path, reporter: RunReporter, prepared: dict[str, Any]) -> None:
    """Add to meta.json what only the worker knows: fingerprint, identity, and what this attempt runs on."""
    entry: dict[str, Any] = {
        "attempt": reporter.attempt,
        "started": time.time(),
        **{key: prepared.pop(key) for key in ATTEMPT_FACTS if key in prepared},
        "host": reporter.identity.host,
        "python": platform.python_version(),
        "versions": versions(),
    }
    with locked(directory):
        meta = read_record(directory).meta or {"v": RUN_VERSION}
        attempts = meta.get("attempts")
        meta["attempts"] = [*(attempts if isinstance(attempts, list) else []), entry]
        write_json(directory / META, meta | prepared)


def versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def say(message: str) -> None:
    """A line for output.log; a disk too full for it is no reason to fail."""
    with contextlib.suppress(OSError):
        print(message, flush=True)


def say_end(reporter: RunReporter, result: dict[str, Any]) -> None:
    """The attempt's last events; a full disk must not keep the result from being written."""
    step, epoch, elapsed = reporter.where()
    try:
        if result["status"] == "failed":
            reporter.emit("error", step=step, epoch=epoch, elapsed=elapsed, error=result["error"])
        reporter.emit("end", step=step, epoch=epoch, elapsed=elapsed, status=result["status"])
    except LabError as error:
        say(str(error))


def unexpected(error: BaseException, directory: Path) -> dict[str, str | None]:
    """An error nobody foresaw, in the form of one somebody did."""
    memory = is_out_of_memory(error)
    return LabError(
        "out of memory" if memory else "the training failed unexpectedly",
        got=brief(error),
        expected="room for one batch" if memory else None,
        hint="lower batch_size and raise accumulate with it; on a GPU see whether others fill it (labapp, 7)"
        if memory
        else f"labapp logs {directory.name} has the traceback",
    ).as_dict()


def reserve(directory: Path) -> None:
    """Set a little room aside, so that a failure on a full disk can still be recorded."""
    with contextlib.suppress(OSError):
        (directory / RESERVE).write_bytes(b"\0" * RESERVED)


def release(directory: Path) -> None:
    with contextlib.suppress(OSError):
        (directory / RESERVE).unlink(missing_ok=True)


def conclude(directory: Path, attempt: int, started: float, result: dict[str, Any]) -> None:
    """The last act of an attempt."""
    release(directory)
    full = {"v": RUN_VERSION, "attempt": attempt, **result, "started": started, "ended": time.time()}
    try:
        write_json(directory / RESULT, full)
    except LabError as error:
        say(str(error))


def install_signals(reporter: RunReporter) -> None:
    """SIGTERM: save and go, at the second one at once. SIGHUP and SIGINT are for terminals; a worker has none."""

    def terminate(number: int, frame: FrameType | None) -> None:
        if reporter.terminated:
            os._exit(143)
        reporter.terminated = True

    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
