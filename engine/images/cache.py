"""Decoded pictures on disk, keyed by content: `cache/<key>/` holds plain .npy arrays that open as memory maps.

    train.npy  train.labels.npy  train.names.json  [train.masks.npy]  ...  index.json

A directory is written beside under a temporary name, synced, and renamed as a whole, so it is there or not there.
Arrays are written as streams, not through a memory map: a full disk is then an error and not a SIGBUS.
`index.json` knows the size and the CRC-32 of every file; they are checked when a split is opened, and a damaged
directory is built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import filelock
import numpy as np
import numpy.typing as npt

from engine.files import explained, sync, write_atomic
from engine.images.data import Masks, PictureData, PictureSplit, Pixels
from engine.task import SPLITS, Split

FORMAT = 1
HEADER_BYTES = 128  # of a .npy file; numpy pads to 64 and leaves room for the first axis to grow
CHECKED_BYTES = 2**29  # larger files are checked by size alone: reading them twice would cost more than it tells

Say = Callable[[str], None]
Build = Callable[["CacheWriter"], None]


class _Damaged(Exception):
    """A stored directory is not what was written."""


class Names(Sequence[str]):
    """The pictures' names, read when the first one is asked for."""

    def __init__(self, path: Path, count: int):
        self._path = path
        self._count = count
        self._names: list[str] | None = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, item):  # type: ignore[no-untyped-def]  # int -> str, slice -> list[str]
        if self._names is None:
            self._names = json.loads(self._path.read_bytes())
        return self._names[item]


class _ArrayFile:
    """A .npy file that grows row by row; its header is written last, when the number of rows is known."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike):
        self.path = path
        self._shape = shape  # of one row
        self._dtype = np.dtype(dtype)
        self._rows = 0
        self._crc = 0
        self._file: BinaryIO = path.open("wb")
        self._file.write(bytes(HEADER_BYTES))

    def add(self, rows: npt.NDArray[Any]) -> None:
        assert rows.shape[1:] == self._shape, (rows.shape, self._shape)
        content = np.ascontiguousarray(rows, dtype=self._dtype).data.cast("B") if rows.size else b""
        self._file.write(content)
        self._crc = zlib.crc32(content, self._crc)
        self._rows += len(rows)

    def close(self) -> dict[str, int]:
        """Finish the file and describe it for the index."""
        header = io.BytesIO()
        description = {"descr": self._dtype.str, "fortran_order": False, "shape": (self._rows, *self._shape)}
        np.lib.format.write_array_header_1_0(header, description)
        assert header.tell() == HEADER_BYTES
        self._file.seek(0)
        self._file.write(header.getvalue())
        _sync(self._file)
        self.abandon()
        return {"bytes": self.path.stat().st_size, "crc32": self._crc}

    def abandon(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written before cannot be written now
            self._file.close()


class CacheWriter:
    """What a builder fills: splits in any order, each in portions; `broken` lists what could not be decoded."""

    def __init__(self, directory: Path, classes: Sequence[str], image_size: int):
        self._directory = directory
        self._classes = tuple(classes)
        self._size = image_size
        self._files: dict[Split, dict[str, _ArrayFile]] = {}
        self._labels: dict[Split, list[int]] = {}
        self._names: dict[Split, list[str]] = {}
        self.broken: list[str] = []

    def add(
        self, split: Split, images: Pixels, labels: Sequence[int], names: Sequence[str], masks: Masks | None = None
    ) -> None:
        """Append pictures: images (pictures, size, size, 3), masks (pictures, size, size)."""
        assert len(images) == len(labels) == len(names)
        with explained(self._directory):
            if split not in self._files:
                self._start(split, with_masks=masks is not None)
            self._files[split][""].add(images)
            if masks is not None:
                self._files[split][".masks"].add(masks)
        self._labels[split] += [int(label) for label in labels]
        self._names[split] += names

    def _start(self, split: Split, with_masks: bool) -> None:
        side = self._size
        files = {"": _ArrayFile(self._directory / f"{split}.npy", (side, side, 3), np.uint8)}
        if with_masks:
            files[".masks"] = _ArrayFile(self._directory / f"{split}.masks.npy", (side, side), np.bool_)
        self._files[split], self._labels[split], self._names[split] = files, [], []

    def finish(self) -> None:
        """Write what is still in memory and, last, the index."""
        splits: dict[str, Any] = {}
        for split, files in self._files.items():
            described = {file.path.name: file.close() for file in files.values()}
            labels = _ArrayFile(self._directory / f"{split}.labels.npy", (), np.int64)
            labels.add(np.array(self._labels[split], dtype=np.int64))
            described[labels.path.name] = labels.close()
            names = self._directory / f"{split}.names.json"
            described[names.name] = _write(names, json.dumps(self._names[split]).encode())
            counts = np.bincount(np.array(self._labels[split], dtype=np.int64), minlength=len(self._classes))
            splits[split] = {"class_counts": counts.tolist(), "files": described}
        index = {
            "format": FORMAT,
            "classes": self._classes,
            "image_size": self._size,
            "broken": self.broken,
            "splits": splits,
        }
        _write(self._directory / "index.json", json.dumps(index).encode())

    def abandon(self) -> None:
        for files in self._files.values():
            for file in files.values():
                file.abandon()


@dataclass(frozen=True)
class PictureCache:
    """The folder of all caches. `say` tells the user what takes long."""

    folder: Path
    say: Say

    def open(self, key: str, classes: Sequence[str], image_size: int, build: Build) -> PictureData:
        """The pictures stored under `key`; `build` fills them in if they are not there or damaged."""
        directory = self.folder / key
        try:
            index = _read_index(directory)
        except _Damaged:
            self._store(directory, classes, image_size, build)
            index = _read_index(directory)

        def open_split(split: Split) -> PictureSplit:
            try:
                return _open_split(directory, split)
            except _Damaged as damage:
                self.say(f"the stored pictures are damaged ({damage}): preparing them again")
                self._store(directory, classes, image_size, build, replace=True)
                return _open_split(directory, split)

        counts = {each: tuple(index["splits"][each]["class_counts"]) for each in SPLITS if each in index["splits"]}
        return PictureData(tuple(index["classes"]), key, index["image_size"], counts, open_split, (*index["broken"],))

    def _store(
        self, directory: Path, classes: Sequence[str], image_size: int, build: Build, replace: bool = False
    ) -> None:
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked(directory.name):
                if not replace and _is_sound(directory):
                    return  # another process was faster
                for left in self.folder.glob(f".{directory.name[:16]}-*"):
                    shutil.rmtree(left, ignore_errors=True)  # of a builder that was killed
                beside = Path(tempfile.mkdtemp(prefix=f".{directory.name[:16]}-", dir=self.folder))
                writer = CacheWriter(beside, classes, image_size)
                try:
                    build(writer)
                    writer.finish()
                    _remove(directory)
                    beside.rename(directory)
                    sync(self.folder)
                finally:
                    writer.abandon()
                    shutil.rmtree(beside, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One builder at a time; the second finds the work done."""
        lock = filelock.FileLock(self.folder / f".{name[:16]}.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            self.say("waiting for another process that prepares the same pictures")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def content_hashes(
    cache: Path, root: Path, names: Sequence[str], hash_all: Callable[[list[str]], list[str]]
) -> list[str]:
    """SHA-256 of the files `names` under `root`, in order; files that did not change since are not read again.

    What was seen last is remembered in the cache by size, modification and change time; `hash_all` hashes the rest.
    """
    manifest = cache / "seen" / (hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32] + ".json")
    try:
        seen = _sound_manifest(json.loads(manifest.read_bytes()))
    except (OSError, ValueError, RecursionError):
        seen = {}
    now: dict[str, list[Any]] = {}
    for name in names:
        try:
            status = (root / name).stat()
            now[name] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        except OSError:
            now[name] = [-1, 0, 0]
    new = [name for name in names if seen.get(name, [])[:3] != now[name]]
    fresh = dict(zip(new, hash_all(new), strict=True))
    result = {name: [*now[name], fresh[name] if name in fresh else seen[name][3]] for name in names}
    if result != seen:
        with explained(manifest):
            manifest.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(manifest, json.dumps(result).encode(), durable=False)
    return [cast(str, result[name][3]) for name in names]


