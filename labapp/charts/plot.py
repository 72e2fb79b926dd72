"""The one place that knows plotext (5.3): a scene of finished cells and tick labels becomes rows of coloured text.

plotext draws a point in about 10 us and a line dot by dot: a noisy curve would cost a third of a second. So lines come
as characters already (raster.py), one point a cell; plotext places them, the frame, the ticks and the labels. It works
on one global figure, hence the lock. It is given no text but ours: foreign labels never come here.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import plotext

FRAME = 0  # the colour code of axes and tick labels, and of blanks; curves have codes from 1 to 255
COLOR = re.compile(r"\x1b\[([0-9;]*)m")
OUTSIDE = -100.0  # a tick that is not drawn, but keeps the labels' column as wide as ever
TO_ASCII = str.maketrans("│┤┼├─┬┴└┘┌┐", "|++|-++++++")
_figure = threading.Lock()

Row = list[tuple[str, int]]  # pieces of text, and their colour codes


@dataclass(frozen=True)
class Scene:
    """Cells are counted from the canvas's left end, rows from below; the frame takes a column and a row, the x labels
    another row, the y labels `left` columns (none when 0)."""

    width: int
    height: int
    left: int
    layers: Mapping[int, tuple[list[int], list[int], list[str]]] = field(default_factory=dict)  # by colour code
    x_ticks: Sequence[tuple[int, str]] = ()
    y_ticks: Sequence[tuple[int, str]] = ()
    ascii: bool = False

    @property
    def canvas(self) -> tuple[int, int]:
        """Columns and rows that are left for cells."""
        return self.width - self.left - 1, self.height - 2


def draw(scene: Scene) -> list[Row]:
    """The rows of a scene, the top one first."""
    columns, rows = scene.canvas
    assert all(len(text) <= scene.left for _, text in scene.y_ticks) or not scene.left
    y_places = [float(row) for row, _ in scene.y_ticks] if scene.left else []
    y_labels = [text.rjust(scene.left) for _, text in scene.y_ticks] if scene.left else []
    with _figure:
        plotext.clear_figure()
        plotext.limit_size(False, False)
        plotext.plot_size(scene.width, scene.height)
        plotext.theme("clear")
        plotext.xaxes(True, False)
        plotext.yaxes(True, False)
        plotext.xlim(0, max(columns - 1, 1))
        plotext.ylim(0, max(rows - 1, 1))
        if scene.left:
            y_places, y_labels = [*y_places, OUTSIDE], [*y_labels, " " * scene.left]
        plotext.yticks(y_places, y_labels)
        x_ticks = list(scene.x_ticks)
        plotext.xticks([*(float(column) for column, _ in x_ticks), OUTSIDE], [*(text for _, text in x_ticks), " "])
        plotext.scatter([OUTSIDE], [OUTSIDE], marker=" ", color=1)  # axes are drawn for data only
        for code, (across, up, characters) in scene.layers.items():
            plotext.scatter(across, up, marker=characters, color=code)
        text: str = plotext.build()
    if scene.ascii:
        text = text.translate(TO_ASCII)
    return [split(line) for line in text.split("\n")[: scene.height]]


def split(line: str) -> Row:
    """A line with colours as pieces of plain text, each with its code."""
    parts = COLOR.split(line)
    pieces: Row = [(parts[0], FRAME)] if parts[0] else []
    for sequence, text in zip(parts[1::2], parts[2::2], strict=True):
        if text:
            pieces.append((text, int(sequence[5:]) if sequence.startswith("38;5;") else FRAME))
    return pieces
