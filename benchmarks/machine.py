"""What a measurement was made on, to stand beside every figure."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the face is measured without it
    import torch


def describe_face() -> str:
    """Processor and the versions that draw."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("textual", "rich", "plotext"))
    return f"{processor()}; python {platform.python_version()}, {versions}"


def describe(device: torch.device) -> str:
    """Processor or card, threads, versions."""
    import torch

    if device.type == "cuda":
        where = torch.cuda.get_device_name(device)
    else:
        where = f"{processor()}, {torch.get_num_threads()} threads"
    return f"{where}; python {platform.python_version()}, torch {torch.__version__}"


def synchronise(device: torch.device) -> None:
    """Wait until a card has done what it was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def processor() -> str:
    """The processor's name as Linux knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()} ({os.cpu_count()} cores)"
