"""Telling the user's own command that a run has ended: `on_finish` in the user's config.toml, a list of words.

It is run without a shell, with the run's id and status as its last words. At most once for each attempt: the attempt
is crossed off first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.errors import LabError
from engine.files import write_json
from sessions.process import spawn_detached
from sessions.queue.lineup import GOES_ON
from sessions.run.records import REQUEST, read_record
from sessions.run.runs import locked
from sessions.run.status import derive
from sessions.userfile import read_user_file


def tell(path: Path, log: Path) -> bool:
    """Tell of a run's end, unless somebody has. A command that cannot be run is a line in the log."""
    with locked(path):
        record = read_record(path)
        status = derive(record).name
        if record.request is None or "tell" not in record.request or status in GOES_ON:
            return False
        write_json(path / REQUEST, {key: value for key, value in record.request.items() if key != "tell"})
    try:
        command = on_finish()
        if command:
            spawn_detached([*command, path.name, status], log, os.environ)
    except LabError as error:
        print(f"on_finish of {path.name}: {error}", file=sys.stderr, flush=True)
        return False
    return bool(command)


def on_finish() -> list[str]:
    """The words of the user's command; none when there is none."""
    return read_user_file().on_finish or []
