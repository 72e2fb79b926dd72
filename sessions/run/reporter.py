"""The worker's side of a run's directory: events out, heartbeat out, what is wanted in."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from engine.events import EVENTS_VERSION, encode
from engine.files import explained, write_json
from engine.task import Phase, Wanted
from sessions.process import Identity, myself
from sessions.run.records import EVENTS, PROCESS, REQUEST, RUN_VERSION

BEAT_EVERY = 1.0  # seconds
LOOK_EVERY = 0.2  # seconds


class RunReporter:
    """`engine.task.Reporter` over the files of a run."""

    def __init__(self, directory: Path, attempt: int):
        self.directory = directory
        self.attempt = attempt
        self.identity: Identity = myself()
        self.terminated = False  # set by the worker's signal handler
        self._phase: str = ""
        self._beat_at = self._looked_at = float("-inf")
        self._request: tuple[int, int, int] | None = None
        self._wanted: Wanted = "run"
        self._step = self._total_steps = 0
        self._epoch = self._elapsed = 0.0
        self._torn = False  # whether the last line was not written whole
        self._events = self._open_events()

    def _open_events(self) -> int:
        """Open for appending; end the half line a killed attempt may have left."""
        path = self.directory / EVENTS
        with explained(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                os.write(handle, b"\n")
        return handle

    def emit(self, type: str, *, step: int, epoch: float, elapsed: float, **values: Any) -> None:
        event = {"v": EVENTS_VERSION, "attempt": self.attempt, "type": type, "step": step, "epoch": epoch}
        event |= {"elapsed": elapsed, "time": round(time.time(), 3), **values}
        self._append(encode(event))

    def _append(self, line: bytes) -> None:
        """Write a whole line; after one that a full disk cut short, on a line of its own."""
        with explained(self.directory / EVENTS):
            if self._torn:
                os.write(self._events, b"\n")
            self._torn = True
            while line:
                line = line[os.write(self._events, line) :]
            self._torn = False

    def beat(self, phase: Phase, *, step: int, epoch: float, elapsed: float, total_steps: int) -> None:
        self._step, self._epoch, self._elapsed, self._total_steps = step, epoch, elapsed, total_steps
        if phase != self._phase or time.monotonic() - self._beat_at >= BEAT_EVERY:
            self.enter(phase)

    def enter(self, phase: str) -> None:
        """Write process.json now."""
        self._phase, self._beat_at = phase, time.monotonic()
        state = {"v": RUN_VERSION, **self.identity.as_dict(), "attempt": self.attempt, "phase": phase}
        state |= {"heartbeat": time.time(), "step": self._step, "epoch": self._epoch}
        state |= {"elapsed": round(self._elapsed, 3), "total_steps": self._total_steps}
        write_json(self.directory / PROCESS, state, durable=False)

    def where(self) -> tuple[int, float, float]:
        """The step, epoch and elapsed seconds last heard of."""
        return self._step, self._epoch, self._elapsed

    def wanted(self) -> Wanted:
        if self.terminated:
            return "pause"
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._look()
        return self._wanted

    def _look(self) -> None:
        """Read request.json if it changed; an unreadable one changes nothing."""
        path = self.directory / REQUEST
        try:
            found = path.stat()
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if version == self._request:
                return
            wanted = json.loads(path.read_bytes()).get("wanted")
            self._request = version
        except (OSError, ValueError, AttributeError):
            return
        if wanted in ("run", "pause", "stop"):
            self._wanted = wanted

    def close(self) -> None:
        os.close(self._events)
