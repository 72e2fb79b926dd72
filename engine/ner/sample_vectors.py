"""Word vectors made for the embedded sample, in GloVe's format: words of one kind lie around one centre.

A word that is of several kinds (Washington: surname and town) lies between their centres. Not every word has a vector:
of the names some have none, as in real life.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from engine.files import explained, write_atomic
from engine.ner.sample_names import COUNTS
from engine.text.dice import Dice

DIM = 100
CENTRE, SPREAD = 0.25, 0.35  # standard deviations: of the centres, and of words around theirs
COVERED_NAMES, COVERED = 0.9, 0.98  # share of the words that have a vector
NAMES = frozenset([*COUNTS, "gentilic", "gentilics"])
NONE = frozenset(["slip"])  # words of these kinds have no vector

Kinds = dict[str, Counter[str]]  # word, lower-cased -> how often it was of each kind


def write_vectors(path: Path, kinds: Kinds) -> None:
    """The most frequent word first. The file appears as a whole."""
    centres = {
        kind: _draws(f"centre {kind}", CENTRE) for kind in sorted({kind for some in kinds.values() for kind in some})
    }
    lines = []
    for word, some in sorted(kinds.items(), key=lambda item: (-item[1].total(), item[0])):
        usual = max(sorted(some), key=lambda kind: some[kind])
        if usual in NONE or not Dice(f"covered {word}").chance(COVERED_NAMES if usual in NAMES else COVERED):
            continue
        values = _draws(f"word {word}", SPREAD)
        for kind, times in sorted(some.items()):
            share = times / some.total()
            values = [value + share * centre for value, centre in zip(values, centres[kind], strict=True)]
        lines.append(word + " " + " ".join(f"{value:.4f}" for value in values) + "\n")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "".join(lines).encode())


def _draws(name: str, deviation: float) -> list[float]:
    dice = Dice(name)
    return [deviation * dice.noise() for _ in range(DIM)]
