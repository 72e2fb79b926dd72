"""Which files of a path hold the splits of word problems, from names and first entries: quick enough to ask often."""

from __future__ import annotations

from pathlib import Path

from engine.mathqa.formats import look
from engine.text.listing import NAMES, Kind

LOOKED_AT = 2**17  # bytes of each file that are read to say that it is one: hundreds of problems
PROBLEMS = Kind(
    "a JSON file of problems, or a folder with train, dev and test files (.json .jsonl)",
    frozenset([".json", ".jsonl"]),
    NAMES,
)
list_files, split_of, unseen_file = PROBLEMS.list_files, PROBLEMS.split_of, PROBLEMS.unseen_file


def probe(path: str | Path) -> dict[str, int]:
    """Raise a LabError if there cannot be word problems at the path. No settings belong to the data: {}."""
    for file in list_files(Path(path).expanduser()).files.values():
        look(file, LOOKED_AT)
    return {}
