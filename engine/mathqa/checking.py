"""What can be said against a training before it starts. Torch-free."""

from __future__ import annotations

from engine.catalogue import TaskRow
from engine.mathqa.settings import MathSettings
from engine.text.sources import check_encoder, check_vectors


def check(row: TaskRow, variant: str, data: str, settings: MathSettings, *, disk: bool) -> None:
    """Refuse a variant whose word vectors or encoder cannot be there; without `disk` by what is said alone."""
    options = row.variants[variant].options
    if options.get("vectors"):
        check_vectors(settings.vectors, embedded=False, disk=disk)
    if options.get("frozen") or options.get("finetuned"):
        check_encoder(settings.encoder, disk=disk)
