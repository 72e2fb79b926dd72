"""What can be said against a training before it starts. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.catalogue import TaskRow
from engine.errors import UsageError
from engine.ner.settings import RANDOM, SCRATCH, NerSettings, looks_like_path

GLOVE = "glove.6B.100d.txt of nlp.stanford.edu/projects/glove"


def check(row: TaskRow, variant: str, data: str, settings: NerSettings, *, disk: bool) -> None:
    """Refuse a variant whose word vectors or encoder cannot be there; without `disk` by what is said alone."""
    options = row.variants[variant].options
    if options.get("vectors"):
        check_vectors(settings.vectors, embedded=data in row.datasets and row.datasets[data].embedded, disk=disk)
    if (
        options.get("encoder")
        and looks_like_path(settings.encoder)
        and disk
        and not there(settings.encoder, Path.is_dir)
    ):
        raise UsageError(
            "there is no such encoder",
            got=f"encoder={settings.encoder}",
            expected=f"a folder with config.json and model.safetensors, a name on the hub, or {SCRATCH}",
            hint="set encoder to a folder that is there",
        )


def check_vectors(vectors: str, *, embedded: bool, disk: bool) -> None:
    if not vectors and not embedded:
        raise no_vectors()
    if vectors not in ("", RANDOM) and disk and not there(vectors, Path.is_file):
        raise UsageError(
            "there is no such file of word vectors",
            got=f"vectors={vectors}",
            expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
            hint=f"set vectors to a file that is there, or to {RANDOM}",
        )


def there(path: str, kind: Callable[[Path], bool]) -> bool:
    """Whether it is; what no system takes for a path is not."""
    try:
        return kind(Path(path))
    except (OSError, ValueError):
        return False


def no_vectors() -> UsageError:
    return UsageError(
        "this variant begins with pretrained word vectors",
        got="vectors is empty",
        expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
        hint=f"set vectors=FILE, or vectors={RANDOM} to begin without",
    )
