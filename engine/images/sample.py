"""The embedded sample: ten shapes drawn with numpy, at any size, with the object's mask known.

A shape is a signed distance function in its own frame (after Inigo Quilez, "2D distance functions"); pixel coverage is
the distance in pixels, clamped, which anti-aliases the edge. Colour, size, place, rotation and stretch say nothing
about the class; textured backgrounds, small distractors, strokes across the object, noise and low contrast keep it
from being easy. Every shape equals its mirror image, so flips are fair augmentation. The pictures depend on
SAMPLE_VERSION alone, not on the run's seed: raise it with any change that moves a pixel.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.images.cache import CacheWriter, PictureCache
from engine.images.data import Masks, PictureData, Pixels
from engine.images.settings import ImageSettings
from engine.task import SPLITS, Split

SAMPLE_VERSION = 1
SMALL = 64  # up to this side there are many pictures, beyond it few: one epoch stays short
COUNTS: dict[bool, dict[Split, int]] = {
    True: {"train": 4_000, "val": 1_000, "test": 1_000},
    False: {"train": 400, "val": 100, "test": 100},
}
PIXELS_AT_ONCE = 2**18  # drawn in portions that fit a processor's cache

Array = npt.NDArray[np.float32]
Distance = Callable[[Array, Array], Array]  # (x, y), each (pictures, pixels), unit radius -> signed distance


# --- shapes: negative inside, positive outside, y is the axis of symmetry -------------------------------------------


def disc(x: Array, y: Array, radius: float = 0.82) -> Array:
    return np.hypot(x, y) - np.float32(radius)


def ring(x: Array, y: Array) -> Array:
    return np.abs(np.hypot(x, y) - np.float32(0.66)) - np.float32(0.22)


def box(x: Array, y: Array, width: float = 0.74, height: float = 0.74) -> Array:
    dx, dy = np.abs(x) - np.float32(width), np.abs(y) - np.float32(height)
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0)


def cross(x: Array, y: Array) -> Array:
    return np.minimum(box(x, y, 0.95, 0.28), box(x, y, 0.28, 0.95))


def crescent(x: Array, y: Array) -> Array:
    return np.maximum(disc(x, y, 0.95), -disc(x, y - np.float32(0.5), 0.76))


def heart(x: Array, y: Array) -> Array:
    """Two thick lines from the tip to the lobes, mirrored."""
    x, y = np.abs(x), y + np.float32(0.52)  # from the tip
    dx, dy, thickness = np.float32(0.42), np.float32(0.95), np.float32(0.4)
    along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(x - along * dx, y - along * dy) - thickness


def polygon(corners: npt.ArrayLike) -> Distance:
    """Signed distance to a closed polygon, corners (n, 2) in order; any simple polygon will do."""
    points = np.asarray(corners, dtype=np.float32)

    def distance(x: Array, y: Array) -> Array:
        nearest = np.full_like(x, np.inf)
        inside = np.zeros(x.shape, dtype=bool)
        for (x0, y0), (x1, y1) in zip(points, np.roll(points, 1, axis=0), strict=True):
            ex, ey = x1 - x0, y1 - y0
            px, py = x - x0, y - y0
            along = np.clip((px * ex + py * ey) / (ex * ex + ey * ey), 0, 1)
            nearest = np.minimum(nearest, (px - along * ex) ** 2 + (py - along * ey) ** 2)
            inside ^= ((y >= y0) != (y >= y1)) & ((px * ey < py * ex) == (ey > 0))  # a ray to the right is crossed
        return np.where(inside, -1, 1).astype(np.float32) * np.sqrt(nearest)

    return distance


def _regular(corners: int, inner: float | None = None) -> npt.NDArray[np.float64]:
    """Corners on the unit circle; with `inner`, there is one on a smaller circle between any two (a star)."""
    n = corners * (1 if inner is None else 2)
    angles = np.pi / 2 + 2 * np.pi * np.arange(n) / n
    radii = np.where(np.arange(n) % 2 == 1, inner or 1.0, 1.0)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


_ARROW = [(0, 1), (0.72, 0.15), (0.26, 0.15), (0.26, -0.95), (-0.26, -0.95), (-0.26, 0.15), (-0.72, 0.15)]

SHAPES: dict[str, Distance] = {
    "arrow": polygon(_ARROW),
    "crescent": crescent,
    "cross": cross,
    "disc": disc,
    "heart": heart,
    "hourglass": polygon([(-0.68, 0.88), (0.68, 0.88), (0.14, 0), (0.68, -0.88), (-0.68, -0.88), (-0.14, 0)]),
    "ring": ring,
    "square": box,
    "star": polygon(_regular(5, inner=0.42)),
    "triangle": polygon(_regular(3)),
}
CLASSES = tuple(SHAPES)


# --- pictures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difficulty:
    """What hides the object. Lengths are shares of the picture's side, intensities shares of full white."""

    radius: tuple[float, float] = (0.3, 0.44)  # of the object
    stretch: float = 0.1  # of the object across its axis, at most
    chroma: float = 0.18  # how far the background's red, green and blue lie from grey, at most
    contrast: tuple[float, float] = (0.55, 1.0)  # between object and background, length of a colour vector
    texture: tuple[float, float] = (0.0, 0.05)  # amplitude of each of the waves in the background
    stripes: float = 0.12  # amplitude of the stripes on the object, at most
    distractors: int = 2  # small blobs, at most
    strokes: int = 1  # lines across everything, at most
    noise: tuple[float, float] = (0.0, 0.05)  # standard deviation, of each pixel's


