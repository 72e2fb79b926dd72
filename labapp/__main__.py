"""`labapp`: run a command, print its error if it has one, say how it went by the exit code.

0 done, 1 the work failed, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

INTERRUPTED = 130


def entry() -> None:
    """The `labapp` script."""
    sys.stdout, sys.stderr = usable(sys.stdout), usable(sys.stderr)
    try:
        code = dispatch(sys.argv[1:])
    except KeyboardInterrupt:  # while still importing
        code = INTERRUPTED
    try:
        sys.stdout.flush()
    except OSError:  # `labapp runs | head`, or a full disk behind a redirection
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def dispatch(arguments: list[str]) -> int:
    """The app when there is no command; it comes up faster without the command line's modules."""
    words = [part for word in arguments for part in (word.split("=", 1) if word.startswith("--home=") else [word])]
    if not words or (len(words) == 2 and words[0] == "--home" and words[1]):
        from labapp.start import run_app

        return run_app(Path(words[1]) if words else None)
    from labapp.run import run

    return run(arguments)


def usable(stream: object) -> io.TextIOWrapper:
    """A stream that exists and can take any text: what this locale cannot show is no reason to fail."""
    if not isinstance(stream, io.TextIOWrapper):  # closed by the shell
        return open(os.devnull, "w")  # noqa: PTH123
    stream.reconfigure(errors="replace")
    return stream


if __name__ == "__main__":
    entry()
