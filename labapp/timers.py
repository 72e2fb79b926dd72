"""Textual's one-shot timers, which must fire however late a busy machine lets them.

`Timer._run` (8.2.8) passes over ticks whose time has gone by. A one-shot timer has only one: where the process is kept
waiting between two readings of the clock for longer than the timer's delay, the callback is never called. The app's
resizing hangs on such a timer of 8 ms, what is typed into a field on one of 40 ms; on a server whose cores are all
taken both were lost now and then, and the screen kept its old size for good.
"""

from __future__ import annotations

from textual.timer import Timer

_start = Timer._start


def never_skip_the_only_tick() -> None:
    """From now on a one-shot timer that is late fires at once. Calling this again changes nothing."""
    Timer._start = _start_unskipped  # type: ignore[method-assign, assignment]


def _start_unskipped(timer: Timer) -> None:
    if timer._repeat == 0:
        timer._skip = False
    _start(timer)
