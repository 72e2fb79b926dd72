"""The queue with real processes: order, holding, waiting for others, how runs end and who is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import UsageError
from sessions import control
from sessions.queue.process import ensure_queue
from sessions.run.records import EXIT
from sessions.run.runs import Run
from sessions.run.status import last_attempt
from tests.conftest import Lab
from tests.queues import LONG, SHORT, eventually, one_at_a_time, reason, span, waiting


class TestOrder:
    def test_one_after_the_other_in_the_order_they_came(self, lab: Lab) -> None:
        runs = [lab.submit(**SHORT) for _ in range(3)]
        runs = [lab.ended(run) for run in runs]
        assert one_at_a_time(runs)
        assert sorted(runs, key=span) == runs

    def test_a_limit_that_is_raised_starts_the_next_at_once(self, lab: Lab) -> None:
        first, second = lab.submit(**LONG), lab.submit(**LONG)
        lab.at_step(first, 1)
        assert reason(lab, second) == "waits for the CPU (1 of 1 in use)"
        control.set_limits(lab.root, per_cpu=2)
        ensure_queue(lab.root)
        lab.at_step(second, 1)
        assert lab.read(first).status.name == "running"

    def test_moving(self, lab: Lab) -> None:
        a, b, c, d = (lab.create() for _ in range(4))
        for item, to, other, expected in (
            (d, "first", None, [d, a, b, c]),
            (d, "last", None, [a, b, c, d]),
            (c, "up", None, [a, c, b, d]),
            (a, "up", None, [a, c, b, d]),
            (a, "down", None, [c, a, b, d]),
            (d, "down", None, [c, a, b, d]),
            (d, "before", a, [c, d, a, b]),
            (c, "before", b, [d, a, c, b]),
        ):
            control.move(lab.store, item.id, to, other.id if other else None)
            lab.kill_queue()
            assert waiting(lab) == [each.id for each in expected], (item.id, to)

    def test_moving_between_neighbours_for_ever_finds_room(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sessions.queue.ordering.ensure_queue", lambda home: False)
        runs = [lab.create() for _ in range(3)]
        for _ in range(40):  # between the same two again and again: halves are used up after about twenty
            order = waiting(lab)
            control.move(lab.store, order[2], "before", order[1])
            assert waiting(lab) == [order[0], order[2], order[1]]
        assert set(waiting(lab)) == {run.id for run in runs}

    def test_what_does_not_wait_cannot_be_moved(self, lab: Lab) -> None:
        run = lab.ended(lab.launch())
        with pytest.raises(UsageError, match="does not wait"):
            control.move(lab.store, run.id, "first")

    def test_a_run_resumed_takes_the_place_it_had(self, lab: Lab) -> None:
        run = lab.at_step(lab.submit(**LONG), 5)
        later = [lab.submit(**SHORT) for _ in range(2)]
        for each in later:
            control.pause(each)
        control.pause(run)
        lab.until(run, lambda now: now.status.name == "paused")
        lab.gone(lab.read(run))
        lab.kill_queue()
        lab.until(run, lambda now: lab.queue() is None)
        blocker = lab.launch(**LONG)
        control.resume(lab.store, lab.read(run))
        assert waiting(lab) == [run.id, *(each.id for each in later)]
        control.kill(lab.read(blocker))
        assert lab.at_step(run, 6).record.request["attempt"] == 2  # type: ignore[index]


class TestControl:
    @pytest.fixture
    def blocked(self, lab: Lab) -> Run:
        """A run that waits behind one that goes on."""
        lab.at_step(lab.submit(**LONG), 1)
        return lab.submit(**SHORT)

    def test_held_it_keeps_its_place_and_lets_others_by(self, lab: Lab, blocked: Run) -> None:
        other = lab.submit(**SHORT)
        control.pause(blocked)
        assert (lab.read(blocked).status.name, lab.read(blocked).status.detail) == ("paused", "held in the queue")
        assert waiting(lab) == [blocked.id, other.id]
        control.set_limits(lab.root, per_cpu=2)
        ensure_queue(lab.root)
        lab.ended(other)
        assert lab.read(blocked).status.name == "paused"
        control.resume(lab.store, lab.read(blocked))
        assert lab.ended(blocked).status.name == "finished"

    @pytest.mark.parametrize("action", [control.stop, control.kill])
    def test_taken_out_it_never_started_and_can_be_queued_again(
        self, lab: Lab, blocked: Run, action: Callable[[Run], object]
    ) -> None:
        action(blocked)
        run = lab.read(blocked)
        assert (run.status.name, run.status.detail) == ("stopped", "taken out of the queue before it started")
        assert waiting(lab) == []
        control.resume(lab.store, run)
        assert waiting(lab) == [run.id]

    def test_taken_out_again_a_run_is_what_it_was(self, lab: Lab) -> None:
        stopped = lab.at_step(lab.launch(**LONG), 5)
        control.stop(stopped)
        lab.ended(stopped)
        paused = lab.at_step(lab.launch(**LONG), 5)
        control.pause(paused)
        lab.gone(lab.until(paused, lambda now: now.status.name == "paused"))
        lab.launch(**LONG)  # on the CPU, so that the others wait
        for run, status in ((stopped, "stopped"), (paused, "paused")):
            before = lab.read(run)
            assert before.status.name == status
            assert control.resume(lab.store, before).status.name == "queued"
            control.stop(lab.read(run))
            assert lab.read(run).status == before.status
            assert last_attempt(lab.read(run).record) == 1

    def test_deleted_it_does_not_start_and_neither_when_restored(self, lab: Lab, blocked: Run) -> None:
        job = control.submit_job(lab.store, blocked, "evaluate", {}, after=[blocked.id])
        control.delete(lab.store, lab.read(blocked))
        assert waiting(lab) == []
        lab.store.restore(blocked.id)
        assert lab.read(blocked).status.name == "stopped"
        assert job not in waiting(lab)

    def test_a_queued_run_cannot_be_resumed(self, lab: Lab, blocked: Run) -> None:
        with pytest.raises(UsageError, match="is queued"):
            control.resume(lab.store, blocked)


class TestAfter:
    def test_it_waits_until_the_other_has_ended_in_any_way(self, lab: Lab) -> None:
        control.set_limits(lab.root, per_cpu=4)
        first = lab.at_step(lab.submit(**LONG), 1)
        second = lab.submit(after=[first.id], **SHORT)
        third = lab.submit(after=[second.id], **SHORT)
        assert reason(lab, second) == f"waits for {first.id}"
        lab.kill(first)
        assert span(lab.ended(second))[1] <= span(lab.ended(third))[0]

    def test_one_that_rests_is_waited_for_and_one_that_is_deleted_is_not(self, lab: Lab) -> None:
        first = lab.create(**SHORT)
        control.pause(first)
        second = lab.submit(after=[first.id], **SHORT)
        eventually(lambda: lab.queue() is not None)
        assert reason(lab, second) == f"waits for {first.id}"
        control.delete(lab.store, lab.read(first))
        ensure_queue(lab.root)
        assert lab.ended(second).status.name == "finished"

    def test_what_is_waited_for_can_be_changed_but_not_to_a_circle(self, lab: Lab) -> None:
        blocker = lab.launch(**LONG)
        a = lab.submit(after=[blocker.id])
        b = lab.submit(after=[a.id])
        c = lab.submit(after=[b.id])
        with pytest.raises(UsageError, match="wait for each other"):
            control.set_after(lab.store, a.id, [c.id])
        with pytest.raises(UsageError, match="wait for each other"):
            control.set_after(lab.store, a.id, [a.id])
        with pytest.raises(UsageError, match="no run"):
            control.set_after(lab.store, a.id, ["nobody"])
        control.set_after(lab.store, c.id, [])
        assert reason(lab, c).startswith("waits for the CPU")

    def test_a_run_that_is_not_there_is_refused_at_submission(self, lab: Lab) -> None:
        with pytest.raises(UsageError, match="no run"):
            lab.submit(after=["nobody"])
        assert lab.store.ids() == []


class TestEnds:
    def test_a_worker_killed_by_the_system_is_known_to_have_been(self, lab: Lab) -> None:
        run = lab.at_step(lab.submit(**LONG), 3)
        lab.kill(run)
        run = lab.until(run, lambda now: now.status.detail == "killed: out of memory?")
        assert run.status.name == "lost"
        told = json.loads((run.path / EXIT).read_text())
        assert (told["attempt"], told["code"], told["signal"]) == (1, 0, 9)

    def test_the_exit_code_is_noted(self, lab: Lab) -> None:
        run = lab.ended(lab.submit("dying/line"))
        eventually((run.path / EXIT).exists)
        assert json.loads((run.path / EXIT).read_text())["code"] == 86

    @pytest.fixture
    def told(self, tmp_path: Path) -> Path:
        """What the user's command was told."""
        script, book = tmp_path / "tell.sh", tmp_path / "told"
        script.write_text(f'echo "$@" >> {book}\n')
        (tmp_path / "config.toml").write_text(f"on_finish = \"sh {script} 'two words'\"\n")
        return book

    def test_the_users_command_is_told_once_of_each_attempt(self, lab: Lab, told: Path) -> None:
        run = lab.ended(lab.submit("toy/line", fail_at=3))
        eventually(told.exists)
        control.resume(lab.store, run)
        lab.until(run, lambda now: last_attempt(now.record) == 2)
        lab.ended(run)
        eventually(lambda: len(told.read_text().splitlines()) == 2)
        ensure_queue(lab.root)
        time.sleep(0.5)
        assert told.read_text() == f"two words {run.id} failed\n" * 2

    def test_also_when_the_queue_was_killed_before_it_could_and_then_once(self, lab: Lab, told: Path) -> None:
        run = lab.at_step(lab.submit(epochs=60, pace=0.004), 1)
        lab.kill_queue()
        lab.ended(run)
        assert not told.exists()
        for _ in range(3):
            ensure_queue(lab.root)
            eventually(lambda: lab.queue() is not None)
            eventually(told.exists)
            lab.kill_queue()
            eventually(lambda: lab.queue() is None)
        assert told.read_text() == f"two words {run.id} finished\n"

    def test_a_command_that_cannot_be_run_is_a_line_in_the_log(self, lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text('on_finish = "/no/such/command"\n')
        run = lab.ended(lab.submit(**SHORT))
        log = next((lab.root / "queue").glob("*.log"))
        eventually(lambda: "/no/such/command" in log.read_text())
        assert f"on_finish of {run.id}" in log.read_text()
        assert lab.ended(lab.submit(**SHORT)).status.name == "finished"

    def test_pausing_is_no_end(self, lab: Lab, told: Path) -> None:
        run = lab.at_step(lab.submit(**LONG), 1)
        control.pause(run)
        lab.gone(lab.until(run, lambda now: now.status.name == "paused"))
        other = lab.ended(lab.submit(**SHORT))
        eventually(told.exists)
        assert told.read_text() == f"two words {other.id} finished\n"
