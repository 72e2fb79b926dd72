"""Pictures of a trained run, chosen and explained: which it got right and wrong, and where it looked.

Everything is said in names (of classes, layers, splits), since that is what people type and read.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from engine.errors import LabError, UsageError, unknown
from engine.images.data import Masks, PictureSplit, Pixels, Rows
from engine.images.decoding import LARGEST_FILE, decode, reason
from engine.images.gradcam import LAST_STAGE, Heat, find_layers, heat_maps, shares_inside, target_layers
from engine.images.settings import ImageSettings
from engine.images.task import ImageArtifacts, ImageTask
from engine.jobs import Say, TrainedModel
from engine.randomness import Stream
from engine.task import SPLITS
from models.resnet import ResNet

Confidences = npt.NDArray[np.float32]
FILE_PIXELS = 2**21  # of the user's pictures explained together


@dataclass(frozen=True)
class Predictions:
    """What a network says of a split."""

    labels: Rows  # (pictures,)
    predicted: Rows  # (pictures,)
    probabilities: Confidences  # (pictures, classes)

    @property
    def confidences(self) -> Confidences:
        """Of the predicted class, (pictures,)."""
        found: Confidences = self.probabilities.max(1)
        return found

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.equal(self.predicted, self.labels)


@dataclass(frozen=True)
class Explained:
    """One picture, and the evidence in it for a class."""

    picture: Pixels  # (side, side, 3)
    heat: Heat  # (side, side) in [0, 1]
    name: str
    index: int | None  # position in its split; None for a file
    origin: str  # the split, or the whole path of a file
    actual: str | None  # its class; None for a file
    predicted: str
    confidence: float
    target: str  # the class the evidence is for
    layer: str
    ranked: tuple[tuple[str, float], ...]  # classes with their probabilities, surest first
    inside: float | None = None  # share of the heat inside the object, where that is known
    covered: float | None = None  # share of the picture that the object covers

    @property
    def correct(self) -> bool | None:
        return None if self.actual is None else self.actual == self.predicted


# How pictures are ranked before the first few are taken: (confidences, a fixed random number of each) -> key.
ORDERS: Mapping[str, Callable[[Confidences, Confidences], Confidences]] = {
    "random": lambda confidences, draw: draw,  # the same pictures for every run of the same data
    "surest": lambda confidences, draw: -confidences,
    "least": lambda confidences, draw: confidences,
}


class Explainer:
    """A trained run's network and the pictures it is asked about."""

    def __init__(self, model: TrainedModel, cache: Path, say: Say):
        self.model = model
        self.cache = cache
        self.say = say
        self.task = cast(ImageTask, model.task)
        self.artifacts = cast(ImageArtifacts, model.artifacts)
        self.network = cast(ResNet, model.learner.evaluation_model())
        self.task.attach(None, cast(ImageSettings, model.settings), self.artifacts, model.learner.device)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.task.class_names()

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(target_layers(self.network))

    def class_index(self, name: str) -> int:
        if name not in self.classes:
            raise unknown("class", name, self.classes)
        return self.classes.index(name)

    # -- the run's own data

    def predictions(self, split: str) -> Predictions:
        """Of a whole split; computed once for as long as the model stays loaded."""
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        key = "predictions", split
        if key not in self.model.memory:
            self.model.attach_own_data(self.model.settings, self.cache, self.say)
            self.say(f"classifying the {split} split")
            _, logits = self.task.outputs_of(self.network, split)
            probabilities = logits.float().softmax(1).cpu().numpy()
            own = self.task.data.split(split)
            self.task.splits.clear()  # the pictures need not stay in memory
            self.model.memory["pictures", split] = own
            self.model.memory[key] = Predictions(np.asarray(own.labels), probabilities.argmax(1), probabilities)
        found: Predictions = self.model.memory[key]
        return found

    def choose(self, split: str, class_name: str, correct: bool, count: int, order: str) -> Rows:
        """Positions of at most `count` pictures of a class that were classified rightly, or wrongly."""
        if order not in ORDERS:
            raise unknown("order", order, ORDERS)
        label, predictions = self.class_index(class_name), self.predictions(split)
        draw = np.random.default_rng(Stream(0).seed_for("gradcam", split)).random(len(predictions.labels))
        places = np.flatnonzero((predictions.labels == label) & (predictions.right == correct))
        key = ORDERS[order](predictions.confidences, draw.astype(np.float32))
        return places[np.argsort(key[places], kind="stable")][:count]

    def named(self, split: str, class_name: str, name: object) -> Rows:
        """Where the picture of this name is, if there is one and it is of the class."""
        names, labels = self.own_pictures(split).names, self.predictions(split).labels
        of_class = np.flatnonzero(labels == self.class_index(class_name)).tolist() if name is not None else []
        return np.array([place for place in of_class if names[place] == name], dtype=np.int64)

    def own_pictures(self, split: str) -> PictureSplit:
        """A split of what the run was trained on."""
        self.predictions(split)
        found: PictureSplit = self.model.memory["pictures", split]
        return found

    def of_split(self, split: str, positions: Sequence[int], target: str | None, layer: str | None) -> list[Explained]:
        """Explain pictures of a split: the evidence for `target`, None = for the class each of them is of."""
        predictions = self.predictions(split)
        beyond = [each for each in positions if not 0 <= each < len(predictions.labels)]
        if beyond:
            raise UsageError(
                f"the {split} split has no such picture",
                got=str(beyond[0]),
                expected=f"0 to {len(predictions.labels) - 1}",
            )
        own = self.own_pictures(split)
        rows = np.asarray(positions, dtype=np.int64)
        wanted = None if target is None else self.class_index(target)
        labels = [int(label) for label in own.labels[rows]]
        return self._explain(
            own.take(rows),
            [own.names[row] for row in rows.tolist()],
            predictions.probabilities[rows],
            [label if wanted is None else wanted for label in labels],
            layer,
            origins=[split] * len(rows),
            indices=rows.tolist(),
            actual=[self.classes[label] for label in labels],
            masks=None if own.masks is None else np.asarray(own.masks[rows]),
        )

    # -- one's own pictures

    def of_files(self, paths: Sequence[Path], target: str | None, layer: str | None) -> list[Explained]:
        """Explain picture files: the evidence for `target`, None = for the class predicted."""
        found: list[Explained] = []
        at_once = max(1, FILE_PIXELS // self.artifacts.image_size**2)
        for start in range(0, len(paths), at_once):
            found += self._of_some_files(paths[start : start + at_once], target, layer)
        return found

    def _of_some_files(self, paths: Sequence[Path], target: str | None, layer: str | None) -> list[Explained]:
        pictures = np.stack([read_picture(path, self.artifacts.image_size) for path in paths])
        with torch.no_grad():
            probabilities = self.network(self._normalised(pictures)).float().softmax(1).cpu().numpy()
        wanted = None if target is None else self.class_index(target)
        targets = [int(each) if wanted is None else wanted for each in probabilities.argmax(1)]
        names, origins = [path.name for path in paths], [str(path.absolute()) for path in paths]
        return self._explain(pictures, names, probabilities, targets, layer, origins)

    # -- both

    def _normalised(self, pictures: Pixels) -> torch.Tensor:
        return self.task.normalise(torch.from_numpy(np.ascontiguousarray(pictures)).to(self.task.device))

    def _explain(
        self,
        pictures: Pixels,
        names: Sequence[str],
        probabilities: Confidences,
        targets: Sequence[int],
        layer: str | None,
        origins: Sequence[str],
        indices: Sequence[int] | None = None,
        actual: Sequence[str] | None = None,
        masks: Masks | None = None,
    ) -> list[Explained]:
        heat = heat_maps(self.network, self._normalised(pictures), targets, find_layers(self.network, layer))
        inside = None if masks is None else shares_inside(heat, masks)
        found = []
        for number, name in enumerate(names):
            order = np.argsort(-probabilities[number], kind="stable")
            ranked = tuple((self.classes[each], float(probabilities[number, each])) for each in order)
            found.append(
                Explained(
                    picture=pictures[number],
                    heat=heat[number],
                    name=name,
                    index=None if indices is None else indices[number],
                    origin=origins[number],
                    actual=None if actual is None else actual[number],
                    predicted=ranked[0][0],
                    confidence=ranked[0][1],
                    target=self.classes[targets[number]],
                    layer=layer or LAST_STAGE,
                    ranked=ranked,
                    inside=None if inside is None or np.isnan(inside[number]) else float(inside[number]),
                    covered=None if masks is None else float(masks[number].mean()),
                )
            )
        return found


def read_picture(path: Path, size: int) -> Pixels:
    """A picture file as (size, size, 3): turned upright, scaled and cropped as pictures of a folder are."""
    try:
        if not path.is_file():  # a pipe or a device might never end
            raise UsageError("this is no file", got=str(path), expected="a JPEG, PNG or other picture file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise UsageError("this file is too large for a picture", got=str(path), expected="at most 256 MiB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return decode(content, size)
    except LabError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a hostile file provokes
        raise UsageError(
            "this picture cannot be read",
            got=f"{path}: {reason(error)}",
            expected="a JPEG, PNG or other picture, whole",
        ) from error


def summary(shares: Sequence[tuple[float | None, float | None]]) -> dict[str, Any]:
    """How much of the heat lies inside the objects, on average, beside what chance would give; empty if unknown.

    shares: (`inside`, `covered`) of each picture.
    """
    known = [(inside, covered) for inside, covered in shares if inside is not None and covered is not None]
    if not known:
        return {}
    inside, covered = np.asarray(known).T
    return {"inside": float(inside.mean()), "covered": float(covered.mean()), "pictures": len(known)}
