"""Runs that were made elsewhere and imported: what meta.json says of where from, and what they cannot do here.

    "imported": {v, as ("bundle" or "record"), id, status, digest, time}

They have no process and no training state, so they are what they were when they left: `sessions.run.status`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.checkpoints import TRAINING_STATE, Checkpoints
from engine.errors import LabError, UsageError
from sessions.run.records import CHECKPOINTS, Record, read_record, table_of, text_of

IMPORTED = "imported"
BUNDLE, RECORD = "bundle", "record"


def imported_of(record: Record) -> dict[str, Any]:
    """What is known of a run's import; empty for one that was made here."""
    return table_of(record.meta, IMPORTED)


def refuse_resume(record: Record) -> None:
    """An imported run cannot go on: what a training needs besides its weights stayed where it was made."""
    if imported_of(record) and not any((record.path / CHECKPOINTS).glob(f"step-*/{TRAINING_STATE}")):
        raise UsageError(
            f"run {record.path.name} was imported without training state",
            got=f"resume of a run from a {text_of(imported_of(record), 'as') or BUNDLE}",
            expected="a run that was made here",
            hint=f"labapp train --from {record.path.name} repeats it",
        )


def refuse_without_weights(path: Path) -> None:
    """A run that came as a record has numbers and curves, and no network to use."""
    if Checkpoints(path / CHECKPOINTS).steps():
        return
    record = read_record(path)
    if imported_of(record):
        raise LabError(
            "this run came without weights",
            got=f"{path.name} was imported from a {text_of(imported_of(record), 'as') or RECORD}",
            expected="a run that was made here, or imported from a bundle",
            hint=f"labapp export --format bundle where it was made; labapp train --from {path.name} repeats it",
        )
