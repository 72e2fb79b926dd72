"""Any folder of pictures, as torchvision's ImageFolder lays them out, decoded once into the cache.

    train/<class>/*  val/<class>/*  test/<class>/*     val is also read from valid, validation or dev
    train/<class>/*  test/<class>/*                    validation is split off train with the run's seed
    train/<class>/*                                    ... and test as well, see below
    <class>/*                                          test and validation are split off

Where there is no test folder, test_fraction of the pictures is split off by a seed that never changes: runs with
different seeds are measured on the same test pictures, and none has trained on another's. Pictures may lie deeper
in a class's folder. Hidden files, files that are no pictures by their ending, and linked folders below a class are
left out and counted. Links to pictures, classes or splits are followed wherever they lead: the user put them there.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import LabError
from engine.images.cache import CacheWriter, PictureCache, content_hashes
from engine.images.data import PictureData, split_off, with_validation
from engine.images.decoding import FITTING_VERSION, decode_all, hash_all, picture_size
from engine.images.settings import ImageSettings
from engine.task import SPLITS, Split

ENDINGS = frozenset(
    [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"]
)
FOLDERS: dict[str, Split] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}
TEST_SEED = 0  # the same test pictures whatever the run's seed
SMALL = 64  # square pictures up to this side are trained on as they are
USUAL = 256  # the side that all others are fitted to
LISTED = 8  # names in an error message
LOOKED_AT = 500  # headers read to say what sizes there are

Say = Callable[[str], None]


@dataclass
class Listing:
    """What lies in a folder: pictures by split and class, and what was left out. Names are relative to the root."""

    root: Path
    pictures: dict[Split, dict[str, list[str]]] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)  # why -> files or folders

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({name for classes in self.pictures.values() for name in classes}))

    def names(self, split: Split) -> list[str]:
        return [name for each in sorted(self.pictures[split]) for name in self.pictures[split][each]]

    def labels(self, split: Split) -> list[int]:
        numbers = {name: number for number, name in enumerate(self.classes)}
        return [numbers[each] for each in sorted(self.pictures[split]) for _ in self.pictures[split][each]]


def open_folder(source: str | Path, settings: ImageSettings, cache: Path, say: Say) -> PictureData:
    """The pictures under `source`, fitted to `settings.image_size` (0 = as `probe` says)."""
    root = Path(source).expanduser()
    listing = list_pictures(root)
    _require_sound(listing)
    size = settings.image_size or probe(root)["image_size"]
    hashes = _hashes(listing, cache)
    plan = _plan(listing, settings.test_fraction)

    data = _open_plan(listing, plan, hashes, listing.classes, size, cache, say)
    _judge_broken(data, root, settings.broken, say)
    return with_validation(data, settings.validation_fraction, settings.seed)


def _open_plan(
    listing: Listing, plan: Plan, hashes: dict[str, str], classes: tuple[str, ...], size: int, cache: Path, say: Say
) -> PictureData:
    """The pictures of a plan out of the cache, decoded into it first where they are not there yet."""

    def build(writer: CacheWriter) -> None:
        say(f"decoding {sum(map(len, plan.values())):,} pictures to {size}x{size}")
        for split in SPLITS:
            names = [name for name, _ in plan.get(split, [])]
            labels = dict(plan.get(split, []))
            for images, sound, broken in decode_all(listing.root, names, hashes, size):
                writer.add(split, images, [labels[name] for name in sound], sound)
                writer.broken += [f"{name}: {reason}" for name, reason in broken]

    return PictureCache(cache, say).open(_key(classes, hashes, plan, size), classes, size, build)


def open_unseen(
    source: str | Path, split: Split, settings: ImageSettings, artifacts: Any, cache: Path, say: Say
) -> PictureData:
    """Pictures that a run never saw, as its `split`: the folder of that split if there is one, else all classes."""
    root = Path(source).expanduser()
    folders = [entry.name for entry in _entries(root) if entry.is_dir() and FOLDERS.get(entry.name.lower()) == split]
    folder = folders[0] if folders else ""
    listing = Listing(root)
    names = [entry.name for entry in _entries(root / folder) if _is_class(entry, listing)]
    listing.pictures[split] = _class_pictures(listing, folder, names, at_most=0)
    known = {name: label for label, name in enumerate(artifacts.classes)}
    if not listing.pictures[split] or not set(listing.classes) <= set(known):
        strange = sorted(set(listing.classes) - set(known))
        raise LabError(
            "the run knows no such classes" if strange else "no pictures",
            got=", ".join(strange[:LISTED]) or f"nothing in {root / folder}",
            expected=f"folders named after the run's classes: {', '.join(artifacts.classes[:LISTED])}",
        )
    plan: Plan = {split: [(name, known[each]) for each, of in listing.pictures[split].items() for name in of]}
    hashes = _hashes(listing, cache)
    data = _open_plan(listing, plan, hashes, tuple(artifacts.classes), artifacts.image_size, cache, say)
    _judge_broken(data, root, settings.broken, say)
    return data


def probe(path: str | Path) -> dict[str, int]:
    """The settings that belong to a folder, from the headers of its first few pictures: quick and without torch."""
    root = Path(path).expanduser()
    listing = list_pictures(root, at_most=1)
    _require_sound(listing)
    first = [name for split in listing.pictures for name in listing.names(split)]
    sizes = {size for name in islice(first, 8) if (size := picture_size(root / name))}
    width, height = sizes.pop() if len(sizes) == 1 else (0, 0)
    return {"image_size": width if width == height and 0 < width <= SMALL else USUAL}


def check(source: str | Path, settings: ImageSettings, cache: Path, say: Say) -> list[str]:
    """Everything worth knowing about a folder before training on it; what would stop a training is raised."""
    root = Path(source).expanduser()
    listing = list_pictures(root)
    _require_sound(listing)
    data = open_folder(source, settings.model_copy(update={"broken": "skip"}), cache, say)
    given = ", ".join(split for split in SPLITS if split in listing.pictures)
    findings = [
        f"{len(data.classes)} classes, folders for {given}, fitted to {data.image_size}x{data.image_size}",
        "pictures: " + ", ".join(f"{split} {count:,}" for split, count in data.counts.items()),
    ]
    findings.append(_sizes(listing))
    for split, counts in data.class_counts.items():
        least, most = min(counts), max(counts)
        if not least or most > 10 * least:
            findings.append(f"{split} is unbalanced: {least:,} to {most:,} pictures in a class")
    findings += [f"left out: {count:,} {why}" for why, count in sorted(listing.ignored.items())]
    findings += [f"broken: {name}" for name in data.broken]
    return findings + _twins(listing, _hashes(listing, cache))


# --- what lies there -------------------------------------------------------------------------------------------------


def list_pictures(root: Path, at_most: int = 0) -> Listing:
    """Walk the folder; with `at_most`, only so many pictures of each class are looked for."""
    listing = Listing(root)
    splits: dict[Split, str] = {}
    others: list[str] = []
    for entry in _entries(root):
        if not entry.is_dir():
            listing.ignored[_why(entry.name, "files beside the folders")] += 1
        elif entry.name.startswith("."):
            listing.ignored["hidden folders"] += 1
        elif (split := FOLDERS.get(entry.name.lower())) is None:
            others.append(entry.name)
        elif split in splits:
            raise LabError(f"two folders for {split}", got=f"{splits[split]} and {entry.name}", expected="one of them")
        else:
            splits[split] = entry.name
    if "train" in splits:
        listing.ignored["folders beside train"] += len(others)
        for split, folder in splits.items():
            classes = [entry.name for entry in _entries(root / folder) if _is_class(entry, listing)]
            listing.pictures[split] = _class_pictures(listing, folder, classes, at_most)
    elif others:
        listing.pictures["train"] = _class_pictures(listing, "", others + list(splits.values()), at_most)
    listing.ignored = +listing.ignored
    return listing


def _class_pictures(listing: Listing, folder: str, classes: list[str], at_most: int) -> dict[str, list[str]]:
    found = {}
    for name in sorted(classes):
        below = _pictures_below(listing, os.path.join(folder, name))
        pictures = sorted(islice(below, at_most) if at_most else below)
        if pictures:
            found[name] = pictures
        else:
            listing.ignored["class folders without a picture"] += 1
    return found


def _pictures_below(listing: Listing, folder: str) -> Iterator[str]:
    for entry in _entries(listing.root / folder):
        name = os.path.join(folder, entry.name)
        if entry.name.startswith("."):
            listing.ignored["hidden files"] += 1
        elif entry.is_dir(follow_symlinks=False):
            yield from _pictures_below(listing, name)
        elif entry.is_dir():
            listing.ignored["linked folders below a class"] += 1
        elif Path(entry.name).suffix.lower() not in ENDINGS:
            listing.ignored["files that are no pictures"] += 1
        elif entry.is_file() or entry.is_symlink():  # a dangling link is a broken picture
            yield name
        else:
            listing.ignored["files that are no pictures"] += 1  # a pipe, a socket, a device


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise LabError(
            "the folder of pictures cannot be read",
            got=f"{folder}: {error.strerror}",
            expected="a folder with train/<class>/* (and val, test), or <class>/*",
        ) from error


def _is_class(entry: os.DirEntry[str], listing: Listing) -> bool:
    if entry.is_dir() and not entry.name.startswith("."):
        return True
    listing.ignored[_why(entry.name, "files beside the folders")] += 1
    return False


def _why(name: str, otherwise: str) -> str:
    return "hidden files" if name.startswith(".") else otherwise


def _require_sound(listing: Listing) -> None:
    """Refuse what cannot be trained on."""
    expected = "train/<class>/* (and val, test), or <class>/*"
    train = listing.pictures.get("train", {})
    if not train:
        left_out = ", ".join(f"{count:,} {why}" for why, count in sorted(listing.ignored.items()))
        raise LabError("no training pictures", got=f"{listing.root}: {left_out or 'nothing'}", expected=expected)
    if len(train) < 2:
        raise LabError("only one class", got=f"{next(iter(train))} in {listing.root}", expected=expected)
    for split, classes in listing.pictures.items():
        if not classes:
            raise LabError(f"no {split} pictures", got=str(listing.root), expected=expected)
        if strange := sorted(set(classes) - set(train)):
            raise LabError(
                f"{split} has classes that train lacks",
                got=", ".join(strange[:LISTED]),
                expected=f"classes of train: {', '.join(sorted(train)[:LISTED])}",
            )


# --- from files to splits --------------------------------------------------------------------------------------------

Plan = dict[Split, list[tuple[str, int]]]  # (name, label) of every picture to decode


def _plan(listing: Listing, test_fraction: float) -> Plan:
    plan: Plan = {
        split: list(zip(listing.names(split), listing.labels(split), strict=True)) for split in listing.pictures
    }
    if "test" not in plan:
        kept, off = split_off(np.array(listing.labels("train"), dtype=np.int64), test_fraction, TEST_SEED)
        if not len(off):
            raise LabError(
                "too few pictures to split a test set off",
                got=f"{len(kept)} pictures in {len(listing.classes)} classes",
                expected="at least two pictures in some class",
            )
        whole = plan["train"]
        plan["train"], plan["test"] = [whole[row] for row in kept], [whole[row] for row in off]
    return plan


def _hashes(listing: Listing, cache: Path) -> dict[str, str]:
    names = [name for split in listing.pictures for name in listing.names(split)]
    found = content_hashes(cache, listing.root, names, lambda some: hash_all(listing.root, some))
    return dict(zip(names, found, strict=True))


def _key(classes: tuple[str, ...], hashes: dict[str, str], plan: Plan, size: int) -> str:
    """SHA-256 over every picture's split, name, class and content, the class names, the size and the fitting."""
    digest = hashlib.sha256(repr((FITTING_VERSION, size, [os.fsencode(name) for name in classes])).encode())
    for split in SPLITS:
        for name, label in sorted(plan.get(split, [])):
            digest.update(repr((split, os.fsencode(name), label, hashes[name])).encode())
    return digest.hexdigest()


