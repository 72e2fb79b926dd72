"""From picture files to uint8 arrays of one size, in parallel threads: Pillow decodes without holding the lock.

Fitting: turned upright as EXIF says, converted to RGB, the shorter side scaled to the size (bicubic, anti-aliased),
the centre cropped; a picture that has the size already is not touched.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.errors import LabError
from engine.images.data import Pixels

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")  # not all Pillow knows: EPS would start Ghostscript
FITTING_VERSION = 1  # goes into the cache's key: raise it with any change of the pixels
PORTION_PIXELS = 2**20  # decoded by one thread at a time; a few such portions are in memory at once
LARGEST_FILE = 2**28  # bytes of a picture file that is read at all
UNREADABLE = "unreadable"  # stands for the hash of a file that cannot be read

Decoded = tuple[Pixels, list[str], list[tuple[str, str]]]  # pictures, their names, (name, reason) of the broken ones
Item = TypeVar("Item")
Result = TypeVar("Result")


def decode(content: bytes, size: int) -> Pixels:
    """A picture file's content as (size, size, 3). Raises what Pillow raises when it is broken, truncated or a bomb."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.format == "JPEG":
            image.draft("RGB", (2 * size, 2 * size))  # a huge photograph is decoded at a fraction of its size
        upright = ImageOps.exif_transpose(image)
        rgb = _rgb(upright, image.format or "")
    if rgb.size != (size, size):
        rgb = ImageOps.fit(rgb, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(rgb)


def _rgb(image: Image.Image, form: str) -> Image.Image:
    if image.mode.startswith("I;16") or (image.mode, form) == ("I", "PPM"):  # 16 bits of grey: Pillow would clip
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):  # nobody says which numbers are black and white
        raise ValueError("its pixels are numbers of 32 bits: convert it to 8 or 16 bits")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def _content(root: Path, name: str, expected_hash: str) -> bytes:
    """The file that was hashed before; an unreadable one raises OSError, as it did then."""
    try:
        content = _readable(root / name).read_bytes()
        found = hashlib.sha256(content).hexdigest()
    except OSError:
        if expected_hash == UNREADABLE:
            raise
        found = UNREADABLE
    if found != expected_hash:
        raise LabError(
            "a picture changed while the folder was being read",
            got=str(root / name),
            expected="a folder that nobody writes to",
            hint="run again when it is complete",
        )
    return content


def decode_all(root: Path, names: Sequence[str], hashes: Mapping[str, str], size: int) -> Iterator[Decoded]:
    """Decode pictures in portions, in order, with all cores. Files must still be what `hashes` says by name."""

    def portion(some: Sequence[str]) -> Decoded:
        images, sound, broken = [], [], []
        for name in some:
            try:
                images.append(decode(_content(root, name, hashes[name]), size))
                sound.append(name)
            except LabError:
                raise
            except Exception as error:  # Pillow's readers raise whatever a hostile file provokes
                broken.append((name, reason(error)))
        return np.array(images, dtype=np.uint8).reshape(-1, size, size, 3), sound, broken

    with warnings.catch_warnings():  # for all threads: the filters are the process's
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield from parallel(portion, _portions(names, max(1, PORTION_PIXELS // size**2)))


def hash_all(root: Path, names: Sequence[str]) -> list[str]:
    """SHA-256 of files, with all cores; `UNREADABLE` for those that cannot be read."""

    def hash_some(some: Sequence[str]) -> list[str]:
        return [_hash(root / name) for name in some]

    return [each for some in parallel(hash_some, _portions(names, 256)) for each in some]


def _hash(path: Path) -> str:
    try:
        with _readable(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return UNREADABLE


def _readable(path: Path) -> Path:
    """A path that can be read to its end: a link may lead to a pipe or a device. OSError for any other."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(path))
    if about.st_size > LARGEST_FILE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return path


def reason(error: Exception) -> str:
    """Why a picture is broken, in a few words."""
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return f"too many pixels: at most {Image.MAX_IMAGE_PIXELS or 0:,} are read; make it smaller first"
    if isinstance(error, UnidentifiedImageError):
        return f"no picture of a kind that is read: {', '.join(FORMATS)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Like map(function, items) in threads, with only a few results waiting."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="pictures") as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _portions(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]
