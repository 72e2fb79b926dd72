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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import LabError
from engine.images.cache import CacheWriter, PictureCache, content_hashes
from engine.images.data import PictureData, split_off, with_validation
from engine.images.decoding import FITTING_VERSION, decode_all, hash_all
from engine.images.listing import (
    FOLDERS,
    LISTED,
    Listing,
    class_pictures,
    entries,
    is_class,
    list_pictures,
    picture_size,
    probe,
    require_sound,
)
from engine.images.settings import ImageSettings
from engine.task import SPLITS, Split

TEST_SEED = 0  # the same test pictures whatever the run's seed
LOOKED_AT = 500  # headers read to say what sizes there are

Say = Callable[[str], None]


def open_folder(source: str | Path, settings: ImageSettings, cache: Path, say: Say) -> PictureData:
    """The pictures under `source`, fitted to `settings.image_size` (0 = as `probe` says)."""
    root = Path(source).expanduser()
    listing = list_pictures(root)
    require_sound(listing)
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
    folders = [entry.name for entry in entries(root) if entry.is_dir() and FOLDERS.get(entry.name.lower()) == split]
    folder = folders[0] if folders else ""
    listing = Listing(root)
    names = [entry.name for entry in entries(root / folder) if is_class(entry, listing)]
    listing.pictures[split] = class_pictures(listing, folder, names, at_most=0)
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


def check(source: str | Path, settings: ImageSettings, cache: Path, say: Say) -> list[str]:
    """Everything worth knowing about a folder before training on it; what would stop a training is raised."""
    root = Path(source).expanduser()
    listing = list_pictures(root)
    require_sound(listing)
    data = open_folder(source, settings.model_copy(update={"broken": "skip"}), cache, say)
    given = ", ".join(split for split in SPLITS if split in listing.pictures)
    findings = [
        f"{len(data.classes)} classes: {', '.join(data.classes)}",
        f"folders for {given}, fitted to {data.image_size}x{data.image_size}",
        "pictures: " + ", ".join(f"{split} {count:,}" for split, count in data.counts.items()),
    ]
    findings.append(_sizes(listing))
    for split, counts in data.class_counts.items():
        least, most = min(counts), max(counts)
        if not least or most > 10 * least:
            findings.append(f"{split} is unbalanced: {least:,} to {most:,} pictures in a class")
    findings += [f"left out: {count:,} {why}" for why, count in sorted(listing.ignored.items())]
    findings += [f"broken: {name}" for name in data.broken]
    if data.broken:
        findings.append("a training refuses broken pictures, or leaves them out with --set broken=skip")
    return findings + _twins(listing, _hashes(listing, cache))


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
            hint="mend or remove them, or leave them out: --set broken=skip to train, --broken skip to evaluate",
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
