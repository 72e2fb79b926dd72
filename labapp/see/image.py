"""A picture as bytes, and how it is made larger or smaller: plain Python, because the face imports neither numpy
nor Pillow, and a picture on screen has a few thousand pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

MOST_SIDE = 2048  # pixels a side that are taken
FULL_ENOUGH = 0.8  # of the room: a whole factor that fills less than this gives way to one that is not whole
KEPT = 128  # pictures kept in the size they are drawn in


@dataclass(frozen=True)
class Image:
    """`rgb` holds 3 bytes a pixel, row after row from the top."""

    width: int  # pixels
    height: int
    rgb: bytes

    def __post_init__(self) -> None:
        assert len(self.rgb) == 3 * self.width * self.height


def size_in(image: Image, width: int, height: int) -> tuple[int, int]:
    """The size, in pixels, in which a picture is shown in a room: its shape kept, every pixel as large where it is
    enlarged and that does not leave too much of the room empty."""
    if width < 1 or height < 1:
        return 0, 0
    factor = min(width / image.width, height / image.height)
    if factor >= 1 and int(factor) / factor >= FULL_ENOUGH:
        factor = int(factor)
    return max(1, round(image.width * factor)), max(1, round(image.height * factor))


@lru_cache(maxsize=KEPT)
def scaled(image: Image, width: int, height: int) -> Image:
    """A picture in another size: pixels repeated where it grows, averaged where it shrinks."""
    if (width, height) == (image.width, image.height):
        return image
    step = 3 * image.width
    rows = [image.rgb[start : start + step] for start in range(0, len(image.rgb), step)]
    rows = _averaged(rows, height) if height < image.height else [rows[y * len(rows) // height] for y in range(height)]
    if width < image.width:
        rows = [_narrowed(row, width) for row in rows]
    elif width > image.width:
        starts = [3 * (x * image.width // width) for x in range(width)]
        known: dict[bytes, bytes] = {}  # rows repeat
        for row in rows:
            if row not in known:
                known[row] = b"".join([row[start : start + 3] for start in starts])
        rows = [known[row] for row in rows]
    return Image(width, height, b"".join(rows))


def _averaged(rows: list[bytes], height: int) -> list[bytes]:
    """Fewer rows, each the average of those it stands for."""
    bounds = [y * len(rows) // height for y in range(height + 1)]
    found = []
    for first, last in pairwise(bounds):
        count = last - first
        found.append(bytes([sum(column) // count for column in zip(*rows[first:last], strict=True)]))
    return found


def _narrowed(row: bytes, width: int) -> bytes:
    """Fewer pixels in a row, each the average of those it stands for."""
    pixels = len(row) // 3
    bounds = [x * pixels // width for x in range(width + 1)]
    counts = [last - first for first, last in pairwise(bounds)]
    found = bytearray(3 * width)
    for channel in range(3):
        sums = [0, *accumulate(row[channel::3])]
        ends = [sums[bound] for bound in bounds]
        found[channel::3] = bytes(
            [(last - first) // count for first, last, count in zip(ends, ends[1:], counts, strict=False)]
        )
    return bytes(found)
