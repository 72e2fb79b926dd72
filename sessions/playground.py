"""Asking the inference process without waiting for it: for screens that use a trained model.

A thread asks one thing after the other, and starts the process when there is something to ask. What a screen asks
for again and again, as a cursor moves, shares a lane: in each the latest request wins, and answers to the others are
dropped. The process ends with its front end, and when nobody asked anything for a while: its memory is others' then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import LabError
from sessions.home import Home
from sessions.inference import Inference, ProcessEndedError

IDLE = 600.0  # seconds without a request before the process is let go

Answered = Callable[[Any], object]


@dataclass(frozen=True)
class Doing:
    """What the process works on: the operation, since when (`time.monotonic`), and whether it had to be started."""

    operation: str
    since: float
    starting: bool


@dataclass(frozen=True, eq=False)
class Request:
    operation: str
    args: Mapping[str, Any]
    answered: Answered
    lane: str


class Playground:
    """One inference process, started when it is needed. Every method returns at once."""

    def __init__(self, home: Home, connect: Callable[[Home], Inference] = Inference, idle: float = IDLE):
        self.home, self.connect, self.idle = home, connect, idle
        self.doing: Doing | None = None
        self._changed = threading.Condition()
        self._waiting: list[Request] = []
        self._newest: dict[str, Request] = {}  # by lane
        self._inference: Inference | None = None
        self._thread: threading.Thread | None = None
        self._ending = False

    def send(self, operation: str, args: Mapping[str, Any], answered: Answered, *, lane: str = "") -> None:
        """Ask; `answered` is called from a thread with the result or a LabError, unless a later request of the same
        lane (the operation's name, if there is none) came in between."""
        request = Request(operation, args, answered, lane or operation)
        with self._changed:
            if self._ending:
                return
            self._waiting = [each for each in self._waiting if each.lane != request.lane] + [request]
            self._newest[request.lane] = request
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="labapp-playground", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, wait: float = 0.0) -> None:
        """End the process, whatever it does; nothing is answered any more. `wait`: seconds to see it gone."""
        with self._changed:
            self._ending = True
            if self._inference is not None:
                self._inference.interrupt()
            self._changed.notify()
        if self._thread is not None and wait:
            self._thread.join(wait)

    # -- in the thread

    def _work(self) -> None:
        while not self._ending:
            request = self._next()
            if request is None:
                self._let_go()
                continue
            answer = self._ask(request)
            with self._changed:
                self.doing = None
                wanted = self._newest.get(request.lane) is request and not self._ending
                if wanted:
                    del self._newest[request.lane]
            if wanted:
                request.answered(answer)
        self._let_go()

    def _next(self) -> Request | None:
        """Wait for a request; None when there is none for long, or never will be."""
        with self._changed:
            patience = self.idle if self._inference is not None else None
            self._changed.wait_for(lambda: self._waiting or self._ending, patience)
            if self._ending or not self._waiting:
                return None
            request = self._waiting.pop(0)
            self.doing = Doing(request.operation, time.monotonic(), self._inference is None)
            return request

    def _ask(self, request: Request) -> Any:
        """The result, or the error that came instead."""
        try:
            if self._inference is not None and not self._inference.alive:  # killed, while nobody asked anything
                self._let_go()
            if self._inference is None:
                self._start()
            assert self._inference is not None
            return self._inference.ask(request.operation, **request.args)
        except ProcessEndedError as error:
            self._let_go()
            return error
        except LabError as error:
            return error
        except Exception as error:  # an answer that is none, a process that cannot be started
            self._let_go()
            return LabError("the inference process cannot be used", got=f"{type(error).__name__}: {error}")

    def _start(self) -> None:
        started = self.connect(self.home)
        with self._changed:
            self._inference = started
            if self._ending:  # meanwhile
                started.interrupt()

    def _let_go(self) -> None:
        with self._changed:
            inference, self._inference = self._inference, None
        if inference is not None:
            inference.close()
