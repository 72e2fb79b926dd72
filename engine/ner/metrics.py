"""Entity-level precision, recall and F1, by seqeval; and the same counts on the device, for curves while training.

Which tokens make an entity is seqeval's decision. `default` is its (and conlleval's) reading: an entity may begin with
I-. `strict` is IOB2 to the letter. All numbers are fractions; averages are over the types that occur.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities
from torch import Tensor

from engine.ner.corpus import OUTSIDE, type_of

Tags = Sequence[str]


class Entity(NamedTuple):
    """Tokens start to end, the end not included, of a sentence."""

    type: str
    start: int
    end: int


def entities_of(tags: Tags, scheme: str = "default") -> list[Entity]:
    """The entities of a sentence in the order they stand in."""
    if scheme == "strict":
        (found,) = Entities([list(tags)], IOB2).entities
        return [Entity(each.tag, each.start, each.end) for each in found]
    return [Entity(name, start, end + 1) for name, start, end in get_entities(list(tags))]


class Counts(NamedTuple):
    """Entities of one type."""

    right: int
    predicted: int
    gold: int


def count_entities(gold: Sequence[Tags], predicted: Sequence[Tags], scheme: str = "default") -> dict[str, Counts]:
    """Entities of each type that occurs, sorted by name; right ones agree in type and both ends."""
    right, ours, theirs = Counter[str](), Counter[str](), Counter[str]()
    for wanted, found in zip(gold, predicted, strict=True):
        if all(tag == OUTSIDE for tag in wanted) and all(tag == OUTSIDE for tag in found):
            continue
        want, have = set(entities_of(wanted, scheme)), set(entities_of(found, scheme))
        theirs.update(each.type for each in want)
        ours.update(each.type for each in have)
        right.update(each.type for each in want & have)
    return {name: Counts(right[name], ours[name], theirs[name]) for name in sorted({*ours, *theirs})}


def accuracy(gold: Sequence[Tags], predicted: Sequence[Tags]) -> float:
    """Share of tokens with the right tag."""
    right = sum(
        want == have for one, other in zip(gold, predicted, strict=True) for want, have in zip(one, other, strict=True)
    )
    return right / max(sum(map(len, gold)), 1)


def f1(counts: Counts) -> float:
    return 2 * counts.right / (counts.predicted + counts.gold) if counts.predicted + counts.gold else 0.0


def precision(counts: Counts) -> float:
    return counts.right / counts.predicted if counts.predicted else 0.0


def recall(counts: Counts) -> float:
    return counts.right / counts.gold if counts.gold else 0.0


def scores(counts: Mapping[str, Counts]) -> dict[str, float]:
    """Micro, macro and weighted averages; weighted by the number of gold entities."""
    total = Counts(*(sum(column) for column in zip(*counts.values(), strict=True))) if counts else Counts(0, 0, 0)
    return {
        "micro_f1": f1(total),
        "macro_f1": sum(map(f1, counts.values())) / len(counts) if counts else 0.0,
        "weighted_f1": sum(f1(each) * each.gold for each in counts.values()) / total.gold if total.gold else 0.0,
        "micro_precision": precision(total),
        "micro_recall": recall(total),
    }


def per_class(counts: Mapping[str, Counts]) -> list[dict[str, Any]]:
    return [
        {"class": name, "precision": precision(each), "recall": recall(each), "f1": f1(each), "support": each.gold}
        for name, each in counts.items()
    ]


def confusion(gold: Sequence[Tags], predicted: Sequence[Tags], types: Sequence[str]) -> dict[str, Any]:
    """Tokens of each type (O last) that were given each type: rows are true, columns predicted."""
    names = (*types, OUTSIDE)
    pairs = Counter(
        (type_of(want) or OUTSIDE, type_of(have) or OUTSIDE)
        for wanted, found in zip(gold, predicted, strict=True)
        for want, have in zip(wanted, found, strict=True)
    )
    return {"confusion_names": list(names), "confusion_matrix": [[pairs[row, to] for to in names] for row in names]}


# ----------------------------------------------------------------------------------------------------- on the device


def device_counts(gold: Tensor, predicted: Tensor, mask: Tensor, types: int) -> Tensor:
    """(types, 3) int64: right, predicted and gold entities of each type in a batch, by the default reading.

    gold and predicted (batch, time) int64 as `engine.ner.vocabulary.Vocabulary.tags` numbers them: O is 0, type k
    begins with 2k + 1 and goes on with 2k + 2.
    """
    mine, theirs = spans(predicted, mask), spans(gold, mask)
    both = mine.begins & theirs.begins & (mine.kind == theirs.kind) & (mine.end == theirs.end)
    chosen = (theirs.kind, both), (mine.kind, mine.begins), (theirs.kind, theirs.begins)
    return torch.stack([_tally(kind, where, types) for kind, where in chosen], 1)


def _tally(kind: Tensor, chosen: Tensor, types: int) -> Tensor:
    """How often each kind is chosen: (types,). Without waiting for the device, as a count of what is True would."""
    row = torch.where(chosen, kind, types).flatten()
    return kind.new_zeros(types + 1).scatter_add_(0, row, torch.ones_like(row))[:types]


class Spans(NamedTuple):
    """Where entities begin (batch, time) bool, of which kind, and where the one that begins there ends (exclusive)."""

    begins: Tensor
    kind: Tensor
    end: Tensor


def spans(tags: Tensor, mask: Tensor) -> Spans:
    tags = tags.masked_fill(~mask, 0)
    kind = (tags - 1).div(2, rounding_mode="floor")  # -1 for O
    before = torch.cat([kind.new_full((len(kind), 1), -1), kind[:, :-1]], 1)
    goes_on = (tags > 0) & (tags % 2 == 0) & (kind == before)
    time = tags.shape[1]
    breaks = torch.where(goes_on, time, torch.arange(time, device=tags.device))  # here something else begins, or O
    later = torch.cat([breaks[:, 1:], breaks.new_full((len(breaks), 1), time)], 1)
    end = later.flip(1).cummin(1).values.flip(1)
    return Spans((tags > 0) & ~goes_on, kind, end)


def scores_of_counts(table: Tensor) -> dict[str, float]:
    """`scores` from summed `device_counts`."""
    counts = {str(number): Counts(*row) for number, row in enumerate(table.tolist()) if any(row)}
    found = scores(counts)
    return {name: found[name] for name in ("micro_f1", "macro_f1")}
