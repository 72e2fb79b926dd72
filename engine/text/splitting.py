"""Splitting examples that came in one file: at random, but examples of the same text stay together. Torch-free.

Where a text goes depends on the seed and the text alone, but for a few at the border: data that grows, or is read in
another order, is split alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from engine.errors import LabError
from engine.randomness import Stream
from engine.task import Split

Example = TypeVar("Example")
Text = tuple[str, ...]  # what makes two examples the same


def split_off(
    examples: Sequence[Example], texts: Sequence[Text], shares: Mapping[Split, float], seed: int, kind: str
) -> dict[Split, list[Example]]:
    """Each share of the examples, rounded, split off in turn, and what is left as train; all in their old order.

    A share becomes larger by the copies of its last text, and never empty. `kind` is what the examples are called.
    """
    groups: dict[Text, list[int]] = {}
    for position, text in enumerate(texts):
        groups.setdefault(text, []).append(position)
    if len(groups) <= len(shares):
        raise LabError(
            f"too few {kind} to split",
            got=f"{len(groups)} different {kind}",
            expected=f"at least {len(shares) + 1}: some for train, {', '.join(shares)}",
        )
    stream = Stream(seed)
    order = sorted(groups, key=lambda text: stream.seed_for("split", *text), reverse=True)  # the last is taken first
    result: dict[Split, list[Example]] = {}
    for waiting, (split, share) in zip(range(len(shares), 0, -1), shares.items(), strict=True):
        wanted = max(1, int(share * len(examples) + 0.5))
        taken: list[int] = []
        while len(taken) < wanted and len(order) > waiting:  # one text at least for each that waits, train among them
            taken += groups[order.pop()]
        result[split] = [examples[position] for position in sorted(taken)]
    rest = sorted(position for text in order for position in groups[text])
    return {"train": [examples[position] for position in rest], **result}
