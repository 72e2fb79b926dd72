"""What a trained network says of sentences: the best tagging, how sure it is of it, and the second best.

A sentence that was cut is put together again: its taggings are those of its pieces side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from engine.ner.reading import Encoded
from models.crf import LinearChainCRF
from models.tagger import judge


@dataclass
class Tagging:
    """One tagging of a sentence, and the logarithm of its probability."""

    tags: list[int] = field(default_factory=list)
    log_probability: float = 0.0


@dataclass
class Tagged:
    """Of every sentence, in the order they came in; `loss` is summed over all tokens with the tags they came with."""

    best: list[Tagging]
    probabilities: list[list[float]]  # of the tag each token was given, whatever the others are
    continued: list[list[float]]  # the same, given the tag before; of the first token its own
    second: list[Tagging | None]
    loss: float = 0.0

    def together(self, sentence: int, start: int, end: int) -> float:
        """Probability that all tokens from start to end (exclusive) have the tags they were given."""
        return self.probabilities[sentence][start] * math.prod(self.continued[sentence][start + 1 : end])


@dataclass
class Piece:
    """What is known of a sentence, or of a part of it where it was cut."""

    best: Tagging
    probabilities: list[float]
    continued: list[float]
    second: Tagging | None


@torch.no_grad()
def tag(
    model: nn.Module, encoded: Encoded, device: torch.device, size: int, *, together: bool = False, second: bool = False
) -> Tagged:
    """Tag a split. `together`: how probable several tags are at once; `second`: the second-best taggings."""
    pieces: dict[int, Piece] = {}
    loss = 0.0
    crf: LinearChainCRF | None = model.crf  # type: ignore[assignment]
    for rows, on_cpu in encoded.in_order(size):
        batch = on_cpu.to(device)
        mask = batch.inputs.mask
        emissions = model(batch.inputs).float()
        found = judge(emissions, batch.tags, mask, crf)
        loss -= float(found.gold.double().sum())
        sure = found.marginals.gather(2, found.tags[:, :, None]).squeeze(2)
        continued = sure if crf is None or not together else crf.continuations(emissions, found.tags, mask)
        others = runners_up(emissions, mask, crf) if second else [None] * len(rows)
        columns = (
            found.tags.tolist(),
            found.log_probability.clamp(max=0.0).tolist(),
            sure.tolist(),
            continued.tolist(),
        )
        for row, length, tags, log, own, given, other in zip(
            rows.tolist(), mask.sum(1).tolist(), *columns, others, strict=True
        ):
            pieces[row] = Piece(Tagging(tags[:length], log), own[:length], given[:length], other)
    return _joined(pieces, encoded.owners, len(encoded.sentences), loss)


def runners_up(emissions: Tensor, mask: Tensor, crf: LinearChainCRF | None) -> list[Tagging | None]:
    """The second-best tagging of each sentence; None where there is only one."""
    lengths = mask.sum(1).tolist()
    if crf is not None:
        tags, logs = crf.n_best(emissions, mask, 2)
        chosen = zip(tags[:, 1].tolist(), logs[:, 1].clamp(max=0.0).tolist(), lengths, strict=True)
        return [Tagging(row[:length], log) if math.isfinite(log) else None for row, log, length in chosen]
    return [independent_second(row[:length].log_softmax(1)) for row, length in zip(emissions, lengths, strict=True)]


def independent_second(log_probabilities: Tensor) -> Tagging | None:
    """Where tags do not depend on each other it is the best one with the least certain token given its second tag.

    log_probabilities (time, tags).
    """
    if log_probabilities.shape[1] < 2:
        return None
    top, tags = log_probabilities.topk(2, 1)  # (time, 2)
    least = int((top[:, 0] - top[:, 1]).argmin())
    second = tags[:, 0].clone()
    second[least] = tags[least, 1]
    return Tagging(second.tolist(), float(top[:, 0].sum() - top[least, 0] + top[least, 1]))


def _joined(pieces: Mapping[int, Piece], owners: Sequence[int], count: int, loss: float) -> Tagged:
    parts: list[list[Piece]] = [[] for _ in range(count)]
    for number, owner in enumerate(owners):
        parts[owner].append(pieces[number])
    return Tagged(
        best=[
            Tagging([tag for each in own for tag in each.best.tags], sum(each.best.log_probability for each in own))
            for own in parts
        ],
        probabilities=[[value for each in own for value in each.probabilities] for own in parts],
        continued=[[value for each in own for value in each.continued] for own in parts],
        second=[_second_of(own) for own in parts],
        loss=loss,
    )


def _second_of(parts: Sequence[Piece]) -> Tagging | None:
    """All pieces at their best but the one that loses least by its second."""
    losses = [each.best.log_probability - each.second.log_probability if each.second else math.inf for each in parts]
    if not parts or not math.isfinite(min(losses)):
        return None
    changed = losses.index(min(losses))
    chosen = [each.second if number == changed and each.second else each.best for number, each in enumerate(parts)]
    return Tagging([tag for each in chosen for tag in each.tags], sum(each.log_probability for each in chosen))
