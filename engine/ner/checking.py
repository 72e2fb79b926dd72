"""What can be said against a training before it starts. Torch-free, and quick: forms ask it as one types."""

from __future__ import annotations

from pathlib import Path

from engine.catalogue import TaskRow
from engine.errors import UsageError
from engine.ner.settings import RANDOM, SCRATCH, NerSettings

GLOVE = "glove.6B.100d.txt of nlp.stanford.edu/projects/glove"


def check(row: TaskRow, variant: str, data: str, settings: NerSettings) -> None:
    """Refuse a variant whose word vectors or encoder cannot be there."""
    options = row.variants[variant].options
    if options.get("vectors"):
        check_vectors(settings.vectors, embedded=data in row.datasets and row.datasets[data].embedded)
    if options.get("encoder") and looks_like_path(settings.encoder) and not Path(settings.encoder).is_dir():
        raise UsageError(
            "there is no such encoder",
            got=f"encoder={settings.encoder}",
            expected=f"a folder with config.json and model.safetensors, a name on the hub, or {SCRATCH}",
            hint="set encoder to a folder that is there",
        )


def check_vectors(vectors: str, *, embedded: bool) -> None:
    if not vectors and not embedded:
        raise no_vectors()
    if vectors not in ("", RANDOM) and not Path(vectors).is_file():
        raise UsageError(
            "there is no such file of word vectors",
            got=f"vectors={vectors}",
            expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
            hint=f"set vectors to a file that is there, or to {RANDOM}",
        )


def no_vectors() -> UsageError:
    return UsageError(
        "this variant begins with pretrained word vectors",
        got="vectors is empty",
        expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
        hint=f"set vectors=FILE, or vectors={RANDOM} to begin without",
    )


def looks_like_path(name: str) -> bool:
    """Names on the hub have one slash at most, and no dot or slash in front."""
    return name.startswith(("/", ".", "~")) or name.count("/") > 1
