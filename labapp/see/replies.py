"""What the inference process answers, checked and typed: an answer that is not as agreed is an error with words."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from labapp.play.parts import (
    count_of,
    flag_of,
    fraction_of,
    fraction_or_none,
    list_of,
    made,
    table_of,
    text_of,
    text_or_none,
)
from labapp.see.image import MOST_SIDE, Image


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
    return made("pictures", lambda: _pictures(table_of(raw)))


def explanation_of(raw: Any) -> Explanation:
    return made("explanation", lambda: _explanation(table_of(raw)))


def exported_of(raw: Any) -> Exported:
    return made("export", lambda: _exported(table_of(raw)))


def _pictures(raw: dict[str, Any]) -> Pictures:
    return Pictures(
        run=text_of(raw["run"]),
        split=text_of(raw["split"]),
        classes=tuple(
            Class(text_of(each["name"]), count_of(each["right"]), count_of(each["wrong"]))
            for each in map(table_of, list_of(raw["classes"]))
        ),
        layers=tuple(map(text_of, list_of(raw["layers"]))),
        default_layer=text_of(raw["default_layer"]),
        chosen=text_or_none(raw.get("class")),
        thumbs=tuple(_thumb(table_of(each)) for each in list_of(raw["pictures"])),
    )


def _thumb(raw: dict[str, Any]) -> Thumb:
    return Thumb(
        index=count_of(raw["index"]),
        name=text_of(raw["name"]),
        label=text_of(raw["class"]),
        predicted=text_of(raw["predicted"]),
        confidence=fraction_of(raw["confidence"]),
        correct=flag_of(raw["correct"]),
        image=_image(raw["image"]),
    )


def _explanation(raw: dict[str, Any]) -> Explanation:
    return Explanation(
        name=text_of(raw["name"]),
        label=text_or_none(raw.get("class")),
        predicted=text_of(raw["predicted"]),
        confidence=fraction_of(raw["confidence"]),
        correct=None if raw.get("correct") is None else flag_of(raw["correct"]),
        target=text_of(raw["target"]),
        layer=text_of(raw["layer"]),
        probabilities=tuple(
            (text_of(each["class"]), fraction_of(each["probability"]))
            for each in map(table_of, list_of(raw["probabilities"]))
        ),
        image=_image(raw["image"]),
        heat=_image(raw["heat"]),
        overlay=_image(raw["overlay"]),
        inside=fraction_or_none(raw.get("inside")),
        covered=fraction_or_none(raw.get("covered")),
    )


def _exported(raw: dict[str, Any]) -> Exported:
    return Exported(
        files=tuple(text_of(table_of(each)["path"]) for each in list_of(raw["files"])),
        sheets=tuple(map(text_of, list_of(raw.get("sheets") or []))),
        notes=tuple(map(text_of, list_of(raw.get("notes") or []))),
    )


def _image(raw: Any) -> Image:
    table = table_of(raw)
    width, height = count_of(table["width"]), count_of(table["height"])
    if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise ValueError(f"a picture of {width} x {height} pixels")
    try:
        rgb = base64.b64decode(text_of(table["rgb"]), validate=True)
    except binascii.Error as error:
        raise ValueError(f"pixels that cannot be decoded: {error}") from error
    if len(rgb) != 3 * width * height:
        raise ValueError(f"{len(rgb)} bytes for a picture of {width} x {height} pixels")
    return Image(width, height, rgb)
