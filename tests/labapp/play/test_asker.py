"""Requests of a screen: the last in a lane is the one that is answered, and answers are kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import LabError
from labapp.messages import Answered
from labapp.play.asker import Asker
from labapp.play.recent import Recent


class Waiting:
    """A playground that answers when it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Callable[[Any], object]]] = []

    def send(
        self, operation: str, args: Mapping[str, Any], answered: Callable[[Any], object], *, lane: str = ""
    ) -> None:
        self.requests.append((lane, answered))


def asker() -> tuple[Asker, Waiting, list[Answered]]:
    process, posted = Waiting(), list[Answered]()

    def counted(raw: Any) -> int:
        if not isinstance(raw, int):
            raise LabError("no count")
        return raw

    made = Asker(process, posted.append, {"count": counted, "other": str}, {"count": 2})  # type: ignore[arg-type]
    return made, process, posted


def test_only_the_last_request_of_a_lane_is_taken() -> None:
    made, process, posted = asker()
    for number in range(2):
        made.ask("count", {"n": number})
    made.ask("other", {}, lane="beside")
    for number, (_, answered) in enumerate(process.requests):
        answered(number)
    assert [made.take(message) for message in posted] == [None, 1, "2"]
    assert not made.waiting


def test_what_was_forgotten_is_not_taken() -> None:
    made, process, posted = asker()
    made.ask("count", {})
    assert made.waits("count")
    made.forget("count", "no such lane")
    process.requests[0][1](1)
    assert made.take(posted[0]) is None


def test_answers_are_kept_until_they_are_forgotten_and_errors_are_not() -> None:
    made, process, posted = asker()
    answers: tuple[Any, ...] = (7, "what", LabError("no"))
    for number, _ in enumerate(answers):
        made.ask("count", {"n": number})
        process.requests[-1][1](answers[number])
    taken = [made.take(posted[-1])]
    assert isinstance(taken[0], LabError)
    made.ask("count", {"n": 0})
    process.requests[-1][1](7)
    assert made.take(posted[-1]) == 7
    assert [made.known("count", {"n": number}) for number in range(3)] == [7, None, None]
    made.forget_known()
    assert made.known("count", {"n": 0}) is None


def test_the_answer_not_used_for_longest_goes_first() -> None:
    kept = Recent[int](2)
    kept.keep({"a": 1}, 1)
    kept.keep({"a": 2}, 2)
    assert kept.get({"a": 1}) == 1
    kept.keep({"a": 3}, 3)
    assert [kept.get({"a": number}) for number in (1, 2, 3)] == [1, None, 3]
