"""A comparison for other programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine.studies.comparison import Comparison, Row
from engine.studies.reported import Reported, beside
from engine.studies.statistics import Stat


def document(comparison: Comparison, splits: Sequence[str], cautions: Sequence[str]) -> dict[str, Any]:
    """Rows with their statistics and what reports state beside them, the best of every column, what differs."""
    return {
        "title": comparison.title,
        "metric": comparison.metric,
        "rows": [_row(comparison, place, splits) for place in range(len(comparison.rows))],
        "best": {
            split: {metric: _best(comparison, split, metric) for metric in comparison.metrics(split)}
            for split in splits
        },
        "differences": {
            name: {row.label: value for row, value in zip(comparison.rows, values, strict=True)}
            for name, values in comparison.differences.items()
        },
        "warnings": list(cautions),
    }


def _row(comparison: Comparison, place: int, splits: Sequence[str]) -> dict[str, Any]:
    row = comparison.rows[place]
    return {
        "label": row.label,
        "task": row.task,
        "variant": row.variant,
        "data": row.data,
        "runs": list(row.runs),
        "seeds": [each.seed for each in row.measured],
        "final": row.final,
        "note": row.note,
        "seconds": _known(row.seconds.mean),
        "stats": {
            split: {
                metric: _stat(row.stat(split, metric))
                for metric in comparison.metrics(split)
                if row.stat(split, metric).values
            }
            for split in splits
        },
        "reported": [_report(row, report, splits) for report in row.reported],
    }


def _stat(stat: Stat) -> dict[str, Any]:
    spread = _known(stat.spread)
    return {
        "mean": stat.mean,
        "spread": spread,
        "n": len(stat.values),
        "values": stat.values,
        "examples": stat.examples,
    }


def _best(comparison: Comparison, split: str, metric: str) -> dict[str, Any]:
    best, near = comparison.best(split, metric)
    return {"label": best, "not_distinguishable": [row.label for row in comparison.rows if row.label in near]}


def _report(row: Row, report: Reported, splits: Sequence[str]) -> dict[str, Any]:
    metrics: dict[str, dict[str, Any]] = {}
    for split in splits:
        for metric in report.metrics.get(split, {}):
            if verdict := beside(row.stat(split, metric), report, split, metric):
                metrics.setdefault(split, {})[metric] = {
                    "value": verdict.value,
                    "flawed": verdict.flaw or None,
                    "difference": verdict.difference,
                    "distinguishable": verdict.apart if verdict.difference is not None else None,
                }
    return {
        "report": report.report, "year": report.year, "source": report.source, "data": report.data,
        "caveat": report.caveat(row.data) or None, "note": report.note or None, "metrics": metrics,
    }  # fmt: skip


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
