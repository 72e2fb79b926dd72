"""Whether the files of a run that came from elsewhere are such as labapp writes; they are put right or refused.

What is kept of provenance and labels is chosen by name, and everything else is dropped: no host, no process, no place
in a queue comes in with a file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from engine.checkpoints import CHECKPOINT_VERSION, WEIGHTS
from engine.checkpoints import MANIFEST as CHECKPOINT
from engine.config import CONFIG_VERSION, read_config
from engine.errors import LabError, newer, unknown
from engine.events import EVENTS_VERSION, TYPES, decode, is_finite
from engine.files import write_atomic
from sessions.exchange.bundle import MIB, PREPROCESSING
from sessions.exchange.portable import portable_config, portable_meta, portable_result
from sessions.exchange.reading import check_depth, check_safetensors, damaged, parse_json
from sessions.run.records import (
    ARTIFACTS,
    CHECKPOINTS,
    CONFIG,
    EVENTS,
    LABELS,
    META,
    MISTAKES,
    RESULT,
    RUN_VERSION,
    table_of,
    text_of,
)
from sessions.run.status import ENDED
from sessions.run.store import check_spelling, check_tags

LONGEST_NOTE = 10_000  # characters
LONGEST_LINE = 4 * MIB  # bytes of an event
SIMPLE = (str, int, float, bool)


def check_config(folder: Path) -> dict[str, Any]:
    """The configuration, through the settings class; paths of elsewhere are cut down to names."""
    path = folder / CONFIG
    if not path.is_file() or path.stat().st_size > MIB:
        raise damaged(CONFIG, "missing, or too large", "a run's configuration")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise damaged(CONFIG, str(error)[:200], "TOML") from error
    check_depth(raw, CONFIG)
    if isinstance(raw.get("v"), int) and raw["v"] > CONFIG_VERSION:
        raise newer(Path(CONFIG), raw["v"], CONFIG_VERSION)
    config = read_config(path)
    if config.variant not in config.row.variants:
        raise unknown(f"variant of {config.task}", str(config.variant), config.row.variants)
    if not all(isinstance(each, str) for each in (config.data, config.recipe)):
        raise damaged(CONFIG, "data or recipe is no text", "names")
    kept = {key: raw[key] for key in ("v", "task", "variant", "data", "recipe", "recipe_version", "settings")}
    kept = portable_config(kept)
    write_atomic(path, tomlkit.dumps(kept).encode())
    return kept


def check_meta(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance: what a bundle's export leaves in it, and no more."""
    path = folder / META
    raw = parse_json(path.read_bytes(), META) if path.is_file() else {}
    if isinstance(raw.get("v"), int) and raw["v"] > RUN_VERSION:
        raise newer(Path(META), raw["v"], RUN_VERSION)
    meta = {key: value for key, value in portable_meta(raw, config).items() if key == "attempts" or _simple(value)}
    meta["attempts"] = [
        {
            key: {str(name): version for name, version in value.items() if isinstance(version, str)}
            if isinstance(value, dict)
            else value
            for key, value in each.items()
            if _simple(value) or isinstance(value, dict)
        }
        for each in meta["attempts"]
    ]
    if not is_finite(meta.get("created")):
        meta["created"] = 0.0
    return meta | {"v": RUN_VERSION, **{key: config[key] for key in ("task", "variant", "data")}}


def check_labels(folder: Path) -> tuple[str, list[str], str]:
    """(name, tags, note); what cannot be one is left out."""
    path = folder / LABELS
    raw = parse_json(path.read_bytes(), LABELS) if path.is_file() else {}
    tags = raw.get("tags")
    sound = sorted({tag for tag in tags if isinstance(tag, str) and _fits_tag(tag)}) if isinstance(tags, list) else []
    name = text_of(raw, "name")
    return name if fits_name(name) else "", sound, text_of(raw, "note")[:LONGEST_NOTE]


def fits_name(name: str) -> bool:
    try:
        check_spelling(name)
    except LabError:
        return False
    return True


def _fits_tag(tag: str) -> bool:
    try:
        check_tags([tag])
    except LabError:
        return False
    return True


def check_result(folder: Path) -> dict[str, Any] | None:
    """The result, where there is one: a known status, tables where tables must be."""
    path = folder / RESULT
    if not path.is_file():
        return None
    raw = portable_result(parse_json(path.read_bytes(), RESULT))
    if isinstance(raw.get("v"), int) and raw["v"] > RUN_VERSION:
        raise newer(Path(RESULT), raw["v"], RUN_VERSION)
    if "status" in raw and raw["status"] not in ENDED:
        raise damaged(RESULT, f"status {str(raw['status'])[:40]!r}", ", ".join(sorted(ENDED)))
    for key in ("metrics", "examples", "counts", "reports", "best", "timings", "error"):
        if raw.get(key) is not None and not isinstance(raw[key], dict):
            raise damaged(RESULT, f"{key} is no table", "a result as labapp writes it")
    if not all(isinstance(each, dict) for key in ("metrics", "reports") for each in (raw.get(key) or {}).values()):
        raise damaged(RESULT, "metrics or reports of a split are no table", "a result as labapp writes it")
    return raw


def check_events(folder: Path) -> None:
    """Every line an event of a type this labapp knows, or a later version says so."""
    path = folder / EVENTS
    if not path.is_file():
        return
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            event = decode(line) if len(line) <= LONGEST_LINE else None
            if event is not None and event.get("v", 1) > EVENTS_VERSION:
                raise newer(Path(EVENTS), event["v"], EVENTS_VERSION)
            if event is None or event["type"] not in TYPES:
                raise damaged(EVENTS, f"line {number} is no event", "one JSON object a line")


def check_files(folder: Path) -> int:
    """Preprocessing, weights and mistakes; how many checkpoints there are."""
    for path in sorted((folder / PREPROCESSING).rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".json":
            parse_json(path.read_bytes(), name)
        elif path.suffix == ".safetensors":
            check_safetensors(path, name)
    mistakes = folder / ARTIFACTS / MISTAKES
    if mistakes.is_file():
        found = parse_json(mistakes.read_bytes(), MISTAKES)
        if not all(isinstance(each, list) and all(isinstance(one, dict) for one in each) for each in found.values()):
            raise damaged(MISTAKES, "an entry that is no table", "lists of examples by split")
    checkpoints = sorted((folder / CHECKPOINTS).glob("step-*"))
    for checkpoint in checkpoints:
        _check_checkpoint(checkpoint)
    return len(checkpoints)


def _check_checkpoint(checkpoint: Path) -> None:
    name, weights = f"{checkpoint.name}/{CHECKPOINT}", checkpoint / WEIGHTS
    if not (checkpoint / CHECKPOINT).is_file() or not weights.is_file():
        raise damaged(name, "weights without manifest, or the other way round", "both")
    manifest = parse_json((checkpoint / CHECKPOINT).read_bytes(), name)
    version = manifest.get("v")
    if isinstance(version, int) and version > CHECKPOINT_VERSION:
        raise newer(Path(name), version, CHECKPOINT_VERSION)
    sound = version == CHECKPOINT_VERSION and manifest.get("step") == int(checkpoint.name.removeprefix("step-"))
    sound = sound and set(table_of(manifest, "files")) == {WEIGHTS} and isinstance(manifest.get("progress"), dict)
    if not sound:
        raise damaged(name, "other files, or another step, than there are", f"step and SHA-256 of {WEIGHTS}")
    check_safetensors(weights, f"{checkpoint.name}/{WEIGHTS}")


def _simple(value: Any) -> bool:
    return value is None or isinstance(value, SIMPLE)
