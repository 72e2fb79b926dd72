"""`labapp queue`, and what the other commands say of the queue."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from labapp.follow import ordinal
from sessions.process import child_environment, python_command
from sessions.queuefiles import queue_file
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.queues import LONG, SHORT, eventually


@pytest.fixture
def blocker(lab: Lab) -> Run:
    """What the others wait for."""
    return lab.at_step(lab.submit(**LONG, name="long"), 1)


class TestListing:
    def test_an_empty_one_says_so(self, labapp: Any) -> None:
        printed = labapp("queue")
        assert (printed.code, printed.out) == (0, "")
        assert "nothing waits" in printed.err
        assert labapp("queue", "--json").json == {"waiting": [], "running": [], "limits": {"per_gpu": 1, "per_cpu": 1}}

    def test_what_goes_on_where_and_what_waits_for_what(self, labapp: Any, lab: Lab, blocker: Run) -> None:
        first, second = lab.submit(name="first"), lab.submit(after=[blocker.id])
        printed = labapp("queue")
        assert printed.code == 0
        lines = printed.out.splitlines()
        assert blocker.id in lines[1]
        assert "running" in lines[1]
        assert lines[2].split()[:3] == ["1", first.id, "first"]
        assert "waits for the CPU (1 of 1 in use)" in lines[2]
        assert f"waits for {blocker.id}" in lines[3]
        found = labapp("queue", "--json").json
        assert [(each["place"], each["id"], each["after"]) for each in found["waiting"]] == [
            (1, first.id, []),
            (2, second.id, [blocker.id]),
        ]
        assert found["running"] == [
            {"id": blocker.id, "job": None, "kind": "train", "slot": "cpu", "status": "running"}
        ]


class TestEditing:
    def test_moving_and_waiting_for(self, labapp: Any, lab: Lab, blocker: Run) -> None:
        first, second = lab.submit(name="first"), lab.submit(name="second")
        moved = labapp("queue", "move", "second", "--first", "--json").json
        assert [each["id"] for each in moved["waiting"]] == [second.id, first.id]
        moved = labapp("queue", "move", "first", "--before", "second", "--json").json
        assert [each["id"] for each in moved["waiting"]] == [first.id, second.id]
        tied = labapp("queue", "after", "second", "first", "long", "--json").json
        assert tied["waiting"][1]["after"] == [first.id, blocker.id]
        refused = labapp("queue", "after", "first", "second", "--json")
        assert refused.code == 2
        assert "wait for each other" in refused.json["error"]["title"]
        assert labapp("queue", "after", "second", "--json").json["waiting"][1]["after"] == []

    def test_limits(self, labapp: Any, lab: Lab) -> None:
        assert labapp("queue", "--per-gpu", "3", "--per-cpu", "2", "--json").json["limits"] == {
            "per_gpu": 3,
            "per_cpu": 2,
        }
        assert labapp("queue", "--json").json["limits"] == {"per_gpu": 3, "per_cpu": 2}
        assert labapp("queue", "--per-gpu", "0").code == 2

    @pytest.mark.parametrize(
        "arguments", [["move", "x"], ["move", "x", "--up", "--down"], ["move", "nobody", "--up"], ["drop", "nobody"]]
    )
    def test_wrong_usage(self, labapp: Any, arguments: list[str]) -> None:
        printed = labapp("queue", *arguments)
        assert printed.code == 2
        assert "Traceback" not in printed.err

    def test_stop_pause_and_resume_of_what_waits_say_so(self, labapp: Any, lab: Lab, blocker: Run) -> None:
        run = lab.submit(**SHORT)
        assert "held in the queue" in labapp("pause", run.id).err
        assert labapp("resume", run.id).code == 0
        assert "taken out of the queue" in labapp("stop", run.id).err
        assert labapp("show", run.id, "--json").json["status"] == "stopped"

    def test_a_run_that_waits_is_dropped_and_one_that_goes_on_is_not(self, labapp: Any, lab: Lab, blocker: Run) -> None:
        run = lab.submit(**SHORT)
        assert labapp("queue", "drop", run.id, "--json").json["waiting"] == []
        assert labapp("show", run.id, "--json").json["status"] == "stopped"
        refused = labapp("queue", "drop", "long")
        assert (refused.code, f"labapp stop {blocker.id}" in refused.err) == (2, True)
        assert lab.store.read(blocker.id).status.name == "running"

    def test_a_query_stops_what_waits_too(self, labapp: Any, lab: Lab, blocker: Run) -> None:
        run = lab.submit(**SHORT)
        assert {each["id"] for each in labapp("kill", "status:queued", "--json").json} == {run.id}


def test_train_after_another_run(labapp: Any, lab: Lab, blocker: Run) -> None:
    printed = labapp("train", "toy/line", "--after", "long")
    assert printed.code == 0
    (waiting,) = labapp("queue", "--json").json["waiting"]
    assert (waiting["id"], waiting["after"]) == (printed.out.strip(), [blocker.id])
    assert labapp("train", "toy/line", "--after", "nobody").code == 2


def test_evaluate_in_the_queue_prints_the_jobs_and_show_where_their_results_are(labapp: Any, lab: Lab) -> None:
    runs = [lab.finished() for _ in range(2)]
    printed = labapp("evaluate", *(run.id for run in runs), "--queue", "--after", runs[0].id)
    jobs = printed.out.split()
    assert len(jobs) == 2
    for run, job in zip(runs, jobs, strict=True):
        path = run.path / "artifacts" / f"{job}.json"
        eventually(path.exists)
        assert json.loads(path.read_text())["status"] == "finished"
        assert [each["id"] for each in labapp("show", run.id, "--json").json["jobs"]] == [job]
        assert str(path) in labapp("show", run.id).out
    assert labapp("evaluate", runs[0].id, "--after", runs[1].id).code == 2


def test_following_says_what_a_run_waits_for_and_brings_a_killed_queue_back(lab: Lab, tmp_path: Path) -> None:
    blocker = lab.at_step(lab.submit(**LONG), 1)
    command = python_command("labapp", "train", "toy/line", "--set", "epochs=1", "--wait", "--json")
    with (tmp_path / "said").open("w+") as said, (tmp_path / "out").open("w+") as out:
        process = subprocess.Popen(command, env=child_environment(), stdout=out, stderr=said)
    eventually(lambda: "queued: 1st, waits for the CPU (1 of 1 in use)" in (tmp_path / "said").read_text())
    first = lab.queue()
    assert lab.kill_queue()
    eventually(lambda: lab.queue() not in (None, first))
    assert blocker.status.process is not None
    os.kill(blocker.status.process.pid, 9)
    assert process.wait(30) == 0
    assert json.loads((tmp_path / "out").read_text())["status"] == "finished"


def test_what_a_home_one_may_only_read_waits_for_can_be_looked_at(labapp: Any, lab: Lab) -> None:
    lab.create()
    lock = queue_file(lab.root, "lock")
    lock.mkdir()  # no file can be made here
    printed = labapp("queue")
    lock.rmdir()
    assert printed.code == 0
    assert "cannot be woken" in printed.err


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")],
)
def test_places_are_said_as_people_say_them(number: int, words: str) -> None:
    assert ordinal(number) == words
