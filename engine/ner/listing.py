"""Which files of a path hold the splits of a corpus, from their names and first lines: quick enough to ask often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import LabError
from engine.ner.formats import look
from engine.task import Split

ENDINGS = frozenset(["", ".txt", ".conll", ".bio", ".iob", ".iob2", ".tsv", ".csv"])
FILES: dict[str, Split] = {
    "train": "train",
    "dev": "val",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "testa": "val",  # as CoNLL-2003 calls it
    "test": "test",
    "testb": "test",
}
BESIDE = frozenset(["readme", "license", "licence", "copying", "changelog", "notice", "makefile"])  # not of the corpus
LOOKED_AT = 2**17  # bytes of each file that are read to say that it is one: thousands of lines
LISTED = 8  # names in an error message

EXPECTED = "a file of tagged text, or a folder with train, dev and test files (.txt .conll .bio .iob .iob2 .tsv .csv)"


@dataclass(frozen=True)
class Listing:
    """The files of a corpus by split; a single file is `train`, from which the other splits are split off."""

    root: Path
    files: dict[Split, Path]
    single: bool  # one file, whatever its name


def probe(path: str | Path) -> dict[str, int]:
    """Raise a LabError if there cannot be a corpus at the path. No settings belong to the data: {}."""
    for file in list_files(Path(path).expanduser()).files.values():
        look(file, LOOKED_AT)
    return {}


def list_files(root: Path) -> Listing:
    """The files at a path; nothing is read."""
    if not root.is_dir():
        return Listing(root, {"train": root}, single=True)
    candidates = _candidates(root)
    if len(candidates) == 1:
        return Listing(root, {"train": candidates[0]}, single=True)
    files: dict[Split, Path] = {}
    for file in candidates:
        split = split_of(file.name)
        if split is None:
            continue
        if split in files:
            raise LabError(
                f"two files for {split}", got=f"{files[split].name} and {file.name} in {root}", expected="one of them"
            )
        files[split] = file
    if "train" not in files:
        found = ", ".join(file.name for file in candidates[:LISTED])
        raise LabError(
            "no training file", got=f"{root}: {found or 'no file that could be one'}", expected=EXPECTED,
            hint="name one file to have it split" if candidates else None,
        )  # fmt: skip
    return Listing(root, files, single=False)


def split_of(name: str) -> Split | None:
    """`train.txt`, `testa` and CoNLL-2003's `eng.testa` by the split they hold."""
    stem, _, last = name.lower().rpartition(".")
    if "." + last in ENDINGS:
        return FILES.get(stem)
    return FILES.get(last)


def _candidates(root: Path) -> list[Path]:
    """Files that could hold tagged text, by their names."""
    try:
        files = sorted(file for file in root.iterdir() if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise LabError("the folder cannot be read", got=f"{root}: {error.strerror}", expected=EXPECTED) from error
    return [
        file
        for file in files
        if file.stem.lower() not in BESIDE and (file.suffix.lower() in ENDINGS or split_of(file.name) is not None)
    ]


def unseen_file(root: Path, split: Split) -> Path:
    """The file with data for one split: the file itself, the folder's file for that split, or its only one."""
    if not root.is_dir():
        return root
    candidates = _candidates(root)
    fitting = candidates if len(candidates) == 1 else [file for file in candidates if split_of(file.name) == split]
    if len(fitting) != 1:
        some = ", ".join(file.name for file in (fitting or candidates)[:LISTED])
        raise LabError(
            f"two files for {split}" if fitting else f"no file for {split}",
            got=f"{root}: {some or 'no file that could be one'}",
            expected=f"one file named {' or '.join(name for name, of in FILES.items() if of == split)}",
            hint="name the file itself",
        )
    return fitting[0]
