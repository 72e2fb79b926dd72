"""The requests of the Tag screen and of `labapp tag`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labapp.tag.replies import examples_of, tagging_of

TAG, EXAMPLES = "tag", "examples"  # operations of the inference process
SPLITS = ("test", "val", "train")
ORDERS = {"corpus": "as they come", "wrong": "wrong ones first"}
PAGE = 20  # examples that are asked for together
TYPED = {TAG: tagging_of, EXAMPLES: examples_of}
KEPT = {TAG: 64, EXAMPLES: 16}  # answers


def text_args(run: str, text: str) -> dict[str, Any]:
    """A text, to be cut into sentences and tokens."""
    return {"run": run, "text": text}


def token_args(run: str, sentences: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Sentences whose tokens are as given."""
    return {"run": run, "sentences": [list(tokens) for tokens in sentences]}


@dataclass(frozen=True)
class Place:
    """One example: the `number`th of a split in an order."""

    split: str = SPLITS[0]
    order: str = next(iter(ORDERS))
    number: int = 0

    @property
    def start(self) -> int:
        """Where the page it stands on begins."""
        return self.number // PAGE * PAGE

    def args(self, run: str) -> dict[str, Any]:
        return {"run": run, "split": self.split, "order": self.order, "start": self.start, "count": PAGE}
