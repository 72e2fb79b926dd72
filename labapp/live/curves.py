"""Which curves belong to which chart: from histories to what a chart is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labapp.charts.curve import Curve
from labapp.live.rows import RunRow
from sessions.run.history import History

NOT_MEASURES = frozenset({"lr", "throughput"})
QUANTILES = "feature_q"
FIRST = ("accuracy", "micro_f1", "macro_f1", "exact_match", "execution_accuracy", "loss")


def metrics_of(histories: Sequence[History]) -> list[str]:
    """What was measured on the validation split, the telling ones first; without the features' quantiles."""
    names = {name for history in histories for split, name in list(history.series) if split in ("val", "train")}
    names = {name for name in names if not name.startswith(QUANTILES) and name not in NOT_MEASURES}
    order = {name: number for number, name in enumerate(FIRST)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


def quantiles_of(history: History) -> list[str]:
    return sorted({name for _, name in list(history.series) if name.startswith(QUANTILES)})


def curves(
    rows: Sequence[RunRow],
    histories: Mapping[str, History],
    slots: Mapping[str, int],
    metric: str,
    splits: Sequence[str] = ("val",),
    *,
    best: bool = True,
) -> list[Curve]:
    """One curve per run and split that has any; the first split is the main one, the second stands beside it."""
    found = []
    for row in rows:
        history = histories.get(row.id)
        if history is None:
            continue
        for number, split in enumerate(splits):
            series = history.series.get((split, metric))
            if series is None:
                continue
            label = row.label if len(splits) == 1 else f"{split} {row.label}" if len(rows) > 1 else split
            found.append(
                Curve(row.id, label, slots.get(row.id, 0), series, second=number > 0, metric=metric, best=best)
            )
    return found
