"""The image task: a ResNet of depth 6n+2 on labelled pictures (assignments 003 part 1 and 004 part 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import LabError, UsageError
from engine.files import write_json
from engine.images.batches import Batch, Normalise, Pictures, evaluation_batches, training_batches
from engine.images.data import PictureSplit, Pixels
from engine.images.metrics import confusion_matrix, report, scores
from engine.images.settings import LARGEST, SMALLEST, ImageSettings
from engine.randomness import Stream
from engine.task import Evaluation, Loss, Split
from models.norms import norm_factory
from models.resnet import ResNet

EVALUATION_PIXELS = 512 * 32 * 32  # in one evaluation batch
PORTION_BYTES = 2**26  # of pictures read at a time to count their colours
QUANTILES = {"feature_q01": 0.01, "feature_q20": 0.20, "feature_q80": 0.80, "feature_q99": 0.99}  # 003 section 1.2.7
MISTAKES_KEPT = 200  # the surest of a split
LIBRARY = "preprocessing.json"


@dataclass(frozen=True)
class ImageArtifacts:
    """What prediction needs: class names, picture size, and the training set's colour statistics in [0, 1]."""

    classes: tuple[str, ...]
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def sources(self) -> Mapping[str, str]:
        return {}

    def save(self, directory: Path) -> None:
        write_json(directory / LIBRARY, asdict(self))


