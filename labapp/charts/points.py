"""The points of a chart as a CSV file: one row for each point of each curve that is shown."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import UsageError
from engine.files import explained, write_atomic
from labapp.charts.curve import Curve
from labapp.fetching import fetch_line
from sessions.exchange.cells import Row, write_table
from sessions.exchange.tables import moments
from sessions.home import Home
from sessions.run.records import ARTIFACTS

COLUMNS = ("run", "curve", "metric", "step", "epoch", "elapsed", "partial", "value")
ODD = re.compile(r"[^A-Za-z0-9]+")


def rows_of(curves: Sequence[Curve]) -> Iterator[Row]:
    """Tidy: `partial` marks running averages within an epoch."""
    for curve in curves:
        for step, epoch, elapsed, value, partial in moments(curve.series):
            at = {"step": step, "epoch": epoch, "elapsed": elapsed, "partial": partial, "value": value}
            yield {"run": curve.run, "curve": curve.label, "metric": curve.metric, **at}


def write_points(home: Home, title: str, curves: Sequence[Curve]) -> Path:
    """Write them among the artifacts of the run, or among the home's exports when they are of several."""
    runs = dict.fromkeys(curve.run for curve in curves)
    metrics = dict.fromkeys(curve.metric for curve in curves)
    if not runs:
        raise UsageError("the chart is empty", got=title, expected="a chart with curves")
    name = ODD.sub("-", next(iter(metrics)) if len(metrics) == 1 else title).strip("-") or "chart"
    if len(runs) == 1 and "" not in runs:
        path = home.runs / next(iter(runs)) / ARTIFACTS / f"{name}.csv"
    else:
        path = home.exports / f"{name}-{len(curves)}-curves-{time.strftime('%Y%m%d-%H%M%S')}.csv"
    file = io.StringIO()
    write_table(file, COLUMNS, rows_of(curves))
    with explained(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)  # not a run's folder: it may be gone
    write_atomic(path, file.getvalue().encode(), durable=False)
    return path


def said(path: Path) -> str:
    """Where it is, and the line that fetches it."""
    return f"written: {path}\n{fetch_line(path)}"
