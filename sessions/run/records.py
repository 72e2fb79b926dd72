"""The files of a run's directory: their names, and reading them without ever failing on what is in them."""

from __future__ import annotations

import hashlib
import json
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.events import is_finite
from sessions.queuefiles import own_tickets

RUN_VERSION = 1
CONFIG, META, LABELS, REQUEST = "config.toml", "meta.json", "labels.json", "request.json"
PROCESS, EVENTS, OUTPUT, EXIT, RESULT = "process.json", "events.jsonl", "output.log", "exit.json", "result.json"
CHECKPOINTS, ARTIFACTS, MISTAKES = "checkpoints", "artifacts", "mistakes.json"
LOCK, WORKER_LOCK = ".lock", ".worker.lock"
CONFIG_REMEDY = "labapp delete the run, or restore the file"


@dataclass
class Record:
    """The small files of one run as they are at one moment; what cannot be read is None and a problem."""

    path: Path
    config: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    labels: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    process: dict[str, Any] | None = None
    exit: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)
    gone: bool = False  # there is no such directory (any more)

    @property
    def newer(self) -> bool:
        """Whether a newer labapp wrote this run."""
        return any(
            isinstance(each.get("v"), int) and each["v"] > RUN_VERSION for each in (self.config, self.meta) if each
        )


def read_record(path: Path) -> Record:
    """Read a run's directory. A missing file is None; garbage is None and a problem that names it and the remedy."""
    record = Record(path)
    record.meta = _read(path / META, record.problems, "provenance is lost, the run is otherwise usable")
    known = table_of(record.meta, "config"), text_of(record.meta, "config_digest")
    record.config = _read(path / CONFIG, record.problems, CONFIG_REMEDY, known)
    record.labels = _read(path / LABELS, record.problems, "labapp label sets name, tags and note anew")
    request = _read(path / REQUEST, record.problems, "labapp resume or stop writes it anew")
    record.request = own_tickets(request, path)
    record.process = _read(path / PROCESS, record.problems, "labapp resume starts the run again")
    record.exit = _read(path / EXIT, record.problems, "nothing to do")
    record.result = _read(path / RESULT, record.problems, "labapp resume evaluates the run again")
    record.gone = record.config is None and not path.is_dir()
    if not text_of(record.config, "task") and not any(CONFIG in problem for problem in record.problems):
        what = "missing" if record.config is None else "damaged"
        record.problems.append(f"{path / CONFIG} is {what}: {CONFIG_REMEDY}")
    if record.newer:
        record.problems.append(f"{path} was written by a newer labapp: upgrade labapp to work on it")
    return record


def _read(
    path: Path, problems: list[str], remedy: str, known: tuple[dict[str, Any], str] | None = None
) -> dict[str, Any] | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(f"{path} cannot be read ({error.strerror}): {remedy}")
        return None
    if known and known[0] and digest(content) == known[1]:
        return known[0]
    try:
        value = tomllib.loads(content.decode()) if path.suffix == ".toml" else json.loads(content)
    except (ValueError, RecursionError):
        problems.append(f"{path} is damaged: {remedy}")
        return None
    if not isinstance(value, dict):
        problems.append(f"{path} is damaged: {remedy}")
        return None
    return value


def digest(content: bytes) -> str:
    """Names the config.toml that meta.json has a copy of: reading TOML takes ten times as long as reading JSON."""
    return hashlib.sha256(content).hexdigest()


def read_result(path: Path) -> dict[str, Any] | None:
    """A run's result whole: those who look at many runs go without its reports."""
    return _read(path / RESULT, [], "")


def read_reports(path: Path) -> dict[str, dict[str, Any]]:
    """What a run's result reports of every split beyond the metrics; nothing where there is none or it is garbage."""
    reports = table_of(read_result(path), "reports")
    return {split: report for split, report in reports.items() if isinstance(report, dict)}


def read_mistakes(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The surest mistakes of every split, surest first; nothing where there are none or the file is garbage."""
    mistakes = _read(path / ARTIFACTS / MISTAKES, [], "") or {}
    tables = {split: each for split, each in mistakes.items() if isinstance(each, list)}
    return {split: [entry for entry in each if isinstance(entry, dict)] for split, each in tables.items()}


SETTLED = 2_000_000_000  # nanoseconds; a folder changed later than this may change again within its time stamp


class RecordCache:
    """Records as they were last read. One look at the run's folder tells whether any of its small files changed:
    they are replaced as a whole, and that changes the folder's time stamp."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Record]] = {}

    def read(self, path: Path) -> Record:
        begun = time.time_ns()
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            self.forget(path.name)
            return read_record(path)
        known = self._known.get(path.name)
        if known is not None and known[0] == changed:
            return known[1]
        record = read_record(path)
        if record.result is not None:
            record.result.pop("reports", None)  # the bulk of it, and wanted by nobody who looks at many runs
        if changed < begun - SETTLED:
            self._known[path.name] = changed, record
        else:
            self.forget(path.name)
        return record

    def forget(self, name: str) -> None:
        self._known.pop(name, None)


def text_of(table: dict[str, Any] | None, key: str, default: str = "") -> str:
    """A text in a record, whatever really stands there."""
    value = (table or {}).get(key)
    return value if isinstance(value, str) else default


def number_of(table: dict[str, Any] | None, key: str, default: float = 0.0) -> float:
    """A finite number in a record, whatever really stands there."""
    value = (table or {}).get(key)
    return float(value) if is_finite(value) else default


def table_of(table: dict[str, Any] | None, key: str) -> dict[str, Any]:
    """A table in a record, whatever really stands there."""
    value = (table or {}).get(key)
    return value if isinstance(value, dict) else {}
