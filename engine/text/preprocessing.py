"""Reading back what a run of a lab of language needs to predict: errors that say what is wrong, and its encoder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from engine.errors import LabError

if TYPE_CHECKING:
    from engine.text.encoder import Encoder

ENCODER = "encoder"  # the folder of a pretrained encoder's own files


@contextlib.contextmanager
def readable(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever is wrong with a file of preprocessing/ into an error that names it and the remedy."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise LabError(
            "a run's preprocessing cannot be read",
            got=f"{path}: {error}",
            expected=expected,
            hint="restore the file, or train again with labapp train --from RUN",
        ) from error


def restored_encoder(directory: Path) -> Encoder | None:
    """The pretrained encoder of a run, None where it has none. transformers is imported only where there is one."""
    if not (directory / ENCODER).exists():
        return None
    from engine.text.encoder import Encoder

    return Encoder.restore(directory / ENCODER)