def _sound_manifest(found: Any) -> dict[str, list[Any]]:
    """What of it is a size, two times and a hash."""
    rows = found.items() if isinstance(found, dict) else ()
    return {name: row for name, row in rows if isinstance(row, list) and len(row) == 4 and isinstance(row[3], str)}


def _read_index(directory: Path) -> dict[str, Any]:
    try:
        index = json.loads((directory / "index.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _Damaged("no index") from error
    if not isinstance(index, dict) or index.get("format") != FORMAT or not isinstance(index.get("splits"), dict):
        raise _Damaged("another format")
    return index


def _is_sound(directory: Path) -> bool:
    try:
        _read_index(directory)
    except _Damaged:
        return False
    return True


def _open_split(directory: Path, split: Split) -> PictureSplit:
    """Check the files of one split, and of no other, and open them."""
    row = _read_index(directory)["splits"][split]
    for name, expected in cast(Mapping[str, dict[str, int]], row["files"]).items():
        _check(directory / name, expected)
    try:
        images = np.load(directory / f"{split}.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(directory / f"{split}.labels.npy", allow_pickle=False)
        masks = None
        if f"{split}.masks.npy" in row["files"]:
            masks = np.load(directory / f"{split}.masks.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _Damaged(str(error)) from error
    return PictureSplit(images, labels, Names(directory / f"{split}.names.json", len(labels)), masks)


def _check(path: Path, expected: dict[str, int]) -> None:
    try:
        size = path.stat().st_size
        if size != expected["bytes"]:
            raise _Damaged(f"{path.name} has {size} bytes instead of {expected['bytes']}")
        if size > CHECKED_BYTES:
            return
        crc = 0
        with path.open("rb") as file:
            file.seek(HEADER_BYTES if path.suffix == ".npy" else 0)
            while block := file.read(2**22):
                crc = zlib.crc32(block, crc)
    except OSError as error:
        raise _Damaged(f"{path.name}: {error.strerror}") from error
    if crc != expected["crc32"]:
        raise _Damaged(f"{path.name} does not hold what was written")


def _write(path: Path, content: bytes) -> dict[str, int]:
    with path.open("wb") as file:
        file.write(content)
        _sync(file)
    return {"bytes": len(content), "crc32": zlib.crc32(content)}


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _remove(directory: Path) -> None:
    """Move a damaged directory out of the way; readers keep the files they have mapped."""
    gone = Path(tempfile.mkdtemp(prefix=".damaged-", dir=directory.parent))
    with contextlib.suppress(FileNotFoundError):
        directory.rename(gone / "old")
    shutil.rmtree(gone, ignore_errors=True)
