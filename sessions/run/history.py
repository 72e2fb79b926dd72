"""Following a run's events.jsonl: costs what is new, tolerates a half line, forgets what a resume took back."""

from __future__ import annotations

import bisect
import os
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.events import decode

CHUNK = 1 << 20  # bytes read at a time


def _floats() -> array[float]:
    return array("d")


@dataclass
class Series:
    """One metric of one split over the training, in order of steps."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    epochs: array[float] = field(default_factory=_floats)
    elapsed: array[float] = field(default_factory=_floats)
    values: array[float] = field(default_factory=_floats)
    partial: array[int] = field(default_factory=lambda: array("b"))  # 1 = a running average within an epoch

    def last(self, *, whole: bool) -> float | None:
        """The newest value; `whole` passes over running averages within an epoch.

        Another thread may grow or cut the columns, one after the other: a slice of what is not there is empty.
        """
        for index in range(min(len(self.values), len(self.partial)) - 1, -1, -1):
            value, partial = self.values[index : index + 1], self.partial[index : index + 1]
            if value and partial and not (whole and partial[0]):
                return value[0]
        return None

    def cut(self, after: int) -> None:
        """Forget everything later than a step."""
        keep = bisect.bisect_right(self.steps, after)
        for column in (self.steps, self.epochs, self.elapsed, self.values, self.partial):
            del column[keep:]


class History:
    """The events of one run, as far as they have been read. `refresh` reads on."""

    def __init__(self, path: Path):
        self.path = path
        self._forget()

    def _forget(self) -> None:
        self._offset = 0
        self._file: tuple[int, int] | None = None
        self._rest = b""
        self.garbage = 0  # lines that are no events
        self.series: dict[tuple[str, str], Series] = {}
        self.messages: list[dict[str, Any]] = []  # warnings, errors, starts, resumes, ends
        self.saved: list[tuple[int, float]] = []  # (step, Unix time) of checkpoints
        self.step = 0
        self.epoch = 0.0
        self.elapsed = 0.0
        self.total_steps = 0

    def refresh(self) -> bool:
        """Read what was appended since the last call. True when there was anything."""
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                identity = (found.st_dev, found.st_ino)
                if self._file not in (None, identity) or found.st_size < self._offset:
                    self._forget()  # another file now, or a shorter one
                self._file = identity
                if found.st_size == self._offset:
                    return False
                file.seek(self._offset)
                while chunk := file.read(CHUNK):
                    self._offset += len(chunk)
                    *lines, self._rest = (self._rest + chunk).split(b"\n")
                    for line in lines:
                        self._take(line)
                return True
        except OSError:
            return False  # not there yet, or not there any more

    def latest(self, split: str, *, whole: bool = True) -> dict[str, float]:
        """The newest value of every metric of a split; `whole` leaves out running averages within an epoch."""
        found = {name: series.last(whole=whole) for (of, name), series in list(self.series.items()) if of == split}
        return {name: value for name, value in found.items() if value is not None}

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        event = decode(line)
        if event is None:
            self.garbage += 1
            return
        type, step = event["type"], int(event.get("step", 0))
        if type in ("start", "resume"):
            self._rewind(int(event.get("from_step", step)))
        self.step = max(self.step, step)
        self.epoch = max(self.epoch, float(event.get("epoch", 0.0)))
        self.elapsed = max(self.elapsed, float(event.get("elapsed", 0.0)))
        if isinstance(event.get("total_steps"), int):
            self.total_steps = event["total_steps"]
        if type == "metrics":
            self._measure(event, step)
        elif type == "checkpoint":
            self.saved.append((step, float(event.get("time", 0.0))))
        else:
            self.messages.append(event)

    def _measure(self, event: dict[str, Any], step: int) -> None:
        for name, value in event.get("values", {}).items():
            series = self.series.setdefault((str(event.get("split")), name), Series())
            if series.steps and step < series.steps[-1]:
                continue  # out of order: a file put together by hand
            series.steps.append(step)
            series.epochs.append(float(event.get("epoch", 0.0)))
            series.elapsed.append(float(event.get("elapsed", 0.0)))
            series.values.append(value)
            series.partial.append(bool(event.get("partial")))

    def _rewind(self, step: int) -> None:
        """A new attempt goes on from `step`: what earlier ones did beyond it did not happen."""
        for series in list(self.series.values()):
            series.cut(step)
        self.saved = [each for each in self.saved if each[0] <= step]
        undone = {"warning"}  # what ended earlier attempts did happen
        self.messages = [each for each in self.messages if each["type"] not in undone or each.get("step", 0) <= step]
        self.step = step
        self.epoch = 0.0
        self.elapsed = 0.0
