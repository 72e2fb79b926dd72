"""Jobs in the queue: what is done with a trained run when its turn comes, and where the result is."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from engine.errors import UsageError
from sessions import control
from sessions.queue.process import ensure_queue, overview
from sessions.run.records import REQUEST
from sessions.run.runs import Run
from sessions.run.tickets import jobs_of
from tests.conftest import Lab
from tests.queues import LONG, eventually


def outcome(lab: Lab, run: Run, job_id: str) -> dict[str, Any]:
    path = run.path / "artifacts" / f"{job_id}.json"
    eventually(path.exists)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_an_evaluation_waits_for_its_training_and_leaves_its_result_with_the_run(lab: Lab) -> None:
    run = lab.submit(epochs=2)
    job_id = control.submit_job(lab.store, run, "evaluate", {"split": "val"}, after=[run.id])
    assert [each["status"] for each in lab.read(run).jobs] == ["queued"]
    found = outcome(lab, run, job_id)
    assert (found["v"], found["kind"], found["args"], found["status"]) == (1, "evaluate", {"split": "val"}, "finished")
    run = lab.read(run)
    assert run.status.name == "finished"
    assert found["result"]["metrics"] == run.metrics["val"]
    assert found["started"] <= found["ended"]
    eventually(lambda: not jobs_of(lab.read(run).record.request))
    (job,) = lab.read(run).jobs
    assert (job["id"], job["status"]) == (job_id, "finished")
    assert job["path"].endswith(f"artifacts/{job_id}.json")
    assert not list((run.path / "artifacts").glob(".*.lock"))


def test_one_that_cannot_be_done_fails_and_says_why(lab: Lab) -> None:
    run = lab.finished("broken/line")
    found = outcome(lab, run, control.submit_job(lab.store, run, "evaluate", {}))
    assert found["status"] == "failed"
    assert "no checkpoint" in found["error"]["title"]


def test_what_is_no_job_is_refused(lab: Lab) -> None:
    run = lab.create()
    with pytest.raises(UsageError, match="evaluat"):
        control.submit_job(lab.store, run, "evalute", {})
    with pytest.raises(UsageError, match="train"):
        control.submit_job(lab.store, run, "train", {})


class TestWaiting:
    @pytest.fixture
    def queued(self, lab: Lab) -> tuple[Run, str]:
        """A job that waits behind a run on the CPU."""
        run = lab.finished()
        lab.launch(**LONG)
        return run, control.submit_job(lab.store, run, "evaluate", {})

    def test_it_has_a_place_beside_the_runs(self, lab: Lab, queued: tuple[Run, str]) -> None:
        later = lab.submit()
        control.move(lab.store, later.id, "before", queued[1])
        found = overview(lab.store).waiting
        assert [(each.run_id, each.job_id, each.kind, each.place) for each in found] == [
            (later.id, None, "train", 1),
            (queued[0].id, queued[1], "evaluate", 2),
        ]

    def test_it_can_be_taken_out(self, lab: Lab, queued: tuple[Run, str]) -> None:
        assert control.cancel_job(lab.store, queued[0].id, queued[1])
        assert overview(lab.store).waiting == []
        assert lab.read(queued[0]).jobs == []
        assert not control.cancel_job(lab.store, queued[0].id, queued[1])


class TestKilled:
    def test_a_job_that_vanished_is_a_failure_on_record(self, lab: Lab) -> None:
        run = lab.finished()
        job_id = control.submit_job(lab.store, run, "evaluate", {})

        def caught() -> bool:
            for job in jobs_of(lab.read(run).record.request):
                if job.process is not None and not job.standing_in:
                    os.kill(job.process.pid, signal.SIGKILL)
                    return True
            return False

        eventually(caught)
        found = outcome(lab, run, job_id)
        assert (found["status"], found["error"]["got"]) == ("failed", "killed: out of memory?")
        eventually(lambda: not jobs_of(lab.read(run).record.request))

    def test_one_whose_start_was_interrupted_waits_again(self, lab: Lab) -> None:
        run = lab.finished()
        blocker = lab.launch(**LONG)
        job_id = control.submit_job(lab.store, run, "evaluate", {})
        lab.kill_queue()
        eventually(lambda: lab.queue() is None)
        request = json.loads((run.path / REQUEST).read_text())
        dead = {**request["spawned"], "pid": 2**22 + 1}
        request["jobs"][job_id] |= {"spawned": dead, "standing_in": True, "slot": "cpu"}
        (run.path / REQUEST).write_text(json.dumps(request))
        assert [each.job_id for each in overview(lab.store).waiting] == [job_id]
        control.kill(lab.read(blocker))
        ensure_queue(lab.root)
        assert outcome(lab, run, job_id)["status"] == "finished"
