"""Asking without waiting, with real processes: the latest request wins, one that dies is replaced, none is left."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError, UsageError
from sessions.home import Home
from sessions.inference import Inference
from sessions.playground import Playground
from tests.conftest import Lab

PATIENCE = 60.0  # seconds


@pytest.fixture
def begun() -> list[Inference]:
    """Every process that was started."""
    return []


@pytest.fixture
def make(lab: Lab, begun: list[Inference]) -> Iterator[Callable[..., Playground]]:
    made: list[Playground] = []

    def connect(home: Home) -> Inference:
        begun.append(Inference(home))
        return begun[-1]

    def new(**options: Any) -> Playground:
        made.append(Playground(lab.store.home, connect, **options))
        return made[-1]

    yield new
    for each in made:
        each.close(PATIENCE)
    assert not any(process.alive for process in begun)


class Answers:
    """What was answered, in the order it came."""

    def __init__(self) -> None:
        self.came: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    def to(self, name: str) -> Callable[[Any], object]:
        return lambda answer: self.came.put((name, answer))

    def next(self) -> tuple[str, Any]:
        return self.came.get(timeout=PATIENCE)


def check(data: str = "points") -> dict[str, Any]:
    return {"task": "toy", "data": data}


class Blocked:
    """A dataset that is not read before somebody says so: the process hangs in the middle of a request."""

    def __init__(self, path: Path):
        os.mkfifo(path)
        self.path = path

    def release(self) -> None:
        self.path.write_text("1 2 3")


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_no_process_is_started_before_somebody_asks(make: Any, begun: list[Inference]) -> None:
    playground, answers = make(), Answers()
    assert begun == []
    playground.send("check", check(), answers.to("it"))
    assert answers.next() == ("it", {"findings": ["train: 64 examples", "val: 16 examples", "test: 16 examples"]})
    playground.send("check", check(), answers.to("again"))
    assert answers.next()[0] == "again"
    assert len(begun) == 1


def test_an_error_is_an_answer_and_the_process_stays(make: Any, begun: list[Inference]) -> None:
    playground, answers = make(), Answers()
    playground.send("fly", {}, answers.to("it"))
    _, error = answers.next()
    assert isinstance(error, UsageError)
    assert "operation" in error.title
    playground.send("check", check(), answers.to("again"))
    assert "findings" in answers.next()[1]
    assert len(begun) == 1


def test_in_a_lane_the_latest_request_wins_and_the_others_are_never_answered(make: Any, tmp_path: Path) -> None:
    playground, answers, slow = make(), Answers(), Blocked(tmp_path / "slow")
    playground.send("check", check(str(slow.path)), answers.to("first"))
    until(lambda: playground.doing)
    for name in ("second", "third"):
        playground.send("check", check(), answers.to(name))
    playground.send("check", check(), answers.to("aside"), lane="another")
    slow.release()
    assert [answers.next()[0], answers.next()[0]] == ["third", "aside"]
    assert answers.came.empty()


def test_it_says_what_it_does_and_since_when(make: Any, tmp_path: Path) -> None:
    playground, answers, slow = make(), Answers(), Blocked(tmp_path / "slow")
    assert playground.doing is None
    playground.send("check", check(str(slow.path)), answers.to("it"))
    until(lambda: playground.doing)
    doing = playground.doing
    assert (doing.operation, doing.starting) == ("check", True)
    assert 0 <= time.monotonic() - doing.since < PATIENCE
    slow.release()
    answers.next()
    until(lambda: playground.doing is None)


def test_killed_in_the_middle_it_says_so_and_the_next_request_starts_another(
    make: Any, begun: list[Inference], tmp_path: Path
) -> None:
    playground, answers, slow = make(), Answers(), Blocked(tmp_path / "slow")
    playground.send("check", check(str(slow.path)), answers.to("it"))
    until(lambda: begun)
    begun[0]._process.kill()
    _, error = answers.next()
    assert isinstance(error, LabError)
    assert "process ended" in error.title
    assert "-9" in str(error.got)
    playground.send("check", check(), answers.to("again"))
    assert "findings" in answers.next()[1]
    assert len(begun) == 2


def test_killed_while_nobody_asked_it_is_replaced_without_a_word(make: Any, begun: list[Inference]) -> None:
    playground, answers = make(), Answers()
    playground.send("check", check(), answers.to("it"))
    answers.next()
    begun[0]._process.kill()
    begun[0]._process.wait()
    playground.send("check", check(), answers.to("again"))
    assert "findings" in answers.next()[1]
    assert len(begun) == 2


def test_after_a_while_without_a_request_its_memory_is_others(make: Any, begun: list[Inference]) -> None:
    playground, answers = make(idle=0.05), Answers()
    playground.send("check", check(), answers.to("it"))
    answers.next()
    until(lambda: not begun[0].alive)
    playground.send("check", check(), answers.to("again"))
    assert "findings" in answers.next()[1]


def test_closing_ends_it_in_the_middle_of_its_work(make: Any, begun: list[Inference], tmp_path: Path) -> None:
    playground, answers, slow = make(), Answers(), Blocked(tmp_path / "slow")
    playground.send("check", check(str(slow.path)), answers.to("it"))
    until(lambda: begun)
    began = time.monotonic()
    playground.close(PATIENCE)
    assert not begun[0].alive
    assert time.monotonic() - began < 5
    playground.send("check", check(), answers.to("never"))
    assert answers.came.empty()
    assert len(begun) == 1


def test_one_that_was_never_asked_is_closed_as_well(make: Any) -> None:
    make().close(PATIENCE)


def test_a_process_that_cannot_be_started_is_an_answer(lab: Lab) -> None:
    def connect(home: Home) -> Inference:
        raise OSError("too many processes")

    playground, answers = Playground(lab.store.home, connect), Answers()
    playground.send("check", check(), answers.to("it"))
    _, error = answers.next()
    assert "too many processes" in error.got
    playground.close(PATIENCE)


def test_what_a_living_process_says_can_be_read_and_goes_on_where_it_was(make: Any, begun: list[Inference]) -> None:
    playground, answers = make(), Answers()
    for _ in range(2):
        playground.send("evaluate", {"run": "no-such-run"}, answers.to("it"))
        answers.next()
        before = begun[0].last_words()
    assert begun[0].last_words() == before