def _judge_broken(data: PictureData, root: Path, broken: str, say: Say) -> None:
    """List what could not be decoded; refuse it if the user wants that, or if a class has nothing else."""
    if data.broken and broken == "refuse":
        more = f" and {len(data.broken) - LISTED:,} more" if len(data.broken) > LISTED else ""
        raise LabError(
            f"{len(data.broken):,} of the pictures cannot be decoded",
            got="; ".join(data.broken[:LISTED]) + more,
            expected=f"sound pictures only in {root}",
            hint="mend or remove them, or leave them out with --set broken=skip",
        )
    for name in data.broken:
        say(f"skipped: {name}")
    train = data.class_counts.get("train", ())
    empty = [name for name, count in zip(data.classes, train, strict=False) if not count]
    empty += [split for split, count in data.counts.items() if not count]
    if empty:
        raise LabError(
            "no picture of it can be decoded",
            got=f"{', '.join(empty[:LISTED])} in {root}",
            expected="sound training pictures of every class, and some in every split",
        )


def _sizes(listing: Listing) -> str:
    """Widths and heights as the headers say."""
    names = [name for split in listing.pictures for name in listing.names(split)]
    step = -(-len(names) // LOOKED_AT)
    found = [size for name in names[::step] if (size := picture_size(listing.root / name))]
    if not found:
        return "sizes: unknown"
    (widths, heights) = zip(*found, strict=True)
    least, most = f"{min(widths)}x{min(heights)}", f"{max(widths)}x{max(heights)}"
    return f"sizes: {least} to {most} pixels, in {len(found):,} looked at"


def _twins(listing: Listing, hashes: dict[str, str]) -> list[str]:
    """Files of the same content in two of the given splits: what is measured on them is not generalisation."""
    findings = []
    given = [split for split in SPLITS if split in listing.pictures]
    contents = {split: {hashes[name] for name in listing.names(split)} for split in given}
    for i, split in enumerate(given):
        for other in given[i + 1 :]:
            if both := len(contents[split] & contents[other]):
                findings.append(f"the same content in {split} and {other}: {both:,} pictures")
    return findings
