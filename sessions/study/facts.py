"""One run as plain data for a report. Whatever is missing in its directory is missing there too, and nothing fails."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.catalogue import tasks
from engine.config import settings_class
from engine.errors import LabError
from engine.jobs import read_data_record
from engine.report.subject import Curve, RunFacts, Sheet
from engine.settings import idle_settings
from engine.studies.repeating import train_command
from engine.task import SPLITS
from sessions.exchange.bundle import PREPROCESSING
from sessions.exchange.portable import last_part
from sessions.run.history import Series
from sessions.run.origin import imported_of
from sessions.run.records import (
    ARTIFACTS,
    number_of,
    read_mistakes,
    read_reports,
    table_of,
    text_of,
)  # fmt: skip
from sessions.run.runs import RUN_ID, Run
from sessions.study.gather import unimportant

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_SHEET, MOST_SHEETS = 8 << 20, 30  # bytes; of one run
LARGEST_JOB = 32 << 20  # bytes of a job's result that are read


@dataclass
class Jobs:
    """What jobs and exports left behind, by run: further searches, contact sheets, and how much heat is on objects."""

    by_beam: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # run -> split -> width -> scores
    sheets: dict[str, dict[Path, str]] = field(default_factory=dict)  # run -> file -> what it shows
    heat: dict[str, dict[str, float]] = field(default_factory=dict)


def jobs_of_runs(runs: Iterable[Run]) -> Jobs:
    """A job of one run may have been done with another: with the best of several."""
    found = Jobs()
    for run in runs:
        for path in sorted((run.path / ARTIFACTS).glob("*-??????.json")):
            told = _json(path)
            result = table_of(told, "result")
            of = text_of(result, "run") or text_of(result, "id") or run.id
            if text_of(told, "status") != "finished" or not RUN_ID.fullmatch(of):
                continue
            home = run.path.parent
            if text_of(told, "kind") == "evaluate" and not table_of(told, "args").get("data"):
                split = text_of(result, "split")
                found.by_beam.setdefault(of, {}).setdefault(split, {}).update(table_of(result, "by_beam"))
            elif text_of(told, "kind") == "gradcam":
                listed = result.get("sheets")
                for each in listed if isinstance(listed, list) else ():
                    _add_sheet(found, of, Path(str(each)), home)
                found.heat[of] = {key: number_of(table_of(result, "heat"), key) for key in table_of(result, "heat")}
        for path in sorted((run.path / ARTIFACTS / "gradcam").glob("sheet_*.png")):
            _add_sheet(found, run.id, path, run.path.parent)
    return found


def _add_sheet(found: Jobs, run: str, path: Path, runs: Path) -> None:
    """Only files within the home's runs: a result may have come from elsewhere, and name any file."""
    try:
        inside = path.resolve().is_relative_to(runs.resolve()) and path.is_file()
    except OSError:
        return
    if inside:
        found.sheets.setdefault(run, {})[path.resolve()] = path.stem.removeprefix("sheet_").replace("_", ", ")


