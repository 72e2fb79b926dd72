"""Telling an imported run where things lie here: its dataset, and what it took from outside, such as an encoder.

Sources are named by their setting, and what lies there must be what the run was made with: the SHA-256 of each stands
in the run's preprocessing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from engine.catalogue import task_row
from engine.config import resolve_data, settings_class
from engine.errors import LabError, UsageError, unknown
from engine.files import explained, path_of, sha256, write_atomic, write_json
from engine.settings import source_settings
from engine.text.sources import ELSEWHERE, ENCODER_WEIGHTS, ORIGIN
from sessions.exchange.bundle import PREPROCESSING
from sessions.exchange.reading import parse_json
from sessions.run.records import CONFIG, META, digest, table_of, text_of

LIBRARY, ENCODER = "preprocessing.json", "encoder"


def parse_sources(words: list[str]) -> dict[str, Path]:
    """`encoder=FOLDER` as a table."""
    found = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals or not name or not path:
            raise UsageError("a source is given as NAME=PATH", got=word, expected="for example encoder=FOLDER")
        found[name.strip()] = path_of(path)
    return found


def wanted_sources(folder: Path) -> dict[str, str]:
    """The SHA-256 of what a run was made with, by setting."""
    path = folder / PREPROCESSING / LIBRARY
    raw = parse_json(path.read_bytes(), LIBRARY) if path.is_file() else {}
    return {name: value for name, value in table_of(raw, "sources").items() if isinstance(value, str)}


def places_for(
    folder: Path, config: Mapping[str, Any], data: str | None, sources: Mapping[str, Path]
) -> dict[str, Any]:
    """The configuration with these places in it. Raises before anything is changed when one cannot be right."""
    row = task_row(str(config["task"]))
    known, expected = source_settings(settings_class(row)), wanted_sources(folder)
    settings = dict(table_of(dict(config), "settings"))
    for name, path in sources.items():
        if name not in expected:
            raise (
                unknown("source of this run", name, expected)
                if known and expected
                else UsageError(
                    "this run was made with nothing from outside", got=f"--source {name}={path}", expected="no --source"
                )
            )
        file = path / ENCODER_WEIGHTS if path.is_dir() else path
        if not file.is_file():
            raise UsageError("there is no such source", got=f"{name}={path}", expected=f"a file, or {ENCODER_WEIGHTS}")
        with explained(file):
            found = sha256(file)
        if found != expected[name]:
            raise LabError(
                f"this is not the {name} that the run was made with",
                got=f"{file} with SHA-256 {found[:12]}...",
                expected=f"SHA-256 {expected[name][:12]}...",
                hint="bring the very same file from where the run was made",
            )
        if name in known:
            settings[name] = str(path)
    given = {"settings": settings} | ({} if data is None else {"data": resolve_data(row, data)})
    return {**config, **given}


def write_places(folder: Path, config: Mapping[str, Any], sources: Mapping[str, Path]) -> None:
    """Put them into the files of a run; its lock must be held if others know of it."""
    content = tomlkit.dumps(config).encode()
    write_atomic(folder / CONFIG, content)
    meta = json.loads((folder / META).read_bytes())
    copy = {"data": config["data"], "config": dict(config), "config_digest": digest(content)}
    write_json(folder / META, {**meta, **copy})
    origin = folder / PREPROCESSING / ENCODER / ORIGIN
    if ENCODER in sources and origin.is_file():
        write_json(origin, {**json.loads(origin.read_bytes()), "origin": str(sources[ENCODER])})


def missing(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """What must be given before everything of a run can be used here."""
    row = task_row(str(config["task"]))
    found = []
    if config["data"] not in row.datasets and not Path(str(config["data"])).is_absolute():
        found.append(f"its dataset {config['data']!r} is not here: --data PATH tells where it lies")
    origin = folder / PREPROCESSING / ENCODER / ORIGIN
    name = text_of(parse_json(origin.read_bytes(), ORIGIN), "origin") if origin.is_file() else ""
    if name.startswith(ELSEWHERE) and row.variants[str(config["variant"])].options.get("frozen"):
        found.append(f"its encoder {name.removeprefix(ELSEWHERE)!r} is not here: --source encoder=FOLDER tells where")
    return found
