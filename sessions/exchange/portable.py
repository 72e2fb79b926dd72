"""What of a run's files may leave this machine: everything but paths, hosts, and what only this machine can use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import tasks
from engine.errors import LabError
from sessions.run.records import table_of
from sessions.run.runs import Run

# An absolute path in a text: two parts at least, for `a / b` and `/ h` are none.
PATH = re.compile(r"(?<![\w/:.])~?/[^\s/'\"`,;:()\[\]<>|]+(?:/[^\s/'\"`,;:()\[\]<>|]+)+/?")
NOWHERE = "/dev/null"  # in every diff
META_KEPT = ("v", "created", "task", "variant", "data", "seed", "labapp", "git_commit", "fingerprint", "identity")
HOST = "host"


def config_to_share(run: Run) -> dict[str, Any]:
    """A run's configuration without paths; LabError where it has none that can be read."""
    if run.record.newer or not run.record.config:
        raise LabError("this run cannot be read", got="; ".join(run.problems), hint="see labapp show")
    return portable_config(run.record.config)


def portable_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's configuration with every absolute path cut down to its last part."""
    settings = {key: last_part(value) for key, value in table_of(dict(config), "settings").items()}
    return {**config, "data": last_part(config.get("data")), "settings": settings}


def last_part(value: Any) -> Any:
    """Of an absolute path, with `./` before it where a dataset of ours has that name; everything else as it is."""
    if isinstance(value, str) and (value.startswith("~") or Path(value).is_absolute()):
        name = Path(value).name or "root"
        return f"./{name}" if any(name in row.datasets for row in tasks().values()) else name
    return value


def without_paths(text: str) -> str:
    """A message in which absolute paths are cut down to their last part."""
    home = str(Path.home())
    if len(home) > 1:  # first: it may be of one part, or have blanks in it
        text = text.replace(home, "~")
    return PATH.sub(lambda match: f".../{Path(match[0]).name}", text)


def portable_tree(value: Any) -> Any:
    """`without_paths` for every text in a tree of plain data."""
    if isinstance(value, str):
        return without_paths(value)
    if isinstance(value, dict):
        return {key: portable_tree(each) for key, each in value.items()}
    return [portable_tree(each) for each in value] if isinstance(value, list) else value


def portable_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without the traceback, and without paths in what is said of an error."""
    kept = {key: value for key, value in result.items() if key != "traceback"}
    if "error" in kept:
        kept["error"] = portable_tree(kept["error"])
    return kept


def portable_attempts(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each attempt ran on, without the host's name."""
    attempts = meta.get("attempts")
    found = [each for each in attempts if isinstance(each, dict)] if isinstance(attempts, list) else []
    return [{key: value for key, value in each.items() if key != HOST} for each in found]


def portable_meta(meta: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance without host and paths. The diff of the code goes along unless there may be a path in it."""
    kept = {key: meta[key] for key in META_KEPT if key in meta} | {"data": config.get("data")}
    diff = meta.get("git_diff")
    if isinstance(diff, str) and not PATH.search(diff.replace(NOWHERE, "")) and str(Path.home()) not in diff:
        kept["git_diff"] = diff
    return kept | {"attempts": portable_attempts(meta)}
