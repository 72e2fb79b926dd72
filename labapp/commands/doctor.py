"""`labapp doctor`: what is wrong with this machine and how to mend it."""

from __future__ import annotations

from dataclasses import asdict

import typer

from labapp.cli import HomeOption, JsonOption, open_lab
from labapp.output import print_json, table
from labapp.run_codes import WORK_FAILED
from sessions.doctor import examine

MARKS = {"good": "ok", "note": "note", "bad": "BAD"}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: JsonOption = False, home: HomeOption = None) -> int:
    """GPU, driver, disk, terminal, logout, versions: what is wrong and the command that mends it."""
    findings = examine(open_lab(home).home)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [(MARKS[each.verdict], each.what, each.found, each.remedy) for each in findings]
        table(("", "what", "found", "mend it with"), rows)
    return WORK_FAILED if any(each.verdict == "bad" for each in findings) else 0
