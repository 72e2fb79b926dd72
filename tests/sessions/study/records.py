"""Run directories and studies written by hand, as small as a reader allows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from engine.catalogue import task_row
from engine.config import combined
from engine.events import encode
from engine.studies.cells import cells_of
from engine.studies.definition import Study
from sessions.home import Home
from sessions.study.folder import Launched, Member, Studies
from tests.engine.report.documents import png

SECRET = "the secret word problem of nobody else"  # an example of the dataset


def write_run(
    home: Home, run_id: str, task: str, variant: str, *, seed: int = 1, accuracy: float = 0.9, data: str | None = None,
    status: str = "finished", settings: Mapping[str, Any] | None = None, reports: Mapping[str, Any] | None = None,
    events: bool = True, meta: Mapping[str, Any] | None = None, error: str = "", name: str = "",
) -> Path:  # fmt: skip
    """A run that ended, with curves over three epochs, and metrics that rest on `accuracy`."""
    path = home.ensure().runs / run_id
    (path / "artifacts").mkdir(parents=True)
    row = task_row(task)
    config = combined(row, variant, row.default_dataset).as_dict()
    config["settings"] |= {"seed": seed, "epochs": 3, **(settings or {})}
    config["data"] = data or config["data"]
    (path / "config.toml").write_text(tomlkit.dumps(config))
    about = {"v": 1, "created": 1e9, "host": "hal9000", "labapp": "0.1.0", "git_commit": "abc123456789"}
    attempt = {"attempt": 1, "host": "hal9000", "device_name": "cpu", "threads": "1", "versions": {"torch": "2.15"}}
    (path / "meta.json").write_text(json.dumps(about | {"attempts": [attempt]} | dict(meta or {})))
    (path / "labels.json").write_text(json.dumps({"v": 1, "name": name}))
    main = {"images": "accuracy", "ner": "micro_f1", "mathqa": "exact_match"}[task]
    values = {"loss": 1 - accuracy, "accuracy": accuracy, main: accuracy, "macro_f1": accuracy - 0.01}
    result: dict[str, Any] = {"v": 1, "attempt": 1, "status": status, "step": 30, "epoch": 3}
    if status == "failed":
        result["error"] = {"title": error, "got": str(home.root / "x"), "expected": None, "hint": None}
    else:
        result |= {
            "metrics": dict.fromkeys(("train", "val", "test"), values),
            "examples": {"train": 4000, "val": 1000, "test": 1000},
            "reports": dict(reports or {}),
            "best": {"step": 30, "epoch": 3, "metric": main, "value": accuracy},
            "timings": {"training": 60.0},
        }
    (path / "result.json").write_text(json.dumps(result))
    if events:
        (path / "events.jsonl").write_bytes(b"".join(_events(accuracy, main)))
    mistakes = {"test": [{"problem": SECRET, "class": "a", "predicted": "b", "confidence": 0.9}]}
    (path / "artifacts" / "mistakes.json").write_text(json.dumps(mistakes))
    return path


def _events(accuracy: float, main: str) -> list[bytes]:
    lines = []
    for epoch in (1, 2, 3):
        value = accuracy * (1 - math.exp(-epoch))
        for split in ("train", "val"):
            values = {"loss": 1 - value, "accuracy": value, main: value, "feature_q01": -value, "feature_q99": value}
            lines.append(encode({
                "v": 1, "attempt": 1, "type": "metrics", "split": split, "step": 10 * epoch, "epoch": epoch,
                "elapsed": 20.0 * epoch, "time": 1e9, "values": values,
            }))  # fmt: skip
    return lines


def classes(*names: str) -> dict[str, Any]:
    """A report of a split with a table of classes and a confusion matrix."""
    rows = [{"class": name, "precision": 0.5, "recall": 0.25, "f1": 0.33, "support": 8} for name in names]
    matrix = [[6 if x == y else 2 for x in range(len(names))] for y in range(len(names))]
    return {"test": {"per_class": rows, "confusion_matrix": matrix}}


def searches() -> dict[str, Any]:
    """A report of a split with two widths of the beam, both ways."""

    def scores(value: float) -> dict[str, Any]:
        return {"exact_match": value, "token_accuracy": value + 0.1, "novel/exact_match": value / 2, "no_value": 0.1}

    by_beam = {
        width: scores(value) | {"grammar_on": scores(value + 0.05), "grammar_off": scores(value)}
        for width, value in (("1", 0.5), ("10", 0.6))
    }
    return {"test": {"by_beam": by_beam, "errors": {"stack is empty": 3}, "lookup": {"exact_match": 0.2}, "novel": 4}}


def write_sheet(run: Path, name: str = "sheet_cat_val.png") -> None:
    (run / "artifacts" / "gradcam").mkdir()
    (run / "artifacts" / "gradcam" / name).write_bytes(png())


def write_study(home: Home, study: Study, runs: Mapping[tuple[str, int], str]) -> Launched:
    """A study of runs that are there: (cell, seed) -> run."""
    launched = Studies(home).open(study)
    launched.labels = [cell.label for cell in cells_of(study)]
    launched.members = [Member(cell, seed, run) for (cell, seed), run in runs.items()]
    launched.write()
    return launched


def texts(path: Path, files: Sequence[Path]) -> str:
    """All that is readable of a report and the files beside it, and how these are called."""
    return "".join(each.read_text() for each in (path, *files) if each.suffix not in (".pdf", ".png")) + str(files)
