"""One run as a person sees it: its directory read at one moment."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import cannot_write
from engine.task import SPLITS, lower_is_better, nested
from sessions.locks import lock_within
from sessions.run.history import History
from sessions.run.origin import imported_of
from sessions.run.records import ARTIFACTS, EVENTS, LOCK, Record, number_of, read_record, table_of, text_of
from sessions.run.status import Status, derive, waiting_ticket
from sessions.run.tickets import ID, Ticket, jobs_of

RUN_ID = ID
LOCK_TIMEOUT = 20.0  # seconds; a lock is held for milliseconds


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold a run's lock while changing what front ends and worker both write."""
    path = directory / LOCK
    try:
        handle = lock_within(path, LOCK_TIMEOUT)
    except FileNotFoundError as error:
        raise LabError(
            "the run is not there any more", got=str(directory), hint="labapp restore lists the trash"
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error
    if handle is None:
        raise LabError("the run is locked by another program", got=f"{path} for {LOCK_TIMEOUT:.0f} s", hint="try again")
    try:
        yield
    finally:
        os.close(handle)


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
        values = [value for value in list(series.values) if not math.isnan(value)] if series else []
        if not values:
            return math.nan
        return min(values) if lower_is_better(self.monitor) else max(values)

    @property
    def ticket(self) -> Ticket | None:
        """Its place in the queue, while it waits for its turn."""
        return waiting_ticket(self.record)

    @property
    def slot(self) -> str:
        """Where its latest attempt was put: `cpu`, the UUID of a GPU, or "" when that is not known."""
        return text_of(self.record.request, "slot")

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """What was queued to be done with it: id, kind, args, status, and where the result is or will be."""
        folder = self.path / ARTIFACTS
        found = {each.id: _job_as_it_is(folder / f"{each.id}.json") for each in jobs_of(self.record.request)}
        for path in sorted(folder.glob("*-??????.json")):
            found.setdefault(path.stem, _job_as_it_is(path))
        for job in jobs_of(self.record.request):
            if "status" not in found[job.id]:
                alive = job.process is not None and job.process.is_alive()
                status = "running" if alive else "queued"
                found[job.id] |= {"kind": job.ticket.kind, "args": dict(job.ticket.args), "status": status}
        return [{"id": job_id, **about} for job_id, about in found.items() if "status" in about]

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
            "metrics": {split: nested(values) for split, values in self.metrics.items()},
            "best": {"metric": self.monitor, "value": None if math.isnan(self.best) else self.best},
            "error": self.error or None,
            "imported": imported_of(self.record) or None,
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


def _job_as_it_is(path: Path) -> dict[str, Any]:
    """What a job's file says; nothing when there is none."""
    about: dict[str, Any] = {"path": str(path)}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        told = json.loads(path.read_bytes())
        if isinstance(told, dict) and text_of(told, "kind") and text_of(told, "status"):
            about |= {"kind": told["kind"], "status": told["status"], "args": table_of(told, "args")}
            about |= {"error": table_of(told, "error").get("title"), "ended": number_of(told, "ended")}
    return about
