"""Status, derived from what a run's files say and which processes live."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sessions.process import Identity, created_at, identify, myself
from sessions.queuefiles import queue_file
from sessions.run.records import Record
from sessions.run.status import Status, derive, last_beat, roughly

NOW = 1_000_000.0
DEAD = Identity(myself().host, myself().boot, 2**22 + 1, 1.0).as_dict()


def status(**records: Any) -> Status:
    return derive(Record(Path("run"), meta={"host": myself().host, "created": NOW}, **records), NOW)


def alive(**changes: Any) -> dict[str, Any]:
    return {**myself().as_dict(), "attempt": 1, "phase": "training", "heartbeat": NOW, **changes}


@pytest.mark.parametrize("name", ["finished", "stopped", "failed"])
def test_a_result_has_the_first_word(name: str) -> None:
    found = status(result={"status": name, "error": {"title": "why"}}, process=alive())
    assert (found.name, found.detail) == (name, "why")


def test_a_result_that_says_something_else_is_no_result() -> None:
    assert status(result={"status": "glorious"}, process=alive()).name == "running"


def test_a_live_process_is_running_and_says_in_which_phase() -> None:
    found = status(process=alive(phase="evaluating"))
    assert (found.name, found.detail, found.process) == ("running", "evaluating", myself())


@pytest.mark.parametrize(
    ("phase", "name"), [("training", "stalled"), ("evaluating", "running"), ("compiling", "running")]
)
def test_silence_is_a_stall_only_while_training(phase: str, name: str) -> None:
    assert status(process=alive(phase=phase, heartbeat=NOW - 61)).name == name
    assert status(process=alive(phase=phase, heartbeat=NOW - 59)).name == "running"


def test_a_worker_that_was_started_and_has_not_spoken_yet_is_starting() -> None:
    found = status(request={"wanted": "run", "attempt": 1, "spawned": myself().as_dict()})
    assert (found.name, found.detail) == ("running", "starting")


def test_a_new_attempt_hides_what_the_old_one_left() -> None:
    old = {**DEAD, "attempt": 1, "phase": "training", "heartbeat": NOW - 9999}
    found = status(process=old, request={"wanted": "run", "attempt": 2, "spawned": myself().as_dict()})
    assert (found.name, found.detail) == ("running", "starting")


def test_asked_to_pause_saved_and_gone_is_paused() -> None:
    asked = {"wanted": "pause", "attempt": 1}
    assert status(request=asked, process={**DEAD, "attempt": 1, "phase": "paused"}).name == "paused"
    assert status(request=asked, process={**DEAD, "attempt": 1, "phase": "training"}).name == "lost"


def ticket(attempt: int = 1, **changes: Any) -> dict[str, Any]:
    return {"ticket": {"kind": "train", "attempt": attempt, "host": myself().host, **changes}, "attempt": 0}


class TestTheQueue:
    def test_a_ticket_for_an_attempt_that_has_not_begun_is_queued(self) -> None:
        assert status(request=ticket()).name == "queued"
        assert status(request=ticket(after=["a", "b"])).detail == "after a, b"

    def test_it_is_queued_again_whatever_an_earlier_attempt_left(self) -> None:
        old = {"result": {"status": "stopped", "attempt": 1}, "process": {**DEAD, "attempt": 1, "phase": "training"}}
        assert status(request=ticket(2) | {"attempt": 1}, **old).name == "queued"

    def test_a_ticket_of_an_attempt_that_has_begun_says_nothing(self) -> None:
        assert status(request=ticket(1) | {"attempt": 1}, process=alive()).name == "running"
        assert (
            status(request=ticket(1) | {"attempt": 1}, result={"status": "finished", "attempt": 1}).name == "finished"
        )

    def test_one_being_started_waits_and_whoever_does_it_is_not_its_process(self) -> None:
        begun = ticket(1) | {"attempt": 1, "standing_in": True}
        for spawned in (myself().as_dict(), DEAD):
            found = status(request={**begun, "spawned": spawned})
            assert (found.name, found.process) == ("queued", None)
        without = {"attempt": 1, "standing_in": True, "spawned": myself().as_dict()}
        assert status(request=without).process is None

    def test_held_it_is_paused(self) -> None:
        found = status(request=ticket() | {"wanted": "pause"})
        assert (found.name, found.detail) == ("paused", "held in the queue")

    def test_taken_out_before_it_started_it_is_stopped(self) -> None:
        found = status(request={"wanted": "stop", "attempt": 0})
        assert (found.name, found.detail) == ("stopped", "taken out of the queue before it started")

    def test_never_started_and_without_a_ticket_it_is_lost_and_says_what_to_do(self) -> None:
        for request in (None, {"wanted": "run", "attempt": 0}):
            found = status(request=request)
            assert found.name == "lost"
            assert "labapp resume" in found.detail

    def test_of_another_host_it_is_remote_and_stale_when_its_queue_was_silent_for_long(self) -> None:
        fresh = status(request=ticket(host="elsewhere", submitted=NOW - 10))
        assert (fresh.name, fresh.detail, fresh.stale) == ("remote", "queued on elsewhere", False)
        assert status(request=ticket(host="elsewhere", submitted=NOW - 901)).stale

    @pytest.mark.parametrize(
        "garbage", [None, 7, "x", [], {}, {"kind": 1}, {"kind": "train"}, {"kind": "train", "host": 5, "attempt": 1}]
    )
    def test_what_is_no_ticket_is_none(self, garbage: Any) -> None:
        assert status(request={"attempt": 0, "ticket": garbage}).name == "lost"


def test_a_directory_that_is_gone_is_lost() -> None:
    assert status(gone=True).name == "lost"


@pytest.mark.parametrize(
    ("exit", "request_", "phase", "words"),
    [
        (None, {}, "training", "vanished while training"),
        ({"attempt": 1, "signal": 9}, {}, "training", "out of memory?"),
        ({"attempt": 1, "signal": 11}, {}, "training", "SIGSEGV"),
        ({"attempt": 1, "signal": 777}, {}, "training", "signal 777"),
        ({"attempt": 7, "signal": 9}, {}, "training", "vanished"),
        (None, {"killed": 1}, "training", "killed on request"),
        (None, {}, "terminated", "SIGTERM"),
    ],
)
def test_lost_says_as_much_as_is_known(exit: Any, request_: dict[str, Any], phase: str, words: str) -> None:
    process = {**DEAD, "attempt": 1, "phase": phase}
    found = status(process=process, exit=exit, request={"wanted": "run", "attempt": 1, **request_})
    assert found.name == "lost"
    assert words in found.detail


class TestOtherHosts:
    def test_how_long_they_are_silent_does_not_change_every_second(self) -> None:
        said = {status(process=alive(host="elsewhere", heartbeat=NOW - 180 - each)).detail for each in range(59)}
        assert said == {"on elsewhere, silent for 3 min"}
        assert [roughly(each) for each in (61, 3599, 7300, 200_000)] == ["1 min", "59 min", "2 h", "2 days"]

    def test_a_hosts_name_leaves_no_folder(self, tmp_path: Path) -> None:
        beat = queue_file(tmp_path, "beat", "../x/é")
        assert beat.parent == tmp_path / "queue"
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "y.beat").touch()
        assert last_beat(tmp_path, "../x/y") == 0.0
        beat.parent.mkdir()
        beat.touch()
        assert last_beat(tmp_path, "../x/é") == beat.stat().st_mtime

    def test_they_are_judged_by_their_heartbeat_alone(self) -> None:
        fresh = status(process=alive(host="elsewhere"))
        assert (fresh.name, fresh.stale, fresh.process is not None) == ("remote", False, True)
        assert status(process=alive(host="elsewhere", heartbeat=NOW - 61)).stale
        assert not status(process=alive(host="elsewhere", heartbeat=NOW - 61, phase="evaluating")).stale

    def test_a_process_of_another_host_is_never_taken_for_alive(self) -> None:
        assert not Identity("elsewhere", myself().boot, os.getpid(), myself().created).is_alive()


class TestProcesses:
    def test_another_boot_is_another_life(self) -> None:
        assert not Identity(myself().host, "before", os.getpid(), myself().created).is_alive()

    def test_a_zombie_is_dead(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "pass"])
        identity = identify(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and nobody has collected it yet
        assert created_at(child.pid) is None
        assert identity is None or not identity.is_alive()
        child.wait()
