"""What the inference process answers, checked and typed: an answer that is not as agreed is an error with words."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.errors import LabError
from labapp.see.image import MOST_SIDE, Image

Made = TypeVar("Made")


@dataclass(frozen=True)
class Class:
    """A class of the run, and how many pictures of it in a split are classified rightly and wrongly."""

    name: str
    right: int
    wrong: int


@dataclass(frozen=True)
class Thumb:
    """A picture of the dataset by its `index` in its split, or a file of the user's by its absolute `path`."""

    index: int
    name: str
    label: str | None  # its class, where that is known
    predicted: str
    confidence: float
    correct: bool | None
    image: Image
    path: str = ""

    @property
    def key(self) -> int | str:
        return self.path or self.index


@dataclass(frozen=True)
class Pictures:
    """One class of a split, and what there is of the others."""

    run: str
    split: str
    classes: tuple[Class, ...]
    layers: tuple[str, ...]
    default_layer: str
    chosen: str | None  # class; None = only the counts
    thumbs: tuple[Thumb, ...]


@dataclass(frozen=True)
class Explanation:
    """A picture, where the network looked for `target`, and both. `inside` is the share of the heat that falls on the
    object, `covered` the share of the picture that the object covers: None where nobody knows the object's place."""

    name: str
    label: str | None
    predicted: str
    confidence: float
    correct: bool | None
    target: str
    layer: str
    probabilities: tuple[tuple[str, float], ...]
    image: Image
    heat: Image
    overlay: Image
    inside: float | None
    covered: float | None

    def as_thumb(self, path: str) -> Thumb:
        """A file of the user's, beside the pictures of the dataset."""
        return Thumb(-1, self.name, self.label, self.predicted, self.confidence, self.correct, self.image, path)


@dataclass(frozen=True)
class Exported:
    """What was written: pictures and contact sheets as absolute paths, and what is worth knowing of them."""

    files: tuple[str, ...]
    sheets: tuple[str, ...]
    notes: tuple[str, ...]


def pictures_of(raw: Any) -> Pictures:
    return _made("pictures", lambda: _pictures(_table(raw)))


def explanation_of(raw: Any) -> Explanation:
    return _made("explanation", lambda: _explanation(_table(raw)))


def exported_of(raw: Any) -> Exported:
    return _made("export", lambda: _exported(_table(raw)))


def _made(what: str, make: Callable[[], Made]) -> Made:
    try:
        return make()
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise LabError(
            f"the {what} in the answer cannot be understood",
            got=f"{type(error).__name__}: {error}"[:200],
            hint="was labapp upgraded while it ran? Leave it and start it again",
        ) from error


def _pictures(raw: dict[str, Any]) -> Pictures:
    return Pictures(
        run=_text(raw["run"]),
        split=_text(raw["split"]),
        classes=tuple(
            Class(_text(each["name"]), _count(each["right"]), _count(each["wrong"]))
            for each in map(_table, _list(raw["classes"]))
        ),
        layers=tuple(map(_text, _list(raw["layers"]))),
        default_layer=_text(raw["default_layer"]),
        chosen=_text_or_none(raw.get("class")),
        thumbs=tuple(_thumb(_table(each)) for each in _list(raw["pictures"])),
    )


def _thumb(raw: dict[str, Any]) -> Thumb:
    return Thumb(
        index=_count(raw["index"]),
        name=_text(raw["name"]),
        label=_text(raw["class"]),
        predicted=_text(raw["predicted"]),
        confidence=_fraction(raw["confidence"]),
        correct=_flag(raw["correct"]),
        image=_image(raw["image"]),
    )


def _explanation(raw: dict[str, Any]) -> Explanation:
    return Explanation(
        name=_text(raw["name"]),
        label=_text_or_none(raw.get("class")),
        predicted=_text(raw["predicted"]),
        confidence=_fraction(raw["confidence"]),
        correct=None if raw.get("correct") is None else _flag(raw["correct"]),
        target=_text(raw["target"]),
        layer=_text(raw["layer"]),
        probabilities=tuple(
            (_text(each["class"]), _fraction(each["probability"])) for each in map(_table, _list(raw["probabilities"]))
        ),
        image=_image(raw["image"]),
        heat=_image(raw["heat"]),
        overlay=_image(raw["overlay"]),
        inside=_fraction_or_none(raw.get("inside")),
        covered=_fraction_or_none(raw.get("covered")),
    )


def _exported(raw: dict[str, Any]) -> Exported:
    return Exported(
        files=tuple(_text(_table(each)["path"]) for each in _list(raw["files"])),
        sheets=tuple(map(_text, _list(raw.get("sheets") or []))),
        notes=tuple(map(_text, _list(raw.get("notes") or []))),
    )


# -- parts of an answer; what they raise becomes words in `_made`


def _table(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError(f"{type(raw).__name__} is no table")
    return raw


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise TypeError(f"{type(raw).__name__} is no list")
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{type(raw).__name__} is no text")
    return raw


def _text_or_none(raw: Any) -> str | None:
    return None if raw is None else _text(raw)


def _flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError(f"{type(raw).__name__} is neither true nor false")
    return raw


def _count(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise ValueError(f"{raw!r:.40} is no count")
    return raw


def _fraction(raw: Any) -> float:
    """NaN, which comes as a text, is one: networks can say it."""
    value = float(raw)
    if not math.isnan(value) and not -1e-6 <= value <= 1 + 1e-6:
        raise ValueError(f"{raw!r:.40} is no fraction")
    return value


def _fraction_or_none(raw: Any) -> float | None:
    return None if raw is None else _fraction(raw)


def _image(raw: Any) -> Image:
    table = _table(raw)
    width, height = _count(table["width"]), _count(table["height"])
    if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise ValueError(f"a picture of {width} x {height} pixels")
    try:
        rgb = base64.b64decode(_text(table["rgb"]), validate=True)
    except binascii.Error as error:
        raise ValueError(f"pixels that cannot be decoded: {error}") from error
    if len(rgb) != 3 * width * height:
        raise ValueError(f"{len(rgb)} bytes for a picture of {width} x {height} pixels")
    return Image(width, height, rgb)
