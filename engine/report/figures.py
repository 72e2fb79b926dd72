"""Drawing plots with matplotlib: SVG for screens, PDF for paper. The one module that imports it, when it is called.

Colours are Okabe & Ito's ("Color Universal Design", 2008), told apart by colour-blind eyes, and each has a marker of
its own: a figure printed in grey still says which curve is which. An SVG for a page takes its ink from the page
(`currentColor`), so that it follows a dark theme; its text stays text.
"""

from __future__ import annotations

import io
import math
import re
import threading
import warnings
from typing import TYPE_CHECKING, Any

from engine.report.plots import Heat, Lines, Panel, Plot, Points
from engine.report.rendering import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, GRID = "#010203", "#040506"  # stand for the page's own colours until the SVG is written
PAPER_INK, PAPER_GRID = "#222222", "#dddddd"
WIDTH, PANEL_HEIGHT = 7.2, 2.7  # inches
MOST_COUNTED = 14  # classes up to which a matrix has its counts written into it
MOST_NAMED = 40  # classes up to which their names stand at its sides
LONGEST = 40  # characters of a label
SHARING: dict[str, Any] = {"row": "row", "all": True, "none": False}
MARKS = 12  # markers along a curve
DRAWING = threading.Lock()  # matplotlib's settings are the whole process'

STYLE: dict[str, Any] = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"], "font.size": 8.5,
    "axes.titlesize": 9, "axes.labelsize": 8.5, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "axes.axisbelow": True, "grid.linewidth": 0.6, "axes.linewidth": 0.8, "lines.linewidth": 1.5,
    "lines.markersize": 4, "legend.frameon": False, "legend.fontsize": 8, "svg.fonttype": "none", "pdf.fonttype": 42,
    "svg.hashsalt": "labapp", "axes.titlelocation": "left", "figure.dpi": 100, "axes.unicode_minus": True,
    "text.parse_math": False,  # names come from outside: a dollar is a dollar
}  # fmt: skip

INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")


def svg(plot: Plot, *, name: str = "", on_page: bool = True) -> str:
    """An SVG element: for a page, in the page's ink, or by itself on white paper.

    `name` sets its ids apart from those of other figures on the same page.
    """
    text = _drawn(plot, "svg", INK, GRID).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    if on_page:
        text = text.replace(INK, "currentColor").replace(GRID, "var(--grid)")
        text = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
        text = text.replace(' version="1.1"', "", 1)
        return re.sub(
            r'^<svg ([^>]*?)\bwidth="[^"]*"', r"<svg \1", re.sub(r'(<svg [^>]*?)\bheight="[^"]*"', r"\1", text)
        )
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    first = text.index(">") + 1
    return (text[:first] + paper + text[first:]).replace(INK, PAPER_INK).replace(GRID, PAPER_GRID)


def pdf(plot: Plot) -> bytes:
    """A vector figure for paper."""
    return _drawn(plot, "pdf", PAPER_INK, PAPER_GRID)


def _drawn(plot: Plot, format: str, ink: str, grid: str) -> bytes:
    import matplotlib

    style: Any = {**STYLE, "grid.color": grid, **dict.fromkeys(INKED, ink)}
    dateless = {"Date": None, "Creator": None} if format == "svg" else {"CreationDate": None, "Creator": None}
    with DRAWING, matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # signs that a font has not: an SVG's reader may have them
        figure = _figure(plot, ink)
        out = io.BytesIO()
        figure.savefig(out, format=format, metadata=dateless, transparent=True, bbox_inches="tight", pad_inches=0.05)
    return out.getvalue()


def _figure(plot: Plot, ink: str) -> Figure:
    match plot:
        case Lines():
            return _lines(plot)
        case Heat():
            return _heat(plot, ink)
        case Points():
            return _points(plot, ink)


# -------------------------------------------------------------------------------------------------------------- curves


