"""`labapp`: run a command, print its error if it has one, say how it went by the exit code.

0 done, 1 the work failed, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    from labapp.run import run

    return run(arguments)


def entry() -> None:
    """The `labapp` script."""
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `labapp runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    entry()
