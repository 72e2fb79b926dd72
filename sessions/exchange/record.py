"""The small record of a run: how and how well it went, without weights, paths and hosts. Kept beside reported numbers.

A folder with `config.toml`, `result.json` (with what each attempt ran on, the data's fingerprint and the training's
identity) and `curves.csv`: one row for each split and epoch, numbers to six digits, running averages left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from engine.errors import LabError
from engine.events import EVENTS_VERSION, LARGEST, encode, is_finite, jsonable
from engine.files import explained, write_atomic
from engine.jobs import read_data_record
from engine.task import SPLITS
from sessions.exchange.bundle import MIB, PREPROCESSING
from sessions.exchange.portable import config_to_share, portable_attempts, portable_result
from sessions.exchange.reading import damaged, parse_json
from sessions.exchange.tables import moments
from sessions.run.records import CONFIG, EVENTS, META, RESULT, RUN_VERSION, number_of, read_result
from sessions.run.runs import Run

CURVES = "curves.csv"
FIRST = ("step", "epoch", "elapsed", "split")
LIMITS = {CONFIG: MIB, RESULT: 64 * MIB, CURVES: 64 * MIB}  # bytes
ABOUT = ("labapp", "git_commit", "fingerprint", "identity")
METRIC = re.compile(r"[A-Za-z0-9_./ -]{1,80}")
MOST_COLUMNS = 200


def write_record(run: Run, folder: Path) -> None:
    """Write a run's record into a folder, which is made."""
    config = config_to_share(run)
    result = portable_result(read_result(run.path) or {})
    meta = run.record.meta or {}
    about = {key: meta.get(key) for key in ABOUT} | {"attempts": portable_attempts(meta)}
    if counts := read_data_record(run.path / PREPROCESSING).get("counts"):
        about["counts"] = counts  # of the splits: what was evaluated of them may be less
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / CONFIG, tomlkit.dumps(config).encode())
    write_atomic(folder / RESULT, json.dumps(jsonable({**result, **about}), indent=1).encode() + b"\n")
    write_atomic(folder / CURVES, curves_of(run).encode())


def curves_of(run: Run) -> str:
    """The curves as CSV."""
    rows: dict[tuple[int, str], dict[str, float | str]] = {}
    for (split, name), series in run.history.series.items():
        for step, epoch, elapsed, value, partial in moments(series):
            if not partial:
                row = rows.setdefault((step, split), {"step": step, "epoch": epoch, "elapsed": elapsed, "split": split})
                row[name] = float(f"{value:.6g}")
    names = list(dict.fromkeys(name for row in rows.values() for name in row)) or list(FIRST)
    file = io.StringIO()
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[key] for key in sorted(rows))
    return file.getvalue()


def is_record(folder: Path) -> bool:
    """A folder with a record's files; a run's own directory has more."""
    return all((folder / name).is_file() for name in LIMITS) and not (folder / META).exists()


def read_content(folder: Path) -> dict[str, bytes]:
    """The three files, within bounds."""
    found = {}
    for name, limit in LIMITS.items():
        try:
            with (folder / name).open("rb") as file:
                found[name] = file.read(limit + 1)
        except OSError as error:
            raise LabError("the record cannot be read", got=f"{folder / name}: {error.strerror}") from error
        if len(found[name]) > limit:
            raise damaged(str(folder / name), f"more than {limit:,} bytes", "a record as labapp export writes it")
    return found


def digest_of(content: Mapping[str, bytes]) -> str:
    """Names what is in a record."""
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in content.items()}
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def as_run(content: Mapping[str, bytes], folder: Path) -> None:
    """Lay a record's content out as a run's files in an empty folder; what is in them is checked elsewhere."""
    result = parse_json(content[RESULT], RESULT)
    about = {key: result.pop(key) for key in (*ABOUT, "attempts") if key in result}
    began = number_of(result, "started") or number_of(result, "ended")
    meta = {**about, "v": RUN_VERSION, "created": began}
    write_atomic(folder / CONFIG, content[CONFIG])
    write_atomic(folder / META, json.dumps(meta).encode())
    write_atomic(folder / RESULT, json.dumps(result).encode())
    write_atomic(folder / EVENTS, b"".join(map(encode, events_of(content[CURVES], result, began))))


def events_of(curves: bytes, result: Mapping[str, Any], began: float) -> Iterator[dict[str, Any]]:
    """The events that a run with these curves would have left."""
    step, elapsed = number_of(dict(result), "step"), 0.0
    yield _event("start", began, 0, 0.0, 0.0) | {"total_steps": int(step)}
    for at, epoch, elapsed, split, values in rows_of(curves):
        yield _event("metrics", began, at, epoch, elapsed) | {"split": split, "values": values, "partial": False}
    if isinstance(result.get("status"), str):
        yield _event("end", began, int(step), number_of(dict(result), "epoch"), elapsed) | {"status": result["status"]}


def _event(type: str, began: float, step: int, epoch: float, elapsed: float) -> dict[str, Any]:
    event = {"v": EVENTS_VERSION, "attempt": 1, "type": type, "step": step, "epoch": epoch, "elapsed": elapsed}
    return event | {"time": began + elapsed if abs(began + elapsed) < LARGEST else 0.0}


def rows_of(curves: bytes) -> Iterator[tuple[int, float, float, str, dict[str, float]]]:
    """(step, epoch, elapsed, split, values) of every row, in order."""
    try:
        reader = csv.reader(io.StringIO(curves.decode(), newline=""), strict=True)
        header = next(reader, [])
        names = header[len(FIRST) :]
        sound = tuple(header[: len(FIRST)]) == FIRST and len(header) <= MOST_COLUMNS
        if not sound or len(set(names)) != len(names) or not all(map(METRIC.fullmatch, names)):
            raise damaged(CURVES, ",".join(header)[:200], ",".join(FIRST) + " and metrics")
        for row in reader:
            if len(row) != len(header) or row[3] not in SPLITS:
                raise damaged(CURVES, f"line {reader.line_num}", f"{len(header)} cells, the split one of {SPLITS}")
            step, epoch, elapsed = int(row[0]), float(row[1]), float(row[2])
            if not all(is_finite(each) and 0 <= each <= LARGEST for each in (step, epoch, elapsed)):
                raise damaged(CURVES, f"line {reader.line_num}: {row[:3]}", "step, epoch and seconds")
            values = {name: float(value) for name, value in zip(names, row[4:], strict=True) if value}
            yield step, epoch, elapsed, row[3], values
    except (ValueError, csv.Error) as error:
        raise damaged(CURVES, f"{type(error).__name__}: {str(error)[:200]}", "numbers, separated by commas") from error
