"""Files of tensors: what the system refuses is said by the system's own error, so that it can be explained."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.errors import LabError
from engine.files import explained
from engine.learner import load_weights, save_weights
from engine.tensorfile import write_tensors


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may become larger than this (bytes), as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    one, other = nn.Linear(3, 2), nn.Linear(3, 2)
    save_weights(one, tmp_path / "weights")
    load_weights(other, tmp_path / "weights")
    assert torch.equal(one.weight, other.weight)


def test_where_there_is_no_room_the_systems_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as refused, room_for(10_000):
        write_tensors({"a": torch.zeros(100_000)}, tmp_path / "a")
    assert refused.value.errno == errno.EFBIG
    with pytest.raises(LabError, match="cannot be written") as explanation, room_for(10_000), explained(tmp_path / "a"):
        write_tensors({"a": torch.zeros(100_000)}, tmp_path / "a")
    assert "File too large" in str(explanation.value.got)
