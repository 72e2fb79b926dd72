"""Lines as characters: of each column of dots the lowest and the highest, then dots gathered into cells.

Braille has 2 x 4 dots in a cell (Unicode 2800 + one bit a dot); ASCII has 1 x 3, written . - ' or |.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labapp.charts.decimate import Decimated
from labapp.charts.smoothing import Floats

Ints = NDArray[np.int64]
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Grid:
    """A kind of cells: their dots, the bit of each (rows counted from below), the character of a set of bits."""

    across: int
    up: int
    bits: Bits  # (up, across)
    characters: str


BRAILLE = Grid(
    2,
    4,
    np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]], dtype=np.uint8),
    " " + "".join(chr(0x2801 + code) for code in range(255)),
)
ASCII = Grid(1, 3, np.array([[1], [2], [4]], dtype=np.uint8), " .-|'|||")


def spans(points: Decimated, x_range: tuple[float, float], columns: int, rows: int) -> tuple[Ints, Ints]:
    """The lowest and the highest dot of a line in each column, (columns,) each; -1 and -2 where there is none.

    `points` have y as shares of the height. Between points the line is straight; it breaks where a value is NaN.
    """
    low = np.full(columns, np.nan)
    high = np.full(columns, np.nan)
    low[points.column], high[points.column] = points.low, points.high
    joined = np.zeros(max(columns - 1, 0), dtype=bool)
    if len(points.line_x):
        with np.errstate(all="ignore"):  # slopes of no width
            place = (points.line_x - x_range[0]) / (x_range[1] - x_range[0]) * columns
            halves = np.interp(np.arange(1, 2 * columns) / 2, place, points.line_y, left=np.nan, right=np.nan)
        centres, borders = halves[::2], halves[1::2]
        low, high = np.fmin(low, centres), np.fmax(high, centres)
        joined = ~np.isnan(borders)
    drawn = ~np.isnan(low)
    bottom, top = _dots(low, rows, drawn), _dots(high, rows, drawn)
    _connect(bottom, top, joined & drawn[:-1] & drawn[1:])
    bottom[~drawn], top[~drawn] = -1, -2
    return bottom, top


def _dots(shares: Floats, rows: int, drawn: NDArray[np.bool_]) -> Ints:
    dots: Ints = np.clip(np.floor(np.where(drawn, shares, 0.0) * rows), 0, rows - 1).astype(np.int64)
    return dots


def _connect(bottom: Ints, top: Ints, joined: NDArray[np.bool_]) -> None:
    """Close gaps between neighbours half from either side, in place."""
    left_bottom, right_bottom, left_top, right_top = bottom[:-1], bottom[1:], top[:-1], top[1:]
    rising = joined & (right_bottom > left_top + 1)
    falling = joined & (left_bottom > right_top + 1)
    up_middle, down_middle = (left_top + right_bottom) // 2, (right_top + left_bottom) // 2
    new_bottom, new_top = bottom.copy(), top.copy()
    new_top[:-1] = np.where(rising, np.maximum(new_top[:-1], up_middle), new_top[:-1])
    new_bottom[1:] = np.where(rising, np.minimum(new_bottom[1:], up_middle + 1), new_bottom[1:])
    new_top[1:] = np.where(falling, np.maximum(new_top[1:], down_middle), new_top[1:])
    new_bottom[:-1] = np.where(falling, np.minimum(new_bottom[:-1], down_middle + 1), new_bottom[:-1])
    bottom[:], top[:] = new_bottom, new_top


def dash(bottom: Ints, top: Ints, grid: Grid) -> None:
    """Leave out every third cell of a line that has no height there, in place: a rise is never lost."""
    skipped = (np.arange(len(bottom)) // grid.across % 3 == 2) & (top - bottom < grid.up)
    bottom[skipped], top[skipped] = -1, -2


def cells(bottom: Ints, top: Ints, grid: Grid, height: int) -> Bits:
    """(height, width), the top row first: the bits of each cell."""
    rows = np.arange(height * grid.up)[:, None]
    return pack((rows >= bottom) & (rows <= top), grid, height)


def pack(dots: NDArray[np.bool_], grid: Grid, height: int) -> Bits:
    """(rows of dots from below, columns of dots) -> the bits of each cell, the top row first."""
    parts = dots.reshape(height, grid.up, dots.shape[1] // grid.across, grid.across)
    packed: Bits = (parts * grid.bits[None, :, None, :]).sum(axis=(1, 3), dtype=np.uint8)
    return packed[::-1]


def shade(bottom: Ints, top: Ints, grid: Grid, height: int) -> Bits:
    """The same for an area: every fourth dot of it, so that lines in it stay lines."""
    rows, columns = np.arange(height * grid.up)[:, None], np.arange(len(bottom))
    dots = (rows >= bottom) & (rows <= top) & ((columns + 2 * rows) % 4 == 0)
    return pack(dots, grid, height)


class Canvas:
    """Cells with one owner each; later layers lie on top."""

    def __init__(self, width: int, height: int, grid: Grid):
        self.grid = grid
        self.bits = np.zeros((height, width), dtype=np.uint8)
        self.owner = np.full((height, width), -1, dtype=np.int64)
        self.soft = np.zeros((height, width), dtype=bool)
        self.glyphs: dict[tuple[int, int], tuple[str, int]] = {}  # (column, row from above) -> character, owner

    def lay(self, bits: Bits, owner: int, *, soft: bool = False) -> None:
        """Lay a line over what is there: it hides soft ones, and joins its dots with the others'."""
        own = bits > 0
        joins = not soft and self.grid.across > 1  # in ASCII two dots of two lines would look like a rise of one
        shared = own & ~self.soft & (self.bits > 0) & joins
        self.bits = np.where(shared, bits | self.bits, np.where(own, bits, self.bits))
        self.owner[own] = owner
        self.soft[own] = soft

    def put(self, column: int, row: int, glyph: str, owner: int) -> None:
        self.glyphs[column, row] = (glyph, owner)

    def layers(self) -> dict[int, tuple[list[int], list[int], list[str]]]:
        """By owner: columns, rows from above, characters. No cell appears twice."""
        found: dict[int, tuple[list[int], list[int], list[str]]] = {}
        for column, row in self.glyphs:
            self.owner[row, column] = -1
        for owner in np.unique(self.owner).tolist():
            if owner < 0:
                continue
            rows, columns = np.nonzero(self.owner == owner)
            characters = self.grid.characters
            drawn = [characters[code] for code in self.bits[rows, columns].tolist()]
            found[owner] = (columns.tolist(), rows.tolist(), drawn)
        for (column, row), (glyph, owner) in self.glyphs.items():
            columns_, rows_, drawn_ = found.setdefault(owner, ([], [], []))
            columns_.append(column)
            rows_.append(row)
            drawn_.append(glyph)
        return found
