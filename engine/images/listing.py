"""What lies in a folder of pictures, from names and headers alone: no pixels, no numpy, quick enough to ask often."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from PIL import Image

from engine.errors import LabError
from engine.task import Split

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
SMALL = 64  # square pictures up to this side are trained on as they are
USUAL = 256  # the side that all others are fitted to
LISTED = 8  # names in an error message


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


def probe(path: str | Path) -> dict[str, int]:
    """The settings that belong to a folder, from the headers of its first few pictures: quick and without torch."""
    root = Path(path).expanduser()
    listing = list_pictures(root, at_most=1)
    require_sound(listing)
    first = [name for split in listing.pictures for name in listing.names(split)]
    sizes = {size for name in islice(first, 8) if (size := picture_size(root / name))}
    width, height = sizes.pop() if len(sizes) == 1 else (0, 0)
    return {"image_size": width if width == height and 0 < width <= SMALL else USUAL}


def picture_size(path: Path) -> tuple[int, int] | None:
    """(width, height) from the header; None if it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def list_pictures(root: Path, at_most: int = 0) -> Listing:
    """Walk the folder; with `at_most`, only so many pictures of each class are looked for."""
    listing = Listing(root)
    splits: dict[Split, str] = {}
    others: list[str] = []
    for entry in entries(root):
        if not leads_to_folder(entry):
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
            classes = [entry.name for entry in entries(root / folder) if is_class(entry, listing)]
            listing.pictures[split] = class_pictures(listing, folder, classes, at_most)
    elif others:
        listing.pictures["train"] = class_pictures(listing, "", others + list(splits.values()), at_most)
    listing.ignored = +listing.ignored
    return listing


def class_pictures(listing: Listing, folder: str, classes: list[str], at_most: int) -> dict[str, list[str]]:
    found = {}
    for name in sorted(classes):
        below = _pictures_below(listing, os.path.join(folder, name))
        pictures = sorted(islice(below, at_most) if at_most else below)
        if pictures:
            found[name] = pictures
        else:
            listing.ignored["class folders without a picture"] += 1
    return found


def leads_to_folder(link: os.DirEntry[str]) -> bool:
    """Whether a link leads to a folder; one that leads in a circle leads nowhere."""
    try:
        return link.is_dir()
    except OSError:
        return False


def _pictures_below(listing: Listing, folder: str) -> Iterator[str]:
    for entry in entries(listing.root / folder):
        name = os.path.join(folder, entry.name)
        if entry.name.startswith("."):
            listing.ignored["hidden files"] += 1
        elif entry.is_dir(follow_symlinks=False):
            yield from _pictures_below(listing, name)
        elif leads_to_folder(entry):
            listing.ignored["linked folders below a class"] += 1
        elif Path(entry.name).suffix.lower() not in ENDINGS:
            listing.ignored["files that are no pictures"] += 1
        elif entry.is_symlink() or entry.is_file():  # a dangling link is a broken picture
            yield name
        else:
            listing.ignored["files that are no pictures"] += 1  # a pipe, a socket, a device


def entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise LabError(
            "the folder of pictures cannot be read",
            got=f"{folder}: {error.strerror}",
            expected="a folder with train/<class>/* (and val, test), or <class>/*",
        ) from error


def is_class(entry: os.DirEntry[str], listing: Listing) -> bool:
    if leads_to_folder(entry) and not entry.name.startswith("."):
        return True
    listing.ignored[_why(entry.name, "files beside the folders")] += 1
    return False


def _why(name: str, otherwise: str) -> str:
    return "hidden files" if name.startswith(".") else otherwise


def require_sound(listing: Listing) -> None:
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
