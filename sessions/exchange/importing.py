"""Bringing a bundle or a record into a home: unpacked beside, checked, and published as a whole by one rename."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LabError, UsageError
from engine.files import explained, path_of, sync, write_json
from sessions.exchange import checking, record, unpacking
from sessions.exchange.bundle import SUFFIX
from sessions.exchange.places import missing, places_for, write_places
from sessions.run.origin import BUNDLE, IMPORTED, RECORD, imported_of
from sessions.run.records import CONFIG, LABELS, META, RESULT, read_record, text_of
from sessions.run.runs import RUN_ID, Run, locked
from sessions.run.store import Store
from sessions.run.tickets import ALPHABET

IMPORT_VERSION = 1
LETTERS = 6  # of a new id, behind the variant


@dataclass(frozen=True)
class Source:
    """Something to import, as far as it is known before it is read whole."""

    path: Path
    kind: str  # BUNDLE or RECORD
    digest: str
    id: str = ""  # of the run where it was made; a record does not say
    created: float = 0.0
    status: str = ""


@dataclass(frozen=True)
class Imported:
    """What became of it."""

    path: Path
    kind: str
    id: str
    name: str
    new: bool  # whether there was no such run before
    notes: tuple[str, ...] = ()


def find_sources(path: Path) -> list[Path]:
    """The bundles and records meant by a path: itself, or those in the folder. UsageError when there are none."""
    path = path_of(path)
    if unpacking.is_bundle(path) or record.is_record(path):
        return [path]
    if path.is_dir():
        if (path / CONFIG).is_file() and (path / META).is_file():
            hint = "labapp export --format bundle, with --home for the home it is in"
            raise UsageError("this is a run's own directory", got=str(path), expected="a bundle or a record", hint=hint)
        within = sorted(path.iterdir())
        found = [each for each in within if record.is_record(each) or (each.suffix == SUFFIX and each.is_file())]
        if found:
            return found
    what = "a folder without any" if path.is_dir() else "no bundle" if path.exists() else "no such file"
    raise UsageError(
        "there is nothing to import",
        got=f"{path}: {what}",
        expected=f"a bundle (NAME{SUFFIX}), a record's folder, or a folder of these",
        hint="labapp export --format bundle writes one",
    )


def look_at(path: Path) -> Source:
    """What a bundle or record is, without unpacking it."""
    if record.is_record(path):
        return Source(path, RECORD, record.digest_of(record.read_content(path)))
    manifest = unpacking.read_manifest(path)
    known = manifest.id if RUN_ID.fullmatch(manifest.id) else ""
    return Source(path, BUNDLE, manifest.digest, known, manifest.created, manifest.status)


def twin_of(store: Store, source: Source) -> Run | None:
    """The run that an earlier import made of it, or the very run it was made from."""
    for run in store.all():
        about = imported_of(run.record)
        made_here = not about and source.id == run.id and source.created == run.created
        if made_here or (about and text_of(about, "digest") == source.digest):
            return run
    return None


def bring_in(
    store: Store, path: Path, *, data: str | None = None, sources: Mapping[str, Path] | None = None,
    dry_run: bool = False,
) -> Imported:  # fmt: skip
    """Import one bundle or record. What is here already is left as it is, but for the places given for it."""
    source, sources = look_at(path), sources or {}
    twin = twin_of(store, source)
    if twin is not None:
        return _placed(twin, source, data, sources, dry_run)
    store.home.ensure()
    with _beside(store) as folder:
        if source.kind == RECORD:
            record.as_run(record.read_content(path), folder)
        else:
            unpacking.unpack(path, folder)
        config = checking.check_config(folder)
        name, tags, note = checking.check_labels(folder)
        if source.kind == RECORD and checking.fits_name(path.name):
            name = path.name
        meta = checking.check_meta(folder, config)
        result = checking.check_result(folder)
        checking.check_events(folder)
        if source.kind == BUNDLE and checking.check_files(folder) != 1:
            raise unpacking.unsound(path, "not one checkpoint", "the best checkpoint's weights")
        config = places_for(folder, config, data, sources)
        about = {
            "v": IMPORT_VERSION,
            "as": source.kind,
            "id": source.id,
            "status": text_of(result, "status") or source.status or "unfinished",
            "digest": source.digest,
            "time": time.time(),
        }
        write_json(folder / META, meta | {IMPORTED: about})
        if result is not None:
            write_json(folder / RESULT, result)
        write_places(folder, config, sources)
        notes = missing(folder, config) if source.kind == BUNDLE else []
        with store.naming():
            name, taken = _free_name(store, name)
            notes = [*taken, *notes]
            write_json(folder / LABELS, {"name": name, "tags": tags, "note": note})
            run_id = _free_id(store, source, text_of(config, "variant"))
            if not dry_run:
                with explained(folder):
                    os.rename(folder, store.home.runs / run_id)
                    sync(store.home.runs)
    return Imported(path, source.kind, run_id, name, True, tuple(notes))


def _placed(
    run: Run, source: Source, data: str | None, sources: Mapping[str, Path], dry_run: bool
) -> Imported:  # fmt: skip
    """It is here already: only where things lie may be told anew, and only of a run that was imported."""
    notes: list[str] = []
    if data is not None or sources:
        if not imported_of(run.record):
            raise UsageError(f"run {run.id} was made here", got="--data or --source", expected="an imported run")
        with locked(run.path):
            config = places_for(run.path, read_record(run.path).config or {}, data, sources)
            if not dry_run:
                write_places(run.path, config, sources)
        notes = ["told where things lie: " + ", ".join([*sources, *(["data"] if data is not None else [])])]
    return Imported(source.path, source.kind, run.id, run.name, False, tuple(notes))


@contextlib.contextmanager
def _beside(store: Store) -> Iterator[Path]:
    """A folder among the runs that no reader takes for one; gone afterwards, unless it was renamed."""
    folder = store.home.runs / f".import-{secrets.token_hex(4)}.partial"
    with explained(folder):
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_name(store: Store, name: str) -> tuple[str, list[str]]:
    """The name if nobody has it, and what to say if somebody does."""
    try:
        store.check_name(name)
        return name, []
    except LabError as error:
        return "", [f"the name {name!r} is not kept: {error.got}"]


def _free_id(store: Store, source: Source, variant: str) -> str:
    """The run's own id where it is free; else, and for a record, one made of what is in it."""
    taken = {*store.ids(), *store.trash_ids()}
    bits = int(source.digest, 16)
    made = "".join(ALPHABET[(bits >> 5 * place) % 32 % len(ALPHABET)] for place in range(LETTERS))
    for candidate in (source.id, f"{variant}-{made}"):
        if RUN_ID.fullmatch(candidate) and candidate not in taken:
            return candidate
    while True:
        candidate = f"{variant}-{''.join(secrets.choice(ALPHABET) for _ in range(LETTERS))}"
        if candidate not in taken:
            return candidate


def summary(found: Imported) -> dict[str, Any]:
    """As JSON."""
    return {
        "path": str(found.path),
        "as": found.kind,
        "id": found.id,
        "name": found.name,
        "new": found.new,
        "notes": list(found.notes),
    }
