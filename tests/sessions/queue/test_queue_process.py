"""The queue's process: killed, asked to end, idle, or the ground taken from under it, nothing is lost or doubled."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from sessions import control
from sessions.process import Identity, child_environment, myself, python_command, reap, spawn_detached
from sessions.queue import ordering, starting
from sessions.queue import process as module
from sessions.queue.lineup import Watch
from sessions.queue.process import ensure_queue
from sessions.queue.slots import Use
from sessions.queue.starting import START_LOCK
from sessions.queuefiles import queue_file
from sessions.run.records import OUTPUT, REQUEST
from sessions.run.runs import Run
from sessions.run.status import last_attempt
from tests.conftest import Lab
from tests.queues import LONG, SHORT, eventually, one_at_a_time, reason, rewrite, span


class TestTheProcess:
    def test_killed_it_takes_no_worker_along_and_the_next_one_goes_on(self, lab: Lab) -> None:
        first = lab.at_step(lab.submit(epochs=40, pace=0.004), 1)
        second = lab.submit(**SHORT)
        assert lab.kill_queue()
        eventually(lambda: lab.queue() is None)
        assert lab.read(first).status.name == "running"
        ensure_queue(lab.root)
        eventually(lambda: lab.queue() is not None)
        assert lab.read(second).status.name == "queued"
        assert span(lab.ended(first))[1] <= span(lab.ended(second))[0]

    def test_with_nothing_to_do_it_stays_until_it_knows_how_its_last_child_ended(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sessions.process._children", {})
        note = lab.root / "exit.json"
        queue_file(lab.root, "lock").parent.mkdir(parents=True)
        spawn_detached(
            [sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit(3)"],
            lab.root / "log", child_environment(), exit_note=(note, 1),
        )  # fmt: skip
        module.Queue(lab.root, patience=0).run()
        assert json.loads(note.read_bytes())["code"] == 3

    def test_asked_to_end_it_goes_and_leaves_the_workers(self, lab: Lab) -> None:
        run = lab.at_step(lab.submit(**LONG), 1)
        queue = lab.queue()
        assert queue is not None
        for number in (signal.SIGHUP, signal.SIGINT):
            os.kill(queue.pid, number)
        time.sleep(0.5)
        assert lab.queue() == queue
        os.kill(queue.pid, signal.SIGTERM)
        eventually(lambda: lab.queue() is None)
        step = lab.read(run).step
        lab.at_step(run, step + 10)

    def test_it_leaves_when_there_is_nothing_to_do_and_comes_back(self, lab: Lab) -> None:
        lab.store.home.ensure()
        (lab.root / "queue").mkdir()
        process = subprocess.Popen(python_command("sessions.queue", str(lab.root), "0.3"), env=child_environment())
        assert process.wait(10) == 0
        assert lab.ended(lab.submit(**SHORT)).status.name == "finished"

    def test_there_is_one_at_a_time(self, lab: Lab) -> None:
        run = lab.at_step(lab.submit(**LONG), 1)
        first = lab.queue()
        second = subprocess.Popen(python_command("sessions.queue", str(lab.root)), env=child_environment())
        assert second.wait(10) == 0
        assert lab.queue() == first
        control.kill(lab.read(run))

    def test_it_is_light(self) -> None:
        heavy = "'torch', 'pydantic', 'psutil', 'filelock', 'numpy'"
        probe = f"import sys, sessions.queue.process; print([name for name in ({heavy}) if name in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-P", "-c", probe], env=child_environment(), capture_output=True, text=True
        )
        assert done.stdout.strip() == "[]", done.stderr

    def test_a_run_that_vanishes_under_its_hands_harms_nobody(self, lab: Lab) -> None:
        blocker = lab.at_step(lab.submit(**LONG), 1)
        queue = lab.queue()
        gone = [lab.submit(**SHORT) for _ in range(3)]
        last = lab.submit(**SHORT)
        shutil.rmtree(gone[0].path)
        (gone[1].path / REQUEST).write_bytes(b"garbage")
        (gone[2].path / "config.toml").unlink()
        control.kill(lab.read(blocker))
        assert lab.ended(last, seconds=40).status.name == "finished"
        assert lab.queue() == queue
        assert not gone[0].path.exists(), "what was deleted stays deleted"

    def test_what_cannot_be_started_is_told_why_tried_again_and_keeps_nobody_else(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        (run.path / OUTPUT).mkdir()
        other = lab.submit(**SHORT)
        assert lab.ended(other).status.name == "finished"
        eventually(lambda: str(run.path / OUTPUT) in reason(lab, run))
        (run.path / OUTPUT).rmdir()
        run = lab.ended(run)
        assert (run.status.name, last_attempt(run.record)) == ("finished", 1)

    def test_a_run_of_another_host_is_left_alone_until_it_is_taken_over(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        ticket = json.loads((run.path / REQUEST).read_text())["ticket"]
        rewrite(run, ticket={**ticket, "host": "elsewhere", "gpu": "GPU-of-theirs"})
        lab.ended(lab.submit(**SHORT))
        assert (lab.read(run).status.name, lab.read(run).status.detail) == ("remote", "queued on elsewhere")
        for action in (control.stop, control.pause, control.kill):
            with pytest.raises(UsageError):
                action(lab.read(run))
        with pytest.raises(UsageError):
            control.delete(lab.store, lab.read(run))
        with pytest.raises(UsageError):
            control.resume(lab.store, lab.read(run), take_over=True)
        rewrite(run, ticket={**ticket, "host": "elsewhere", "gpu": "GPU-of-theirs", "submitted": time.time() - 3600})
        with pytest.raises(UsageError, match="queued on elsewhere"):
            control.resume(lab.store, lab.read(run))
        taken = control.resume(lab.store, lab.read(run), take_over=True)
        assert lab.ended(taken).status.name == "finished"


class TestStartingOnce:
    def test_many_at_once_start_one_worker(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        started: list[Identity | None] = []
        threads = [threading.Thread(target=lambda: started.append(control.start(run.path))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([each for each in started if each]) == 1
        assert last_attempt(lab.ended(run).record) == 1

    def interrupted(self, run: Run) -> None:
        """As a queue process leaves it that is killed while it starts a run."""
        dead = {**myself().as_dict(), "pid": 2**22 + 1}
        rewrite(run, attempt=1, spawned=dead, tell=1)

    def test_killed_before_there_was_a_worker_the_run_waits_again(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        self.interrupted(run)
        assert lab.read(run).status.name == "queued"
        ensure_queue(lab.root)
        run = lab.ended(run)
        assert (run.status.name, last_attempt(run.record)) == ("finished", 1)

    def test_killed_when_there_was_one_it_is_not_started_again_and_its_slot_is_taken(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        self.interrupted(run)
        lock = os.open(run.path / START_LOCK, os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock, True)
        child = subprocess.Popen(["sleep", "60"], pass_fds=(lock,))  # the worker that has not spoken yet
        os.close(lock)
        try:
            assert control.start(run.path) is None
            assert reason(lab, run) == "is being started"
            other = lab.create(**SHORT)
            assert reason(lab, other).startswith("waits for the CPU")
        finally:
            child.kill()
            child.wait()
        assert control.start(run.path) is not None
        assert last_attempt(lab.ended(run).record) == 1

    def test_taken_out_after_an_interrupted_start_a_run_is_what_it_was(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        self.interrupted(run)
        control.stop(lab.read(run))
        assert lab.read(run).status.detail == "taken out of the queue before it started"

    def unsaid(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was spawned cannot be written down, and what was lives and says nothing."""
        monkeypatch.setattr(starting, "_conclude", lambda *_: None)
        monkeypatch.setattr(starting, "python_command", lambda *_: ["sleep", "60"])

    def test_when_it_cannot_be_said_what_was_spawned_whoever_started_it_is_not_taken_for_it(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed: list[Identity] = []
        monkeypatch.setattr(control, "kill_group", lambda identity: bool(killed.append(identity)) or True)
        run = lab.create(**SHORT)
        with monkeypatch.context() as patched:
            self.unsaid(lab, patched)
            child = control.start(run.path)
        assert child is not None
        assert lab.read(run).status.process is None
        with pytest.raises(LabError, match="just being started"):
            control.kill(lab.read(run))
        assert killed == []
        assert reason(lab, run) == "is being started"
        assert control.start(run.path) is None
        os.kill(child.pid, signal.SIGKILL)
        eventually(lambda: not child.is_alive())
        assert control.start(run.path) is not None, "nothing holds its lock: there is no worker"
        assert last_attempt(lab.ended(run).record) == 1

    def test_neither_with_a_job(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        killed: list[Identity] = []
        monkeypatch.setattr(ordering, "kill_group", lambda identity: bool(killed.append(identity)) or True)
        monkeypatch.setattr(ordering, "ensure_queue", lambda home: False)
        run = lab.gone(lab.ended(lab.launch(**SHORT)))
        job_id = control.submit_job(lab.store, run, "evaluate", {})
        with monkeypatch.context() as patched:
            self.unsaid(lab, patched)
            child = starting.start_job(run.path, job_id, "cpu")
        assert child is not None
        with pytest.raises(LabError, match="just being started"):
            control.cancel_job(lab.store, run.id, job_id)
        with pytest.raises(UsageError, match="is running"):
            control.delete(lab.store, lab.read(run))
        assert killed == []
        assert starting.start_job(run.path, job_id, "cpu") is None
        assert Watch(lab.store.home.runs).look().uses() == [Use("cpu")]
        (run.path / "artifacts" / f"{job_id}.json").write_text("{}")
        assert Watch(lab.store.home.runs).look().ended_jobs == [(run.id, job_id, None)]
        os.kill(child.pid, signal.SIGKILL)
        eventually(lambda: not child.is_alive())


class TestOneThatBreaks:
    def test_whatever_it_raises_it_is_put_off_and_the_others_start(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad, good = lab.create(), lab.create()
        (lab.root / "queue").mkdir(exist_ok=True)
        started: list[str] = []

        def begin(path: Path, slot: str) -> Identity:
            if path == bad.path:
                raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
            started.append(path.name)
            return myself()

        monkeypatch.setattr(module, "start", begin)
        module.Queue(lab.root).turn()
        assert started == [good.id]
        (line,) = [each for each in capsys.readouterr().out.splitlines() if bad.id in each]
        assert "cannot be started, again in 2 s: UnicodeEncodeError" in line
        assert "surrogates" in reason(lab, bad)

    def test_a_settlement_that_breaks_is_a_line_too(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = lab.gone(lab.ended(lab.launch(**SHORT)))

        def refuse(*_: object) -> None:
            raise ValueError("odd\nindeed")

        monkeypatch.setattr(module, "tell", refuse)
        (lab.root / "queue").mkdir(exist_ok=True)
        module.Queue(lab.root).turn()
        assert f"{run.id}: ValueError: odd\n" in capsys.readouterr().out

    def test_half_a_character_in_an_environment_keeps_nobody(self, lab: Lab) -> None:
        run = lab.create(**SHORT)
        ticket = json.loads((run.path / REQUEST).read_text())["ticket"]
        rewrite(run, ticket={**ticket, "environment": {**ticket["environment"], "TZ": "\ud800"}})
        other = lab.submit(**SHORT)
        assert [lab.ended(each).status.name for each in (run, other)] == ["finished", "finished"]

    def test_the_same_failure_at_every_turn_is_told_once(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        queue = module.Queue(lab.root)
        monkeypatch.setattr(queue, "_beat", lambda: 1 / 0)
        for _ in range(3):
            assert queue._turn_safely() == 1.0
        assert capsys.readouterr().out.count("ZeroDivisionError: ") == 1

    def test_its_log_stays_short_while_it_runs(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "LONGEST_LOG", 1000)
        lab.create()
        log = queue_file(lab.root, "log")
        with log.open("a") as output:
            output.write("x" * 5000 + "last words")
            output.flush()
            module.Queue(lab.root)._trim_log()
            output.write("more")
        assert log.read_text() == "more"
        kept = log.with_suffix(".log.old").read_text()
        assert (len(kept), kept[-10:]) == (1000, "last words")


SUBMIT = """
import sys
from pathlib import Path
from tests.conftest import configured
from sessions import control
from sessions.home import Home
from sessions.run.store import Store
store = Store(Home(Path(sys.argv[1])))
for _ in range(4):
    print(control.launch(store, configured("toy/line", epochs=1, points=16)).id)
"""


def test_many_submit_at_once_while_the_queue_is_killed_and_nothing_is_lost_or_started_twice(lab: Lab) -> None:
    """Three programs, four runs each, and somebody who kills the queue's process at every odd moment."""
    lab.store.home.ensure()
    command = [sys.executable, "-P", "-c", SUBMIT, str(lab.root)]
    programs = [subprocess.Popen(command, env=child_environment(), stdout=subprocess.PIPE, text=True) for _ in range(3)]
    chance, kills, identity = random.Random(5), 0, None
    deadline = time.monotonic() + 60
    while any(each.poll() is None for each in programs) or kills < 8:
        assert time.monotonic() < deadline
        time.sleep(chance.uniform(0.05, 0.5))
        reap()
        if identity := lab.queue():
            os.kill(identity.pid, signal.SIGKILL)
            kills += 1
        ensure_queue(lab.root)
    eventually(lambda: identity is None or not identity.is_alive())
    ensure_queue(lab.root)  # as whoever follows a run does every few seconds
    submitted = {line for each in programs for line in each.communicate()[0].split()}
    assert len(submitted) == 12
    runs = [lab.ended(lab.store.read(run_id), seconds=120) for run_id in submitted]
    assert set(lab.store.ids()) == submitted
    assert {(run.status.name, last_attempt(run.record)) for run in runs} == {("finished", 1)}
    assert one_at_a_time(runs)
