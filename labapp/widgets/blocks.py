"""A picture in cells: half blocks, two pixels in a cell, one above the other; or characters from light to dark where
the terminal has no colours to speak of, or the line is slow.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from labapp.see.image import Image, scaled, size_in

if TYPE_CHECKING:
    from textual.app import App

UPPER_HALF = "\N{UPPER HALF BLOCK}"
SHADES = " .:-=+*#%@"  # little ink to much
FEW_COLOURS = (None, "standard", "windows")  # sixteen make no picture
KEPT = 96  # pictures kept as they are drawn
STYLES = 32_768  # pairs of colours kept
# 64 steps a colour are as many as an eye tells apart; fewer pairs of colours are made sooner, and written shorter.
COARSE = bytes(value & 0xFC | value >> 6 for value in range(256))

Row = tuple[Segment, ...]


def plain(app: App[Any]) -> bool:
    """Whether pictures are better drawn with characters than with colours."""
    face = getattr(app, "face", None)
    return bool(
        getattr(app, "ascii", False)
        or app.no_color
        or getattr(face, "low_bandwidth", False)
        or app.console.color_system in FEW_COLOURS
    )


def cells_of(image: Image, width: int, height: int) -> tuple[int, int]:
    """How many cells a picture takes in a room of so many. A cell is twice as high as it is wide."""
    across, down = size_in(image, width, 2 * height)
    return across, (down + 1) // 2


@lru_cache(maxsize=KEPT)
def half_blocks(image: Image, width: int, height: int) -> tuple[Row, ...]:
    """A picture in a room of cells, as rows of segments; a lower half that is left over has no colour."""
    across, down = size_in(image, width, 2 * height)
    if not across:
        return ()
    rgb, step = scaled(image, across, down).rgb.translate(COARSE), 3 * across
    rows = []
    for start in range(0, len(rgb), 2 * step):
        upper, lower = rgb[start : start + step], rgb[start + step : start + 2 * step]
        if not lower:
            rows.append(tuple(Segment(UPPER_HALF, _style(upper[x : x + 3])) for x in range(0, step, 3)))
            continue
        row, run, before = [], 0, b""
        for x in range(0, step, 3):
            pair = upper[x : x + 3] + lower[x : x + 3]
            if pair != before and run:
                row.append(Segment(UPPER_HALF * run, _style(before)))
                run = 0
            before, run = pair, run + 1
        row.append(Segment(UPPER_HALF * run, _style(before)))
        rows.append(tuple(row))
    return tuple(rows)


@lru_cache(maxsize=STYLES)
def _style(pair: bytes) -> Style:
    """Of the upper pixel, and the lower one where there is one."""
    return Style.from_color(_color(pair[:3]), _color(pair[3:]) if len(pair) > 3 else None)


@lru_cache(maxsize=STYLES)
def _color(rgb: bytes) -> Color:
    return Color("", ColorType.TRUECOLOR, None, ColorTriplet(*rgb))


@lru_cache(maxsize=KEPT)
def shades(image: Image, width: int, height: int, dark: bool = True) -> tuple[Row, ...]:
    """The same with characters; `dark`: on a dark background much ink is light."""
    across, down = cells_of(image, width, height)
    if not across:
        return ()
    rgb, last = scaled(image, across, down).rgb, len(SHADES) - 1
    ramp = SHADES if dark else SHADES[::-1]
    inks = [ramp[(299 * r + 587 * g + 114 * b) * last // 255_000] for r, g, b in zip(*_channels(rgb), strict=True)]
    return tuple((Segment("".join(inks[start : start + across])),) for start in range(0, len(inks), across))


def _channels(rgb: bytes) -> tuple[bytes, bytes, bytes]:
    return rgb[::3], rgb[1::3], rgb[2::3]
