"""Splitting sentences that came in one file: at random, but sentences of the same text stay together. Torch-free.

Where a text goes depends on the seed and the text alone, but for a few at the border: a corpus that grows, or is read
in another order, is split alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import LabError
from engine.ner.corpus import Sentence
from engine.randomness import Stream
from engine.task import Split

Text = tuple[str, ...]


def text_of(sentence: Sentence) -> Text:
    """What makes two sentences the same: their words, whatever their case and tags."""
    return tuple(map(str.lower, sentence.tokens))


def split_off(sentences: Sequence[Sentence], shares: Mapping[Split, float], seed: int) -> dict[Split, list[Sentence]]:
    """Each share of the sentences, rounded, split off in turn, and what is left as train; all in their old order.

    A share becomes larger by the copies of its last text, and never empty.
    """
    groups: dict[Text, list[int]] = {}
    for position, sentence in enumerate(sentences):
        groups.setdefault(text_of(sentence), []).append(position)
    if len(groups) <= len(shares):
        raise LabError(
            "too few sentences to split",
            got=f"{len(groups)} different sentences",
            expected=f"at least {len(shares) + 1}: some for train, {', '.join(shares)}",
        )
    stream = Stream(seed)
    order = sorted(groups, key=lambda text: stream.seed_for("split", *text), reverse=True)  # the last is taken first
    result: dict[Split, list[Sentence]] = {}
    for waiting, (split, share) in zip(range(len(shares), 0, -1), shares.items(), strict=True):
        wanted = max(1, int(share * len(sentences) + 0.5))
        taken: list[int] = []
        while len(taken) < wanted and len(order) > waiting:  # one text at least for each that waits, train among them
            taken += groups[order.pop()]
        result[split] = [sentences[position] for position in sorted(taken)]
    rest = sorted(position for text in order for position in groups[text])
    return {"train": [sentences[position] for position in rest], **result}
