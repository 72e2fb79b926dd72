"""Reading what others wrote: plain data within bounds, weights that are weights. Nothing else gets through."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import LabError

DEEPEST = 32  # tables and lists within each other
LARGEST_HEADER = 64 * 2**20  # bytes
SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1,
}  # fmt: skip


def parse_json(content: bytes, name: str) -> dict[str, Any]:
    """A table; LabError for anything else, for NaN, and for what is nested too deep."""
    try:
        value = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise damaged(name, f"{type(error).__name__}: {str(error)[:200]}", "JSON") from error
    if not isinstance(value, dict):
        raise damaged(name, f"a {type(value).__name__}", "a table")
    check_depth(value, name)
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def check_depth(value: Any, name: str) -> None:
    """Refuse what is nested deeper than anything labapp writes."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            each
            for container in level
            for each in (container.values() if isinstance(container, dict) else container)
            if isinstance(each, (dict, list))
        ]
        if not level:
            return
    raise damaged(name, f"more than {DEEPEST} levels", "plain data")


def check_safetensors(path: Path, name: str) -> list[str]:
    """The names of the tensors in a file; LabError when it is not safetensors.

    The format: eight bytes with the length of the header (little-endian), the header in JSON, the tensors one after
    the other. Nothing in it can be run, and nothing is loaded here.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 0 < length <= min(LARGEST_HEADER, size - 8):
            raise damaged(name, "no header", "safetensors")
        header = parse_json(file.read(length), name)
    header.pop("__metadata__", None)
    end = 0
    for tensor, begin, stop, expected in sorted((_tensor(name, *item) for item in header.items()), key=lambda t: t[1]):
        if begin != end or stop - begin != expected:
            raise damaged(name, f"tensor {tensor[:80]!r} at {begin} to {stop}", "tensors one after the other")
        end = stop
    if end != size - 8 - length:
        raise damaged(name, f"{size - 8 - length:,} bytes of data", f"{end:,}, as the header says")
    return list(header)


def _tensor(name: str, tensor: str, about: Any) -> tuple[str, int, int, int]:
    """(name, begin, end, bytes by its shape) of a tensor in the header."""
    try:
        shape, (begin, stop) = about["shape"], about["data_offsets"]
        counts = [*shape, begin, stop]
        if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in counts):
            raise ValueError("negative, or no whole number")
        return tensor, begin, stop, math.prod(shape) * SIZES[about["dtype"]]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(name, f"tensor {tensor[:80]!r}: {error}", "dtype, shape and data_offsets") from error


def damaged(name: str, got: str, expected: str) -> LabError:
    return LabError(
        f"{Path(name).name} is not what labapp writes", got=f"{name}: {got}", expected=expected,
        hint="have it exported once more",
    )  # fmt: skip
