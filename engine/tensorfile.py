"""Files of tensors, as safetensors."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

SAID = re.compile(r"os error (\d+)")


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors, contiguous and unshared, under their names.

    Raises OSError where the system refuses, like everything else that writes: safetensors has an error of its own,
    which has the system's in its words.
    """
    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:
        said = SAID.search(str(error))
        number = int(said[1]) if said else errno.EIO
        raise OSError(number, os.strerror(number) if said else str(error), str(path)) from error