class ImageTask:
    """See `engine.task.Task`. `options` are the variant's: {"norm": name in models.norms.NORMS}."""

    def __init__(self, options: Mapping[str, Any]):
        self.norm: str = options["norm"]
        self.splits: dict[Split, Pictures] = {}

    def prepare(self, data: Any, settings: ImageSettings) -> ImageArtifacts:
        """Colour statistics of the training split."""
        mean, std = colour_statistics(data.split("train"))
        return ImageArtifacts(tuple(data.classes), int(data.image_size), mean, std)

    def restore(self, directory: Path) -> ImageArtifacts:
        path = directory / LIBRARY
        try:
            raw = json.loads(path.read_text())
            if not SMALLEST <= int(raw["image_size"]) <= LARGEST:
                raise ValueError(f"pictures of {raw['image_size']} pixels a side")
            return ImageArtifacts(
                tuple(map(str, raw["classes"])),
                int(raw["image_size"]),
                tuple(map(float, raw["mean"])),
                tuple(map(float, raw["std"])),
            )
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise LabError(
                "a run's preprocessing cannot be read",
                got=f"{path}: {error}",
                expected="class names and colour statistics as labapp wrote them",
                hint="restore the file, or train again with labapp train --from RUN",
            ) from error

    def model(self, settings: ImageSettings, artifacts: ImageArtifacts, *, blank: bool = False) -> nn.Module:
        found = len(artifacts.classes)
        if settings.classes and settings.classes < found:
            raise UsageError(
                "the data has more classes than the network",
                got=f"classes={settings.classes}, but {found} classes in the data",
                expected=f"classes={found} or more, or 0",
                hint="--set classes=0 takes the number from the data",
            )
        model = ResNet(settings.n, settings.classes or found, norm_factory(self.norm, settings.groups))
        return model.to(memory_format=torch.channels_last) if settings.channels_last else model

    def attach(self, data: Any, settings: ImageSettings, artifacts: ImageArtifacts, device: torch.device) -> None:
        if data is not None and tuple(data.classes) != artifacts.classes:
            raise UsageError(
                "the data's classes are not the run's",
                got=", ".join(data.classes),
                expected=", ".join(artifacts.classes),
                hint="data with the same classes, or a run trained on these",
            )
        self.data, self.settings, self.artifacts, self.device = data, settings, artifacts, device
        self.normalise = Normalise(artifacts.mean, artifacts.std, device, settings.channels_last)
        self.outputs = settings.classes or len(artifacts.classes)
        self.splits = {}

    def _pictures(self, split: Split) -> Pictures:
        """A split, opened when it is first needed: the test split not before the final evaluation."""
        if split not in self.splits:
            self.splits[split] = Pictures(self.data.split(split), self.device, self.settings.residency)
        return self.splits[split]

    def example_count(self, split: Split) -> int:
        return int(self.data.counts[split])

    def batch_count(self, split: Split) -> int:
        return -(-self.example_count(split) // self.settings.batch_size)

    def batches(self, split: Split, rng: Stream, start: int = 0) -> Iterator[Batch]:
        return training_batches(self._pictures(split), self.normalise, self.settings, rng, start)

    def loss(self, model: nn.Module, batch: Batch) -> Loss:
        logits = model(batch.images).float()  # (N, r)
        loss = F.cross_entropy(logits, batch.labels, reduction="sum", label_smoothing=self.settings.label_smoothing)
        confusion = confusion_matrix(batch.labels, logits.detach().argmax(1), self.outputs)
        return Loss(loss, len(batch.labels), {"confusion": confusion})

    def running(self, seen: Mapping[str, Tensor]) -> dict[str, float]:
        return scores(seen["confusion"]) if "confusion" in seen else {}

    def validate(self, model: nn.Module) -> Evaluation:
        return self.evaluate(model, "val")

    @torch.no_grad()
    def evaluate(self, model: nn.Module, split: Split) -> Evaluation:
        """Cross-entropy without smoothing, accuracy and F1, quantiles of the penultimate features, a full report."""
        pictures = self._pictures(split)
        features, logits = self.outputs_of(model, split)
        confidences, predictions = logits.softmax(1).max(1)
        confusion = confusion_matrix(pictures.labels, predictions, self.outputs)
        metrics = {"loss": float(F.cross_entropy(logits.double(), pictures.labels)), **scores(confusion)}
        metrics |= feature_quantiles(features)
        details = report(confusion, self.class_names())
        return Evaluation(metrics, len(pictures), details, self._mistakes(pictures, predictions, confidences))

    @torch.no_grad()
    def outputs_of(self, model: nn.Module, split: Split) -> tuple[Tensor, Tensor]:
        """Penultimate features (N, 64) and logits (N, r) of a whole split, in its order."""
        pictures = self._pictures(split)
        features, logits = [], []
        for batch in evaluation_batches(pictures, self.normalise, max(EVALUATION_PIXELS // pictures.side**2, 1)):
            penultimate = model.features(batch.images)  # type: ignore[operator]
            features.append(penultimate)
            logits.append(model.linear(penultimate))  # type: ignore[operator]
        return torch.cat(features), torch.cat(logits)

    def class_names(self) -> tuple[str, ...]:
        """One name per output unit; units beyond the data's classes are numbered."""
        names = self.artifacts.classes
        return names + tuple(f"unused {i}" for i in range(len(names), self.outputs))

    def _mistakes(self, pictures: Pictures, predictions: Tensor, confidences: Tensor) -> list[dict[str, Any]]:
        """The surest mistakes, surest first."""
        wrong = (predictions != pictures.labels).nonzero().flatten()
        wrong = wrong[confidences[wrong].argsort(descending=True)][:MISTAKES_KEPT]
        names, columns = self.class_names(), (wrong, pictures.labels[wrong], predictions[wrong], confidences[wrong])
        return [
            {
                "name": pictures.split.names[index],
                "class": names[label],
                "predicted": names[predicted],
                "confidence": round(confidence, 4),
            }
            for index, label, predicted, confidence in zip(*(each.tolist() for each in columns), strict=True)
        ]

    @torch.no_grad()
    def predict(self, model: nn.Module, inputs: Sequence[Pixels]) -> list[dict[str, Any]]:
        """Classes of pictures (H, W, 3) uint8 of the right size, surest first, with their probabilities."""
        if not len(inputs):
            return []
        images = self.normalise(torch.from_numpy(np.stack(inputs)).to(self.device))
        probabilities = model(images).float().softmax(1)
        names = self.class_names()
        found = []
        for row in probabilities.tolist():
            order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
            ranked = [{"class": names[index], "probability": row[index]} for index in order]
            found.append({"predicted": ranked[0]["class"], "confidence": ranked[0]["probability"], "classes": ranked})
        return found


def colour_statistics(split: PictureSplit) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel, of values in [0, 1], from exact counts of every pixel value."""
    counts = np.zeros((3, 256))
    portion = max(1, PORTION_BYTES // int(np.prod(split.images.shape[1:])))
    for start in range(0, len(split), portion):
        pictures = split.take(np.arange(start, min(start + portion, len(split))))
        for channel in range(3):
            counts[channel] += np.bincount(pictures[..., channel].reshape(-1), minlength=256)
    values = np.arange(256) / 255
    share = counts / counts.sum(1, keepdims=True)  # (3, 256)
    mean = share @ values  # (3,)
    variance = (share * (values - mean[:, None]) ** 2).sum(1)  # (3,)
    return tuple(mean.tolist()), tuple(np.sqrt(variance).clip(1e-3).tolist())  # a constant channel stays finite


def feature_quantiles(features: Tensor, limit: int = 2**24) -> dict[str, float]:
    """1st, 20th, 80th and 99th percent quantile over all features; beyond `limit` values, of every k-th of them."""
    values = features.float().flatten()
    values = values[:: -(-values.numel() // limit)]
    found = torch.quantile(values, torch.tensor(list(QUANTILES.values()), device=values.device))
    return dict(zip(QUANTILES, found.tolist(), strict=True))
