"""Starting and ending the app: is there a terminal for it, what can it show, and what happens when it goes away.

A connection that breaks sends SIGHUP, or nothing at all: then the terminal is hung up, reads end at once and writes
fail or never return. Both end the app within seconds, whatever its threads are stuck in; no run is touched.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from engine.errors import LabError, UsageError

if TYPE_CHECKING:
    from labapp.app import LabApp
    from labapp.face import Face

HANGUP_LOOK = 1.0  # seconds between looks at whether the terminal is still there
GRACE = 3.0  # seconds a leaving app may take
PATIENCE = 10.0  # seconds what was asked for may still take after the app was left
RESTORE = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l"  # screen, cursor, mouse, paste as they were
)
HUNG_UP = 128 + signal.SIGHUP


def start(home: Path | None) -> int:
    """Run the app; returns the exit code."""
    refuse_without_terminal()
    for name in ("COLUMNS", "LINES"):  # exported once, they would be believed for ever: the terminal knows better
        os.environ.pop(name, None)
    from sessions.home import find_home
    from sessions.userfile import read_user_file

    file = read_user_file()
    found = find_home(home or os.environ.get("LABAPP_HOME") or file.home).ensure()

    from textual.theme import BUILTIN_THEMES

    from labapp.app import LabApp
    from labapp.face import read_face
    from labapp.themes import THEMES

    face = read_face(file, [theme.name for theme in THEMES] + sorted(BUILTIN_THEMES))
    pixels, why_not = shows_pixels(face) if face.graphics else (False, "")
    app = LabApp(found, face, ascii=not speaks_unicode(), pixels=pixels, no_pixels=why_not)
    app.insist = partial(insist, grace=PATIENCE)  # what still waits in a thread keeps nobody from the shell
    watch_over(app)
    app.run()
    if app.return_code not in (0, None):
        return app.return_code or 1
    return 0


def refuse_without_terminal() -> None:
    """The app needs a terminal that can place characters; everything it does is also a command."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("labapp without a command needs a terminal; labapp demo and labapp --help need none")
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise UsageError(
            "this terminal cannot show the app",
            got=f"TERM={term or '(not set)'}",
            expected="a terminal such as xterm-256color, or tmux",
            hint="labapp demo and labapp --help need no such terminal; every screen is also a command",
        )


def speaks_unicode() -> bool:
    """Whether what is written to the terminal can be more than ASCII."""
    return (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "").startswith("utf")


def shows_pixels(face: Face) -> tuple[bool, str]:
    """Whether pictures are shown in the terminal's own pixels, and why not: where the user's file wants it."""
    from labapp.graphics import ask_terminal

    return (False, "low_bandwidth = true") if face.low_bandwidth else ask_terminal(os.environ)


def insist(code: int, grace: float = GRACE) -> None:
    """End the process in a while, if it has not ended by itself: a thread may be stuck in a terminal that is no more,
    or in a lock or a disk far away."""

    def end() -> None:
        time.sleep(grace)
        with contextlib.suppress(OSError):
            os.write(1, RESTORE)
        os._exit(code)

    threading.Thread(target=end, name="labapp-insist", daemon=True).start()


def watch_over(app: LabApp) -> None:
    """End the app on SIGHUP, SIGTERM, and when its terminal hangs up without a word."""

    def leave(code: int) -> None:
        insist(code)
        if app.loop is not None:
            with contextlib.suppress(RuntimeError):  # not running any more
                app.loop.call_soon_threadsafe(app.leave, code)

    def on_signal(number: int, frame: FrameType | None) -> None:
        leave(128 + number)

    signal.signal(signal.SIGHUP, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    threading.Thread(target=watch_terminal, args=(leave,), name="labapp-hangup", daemon=True).start()


def watch_terminal(leave: Callable[[int], None], every: float = HANGUP_LOOK, terminal: int = 0) -> None:
    """Thread: wait until the terminal behind stdin is hung up."""
    poll = select.poll()
    poll.register(terminal, 0)  # asks for nothing, and is told of hang-up and error
    while True:
        if any(state & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, state in poll.poll(0)):
            leave(HUNG_UP)
            return
        time.sleep(every)


def run_app(home: Path | None) -> int:
    """`start`, with errors said as every command says them."""
    try:
        return start(home)
    except LabError as error:
        from labapp.output import print_error

        print_error(error, as_json=False)
        return error.exit_code
