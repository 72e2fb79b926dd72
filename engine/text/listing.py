"""Which files of a path hold the splits of a dataset, from their names. Nothing is read. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LabError
from engine.task import Split

NAMES: Mapping[str, Split] = {
    "train": "train",
    "dev": "val",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
BESIDE = frozenset(["readme", "license", "licence", "copying", "changelog", "notice", "makefile"])  # not of the data
LISTED = 8  # names in an error message


@dataclass(frozen=True)
class Listing:
    """The files of a dataset by split; a single file is `train`, from which the other splits are split off."""

    root: Path
    files: dict[Split, Path]
    single: bool  # one file, whatever its name


@dataclass(frozen=True)
class Kind:
    """How the files of a kind of dataset are called."""

    expected: str  # for errors
    endings: frozenset[str]  # in lower case, with the dot
    names: Mapping[str, Split]

    def list_files(self, root: Path) -> Listing:
        """The files at a path."""
        if not root.is_dir():
            return Listing(root, {"train": root}, single=True)
        candidates = self._candidates(root)
        if len(candidates) == 1:
            return Listing(root, {"train": candidates[0]}, single=True)
        files: dict[Split, Path] = {}
        for file in candidates:
            split = self.split_of(file.name)
            if split is None:
                continue
            if split in files:
                raise LabError(
                    f"two files for {split}",
                    got=f"{files[split].name} and {file.name} in {root}",
                    expected="one of them",
                )
            files[split] = file
        if "train" not in files:
            found = ", ".join(file.name for file in candidates[:LISTED])
            raise LabError(
                "no training file",
                got=f"{root}: {found or 'no file that could be one'}",
                expected=self.expected,
                hint="name one file to have it split" if candidates else None,
            )
        return Listing(root, files, single=False)

    def split_of(self, name: str) -> Split | None:
        """`train.txt`, `testa` and CoNLL-2003's `eng.testa` by the split they hold."""
        stem, _, last = name.lower().rpartition(".")
        if "." + last in self.endings:
            return self.names.get(stem)
        return self.names.get(last)

    def unseen_file(self, root: Path, split: Split) -> Path:
        """The file with data for one split: the file itself, the folder's file for that split, or its only one."""
        if not root.is_dir():
            return root
        candidates = self._candidates(root)
        fitting = (
            candidates if len(candidates) == 1 else [file for file in candidates if self.split_of(file.name) == split]
        )
        if len(fitting) != 1:
            some = ", ".join(file.name for file in (fitting or candidates)[:LISTED])
            raise LabError(
                f"two files for {split}" if fitting else f"no file for {split}",
                got=f"{root}: {some or 'no file that could be one'}",
                expected=f"one file named {' or '.join(name for name, of in self.names.items() if of == split)}",
                hint="name the file itself",
            )
        return fitting[0]

    def _candidates(self, root: Path) -> list[Path]:
        """Files that could be of the dataset, by their names."""
        try:
            files = sorted(file for file in root.iterdir() if file.is_file() and not file.name.startswith("."))
        except OSError as error:
            raise LabError(
                "the folder cannot be read", got=f"{root}: {error.strerror}", expected=self.expected
            ) from error
        return [
            file
            for file in files
            if file.stem.lower() not in BESIDE
            and (file.suffix.lower() in self.endings or self.split_of(file.name) is not None)
        ]
