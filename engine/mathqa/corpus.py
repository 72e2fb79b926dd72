"""Word problems with the programs that solve them, and the datasets they come in. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LabError
from engine.task import SPLITS, Split


@dataclass(frozen=True)
class Problem:
    """A problem as it was written, its gold program (`programs.text_of`), and the right answer."""

    text: str
    formula: str
    answer: float
    origin: str = ""  # where it stands: test.json#17


@dataclass(frozen=True)
class MathData:
    """A dataset: its identity, and the problems of its splits."""

    fingerprint: str  # hex SHA-256 of the content: texts, programs and answers of every split
    splits: Mapping[Split, Sequence[Problem]]
    findings: tuple[str, ...] = ()  # what was noticed while reading
    encoder: str = ""  # a pretrained encoder made for these problems
    cache: Path | None = None  # a folder for what is derived from them

    @property
    def counts(self) -> dict[Split, int]:
        """Problems in each split."""
        return {split: len(self.splits[split]) for split in SPLITS if split in self.splits}

    def split(self, name: Split) -> Sequence[Problem]:
        if name not in self.splits:
            raise LabError(f"there is no {name} split", got=name, expected="one of " + ", ".join(self.counts))
        return self.splits[name]
