"""Writing files so that a reader, or a power cut, never sees half of one. Torch-free."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.errors import LabError, UsageError
from engine.events import jsonable

# How files begin that someone may take for text
MARKS = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"%PDF": "a PDF document"}


def path_of(written: str | Path) -> Path:
    """A path as somebody wrote it, `~` and `~user` filled in, made absolute; UsageError where it can be none."""
    text = str(written)
    try:
        text.encode()
        if "\0" in text:
            raise ValueError("a NUL in it")
        return Path(text).expanduser().absolute()
    except UnicodeEncodeError as error:
        raise UsageError("this is no path", got=repr(text), expected="one in UTF-8", hint="rename it") from error
    except (OSError, RuntimeError, ValueError) as error:  # nobody's home; no folder where one is
        raise UsageError("this is no path", got=f"{text!r}: {error}", expected="a path that can be") from error


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file to write and read that takes the place of `path` as a whole: written beside, synced, renamed."""
    with explained(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        if durable:
            sync(path.parent)


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file as a whole."""
    with replacing(path, durable=durable) as file:
        file.write(content)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    write_atomic(path, json.dumps(jsonable(value), indent=1, allow_nan=False).encode() + b"\n", durable=durable)


def sync(path: Path) -> None:
    """Make a file's content, or the renames within a directory, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> LabError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LabError(
            "the disk is full",
            got=f"no space left while writing {path}",
            expected="room for the run's files",
            hint="free some space (labapp clean --dry-run shows what labapp could give back), then labapp resume",
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return LabError(
            "labapp cannot write there",
            got=f"{path}: {error.strerror}",
            expected="a folder that you may write to",
            hint="choose another home with --home DIR or LABAPP_HOME",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        said = f"{path}: {error.strerror}"
        return LabError("a file cannot be written", got=said, expected="a folder there, or nothing yet")
    return LabError("a file cannot be written", got=f"{path}: {error.strerror or error}", hint="see labapp doctor")
