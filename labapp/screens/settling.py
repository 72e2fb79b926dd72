"""What is done when a cursor has been still for a moment, so that one that runs over many asks for few."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer

SETTLE = 0.15  # seconds


class Settling:
    """In each lane one thing at most is about to be done: the last."""

    def __init__(self, owner: MessagePump):
        self.owner = owner
        self._timers: dict[str, Timer] = {}

    def later(self, lane: str, work: Callable[[], object], after: float = SETTLE) -> None:
        """Do this in a moment (seconds), instead of what was about to be done."""

        def due() -> None:
            if self._timers.get(lane) is timer:  # one that was stopped may be on its way
                del self._timers[lane]
                work()

        self.calm(lane)
        timer = self._timers[lane] = self.owner.set_timer(after, due)

    def calm(self, lane: str) -> None:
        """Do nothing after all."""
        if lane in self._timers:
            self._timers.pop(lane).stop()

    @property
    def busy(self) -> bool:
        return bool(self._timers)
