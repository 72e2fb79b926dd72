"""Taking a bundle apart, whoever made it: only members of known names, as large as they say, and what their hash says.

Nothing is written before every member's name, kind and size have been looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import explained
from sessions.exchange.bundle import (
    BUNDLE_VERSION,
    FORMAT,
    MANIFEST,
    MIB,
    MOST_BYTES,
    MOST_MEMBERS,
    MOST_SQUEEZED,
    SMALL,
    digest_of,
    limit_of,
)
from sessions.exchange.reading import parse_json
from sessions.run.records import number_of, table_of, text_of

BLOCK = 2**20  # bytes copied at once
HEX = frozenset("0123456789abcdef")
REMEDY = "have it exported once more: labapp export RUN --format bundle"
KNOWN_WAYS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED = 0x1


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself."""

    id: str
    created: float
    status: str
    members: dict[str, dict[str, Any]]  # name -> size, sha256

    @property
    def digest(self) -> str:
        return digest_of(self.members)


def is_bundle(path: Path) -> bool:
    return path.is_file() and zipfile.is_zipfile(path)


def read_manifest(path: Path) -> Manifest:
    """Look at a bundle without unpacking it; LabError when something in it is not as it must be."""
    with _opened(path) as archive:
        return _manifest(path, archive)


def unpack(path: Path, folder: Path) -> Manifest:
    """Unpack a bundle into an empty folder. After a LabError the folder may hold some of it."""
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        for name, about in manifest.members.items():
            target = folder / name  # names have been checked: they stay inside
            with explained(target):
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(path, archive, name, about, target)
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise unsound(path, f"{type(error).__name__}: {error}") from error
    except OSError as error:
        raise LabError("the bundle cannot be read", got=f"{path}: {error.strerror or error}") from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise unsound(path, f"{len(infos):,} members", f"at most {MOST_MEMBERS}")
    if MANIFEST not in {info.filename for info in infos}:
        raise unsound(path, f"no {MANIFEST} in it", "an archive that labapp export wrote")
    for info in infos:
        _check_member(path, info)
    names = [info.filename.lower() for info in infos]
    if len(set(names)) != len(names):
        raise unsound(path, "two members of one name", "every name once")
    if (total := sum(info.file_size for info in infos)) > MOST_BYTES:
        raise unsound(path, f"{total:,} bytes unpacked", f"at most {MOST_BYTES:,}")
    return _said(path, archive, {info.filename: info.file_size for info in infos if info.filename != MANIFEST})


def _check_member(path: Path, info: zipfile.ZipInfo) -> None:
    """Refuse what labapp would not have packed: foreign names, links, devices, secrets, bombs."""
    name, limit = info.filename, limit_of(info.filename)
    if limit is None or info.orig_filename != info.filename:
        raise unsound(path, f"a member called {info.orig_filename!r}", "the files of a run, and no others")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise unsound(path, f"{name} is no regular file", "regular files: no links, no devices")
    if info.flag_bits & ENCRYPTED or info.compress_type not in KNOWN_WAYS:
        raise unsound(path, f"{name} is encrypted or packed in another way", "members stored or deflated")
    if info.file_size > limit:
        raise unsound(path, f"{name} has {info.file_size:,} bytes", f"at most {limit:,}")
    if info.file_size > SMALL and info.file_size > MOST_SQUEEZED * info.compress_size:
        raise unsound(path, f"{name} grows from {info.compress_size:,} to {info.file_size:,} bytes", "no bombs")


def _said(path: Path, archive: zipfile.ZipFile, sizes: dict[str, int]) -> Manifest:
    with archive.open(MANIFEST) as member:
        raw = parse_json(member.read(MIB + 1), MANIFEST)
    if raw.get("format") != FORMAT:
        raise unsound(path, f"format {raw.get('format')!r}", f"format {FORMAT!r}")
    version = raw.get("v")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise unsound(path, f"version {version!r}", f"version {BUNDLE_VERSION}")
    if version > BUNDLE_VERSION:
        raise LabError(
            "this bundle was written by a newer labapp",
            got=f"{path} has format {version}",
            expected=f"format {BUNDLE_VERSION} or older",
            hint="upgrade labapp to import it",
        )
    members = {name: about for name, about in table_of(raw, "members").items() if isinstance(about, dict)}
    if {name: about.get("size") for name, about in members.items()} != sizes:
        raise unsound(path, "the manifest lists other members or sizes than there are", "a whole bundle")
    for name, about in members.items():
        if len(text_of(about, "sha256")) != 64 or not set(text_of(about, "sha256")) <= HEX:
            raise unsound(path, f"no SHA-256 of {name}", "one for every member")
    return Manifest(text_of(raw, "id"), number_of(raw, "created"), text_of(raw, "status"), members)


def _copy(path: Path, archive: zipfile.ZipFile, name: str, about: dict[str, Any], target: Path) -> None:
    """One member, not a byte more than it said, and only if it is what the manifest says."""
    seen, left = hashlib.sha256(), int(about["size"])
    with archive.open(name) as source:
        with explained(target):
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            while block := source.read(BLOCK):
                left -= len(block)
                if left < 0:
                    break
                seen.update(block)
                with explained(target):
                    file.write(block)
            with explained(target):
                file.flush()
                os.fsync(file.fileno())
    if left or seen.hexdigest() != about["sha256"]:
        raise unsound(path, f"{name} is not what the manifest says", f"SHA-256 {about['sha256'][:12]}...")


def unsound(path: Path, got: str, expected: str = "a bundle as labapp export writes it") -> LabError:
    return LabError("this is no sound bundle", got=f"{path}: {got}", expected=expected, hint=REMEDY)
