"""What a dataset of word problems is known by: its fingerprint. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from engine.mathqa.corpus import Problem
from engine.task import SPLITS, Split


def fingerprint_of(given: Mapping[Split, Sequence[Problem]]) -> str:
    """SHA-256 over every split as it was given: texts, programs and answers of its problems, one line of JSON each."""
    digest = hashlib.sha256()
    for split in SPLITS:
        if split in given:
            digest.update(f"{split} {len(given[split])}\n".encode())
            for problem in given[split]:
                digest.update(json.dumps([problem.text, problem.formula, problem.answer]).encode() + b"\n")
    return digest.hexdigest()
