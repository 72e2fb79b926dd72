"""The requests of one screen: what is waited for, what is known already, and answers turned into types.

A lane is one thing that is waited for: a later request in it replaces an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import LabError
from labapp.messages import Answered
from labapp.play.recent import Recent
from sessions.playground import Playground


class Asker:
    """`post` must be safe to call from a thread; what it posts is brought back with `take`. `typed` makes a type of
    an operation's answer or raises a LabError; `kept` is how many answers of an operation are kept."""

    def __init__(
        self, playground: Playground, post: Callable[[Answered], object], typed: Mapping[str, Callable[[Any], Any]],
        kept: Mapping[str, int],
    ):  # fmt: skip
        self.playground, self.post, self.typed = playground, post, typed
        self._waiting: dict[str, tuple[str, Mapping[str, Any]]] = {}  # by lane
        self._known = {operation: Recent[Any](most) for operation, most in kept.items()}

    def known(self, operation: str, args: Mapping[str, Any]) -> Any:
        """The answer of before, typed; None where there is none."""
        return self._known[operation].get(args)

    def ask(self, operation: str, args: Mapping[str, Any], lane: str = "") -> None:
        """Ask; the answer comes as a message."""
        lane = lane or operation

        def answered(answer: Any) -> None:
            self.post(Answered(lane, args, answer))

        self._waiting[lane] = operation, args
        self.playground.send(operation, args, answered, lane=lane)

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def waits(self, lane: str) -> bool:
        return lane in self._waiting

    def forget(self, *lanes: str) -> None:
        """What was asked for is not wanted any more."""
        for lane in lanes:
            self._waiting.pop(lane, None)

    def forget_known(self) -> None:
        """What is known may be otherwise by now."""
        for each in self._known.values():
            each.clear()

    def take(self, message: Answered) -> Any:
        """The answer, typed, or a LabError in its place; None when nobody waits for it any more."""
        operation, args = self._waiting.get(message.lane, ("", None))
        if args is not message.args:
            return None
        del self._waiting[message.lane]
        if isinstance(message.answer, LabError):
            return message.answer
        try:
            found = self.typed[operation](message.answer)
        except LabError as error:
            return error
        if operation in self._known:
            self._known[operation].keep(message.args, found)
        return found