def draw(labels: npt.NDArray[np.int64], size: int, rng: np.random.Generator, hard: Difficulty) -> tuple[Pixels, Masks]:
    """Pictures (n, size, size, 3) of the given classes, and their objects' masks (n, size, size), hidden parts too."""
    n = len(labels)

    def uniform(low: float, high: float, *shape: int) -> Array:
        return rng.uniform(low, high, (n, *shape)).astype(np.float32)

    centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x = np.tile(centres, size)[None, :]  # (1, pixels)
    y = np.repeat(centres, size)[None, :]

    # background: a colour, a ramp and waves
    ground = uniform(0.2, 0.8, 1) + uniform(-hard.chroma, hard.chroma, 3)
    canvas = np.repeat(ground[:, :, None], size * size, axis=2)  # (n, 3, pixels)
    for wave in range(3):
        angle, phase = uniform(0, 2 * np.pi, 1), uniform(0, 2 * np.pi, 1)
        cycles = uniform(0.2, 0.6, 1) if wave == 0 else uniform(1.5, 7.0, 1)
        colour = uniform(-1, 1, 3) * uniform(*hard.texture, 1) * (2 if wave == 0 else 1)
        swing = np.sin(2 * np.pi * cycles * (np.cos(angle) * x + np.sin(angle) * y) + phase).astype(np.float32)
        canvas += colour[:, :, None] * swing[:, None, :]

    # distractors: small soft or hard ellipses, wherever
    for _ in range(hard.distractors):
        there = uniform(0, 1, 1) < 0.6
        dx, dy = x - uniform(0, 1, 1), y - uniform(0, 1, 1)
        blob = _cover(np.hypot(dx * uniform(0.7, 1.4, 1), dy) - uniform(0.02, 0.07, 1), size) * there
        canvas += blob[:, None, :] * (uniform(0, 1, 3)[:, :, None] - canvas)

    # the object
    radius = uniform(*hard.radius, 1)
    room = np.maximum(0.5 - radius, 0.02)
    dx, dy = (x - 0.5 - uniform(-1, 1, 1) * room) / radius, (y - 0.5 - uniform(-1, 1, 1) * room) / radius
    angle = uniform(0, 2 * np.pi, 1)
    u = (np.cos(angle) * dx + np.sin(angle) * dy) * uniform(1 - hard.stretch, 1 + hard.stretch, 1)
    v = np.cos(angle) * dy - np.sin(angle) * dx
    distance = np.empty_like(u)
    for label, shape in enumerate(SHAPES.values()):
        chosen = labels == label
        if chosen.any():
            distance[chosen] = shape(u[chosen], v[chosen])
    cover = _cover(distance * radius, size)  # (n, pixels)
    direction = rng.normal(size=(n, 3)).astype(np.float32)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    colour = ground + direction * uniform(*hard.contrast, 1)
    colour = np.where((colour < 0) | (colour > 1), ground - (colour - ground), colour)  # the other way if too far
    stripes = np.sin(uniform(4, 16, 1) * u + uniform(0, 6, 1)) * uniform(0, hard.stripes, 1)
    canvas += cover[:, None, :] * (colour[:, :, None] + stripes[:, None, :] - canvas)

    # strokes across everything
    for _ in range(hard.strokes):
        there = uniform(0, 1, 1) < 0.5
        angle, offset = uniform(0, np.pi, 1), uniform(-0.35, 0.35, 1)
        line = np.abs((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) - offset) - uniform(0.01, 0.03, 1)
        canvas += (_cover(line, size) * there)[:, None, :] * (uniform(0, 1, 3)[:, :, None] - canvas)

    canvas += rng.standard_normal(canvas.shape, dtype=np.float32) * uniform(*hard.noise, 1)[:, :, None]
    pixels = (np.clip(canvas, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)
    return (
        np.ascontiguousarray(pixels.transpose(0, 2, 1)).reshape(n, size, size, 3),
        (cover >= 0.5).reshape(n, size, size),
    )


def _cover(distance: Array, size: int) -> Array:
    """How much of each pixel lies inside, from the distance of its centre as a share of the picture's side."""
    cover: Array = np.clip(np.float32(0.5) - distance * np.float32(size), 0, 1).astype(np.float32)
    return cover


# --- the dataset -----------------------------------------------------------------------------------------------------


def open_sample(source: str | Path, settings: ImageSettings, cache: Path, say: Callable[[str], None]) -> PictureData:
    """The sample at `settings.image_size` (0 = the size in its name, else 32), drawn once and kept in the cache."""
    size = settings.image_size or (256 if str(source).endswith("-256") else 32)
    counts = COUNTS[size <= SMALL]
    recipe = ["labapp sample", SAMPLE_VERSION, CLASSES, size, counts, asdict(Difficulty())]

    def build(writer: CacheWriter) -> None:
        say(f"drawing the sample: {sum(counts.values()):,} pictures of {size}x{size}")
        for number, split in enumerate(SPLITS):
            _draw_split(writer, split, counts[split], size, np.random.default_rng([SAMPLE_VERSION, number, size]))

    key = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()
    return PictureCache(cache, say).open(key, CLASSES, size, build)


def _draw_split(writer: CacheWriter, split: Split, count: int, size: int, rng: np.random.Generator) -> None:
    labels = rng.permutation(np.arange(count, dtype=np.int64) % len(CLASSES))
    portion = max(1, PIXELS_AT_ONCE // size**2)
    for start in range(0, count, portion):
        some = labels[start : start + portion]
        images, masks = draw(some, size, rng, Difficulty())
        names = [f"{split}/{CLASSES[label]}/{start + i:05}" for i, label in enumerate(some)]
        writer.add(split, images, some.tolist(), names, masks)
