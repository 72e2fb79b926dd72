"""Finished runs written by hand, and studies over them: enough to be compared, and nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.config import Config
from engine.events import encode
from engine.files import write_json
from engine.studies.cells import cells_of
from engine.studies.definition import Study, study_of
from sessions.run.records import META
from sessions.run.runs import Run
from sessions.study.folder import Launched, Member, Studies
from tests.conftest import Lab, configured

SPLITS = ("train", "val", "test")


def finished(
    lab: Lab, target: str = "images/bn", data: str | None = None, name: str = "", *, examples: int = 10_000,
    fingerprint: str = "", commit: str = "", curve: Sequence[float] = (), metrics: Mapping[str, float] | None = None,
    **settings: Any,
) -> Run:  # fmt: skip
    """A run with a result: these metrics on every split, and a validation curve with a value an epoch."""
    return write(
        lab, configured(target, data, **settings), name, metrics or {"accuracy": 0.9}, examples=examples,
        fingerprint=fingerprint, commit=commit, curve=curve,
    )  # fmt: skip


def write(
    lab: Lab, config: Config, name: str, metrics: Mapping[str, float], *, examples: int = 10_000, fingerprint: str = "",
    commit: str = "", curve: Sequence[float] = (), ended: bool = True,
) -> Run:  # fmt: skip
    path = lab.store.create(config, name=name)
    meta = lab.store.read(path.name).record.meta or {}
    write_json(path / META, {**meta, "fingerprint": fingerprint, "git_commit": commit})
    grow(lab, path.name, next(iter(metrics)), curve)
    if ended:
        end(lab, path.name, metrics, examples=examples)
    return lab.store.read(path.name)


def grow(lab: Lab, run_id: str, metric: str, curve: Sequence[float]) -> None:
    """Its events: a validation an epoch."""
    common = {"v": 1, "attempt": 1, "type": "metrics", "split": "val"}
    lines = [
        encode({**common, "step": 10 * epoch, "epoch": float(epoch), "elapsed": 2.0 * epoch, "values": {metric: value}})
        for epoch, value in enumerate(curve, 1)
    ]
    (lab.root / "runs" / run_id / "events.jsonl").write_bytes(b"".join(lines))


def end(lab: Lab, run_id: str, metrics: Mapping[str, float], *, examples: int = 10_000) -> None:
    """Its result."""
    monitor, value = next(iter(metrics.items()))
    result = {
        "v": 1, "attempt": 1, "status": "finished", "metrics": {split: dict(metrics) for split in SPLITS},
        "examples": dict.fromkeys(SPLITS, examples), "best": {"metric": monitor, "value": value}, "step": 30,
        "epoch": 3.0, "timings": {"training": 12.0},
    }  # fmt: skip
    write_json(lab.root / "runs" / run_id / "result.json", result)


def study(**changes: Any) -> Study:
    """Two normalisations with small and large batches."""
    raw = {
        "name": "sizes", "title": "Batch sizes", "task": "images", "variants": ["bn", "gn"], "metric": "accuracy",
        "axes": [{"setting": "batch_size", "values": [8, 128]}], **changes,
    }  # fmt: skip
    return study_of(raw, "a test")


def launched(lab: Lab, chosen: Study, values: Mapping[str, Sequence[float]], *, metric: str = "accuracy") -> Launched:
    """A study whose cells, by label, reached these values, one a seed."""
    found = Studies(lab.store.home).open(chosen)
    for cell in cells_of(chosen):
        for seed, value in enumerate(values.get(cell.label, ()), 1):
            curve = [value * share for share in (0.5, 0.8, 1.0)]
            run = write(lab, cell.config(chosen, seed), "", {metric: value}, curve=curve)
            found.members.append(Member(cell.label, seed, run.id))
    found.write()
    return found
