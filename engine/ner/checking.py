"""What can be said against a training before it starts. Torch-free."""

from __future__ import annotations

from engine.catalogue import TaskRow
from engine.ner.settings import NerSettings
from engine.text.sources import check_encoder, check_vectors


def check(row: TaskRow, variant: str, data: str, settings: NerSettings, *, disk: bool) -> None:
    """Refuse a variant whose word vectors or encoder cannot be there; without `disk` by what is said alone."""
    options = row.variants[variant].options
    if options.get("vectors"):
        check_vectors(settings.vectors, embedded=data in row.datasets and row.datasets[data].embedded, disk=disk)
    if options.get("encoder"):
        check_encoder(settings.encoder, disk=disk)
