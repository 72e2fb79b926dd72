"""The thread that looks at the machine for the app: seldom for the line at the top, often while somebody watches.

While the machine's screen is shown it looks at the queue too, and says so when that changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from engine.errors import LabError
from labapp.messages import MachineSampled, QueueChanged
from labapp.output import clean
from sessions.home import Home

if TYPE_CHECKING:
    from sessions.machine.sampler import Machine, Sampler
    from sessions.queue.process import Overview
    from sessions.run.store import Store

SELDOM, OFTEN = 5.0, 2.0  # seconds between two samples
SLOW_SELDOM, SLOW_OFTEN = 15.0, 5.0  # the same on a slow line
FIRST = 0.6  # seconds before the first: what the first frame needs comes first
LEAST = 0.3  # seconds between two looks at the queue


class MachineWatch:
    """Samples in a thread of its own. `post` must be safe to call from there."""

    def __init__(self, home: Home, post: Callable[[Message], object], *, slow: bool = False):
        self.home, self.post = home, post
        self._pauses = (SLOW_SELDOM, SLOW_OFTEN) if slow else (SELDOM, OFTEN)
        self._wake = threading.Event()
        self._ending = False
        self._shown = False
        self._stale = False
        self._machine: Machine | None = None
        self._overview: Overview | None = None
        self._sampler: Sampler | None = None
        self._store: Store | None = None
        self._thread = threading.Thread(target=self._work, name="labapp-machine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._wake.set()

    def show(self, shown: bool) -> None:
        """Whether the machine's screen is in sight."""
        self._shown = shown
        self._overview = None  # told anew to who comes back
        if shown:
            self._stale = True
            self._wake.set()

    def look(self) -> None:
        """Look at the queue now, if anybody sees it."""
        if self._shown:
            self._wake.set()

    # -- in the thread

    def _work(self) -> None:
        self._wake.wait(FIRST)
        due = 0.0
        while not self._ending:
            self._wake.clear()
            if self._stale or time.monotonic() >= due:
                self._stale = False
                self.sample()
                due = time.monotonic() + self._pauses[self._shown]
            if self._shown:
                self.look_at_queue()
                time.sleep(LEAST)  # the queue is read at most so often, whatever wakes us
            self._wake.wait(max(0.0, min(due, time.monotonic() + self._pauses[self._shown]) - time.monotonic()))

    def sample(self) -> None:
        """Look at the machine once."""
        try:
            if self._sampler is None:
                from sessions.machine.sampler import Sampler  # what it imports is not needed for the first frame

                self._sampler = Sampler(self.home.root)
                time.sleep(0.1)  # a load is a difference between two looks
            self._machine = self._sampler.sample()
        except Exception as error:  # what cannot be seen is a dash; that is a fault of ours, and no reason to stop
            self._trouble(f"the machine cannot be looked at: {error!r}")
            return
        self.post(MachineSampled(self._machine))

    def look_at_queue(self) -> None:
        """Look at the queue once, and tell when it is another."""
        from sessions.queue.process import overview
        from sessions.run.store import Store

        self._store = self._store or Store(self.home)
        gpus = [card.as_gpu() for card in self._machine.cards] if self._machine else []
        known = self._machine is not None and all(card.memory_total for card in self._machine.cards)
        try:
            found = overview(self._store, gpus if known else None)
        except LabError as error:
            self._trouble(f"{error.title}: {error.got or error.hint}")
        except Exception as error:  # a queue that is not looked at any more would look true and not be
            self._trouble(repr(error))
        else:
            if found != self._overview:
                self._overview = found
                self.post(QueueChanged(found))

    def _trouble(self, words: str) -> None:
        """What could not be seen; an overview that comes after it is news, whatever it says."""
        self._overview = None
        self.post(QueueChanged(None, clean(words)))
