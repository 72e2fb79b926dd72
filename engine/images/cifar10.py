"""CIFAR-10 (Krizhevsky 2009) from its own binary archive, https://www.cs.toronto.edu/~kriz/cifar.html.

A record is one byte of label and 3 x 1024 bytes of pixels: the red plane, the green, the blue, each row by row. The
archive is read as a stream and never unpacked; the Python version of the data would have to be unpickled.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import LabError
from engine.files import sha256
from engine.images.cache import CacheWriter, PictureCache, content_hashes
from engine.images.data import PictureData, with_validation
from engine.images.settings import ImageSettings
from engine.published import Progress, Published
from engine.task import Split

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
SIZE = 170_052_171  # bytes
ARCHIVE = "cifar-10-binary.tar.gz"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
READER_VERSION = 1  # goes into the cache's key: raise it when the reading changes

PUBLISHED = Published(
    "CIFAR-10's binary archive", ARCHIVE, URL, SHA256, SIZE, f"take {URL} (the binary version, not the Python one)"
)


def is_here(folder: Path) -> bool:
    """Whether the archive has been fetched. It only gets its name after its checksum was found right."""
    return (folder / ARCHIVE).is_file()


def fetch(
    folder: Path, from_file: Path | None, progress: Progress, *, url: str = URL, expected_sha256: str = SHA256
) -> Path:
    """Bring the archive into `folder`: download it, or copy it from a file the user has; verified either way."""
    return replace(PUBLISHED, url=url, sha256=expected_sha256).fetch(folder, from_file, progress)


def open_cifar10(source: str | Path, settings: ImageSettings, cache: Path, say: Callable[[str], None]) -> PictureData:
    """The archive's own train and test pictures; validation split off train with the seed."""
    if settings.image_size not in (0, SIDE):
        raise LabError(
            "CIFAR-10 has one size",
            got=f"image_size={settings.image_size}",
            expected=f"{SIDE}",
            hint=f"--set image_size={SIDE}, or train on a folder of larger pictures",
        )
    folder = cache.parent / "data" / "cifar10"
    archive = folder / ARCHIVE
    if not is_here(folder):
        raise LabError(
            "CIFAR-10 is not here yet",
            got=f"no file {archive}",
            expected=f"{ARCHIVE}, {SIZE:,} bytes",
            hint="labapp data fetch cifar10; without a network: labapp data fetch cifar10 --from FILE",
        )
    (content,) = content_hashes(cache, folder, [ARCHIVE], lambda names: [sha256(folder / name) for name in names])
    if content != SHA256:
        say(f"{archive} is not the published archive (SHA-256 {content}): reading it all the same")

    def build(writer: CacheWriter) -> None:
        say("reading CIFAR-10 into the cache")
        _read(archive, writer)

    key = hashlib.sha256(f"cifar10 {READER_VERSION} {content}".encode()).hexdigest()
    data = PictureCache(cache, say).open(key, CLASSES, SIDE, build)
    return with_validation(data, settings.validation_fraction, settings.seed)


def _read(archive: Path, writer: CacheWriter) -> None:
    """Every record of data_batch_*.bin (train) and test_batch.bin, in the archive's order."""
    splits: set[Split] = set()
    try:
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                name = member.name.rsplit("/", 1)[-1]
                split: Split = "test" if name == "test_batch.bin" else "train"
                if not member.isfile() or not name.endswith(".bin"):
                    continue
                file = tar.extractfile(member)
                assert file is not None  # it is a regular file
                _read_batch(name, file.read(), split, writer)
                splits.add(split)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise _unreadable(archive, str(error)) from error
    if splits != {"train", "test"}:
        raise _unreadable(archive, f"holds pictures for {sorted(splits) or 'no split'}")


def _read_batch(name: str, content: bytes, split: Split, writer: CacheWriter) -> None:
    if not content or len(content) % RECORD:
        raise tarfile.ReadError(f"{name} has {len(content):,} bytes, not a multiple of {RECORD:,}")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise tarfile.ReadError(f"{name} has the label {labels.max()}")
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    writer.add(split, images, labels.tolist(), [f"{name}#{number}" for number in range(len(records))])


def _unreadable(archive: Path, what: str) -> LabError:
    return LabError(
        "CIFAR-10's archive cannot be read",
        got=f"{archive}: {what}",
        expected="data_batch_1.bin ... data_batch_5.bin and test_batch.bin",
        hint="remove the file and fetch it again: labapp data fetch cifar10",
    )