def _lines(plot: Lines) -> Figure:
    from matplotlib.figure import Figure

    columns = min(plot.columns, len(plot.panels))
    rows = -(-len(plot.panels) // columns)
    figure = Figure(figsize=(WIDTH, PANEL_HEIGHT * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=SHARING[plot.shared])
    places = [axes for row in grid for axes in row]
    handles: dict[str, Any] = {}
    for place, (axes, panel) in enumerate(zip(places, plot.panels, strict=False)):
        first, last = place % columns == 0, place % columns == columns - 1 or place == len(plot.panels) - 1
        alone = plot.shared == "none"
        _panel(axes, panel, handles, left=first or alone, right=last or alone)
    for axes in places[len(plot.panels) :]:
        axes.set_visible(False)
    if len(handles) > 1:
        longest = max(map(len, handles))
        in_a_row = max(1, min(len(handles), round(95 / (longest + 7))))
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=in_a_row, handlelength=2.6)
    return figure


def _panel(axes: Axes, panel: Panel, handles: dict[str, Any], *, left: bool, right: bool) -> None:
    """One pair of axes. What stands at the `left` and `right` stands there once, where panels share their scale."""
    for line in panel.lines:
        colour, marker = COLOURS[line.slot % len(COLOURS)], MARKERS[line.slot % len(MARKERS)]
        every = max(1, len(line.x) // MARKS)
        (drawn,) = axes.plot(
            line.x, line.y, color=colour, marker=marker, markevery=(min(line.slot, every - 1), every),
            linestyle="--" if line.dashed else "-" if line.slot < len(COLOURS) else "-.",
            markerfacecolor="none" if line.dashed else colour,
        )  # fmt: skip
        handles.setdefault(short(line.label, LONGEST), drawn)
        if line.low:
            axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
    axes.set_title(short(panel.title, LONGEST))
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label if left else "")
    if panel.ticks:
        axes.set_xticks(range(len(panel.ticks)), [short(each) for each in panel.ticks])
        axes.margins(x=0.1)
    elif all(value == int(value) for line in panel.lines for value in line.x):
        axes.locator_params(axis="x", integer=True)
    if panel.error_axis and right:
        axes.secondary_yaxis("right", functions=(_rest, _rest)).set_ylabel("error")


def _rest(value: Any) -> Any:
    return 1 - value


# ------------------------------------------------------------------------------------------------------------ matrices


def _heat(plot: Heat, ink: str) -> Figure:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    count = len(plot.names)
    side = min(7.0, max(3.4, 0.36 * count + 1.2))
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    shares = [[each / sum(row) if sum(row) else 0.0 for each in row] for row in plot.counts]
    axes.pcolormesh(shares, cmap=colormaps["Blues"], vmin=0.0, vmax=1.0, edgecolors="#ffffff", linewidth=0.4)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if count <= MOST_NAMED:
        places = [each + 0.5 for each in range(count)]
        axes.set_xticks(places, [short(name) for name in plot.names], rotation=60, ha="right", rotation_mode="anchor")
        axes.set_yticks(places, [short(name) for name in plot.names])
        axes.tick_params(length=0)
    if count <= MOST_COUNTED:
        for y, row in enumerate(plot.counts):
            for x, number in enumerate(row):
                if number:
                    dark = shares[y][x] > 0.55
                    size = 7.5 if len(str(number)) < 4 else 6.0 if len(str(number)) < 6 else 5.0
                    axes.text(
                        x + 0.5, y + 0.5, str(number), ha="center", va="center", fontsize=size,
                        color="#ffffff" if dark else "#10283c",
                    )  # fmt: skip
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if plot.title:
        axes.set_title(short(plot.title, LONGEST), loc="left")
    return figure


def short(name: str, most: int = 18) -> str:
    """A name that leaves room for what it names."""
    name = " ".join(printable(name).split())
    return name if len(name) <= most else name[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


# -------------------------------------------------------------------------------------------------------------- points


def _points(plot: Points, ink: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 0.62 + 0.34 * len(plot.points)), layout="constrained")
    axes = figure.subplots()
    others: list[str] = []
    for place, each in enumerate(plot.points):
        colour, marker = COLOURS[each.slot % len(COLOURS)], MARKERS[each.slot % len(MARKERS)]
        if not math.isnan(each.spread):
            axes.plot([each.value - each.spread, each.value + each.spread], [place, place], color=colour, linewidth=3.2,
                      alpha=0.35, solid_capstyle="butt")  # fmt: skip
        axes.plot(each.seeds, [place] * len(each.seeds), linestyle="", marker="|", markersize=8, color=colour)
        axes.plot([each.value], [place], marker=marker, markersize=6.5, color=colour, linestyle="")
        for who, value in each.others:
            if who not in others:
                others.append(who)
            sign = ("1", "2", "3", "4")[others.index(who) % 4]
            axes.plot([value], [place], marker=sign, markersize=9, color=ink, linestyle="", label=short(who, LONGEST))
    axes.set_yticks(range(len(plot.points)), [short(each.label, LONGEST) for each in plot.points])
    axes.set_ylim(len(plot.points) - 0.4, -0.6)
    axes.set_xlabel(plot.x_label)
    axes.grid(visible=False, axis="y")
    if others:
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.legend(unique.values(), unique.keys(), loc="outside upper right", ncols=len(unique))
    return figure
