"""What the tests of studies share: toy definitions, runs that end without being trained, launching without a queue."""

from __future__ import annotations

import json
from typing import Any

from engine.config import Config
from engine.files import write_json
from engine.studies.definition import Study, study_of
from sessions.run.records import META, REQUEST, RESULT
from sessions.run.runs import Run
from sessions.study.folder import Launched, Studies
from sessions.study.launching import Planned, launch, plan
from tests.conftest import Lab

QUEUES = ("sessions.control", "sessions.queue.ordering", "labapp.live.watch", "labapp.follow")


def toy(name: str = "toys", **more: Any) -> Study:
    raw = {"name": name, "task": "toy", "variants": ["line", "slope"], "metric": "loss", **more}
    return study_of(raw, name)


def fingerprint(config: Config) -> str:
    raise AssertionError(f"nobody needs to look at {config.data}")


def here(config: Config, gpu: str) -> tuple[Config, str]:
    return config, gpu


def planned(lab: Lab, study: Study, seeds: list[int] | None = None, **more: Any) -> list[Planned]:
    return plan(lab.store, study, seeds or [1], more.pop("fingerprint", fingerprint), **more)


def start(lab: Lab, study: Study, seeds: list[int] | None = None, **more: Any) -> Launched:
    """Plan and launch."""
    return launch(lab.store, Studies(lab.store.home), study, planned(lab, study, seeds, **more), place=here)


def end(lab: Lab, run_id: str, status: str = "finished", **result: Any) -> Run:
    """Let a run that waits be one that has ended, without training it."""
    path = lab.store.home.runs / run_id
    request = json.loads((path / REQUEST).read_text())
    request.pop("ticket", None)
    write_json(path / REQUEST, {**request, "attempt": 1})
    if status != "lost":
        write_json(path / RESULT, {"v": 1, "attempt": 1, "status": status, "epoch": 4.0, "step": 32, **result})
    else:
        write_json(path / "process.json", {"v": 1, "attempt": 1, "host": "", "pid": 1, "created": 0.0, "boot": ""})
    return lab.store.read(run_id)


def note(lab: Lab, run_id: str, **values: Any) -> None:
    """What a worker writes into meta.json."""
    path = lab.store.home.runs / run_id / META
    write_json(path, {**json.loads(path.read_text()), **values})
