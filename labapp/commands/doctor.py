"""`labapp doctor`: what is wrong with this machine and how to mend it."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict

import typer

from engine.errors import LabError
from labapp import graphics
from labapp.cli import HomeOption, JsonOption, open_lab
from labapp.output import clean, print_json
from labapp.run_codes import WORK_FAILED
from sessions.doctor import Finding, examine
from sessions.userfile import read_user_file

MARKS = {"good": "ok", "note": "note", "bad": "BAD"}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: JsonOption = False, home: HomeOption = None) -> int:
    """GPU, driver, disk, terminal, logout, versions: what is wrong and the command that mends it."""
    findings = [*examine(open_lab(home).home), *face_findings()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for each in findings:
            typer.echo(f"{MARKS[each.verdict]:<5}{clean(each.what):<21}{clean(each.found)}")
            if each.remedy:
                typer.echo(f"{'':<26}mend it: {clean(each.remedy)}")
    return WORK_FAILED if any(each.verdict == "bad" for each in findings) else 0


def face_findings() -> list[Finding]:
    """What is wrong with the keys, theme and command in the user's file; nothing where nothing is."""
    from textual.theme import BUILTIN_THEMES

    from labapp.face import read_face
    from labapp.themes import THEMES

    try:
        file = read_user_file()
        face = read_face(file, [*(theme.name for theme in THEMES), *BUILTIN_THEMES])
        command = file.on_finish
    except LabError as error:
        return [Finding("bad", "config.toml", f"{error.title}: {error.got}", error.hint or error.expected or "")]
    found = []
    if command and shutil.which(command[0]) is None:
        where = file.where("on_finish")
        found += [
            Finding("bad", "on_finish", f"there is no command {command[0]!r} ({where})", "name one that is there")
        ]
    slow = "low_bandwidth = true" if face.low_bandwidth else ""
    if face.graphics and not graphics.installed():
        where = file.where("graphics")
        found += [Finding("bad", "graphics", f"the textual-image package is not installed ({where})", graphics.INSTALL)]
    elif face.graphics and (reason := slow or graphics.in_the_way(os.environ)):
        found += [Finding("note", "graphics", f"pictures stay half blocks: {reason}")]
    return found
