"""Writing a bundle: a run's files without what belongs to this machine, and a manifest of them."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from engine.checkpoints import CHECKPOINT_VERSION, WEIGHTS, read_manifest
from engine.checkpoints import MANIFEST as CHECKPOINT
from engine.errors import LabError
from engine.events import decode, encode, jsonable
from engine.files import explained, replacing, sha256
from engine.jobs import best_checkpoint
from engine.text.sources import ORIGIN, taken_away
from sessions.exchange.bundle import BUNDLE_VERSION, FORMAT, MANIFEST, PREPROCESSING, digest_of, limit_of
from sessions.exchange.portable import config_to_share, last_part, portable_meta, portable_result, portable_tree
from sessions.run.origin import imported_of, refuse_without_weights
from sessions.run.provenance import provenance
from sessions.run.records import (
    ARTIFACTS,
    CHECKPOINTS,
    CONFIG,
    EVENTS,
    LABELS,
    META,
    MISTAKES,
    RESULT,
    number_of,
    read_result,
    text_of,
)
from sessions.run.runs import Run

TRIES = 5  # a run that goes on may replace its best checkpoint while it is read
BLOCK = 2**20  # bytes copied at once
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # the same run twice is the same bundle
PATHS_IN = ("name_or_path", "_name_or_path", "tokenizer_file", "vocab_file")  # of a tokenizer's or encoder's settings


@dataclass
class Members:
    """What goes in: contents by name, and files that are copied as they are."""

    contents: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        """Plain data, as JSON."""
        self.contents[name] = json.dumps(jsonable(value), indent=1, allow_nan=False).encode() + b"\n"

    def listed(self) -> dict[str, dict[str, Any]]:
        """Size and SHA-256 of each."""
        found = {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in self.contents.items()
        }
        found |= {name: {"size": path.stat().st_size, "sha256": sha256(path)} for name, path in self.files.items()}
        return dict(sorted(found.items()))


def pack(run: Run, out: Path, *, shareable: bool = False) -> dict[str, Any]:
    """Write a run's bundle, whole or not at all; its manifest.

    `shareable` leaves out what was taken from the dataset as it stands there: the examples behind the mistakes. The
    vocabulary and the names of classes stay, since the network is of no use without them. LabError when the run has
    no weights yet.
    """
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(TRIES):
        try:
            return _pack(run, out, shareable)
        except FileNotFoundError:  # pruned meanwhile
            continue
        except LabError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
    raise LabError("the run's checkpoints change too fast", got=str(run.path), hint="try again, or labapp pause it")


def _pack(run: Run, out: Path, shareable: bool) -> dict[str, Any]:
    config = config_to_share(run)
    members = Members()
    weights_of(run, members)
    members.contents[CONFIG] = tomlkit.dumps(config).encode()
    members.add(META, portable_meta(run.record.meta or {}, config))
    members.add(LABELS, {"name": run.name, "tags": run.tags, "note": run.note})
    if run.record.result and (result := read_result(run.path)):
        members.add(RESULT, portable_result(result))
    members.contents[EVENTS] = events_of(run.path / EVENTS)
    preprocessing_of(run.path, members)
    if (mistakes := run.path / ARTIFACTS / MISTAKES).is_file() and not shareable:
        members.files[f"{ARTIFACTS}/{MISTAKES}"] = mistakes
    for name in (*members.contents, *members.files):
        check_name(name)
    listed = members.listed()
    was = imported_of(run.record)
    manifest = {
        "format": FORMAT,
        "v": BUNDLE_VERSION,
        "labapp": provenance()["labapp"],
        "id": text_of(was, "id") or run.id,
        "created": number_of(run.record.meta, "created"),
        "status": text_of(run.record.result, "status") or text_of(was, "status") or run.status.name,
        "shareable": shareable,
        "members": listed,
    }
    _write(out, manifest, members)
    return manifest | {"digest": digest_of(listed)}


def weights_of(run: Run, members: Members) -> None:
    """The best checkpoint, without what only a resume needs."""
    try:
        refuse_without_weights(run.path)
        checkpoint = best_checkpoint(run.path)
    except LabError as error:
        error.hint = f"{error.hint or 'wait for it'}; --format record keeps the numbers of a run without its weights"
        raise
    manifest = read_manifest(checkpoint)
    folder = f"{CHECKPOINTS}/{checkpoint.name}"
    files = {WEIGHTS: manifest["files"].get(WEIGHTS)}
    kept = {"v": CHECKPOINT_VERSION, "step": manifest["step"], "progress": manifest["progress"], "files": files}
    members.add(f"{folder}/{CHECKPOINT}", kept)
    members.files[f"{folder}/{WEIGHTS}"] = checkpoint / WEIGHTS


def events_of(path: Path) -> bytes:
    """The whole lines there are, without paths in what is said."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return b""
    found = (decode(line) for line in lines)
    return b"".join(
        line + b"\n" if event["type"] in ("metrics", "checkpoint") else encode(portable_tree(event))
        for line, event in zip(lines, found, strict=True)
        if event is not None
    )


def preprocessing_of(directory: Path, members: Members) -> None:
    """What prediction needs; where a tokenizer and an encoder came from stays here."""
    folder = directory / PREPROCESSING
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        name = f"{PREPROCESSING}/{inside.as_posix()}"
        if path.name == ORIGIN or path.name.endswith("config.json"):
            members.add(name, _without_origin(path))
        else:
            members.files[name] = path


def _without_origin(path: Path) -> dict[str, Any]:
    try:
        raw = dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise LabError("a file of the run cannot be read", got=f"{path}: {error}", hint="restore the file") from error
    raw |= {key: last_part(raw[key]) for key in PATHS_IN if key in raw}
    return raw | ({"origin": taken_away(str(raw["origin"]))} if path.name == ORIGIN and "origin" in raw else {})


def check_name(name: str) -> None:
    if limit_of(name) is None:
        raise LabError(
            "a file of the run cannot go into a bundle",
            got=name,
            expected="settings, events, preprocessing as labapp writes it, and weights as safetensors",
            hint="move it out of the run's folder",
        )


def _write(out: Path, manifest: Mapping[str, Any], members: Members) -> None:
    """As a whole: each member is read again while it is written."""
    with replacing(out) as file, zipfile.ZipFile(file, "w") as archive:
        content = json.dumps(manifest, indent=1).encode() + b"\n"
        archive.writestr(_about(MANIFEST, len(content)), content)
        for member, about in manifest["members"].items():
            _copy(archive, member, about, members)


def _about(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, WRITTEN_AT)
    info.compress_type = zipfile.ZIP_STORED if name.endswith(".safetensors") else zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
    info.file_size = size
    return info


def _copy(archive: zipfile.ZipFile, name: str, about: Mapping[str, Any], members: Members) -> None:
    """One member; what changed since it was listed must not be packed under another content's hash."""
    info = _about(name, about["size"])
    if name in members.contents:
        archive.writestr(info, members.contents[name])
        return
    seen, path = hashlib.sha256(), members.files[name]
    with path.open("rb") as source, archive.open(info, "w", force_zip64=about["size"] > 2**31 - 2**16) as target:
        while block := source.read(BLOCK):
            seen.update(block)
            target.write(block)
    if seen.hexdigest() != about["sha256"]:
        raise LabError("a file of the run changed while it was packed", got=str(path), hint="try again")
