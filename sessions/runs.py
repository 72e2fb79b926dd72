"""One run as a person sees it: its directory read at one moment."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.errors import LabError
from engine.files import cannot_write
from engine.task import LOWER_IS_BETTER, SPLITS
from sessions.history import History
from sessions.records import EVENTS, LOCK, Record, number_of, read_record, table_of, text_of
from sessions.status import Status, derive

RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LOCK_TIMEOUT = 20.0  # seconds; a lock is held for milliseconds


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold a run's lock while changing what front ends and worker both write."""
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=LOCK_TIMEOUT)
    except Timeout as error:
        raise LabError(
            "the run is locked by another program", got=f"{directory / LOCK} for {LOCK_TIMEOUT:.0f} s", hint="try again"
        ) from error
    except OSError as error:
        raise cannot_write(directory / LOCK, error) from error
    try:
        yield
    finally:
        lock.release()


@dataclass
class Run:
    """A snapshot of a run. Its events are read when something of them is asked for."""

    record: Record
    status: Status
    _history: History
    _fresh: bool = False

    @property
    def history(self) -> History:
        """The events as far as they have been written."""
        if not self._fresh:
            self._fresh = True
            self._history.refresh()
        return self._history

    @property
    def problems(self) -> list[str]:
        """What is wrong with the run's files: which, and what to do."""
        found = list(self.record.problems)
        if not self.record.result and self.history.garbage:
            path = self.path / EVENTS
            found.append(f"{path}: {self.history.garbage} damaged lines passed over: nothing to do")
        return found

    @property
    def path(self) -> Path:
        return self.record.path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def name(self) -> str:
        return text_of(self.record.labels, "name")

    @property
    def note(self) -> str:
        return text_of(self.record.labels, "note")

    @property
    def tags(self) -> list[str]:
        tags = (self.record.labels or {}).get("tags")
        return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

    @property
    def task(self) -> str:
        return text_of(self.record.config, "task", "?")

    @property
    def variant(self) -> str:
        return text_of(self.record.config, "variant", "?")

    @property
    def data(self) -> str:
        return text_of(self.record.config, "data", "?")

    @property
    def recipe(self) -> str:
        return text_of(self.record.config, "recipe", "?")

    @property
    def settings(self) -> dict[str, Any]:
        return table_of(self.record.config, "settings")

    @property
    def created(self) -> float:
        return number_of(self.record.meta, "created")

    @property
    def step(self) -> int:
        """Updates done."""
        if "step" in (self.record.result or {}):
            return int(number_of(self.record.result, "step"))
        return max(int(number_of(self.record.process, "step")), self.history.step)

    @property
    def total_steps(self) -> int:
        """Updates there will be; 0 when not known yet."""
        return int(number_of(self.record.process, "total_steps")) or self.history.total_steps

    @property
    def epoch(self) -> float:
        """Passes over the training split done, fractional within one."""
        if "epoch" in (self.record.result or {}):
            return number_of(self.record.result, "epoch")
        return max(number_of(self.record.process, "epoch"), self.history.epoch)

    @property
    def epochs(self) -> int:
        """Passes asked for."""
        return int(number_of(self.settings, "epochs"))

    @property
    def seconds(self) -> float:
        """Training seconds over all attempts."""
        timings = table_of(self.record.result, "timings")
        if "training" in timings:
            return number_of(timings, "training")
        return max(number_of(self.record.process, "elapsed"), self.history.elapsed)

    @property
    def monitor(self) -> str:
        return text_of(table_of(self.record.result, "best"), "metric") or str(self.settings.get("monitor", "loss"))

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """By split: the final ones once there are any, else the latest of the curves."""
        final = table_of(self.record.result, "metrics")
        if final:
            return {split: _numbers(table_of(final, split)) for split in SPLITS}
        return {split: self.history.latest(split) for split in SPLITS}

    @property
    def best(self) -> float:
        """The best validation value of the monitored metric so far; NaN before the first."""
        final = table_of(self.record.result, "best")
        if "value" in final:  # null when it was stopped within the first epoch
            measured = self.metrics["val"].get(self.monitor, math.nan)
            return number_of(final, "value", measured)
        series = self.history.series.get(("val", self.monitor))
        values = [value for value in series.values if not math.isnan(value)] if series else []
        if not values:
            return math.nan
        return min(values) if self.monitor in LOWER_IS_BETTER else max(values)

    @property
    def error(self) -> dict[str, Any]:
        return table_of(self.record.result, "error")

    def as_json(self) -> dict[str, Any]:
        """What `show`, `train --wait` and `runs` print with --json."""
        return {
            "id": self.id,
            "name": self.name,
            "tags": self.tags,
            "note": self.note,
            "task": self.task,
            "variant": self.variant,
            "dataset": self.data,
            "recipe": self.recipe,
            "status": self.status.name,
            "detail": self.status.detail,
            "epoch": self.epoch,
            "epochs": self.epochs,
            "step": self.step,
            "seconds": self.seconds,
            "created": self.created,
            "metrics": self.metrics,
            "best": {"metric": self.monitor, "value": None if math.isnan(self.best) else self.best},
            "error": self.error or None,
            "problems": self.problems,
        }


def read_run(path: Path, history: History | None = None) -> Run:
    """Read a run's directory; with the history of an earlier snapshot only what is new of its events is read."""
    record = read_record(path)
    return Run(record, derive(record), history or History(path / EVENTS))


def _numbers(table: dict[str, Any]) -> dict[str, float]:
    found = {}
    for key, value in table.items():
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            found[key] = float(value)
    return found
