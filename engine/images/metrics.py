"""Classification metrics from a confusion matrix (rows are true classes, columns predictions). All are fractions.

torchmetrics is the oracle in the tests; at run time its import alone costs seconds, and a confusion matrix is what
adds up over batches, epochs and checkpoints anyway.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def confusion_matrix(labels: Tensor, predictions: Tensor, classes: int) -> Tensor:
    """Counts of (true, predicted) pairs: (r, r) int64, on the device of the labels, which is not waited for."""
    pairs = labels * classes + predictions
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=labels.device)
    return counts.scatter_add_(0, pairs, torch.ones_like(pairs)).view(classes, classes)  # bincount reads values first


def scores(confusion: Tensor) -> dict[str, float]:
    """accuracy, micro_f1 (equal to it in single-label classification) and macro_f1 over the classes that occur."""
    table = per_class(confusion)
    total = int(confusion.sum())
    accuracy = int(confusion.diagonal().sum()) / total if total else float("nan")
    occurring = table["support"] + table["predicted"] > 0
    macro = float(table["f1"][occurring].mean()) if bool(occurring.any()) else float("nan")
    return {"accuracy": accuracy, "micro_f1": accuracy, "macro_f1": macro}


def per_class(confusion: Tensor) -> dict[str, Tensor]:
    """precision, recall, f1, support and number of predictions of every class, each (r,); 0 where undefined."""
    counts = confusion.double().cpu()
    hits, support, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    return {
        "precision": hits / predicted.clamp(min=1),
        "recall": hits / support.clamp(min=1),
        "f1": 2 * hits / (support + predicted).clamp(min=1),
        "support": support,
        "predicted": predicted,
    }


def report(confusion: Tensor, classes: tuple[str, ...]) -> dict[str, Any]:
    """The per-class table and the confusion matrix as plain data."""
    table = {name: values.tolist() for name, values in per_class(confusion).items()}
    rows = [
        {
            "class": name,
            "precision": table["precision"][i],
            "recall": table["recall"][i],
            "f1": table["f1"][i],
            "support": int(table["support"][i]),
        }
        for i, name in enumerate(classes)
    ]
    return {"per_class": rows, "confusion_matrix": confusion.tolist()}
