"""What the tests of the queue share: short and long runs, waiting for something, what an overview says."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from sessions.process import reap
from sessions.queue.process import overview
from sessions.run.records import REQUEST
from sessions.run.runs import Run
from tests.conftest import Lab

LONG: dict[str, Any] = {"epochs": 4000, "pace": 0.004}
SHORT: dict[str, Any] = {"epochs": 1, "points": 16}


def eventually(holds: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        reap()
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def span(run: Run) -> tuple[float, float]:
    """When a run's training began and ended, by its events."""
    times = {message["type"]: message["time"] for message in run.history.messages}
    return times["start"], times["end"]


def waiting(lab: Lab) -> list[str]:
    return [each.key for each in overview(lab.store).waiting]


def reason(lab: Lab, run: Run) -> str:
    return next(each.reason for each in overview(lab.store).waiting if each.run_id == run.id)


def rewrite(run: Run, **changes: object) -> None:
    request = json.loads((run.path / REQUEST).read_text())
    (run.path / REQUEST).write_text(json.dumps({**request, **changes}))


def one_at_a_time(runs: list[Run]) -> bool:
    """Whether no two of these runs trained at once."""
    spans = sorted(span(run) for run in runs)
    return all(ended <= begun for (_, ended), (begun, _) in itertools.pairwise(spans))
