"""What the tabs of the Run screen share: what they are told of the run, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.text import Text
from textual.containers import Vertical

from labapp.live.rows import RunRow
from labapp.output import clean
from sessions.run.history import History
from sessions.run.records import Record, number_of
from sessions.run.status import Status

if TYPE_CHECKING:
    from labapp.app import LabApp

Found = TypeVar("Found")
TROUBLED = frozenset({"failed", "lost"})


@dataclass(frozen=True)
class Seen:
    """The run at one moment; its record is the same object as long as no file of it changed."""

    record: Record
    status: Status
    row: RunRow
    problems: tuple[str, ...] = ()
    gone: bool = False  # its folder; the rest is what was known before

    @property
    def path(self) -> Path:
        return self.record.path

    @property
    def ended(self) -> bool:
        return bool(self.record.result)

    @property
    def troubled(self) -> bool:
        """Whether there is something to say before everything else."""
        return self.status.name in TROUBLED and not self.gone

    @property
    def attempt(self) -> int:
        return int(max(number_of(each, "attempt") for each in (self.record.process, self.record.request)))


class Pane(Vertical):
    """One tab's content. It is told things only while it is shown, and once when it comes back."""

    seen: Seen | None = None
    history: History | None = None
    _reading = False

    @property
    def lab(self) -> LabApp:
        from labapp.app import LabApp

        assert isinstance(self.app, LabApp)
        return self.app

    def take(self, seen: Seen) -> None:
        """Something about the run is different."""
        self.seen = seen

    def take_history(self, history: History) -> None:
        """Its events have been read on."""
        self.history = history

    def look(self) -> None:
        """Called every second while shown: files that no message tells of may have changed."""

    def arrive(self) -> None:
        """The tab is shown now: take the keyboard."""

    def fetch(self, work: Callable[[], Found], show: Callable[[Found], object]) -> None:
        """Do the work in a thread, then show what it found, unless newer work of this pane has been asked for."""
        self.run_worker(self._found_and_shown(work, show), group="fetch", exclusive=True, exit_on_error=False)

    def read_on(self, work: Callable[[], Found], show: Callable[[Found], object]) -> None:
        """Like `fetch`, for what is read bit by bit: one at a time, and each is shown."""
        if self._reading:
            return
        self._reading = True

        async def go() -> None:
            try:
                await self._found_and_shown(work, show)
            finally:
                self._reading = False

        self.run_worker(go(), group="read", exit_on_error=False)

    async def _found_and_shown(self, work: Callable[[], Found], show: Callable[[Found], object]) -> None:
        try:
            found = await asyncio.to_thread(work)
            if self.is_mounted:
                show(found)
        except Exception as error:
            self.lab.fault(error, "this tab cannot show everything")


def lines(text: str) -> str:
    """Foreign text of several lines, harmless."""
    return "\n".join(clean(line) for line in text.split("\n")).replace("\t", "    ")


def fact(label: str, value: str, style: str = "") -> Text:
    """`label  value`, the value harmless."""
    return Text.assemble((f"{label:<10}", "dim"), (lines(value), style))
