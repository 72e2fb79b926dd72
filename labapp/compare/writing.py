"""Writing up what is compared: `labapp report` as a process of its own, since drawing figures would hold the screen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from engine.errors import LabError
from labapp.compare.gathering import Subject
from sessions.home import Home
from sessions.process import child_environment, python_command

SUFFIX = ".html"


def write_report(home: Home, subject: Subject) -> Path:
    """One HTML file with findings among the home's exports, written anew each time. LabError when it cannot be."""
    references = [subject.study] if subject.study else list(subject.runs)
    if not references:
        raise LabError("there is nothing to write up", expected="marked runs, or a study")
    name = subject.study or (references[0] if len(references) == 1 else f"{references[0]}-and-{len(references) - 1}")
    path = home.ensure().exports / f"{name}{SUFFIX}"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    command = [*references, "--findings", "--out", str(path), "--json", "--home", str(home.root)]
    ended = subprocess.run(
        python_command("labapp", "report", *command),
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    error = _error(ended.stdout)
    if ended.returncode:
        raise LabError(
            str(error.get("title") or "the report could not be written"),
            got=error.get("got") or ended.stderr.strip()[-300:] or f"exit code {ended.returncode}",
            expected=error.get("expected"),
            hint=error.get("hint"),
        )
    return path


def _error(printed: str) -> dict[str, Any]:
    try:
        found = json.loads(printed)
    except ValueError:
        return {}
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}
