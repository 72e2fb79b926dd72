"""What a chart costs beyond plotext: four curves of a million points against plotext's own four lines of 480.

    python -m benchmarks.chart [--points 1000000] [--repeats 15] [--width 120] [--height 30] [--noise 0.05]

Both draw into the same width and height, in turns, in one process. plotext gets 480 points of the same curves, in
braille; we get all of the points, and do everything from the series to styled lines. A steady redraw has read the
series before (the view changed, say); growing means ten new points in each since. The first drawing reads everything,
and smooths it where smoothing is on. Imports are not counted; they are printed apart.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable

from rich.style import Style

from labapp.charts.curve import Curve
from labapp.charts.legend import Paint
from labapp.charts.picture import Request
from labapp.charts.view import ChartView
from sessions.run.history import Series

CURVES = 4
POINTS_FOR_PLOTEXT = 480
BUDGET = 30.0  # ms beyond plotext's own cost


def main() -> None:
    options = arguments()
    begun = time.perf_counter()
    import plotext

    from labapp.charts.build import Builder

    print(f"imports of numpy and plotext: {1e3 * (time.perf_counter() - begun):.0f} ms, once")
    print(f"python {platform.python_version()}, {os.cpu_count()} cores, {options.width}x{options.height} cells")
    all_series = [made(options.points, place, options.noise) for place in range(CURVES)]
    curves = tuple(Curve(f"run {place}", f"run {place}", place, series) for place, series in enumerate(all_series))

    def own() -> None:
        plotext.clear_figure()
        plotext.limit_size(False, False)
        plotext.plot_size(options.width, options.height)
        plotext.theme("clear")
        stride = max(options.points // POINTS_FOR_PLOTEXT, 1)
        for place, series in enumerate(all_series):
            steps, values = list(series.steps[::stride]), list(series.values[::stride])
            plotext.plot(steps, values, marker="braille", color=16 + place)
        plotext.build()

    def request(view: ChartView) -> Request:
        return Request(curves, view, options.width, options.height, plain(CURVES), title="loss")

    raw, smooth = ChartView(), ChartView(smoothing=0.98)
    warm = Builder()
    warm.build(request(smooth))

    def grow() -> None:
        for place, series in enumerate(all_series):
            for _ in range(10):
                append(series, options.points, place, options.noise)

    cases: list[tuple[str, Callable[[], object], Callable[[], None] | None]] = [
        ("steady redraw", lambda: warm.build(request(raw)), None),
        ("steady redraw, smoothed over raw", lambda: warm.build(request(smooth)), None),
        ("logarithmic, zoomed", lambda: warm.build(request(ChartView(log=True, window=(1e5, 3e5)))), None),
        ("after 10 new points in each", lambda: warm.build(request(raw)), grow),
        ("after 10 new points in each, smoothed", lambda: warm.build(request(smooth)), grow),
        ("first drawing", lambda: Builder().build(request(raw)), None),
        ("first drawing, smoothed", lambda: Builder().build(request(smooth)), None),
    ]
    times: dict[str, list[float]] = {name: [] for name in ("", *(name for name, _, _ in cases))}
    for _ in range(options.repeats):
        times[""].append(measured(own))
        for name, work, before in cases:
            if before is not None:
                before()
            times[name].append(measured(work))
    base = statistics.median(times[""])
    print(f"plotext alone, {CURVES} x {POINTS_FOR_PLOTEXT} points: {base:.1f} ms ({spread(times[''])})")
    print(f"\n{CURVES} x {options.points:,} points{'':<20} median ms   beyond plotext   ratio   quarters")
    late = []
    for name, _, _ in cases:
        median = statistics.median(times[name])
        print(f"{name:<38} {median:9.1f} {median - base:+12.1f} {median / base:11.2f}   {spread(times[name])}")
        if median - base > BUDGET and not name.startswith("first"):
            late.append(name)
    print(
        f"\nbudget of {BUDGET:.0f} ms beyond plotext for a redraw: {'missed: ' + ', '.join(late) if late else 'kept'}"
    )
    sys.exit(bool(late))


def made(points: int, place: int, noise: float) -> Series:
    series = Series()
    for _ in range(points):
        append(series, points, place, noise)
    return series


def append(series: Series, points: int, place: int, noise: float) -> None:
    step = len(series.steps) + 1
    series.steps.append(step)
    series.epochs.append(step / 1000)
    series.elapsed.append(step * 0.01)
    series.values.append(2.3 * math.exp(-4 * step / points) * (1 + 0.2 * place) + 0.3 + random.gauss(0, noise))
    series.partial.append(False)


def plain(curves: int) -> Paint:
    style = Style()
    return Paint(style, style, style, style, style, (style,) * curves, (style,) * curves)


def measured(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begun)


def spread(times: list[float]) -> str:
    if len(times) < 4:
        return ""
    low, _, high = statistics.quantiles(times, n=4)
    return f"{low:.1f} to {high:.1f}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--width", type=int, default=120)
    parser.add_argument("--height", type=int, default=30)
    parser.add_argument("--noise", type=float, default=0.05)
    return parser.parse_args()


if __name__ == "__main__":
    main()
