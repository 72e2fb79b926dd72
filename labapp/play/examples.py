"""The examples of a run's own data that a screen goes through: which one of which split, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EXAMPLES = "examples"  # the operation of the inference process
SPLITS = ("test", "val", "train")
AS_THEY_COME = "corpus"  # the order that every task has
PAGE = 20  # examples that are asked for together


@dataclass(frozen=True)
class Place:
    """One example: the `number`th of a split in an order."""

    split: str = SPLITS[0]
    order: str = AS_THEY_COME
    number: int = 0

    @property
    def start(self) -> int:
        """Where the page it stands on begins."""
        return self.number // PAGE * PAGE

    def args(self, run: str) -> dict[str, Any]:
        return {"run": run, "split": self.split, "order": self.order, "start": self.start, "count": PAGE}
