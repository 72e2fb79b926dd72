"""The requests of the Tag screen and of `labapp tag`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labapp.play.examples import AS_THEY_COME, EXAMPLES
from labapp.tag.replies import examples_of, tagging_of

TAG = "tag"  # the operation of the inference process
ORDERS = {AS_THEY_COME: "as they come", "wrong": "wrong ones first"}
TYPED = {TAG: tagging_of, EXAMPLES: examples_of}
KEPT = {TAG: 64, EXAMPLES: 16}  # answers


def text_args(run: str, text: str) -> dict[str, Any]:
    """A text, to be cut into sentences and tokens."""
    return {"run": run, "text": text}


def token_args(run: str, sentences: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Sentences whose tokens are as given."""
    return {"run": run, "sentences": [list(tokens) for tokens in sentences]}
