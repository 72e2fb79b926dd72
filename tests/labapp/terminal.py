"""A real pseudo-terminal with the app in it, and what a person would see there."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pexpect
import pyte

from sessions.process import child_environment, python_command

PATIENCE = 60.0  # seconds


class Terminal:
    """The app on a screen of characters; a context manager that leaves no process behind."""

    def __init__(self, size: tuple[int, int] = (100, 30), **environment: str):
        width, height = size
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        variables = {**child_environment(), "TERM": "xterm-256color", **environment}
        command = python_command("labapp")
        self.process = pexpect.spawn(
            command[0],
            command[1:],
            env={k: v for k, v in variables.items() if v},
            dimensions=(height, width),
            timeout=5,
        )

        self.process.delaybeforesend = None  # pexpect would wait 50 ms before every key

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: Any) -> None:
        with contextlib.suppress(ProcessLookupError, OSError):
            os.kill(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # closed by the test
            self.process.close(force=True)

    def read(self) -> str:
        """Take what was written meanwhile; the screen as it is now."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while True:
                self._stream.feed(self.process.read_nonblocking(65_536, 0.05))
        return self.shown()

    def received(self, wanted: bytes, seconds: float = PATIENCE) -> None:
        """Wait until these bytes have come: the moment a terminal has them, whatever it takes to show them."""
        deadline, seen = time.monotonic() + seconds, b""
        while wanted not in seen:
            assert time.monotonic() < deadline, f"{wanted!r} never came"
            with contextlib.suppress(pexpect.TIMEOUT):
                seen += self.process.read_nonblocking(65_536, 0.5)
        self._stream.feed(seen)

    def shown(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, holds: Callable[[str], Any], seconds: float = PATIENCE) -> str:
        """Wait until something holds of the screen."""
        deadline = time.monotonic() + seconds
        while not holds(shown := self.read()):
            assert time.monotonic() < deadline, f"waited in vain; the screen shows\n{shown}"
            assert self.process.isalive(), f"the app ended; the screen shows\n{shown}"
        return shown

    def shows(self, text: str) -> str:
        return self.until(lambda shown: text in shown)

    def press(self, keys: str) -> None:
        self.process.send(keys)

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        self.process.setwinsize(height, width)

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for the end of the app; its exit code."""
        with contextlib.suppress(pexpect.TIMEOUT, OSError):
            self.process.expect(pexpect.EOF, timeout=seconds)
        self.process.close()
        return int(self.process.exitstatus if self.process.exitstatus is not None else -self.process.signalstatus)