def facts(run: Run, jobs: Jobs, *, shareable: bool) -> RunFacts:
    """Everything a report may show of a run; `shareable` leaves out dataset examples, pictures, host and paths."""
    result = run.record.result
    reports = read_reports(run.path)
    for split, by_beam in jobs.by_beam.get(run.id, {}).items():
        report = reports.setdefault(split, {})
        reports[split] = {**report, "by_beam": {**by_beam, **table_of(report, "by_beam")}}
    off = unimportant(run.task) | idle(run)
    settings = {key: hidden(value, shareable) for key, value in run.settings.items() if key not in off}
    data = hidden(run.data, shareable)
    examples = table_of(result, "examples")
    counts = table_of(read_data_record(run.path / PREPROCESSING), "counts") or table_of(result, "counts")
    best = table_of(result, "best")
    config = run.record.config
    recipe = text_of(config, "recipe")
    try:
        command = (
            train_command(run.task, run.variant, run.data, recipe, run.settings, data_shown=data) if recipe else ""
        )
    except LabError:
        command = ""  # of a task or variant that is not known here
    for value in run.settings.values() if shareable else ():
        if isinstance(value, str) and hidden(value, shareable) != value:
            command = command.replace(value, hidden(value, shareable))
    return RunFacts(
        id=run.id,
        name=run.name,
        variant=run.variant,
        seed=int(number_of(run.settings, "seed")),
        status=run.status.name,
        detail="" if shareable else run.status.detail,
        error=text_of(run.error, "title"),
        data=data,
        fingerprint=text_of(run.record.meta, "fingerprint"),
        recipe=recipe,
        recipe_version=int(number_of(config, "recipe_version")),
        settings=settings,
        metrics=run.metrics,
        examples=_counts(examples),
        sizes=_counts(counts or examples),
        monitor=run.monitor,
        best_epoch=number_of(best, "epoch", math.nan),
        epochs=run.epoch,
        seconds=run.seconds,
        curves={key: found for key, series in list(run.history.series.items()) if (found := curve(series)) is not None},
        reports=reports,
        mistakes={} if shareable else read_mistakes(run.path),
        environment=environment(run, shareable=shareable),
        command=command,
        sheets=() if shareable else tuple(_sheets(jobs.sheets.get(run.id, {}))),
        heat=jobs.heat.get(run.id, {}),
        imported=bool(imported_of(run.record)),
    )


def idle(run: Run) -> frozenset[str]:
    """The settings that mean nothing for a run's variant."""
    row = tasks().get(run.task)
    if row is None or run.variant not in row.variants:
        return frozenset()
    return idle_settings(settings_class(row), row.variants[run.variant].options)


def curve(series: Series) -> Curve | None:
    """What was measured at the ends of epochs; running averages within one are left out."""
    rows = zip(series.epochs, series.steps, series.values, series.partial, strict=False)
    whole = [(epoch, step, value) for epoch, step, value, partial in rows if not partial]
    if not whole:
        return None
    epochs, steps, values = zip(*whole, strict=True)
    return Curve(epochs, steps, values)


def hidden(value: Any, shareable: bool) -> Any:
    """A path's last part, where paths are to be left out."""
    return last_part(value) if shareable else value


def environment(run: Run, *, shareable: bool) -> dict[str, str]:
    """What a run was made with, as far as it is known: of the last attempt."""
    meta = run.record.meta
    listed = (meta or {}).get("attempts")
    attempts = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    last: Mapping[str, Any] = attempts[-1] if attempts else {}
    versions = table_of(dict(last), "versions")
    names = {"device_name": "device", "precision": "precision", "compiled": "compiled", "threads": "threads"}
    found = {
        "labapp": text_of(meta, "labapp"),
        "git commit": text_of(meta, "git_commit")[:12],
        "changes beyond the commit": "yes" if text_of(meta, "git_diff") else "",
        "python": str(last.get("python", "")),
        **{name: str(versions[name]) for name in versions if name != "labapp"},
        **{said: str(last[key]) for key, said in names.items() if last.get(key) not in (None, "")},
        "attempts": str(len(attempts)) if len(attempts) > 1 else "",
        "data's fingerprint": text_of(meta, "fingerprint")[:16],
    }
    if not shareable:
        found["host"] = text_of(last, "host") if isinstance(last, dict) else ""
    return {key: value for key, value in found.items() if value}


def _sheets(found: Mapping[Path, str]) -> Iterable[Sheet]:
    for path, name in list(found.items())[:MOST_SHEETS]:
        try:
            content = path.read_bytes() if path.stat().st_size <= LARGEST_SHEET else b""
        except OSError:
            continue
        if content.startswith(PNG):
            yield Sheet(name, content)


def _counts(table: Mapping[str, Any]) -> dict[str, int]:
    return {split: int(number_of(dict(table), split)) for split in SPLITS if split in table}


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes()) if path.stat().st_size <= LARGEST_JOB else None
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
