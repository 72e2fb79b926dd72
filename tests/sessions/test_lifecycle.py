"""Runs with real worker processes, from launch to end: what a person can rely on."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time

import psutil
import pytest

from engine.errors import LabError, UsageError
from engine.events import decode
from sessions import control
from sessions.process import child_environment, myself, python_command
from sessions.queue import starting
from sessions.run.records import EVENTS, PROCESS, REQUEST, RESULT
from sessions.run.runs import Run
from sessions.run.status import derive
from tests.conftest import Lab

LONG = {"epochs": 400, "pace": 0.004}  # half a minute, unless somebody ends it


def weights(run: Run) -> bytes:
    """The final weights, to the last bit."""
    newest = max((run.path / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    return (newest / "model.safetensors").read_bytes()


def test_a_run_leaves_a_directory_that_says_everything(lab: Lab) -> None:
    run = lab.ended(lab.launch(epochs=4))
    assert run.status.name == "finished"
    assert (run.epoch, run.step) == (4, 32)
    assert set(run.metrics) == {"train", "val", "test"}
    assert run.metrics["test"]["loss"] < 1.0
    assert oct((lab.store.home.root).stat().st_mode)[-3:] == "700"
    for name in ("config.toml", "meta.json", "labels.json", "request.json", "process.json", "events.jsonl"):
        assert (run.path / name).is_file(), name
    assert (run.path / "preprocessing" / "toy.json").is_file()
    meta = run.record.meta or {}
    assert meta["fingerprint"] == "toy-points"
    assert len(meta["identity"]) == 64
    assert meta["attempts"][0]["device"] == "abacus"
    types = [event["type"] for line in (run.path / EVENTS).read_bytes().splitlines() if (event := decode(line))]
    assert types[0] == "start"
    assert types[-1] == "end"
    assert types.count("checkpoint") == 4


def test_best_and_last_checkpoints_are_kept_and_no_other(lab: Lab) -> None:
    run = lab.ended(lab.launch(epochs=6))
    best = (run.record.result or {})["best"]["step"]
    assert {path.name for path in (run.path / "checkpoints").iterdir()} == {f"step-{best}", f"step-{run.step}"}


def test_a_worker_outlives_the_program_that_launched_it(lab: Lab) -> None:
    command = python_command("labapp", "train", "toy/line", "--set", "pace=0.01", "--set", "epochs=20")
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = lab.store.find(done.stdout.strip())
    assert lab.ended(run).status.name == "finished"


def test_stop_finishes_the_step_saves_evaluates_and_writes_the_result(lab: Lab) -> None:
    run = lab.at_step(lab.launch(**LONG), 20)
    control.stop(run)
    run = lab.ended(run)
    assert run.status.name == "stopped"
    assert set((run.record.result or {})["metrics"]) == {"train", "val", "test"}
    assert run.epoch < LONG["epochs"]


def test_stop_within_the_first_epoch_still_gives_a_result(lab: Lab) -> None:
    run = lab.at_step(lab.launch(points=80_000, pace=0.004), 1)
    control.stop(run)
    run = lab.ended(run)
    assert run.status.name == "stopped"
    assert "loss" in run.metrics["test"]


def test_a_stopped_run_can_be_resumed_and_keeps_its_earlier_result(lab: Lab) -> None:
    run = lab.at_step(lab.launch(epochs=40, pace=0.004), 20)
    control.stop(run)
    control.resume(lab.store, lab.ended(run))
    run = lab.ended(run)
    assert (run.status.name, run.epoch) == ("finished", 40)
    assert json.loads((run.path / "result.1.json").read_text())["status"] == "stopped"
    assert (run.record.result or {})["attempt"] == 2


def test_pause_saves_exits_and_resumes_to_the_same_bits(lab: Lab) -> None:
    whole = lab.ended(lab.launch(epochs=30))
    run = lab.at_step(lab.launch(epochs=30, pace=0.004), 31)
    control.pause(run)
    run = lab.ended(run)
    assert run.status.name == "paused"
    assert not (run.path / RESULT).exists()
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "finished"
    assert weights(run) == weights(whole)


def test_killed_again_and_again_it_loses_nothing_and_ends_with_the_same_bits(lab: Lab) -> None:
    whole = lab.ended(lab.launch(epochs=25))
    run = lab.launch(epochs=25, pace=0.005, checkpoint_minutes=0.0005)
    chance = random.Random(3)
    for _ in range(6):
        lab.until(run, lambda now: now.status.process is not None)
        time.sleep(chance.uniform(0.05, 0.8))
        lab.kill(run)
        killed_at = time.monotonic()
        lab.until(run, lambda now: now.status.name == "lost", seconds=2.0)
        assert time.monotonic() - killed_at < 2.0
        if (run.path / EVENTS).exists():
            lines = (run.path / EVENTS).read_bytes().split(b"\n")
            assert all(decode(line) for line in lines[:-1] if line), "only the last line may be unfinished"
        run = control.resume(lab.store, run)
    run = lab.ended(run)
    assert run.status.name == "finished"
    assert weights(run) == weights(whole)
    assert run.metrics == whole.metrics
    assert run.history.series[("val", "loss")].values == whole.history.series[("val", "loss")].values


def test_a_damaged_best_checkpoint_is_noticed_at_the_end_and_another_measured(lab: Lab) -> None:
    # From the second epoch on nothing is learned any more, so the first epoch stays the best.
    run = lab.at_step(lab.launch(epochs=6, pace=0.02, poison_from=9, poison_to=1000), 20)
    control.pause(run)
    run = lab.ended(run)
    best = run.path / "checkpoints" / "step-8"
    (best / "model.safetensors").write_text("[9.0, 9.0]")
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "finished"
    warnings = [message["message"] for message in run.history.messages if message["type"] == "warning"]
    assert any(str(best) in warning for warning in warnings)
    assert (run.record.result or {})["best"]["step"] == 48


def test_when_no_checkpoint_is_whole_nothing_is_begun_over_the_remains(lab: Lab) -> None:
    run = lab.at_step(lab.launch(epochs=60, pace=0.004), 41)
    control.pause(run)
    run = lab.ended(run)
    for path in (run.path / "checkpoints").glob("*/model.safetensors"):
        path.write_bytes(b"garbage")
    before = sorted(path.name for path in (run.path / "checkpoints").iterdir())
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "failed"
    assert "no checkpoint of this run is whole" in run.error["hint"]
    assert sorted(path.name for path in (run.path / "checkpoints").iterdir()) == before


def test_a_checkpoint_of_a_newer_version_is_neither_passed_over_nor_deleted(lab: Lab) -> None:
    run = lab.at_step(lab.launch(epochs=60, pace=0.004), 41)
    control.pause(run)
    run = lab.ended(run)
    for path in (run.path / "checkpoints").glob("*/checkpoint.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "v": 2}))
    before = sorted(path.name for path in (run.path / "checkpoints").iterdir())
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "failed"
    assert "newer labapp" in run.error["title"]
    assert sorted(path.name for path in (run.path / "checkpoints").iterdir()) == before


def test_a_finished_run_without_training_state_can_be_evaluated_again(lab: Lab) -> None:
    run = lab.ended(lab.launch())
    lab.store.clean(list(lab.store.cleanable()))
    (run.path / RESULT).write_bytes(b"garbage")
    lab.until(run, lambda now: now.status.name == "lost")
    again = lab.ended(control.resume(lab.store, run))
    assert again.status.name == "finished"
    assert again.metrics == run.metrics


def test_a_start_that_fails_half_way_leaves_the_run_as_it_was(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lab.ended(lab.launch(fail_at=9))

    def refuse(*_: object, **__: object) -> object:
        raise LabError("a process cannot be started")

    monkeypatch.setattr(control, "ensure_queue", lambda home: False)
    monkeypatch.setattr(starting, "spawn_detached", refuse)
    before = control.resume(lab.store, run)
    with pytest.raises(LabError, match="cannot be started"):
        control.start(run.path)
    after = lab.read(run)
    assert (after.status, after.record.request) == (before.status, before.record.request)
    control.stop(after)
    after = lab.read(run)
    assert (after.status, after.error) == (run.status, run.error)


def test_a_launcher_killed_before_its_worker_came_up_leaves_a_lost_run_that_can_be_resumed(lab: Lab) -> None:
    run = lab.ended(lab.launch())
    (run.path / RESULT).unlink()
    (run.path / PROCESS).unlink()
    gone = {**myself().as_dict(), "pid": 2**22 + 1}
    (run.path / REQUEST).write_text(json.dumps({"wanted": "run", "attempt": 1, "spawned": gone}))
    run = lab.until(run, lambda now: now.status.name == "lost")
    assert lab.ended(control.resume(lab.store, run)).status.name == "finished"


def test_killed_after_it_was_asked_to_pause_it_is_lost_not_paused(lab: Lab) -> None:
    run = lab.until(lab.launch(freeze_at=9), lambda now: now.step == 8 and now.status.detail == "training")
    control.pause(run)
    control.kill(lab.read(run))
    assert lab.read(run).status.name == "lost"


def test_a_damaged_newest_checkpoint_is_passed_over_for_an_older_whole_one(lab: Lab) -> None:
    # Learning pauses after the first epoch, which stays the best and is kept beside the newest; then it goes on.
    settings = {"epochs": 8, "poison_from": 9, "poison_to": 48}
    whole = lab.ended(lab.launch(**settings))
    run = lab.at_step(lab.launch(pace=0.02, **settings), 20)
    control.pause(run)
    run = lab.ended(run)
    best, newest = sorted((run.path / "checkpoints").iterdir(), key=lambda path: int(path.name[5:]))
    assert best.name == "step-8"
    (newest / "training.pt").write_bytes(b"garbage")
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "finished"
    assert weights(run) == weights(whole)
    warnings = [message["message"] for message in run.history.messages if message["type"] == "warning"]
    assert any(str(newest) in warning for warning in warnings)


def test_kill_ends_the_worker_and_everything_it_started(lab: Lab) -> None:
    run = lab.at_step(lab.launch(children=2, **LONG), 2)
    assert run.status.process is not None
    children = psutil.Process(run.status.process.pid).children()
    assert len(children) == 2
    control.kill(run)
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert (len(gone), alive) == (2, [])
    run = lab.read(run)
    assert (run.status.name, run.status.detail) == ("lost", "killed on request")


def test_terminated_by_the_system_it_saves_first(lab: Lab) -> None:
    run = lab.at_step(lab.launch(**LONG), 30)
    assert run.status.process is not None
    os.kill(run.status.process.pid, 15)
    run = lab.ended(run)
    assert run.status.name == "lost"
    assert "SIGTERM" in run.status.detail
    assert (run.path / "checkpoints" / f"step-{run.history.saved[-1][0]}").is_dir()
    assert run.history.saved[-1][0] >= 30


def test_no_heartbeat_from_the_training_loop_is_a_stall(lab: Lab) -> None:
    run = lab.launch(freeze_at=9)
    run = lab.until(run, lambda now: now.step == 8 and now.status.detail == "training")
    assert derive(run.record).name == "running"
    assert derive(run.record, now=time.time() + 61).name == "stalled"


def test_an_unexpected_error_is_a_recorded_failure_with_its_traceback(lab: Lab) -> None:
    run = lab.ended(lab.launch(fail_at=5))
    assert run.status.name == "failed"
    assert "the abacus broke" in run.error["got"]
    assert "the abacus broke" in (run.record.result or {})["traceback"]
    assert run.id in run.error["hint"]


def test_a_learner_that_cannot_be_imported_is_a_recorded_failure(lab: Lab) -> None:
    run = lab.ended(lab.launch("broken/line"))
    assert run.status.name == "failed"
    assert "no_such_module" in run.error["got"]


def test_a_worker_that_dies_without_a_word_is_lost(lab: Lab) -> None:
    run = lab.ended(lab.launch("dying/line"))
    assert run.status.name == "lost"
    assert "preparing" in run.status.detail


def test_a_worker_that_never_comes_up_is_lost_and_its_log_says_why(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "python_command", lambda *_: ["/bin/sh", "-c", "echo no python here; exit 3"])
    run = lab.ended(lab.launch())
    assert run.status.name == "lost"
    assert "log" in run.status.detail
    assert "no python here" in (run.path / "output.log").read_text()


def test_a_loss_that_is_briefly_nan_is_skipped_reported_and_survived(lab: Lab) -> None:
    run = lab.ended(lab.launch(epochs=20, poison_from=60, poison_to=62))
    assert run.status.name == "finished"
    (warning,) = [message for message in run.history.messages if message["type"] == "warning"]
    assert "3 updates skipped" in warning["message"]
    assert warning["step"] - 62 <= 50


def test_a_loss_that_stays_nan_ends_the_run_and_says_what_to_do(lab: Lab) -> None:
    run = lab.ended(lab.launch(epochs=100, poison_from=60, poison_to=10_000))
    assert run.status.name == "failed"
    assert "no longer finite" in run.error["title"]
    assert "learning rate" in run.error["hint"]
    assert run.history.step <= 60 + 100


def test_two_resumes_at_once_start_one_worker(lab: Lab) -> None:
    run = lab.at_step(lab.launch(**LONG), 10)
    lab.kill(run)
    run = lab.until(run, lambda now: now.status.name == "lost")
    command = python_command("labapp", "resume", run.id)
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, env=child_environment(), stderr=pipe, text=True) for _ in range(2)]
    said = [each.communicate()[1] for each in both]
    assert sorted(each.returncode for each in both) == [0, 2], said
    run = lab.at_step(run, 10)
    assert run.record.request["attempt"] == 2  # type: ignore[index]


def test_a_second_worker_for_the_same_run_refuses(lab: Lab) -> None:
    run = lab.at_step(lab.launch(**LONG), 5)
    command = python_command("sessions.worker", str(run.path))
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    assert done.returncode == 3
    assert str(run.path) in done.stderr


@pytest.mark.parametrize("action", [control.stop, control.pause])
def test_a_run_that_has_ended_cannot_be_asked_to_end(lab: Lab, action: object) -> None:
    run = lab.ended(lab.launch())
    with pytest.raises(UsageError, match="finished"):
        action(run)  # type: ignore[operator]


def test_a_finished_run_is_repeated_not_resumed(lab: Lab) -> None:
    run = lab.ended(lab.launch())
    with pytest.raises(UsageError) as refusal:
        control.resume(lab.store, run)
    assert refusal.value.hint == f"labapp train --from {run.id} repeats it"


def test_somebody_elses_process_with_the_same_pid_is_not_ours(lab: Lab) -> None:
    run = lab.ended(lab.launch())
    (run.path / RESULT).unlink()
    process = json.loads((run.path / PROCESS).read_text())
    process["pid"] = os.getpid()  # reused, as it were, by this test
    (run.path / PROCESS).write_text(json.dumps(process))
    run = lab.read(run)
    assert run.status.name == "lost"
    with pytest.raises(UsageError, match="is lost"):
        control.kill(run)


class TestRunsOfAnotherHost:
    @pytest.fixture
    def remote(self, lab: Lab) -> Run:
        run = lab.at_step(lab.launch(**LONG), 5)
        lab.kill(run)
        lab.until(run, lambda now: now.status.name == "lost")
        for name in (PROCESS, REQUEST):
            raw = json.loads((run.path / name).read_text())
            (raw if name == PROCESS else raw["spawned"])["host"] = "elsewhere"
            raw["heartbeat"] = time.time()
            (run.path / name).write_text(json.dumps(raw))
        return lab.read(run)

    def test_they_are_remote_and_never_signalled(self, remote: Run) -> None:
        assert remote.status.name == "remote"
        assert "elsewhere" in remote.status.detail
        for action in (control.stop, control.pause, control.kill):
            with pytest.raises(UsageError):
                action(remote)

    def test_they_are_taken_over_only_once_stale_and_only_when_asked(self, lab: Lab, remote: Run) -> None:
        with pytest.raises(UsageError):
            control.resume(lab.store, remote, take_over=True)
        raw = json.loads((remote.path / PROCESS).read_text())
        (remote.path / PROCESS).write_text(json.dumps({**raw, "heartbeat": time.time() - 3600}))
        with pytest.raises(UsageError, match="silent"):
            control.resume(lab.store, lab.read(remote))
        run = control.resume(lab.store, lab.read(remote), take_over=True)
        assert lab.at_step(run, 10).status.name == "running"
