"""Which device and arithmetic a training gets. Asked for a GPU, it never falls back to the CPU silently."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sysconfig
from pathlib import Path
from typing import Literal, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from engine.errors import LabError

Precision = Literal["fp32", "bf16", "fp16"]
TRITON_NEEDS = (7, 0)  # compute capability
_ACCELERATE_NAMES = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def choose_device(wanted: str) -> torch.device:
    """`auto` is the first GPU torch can use, else the CPU; anything else is that device or an error."""
    if wanted == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        index = device.index or 0
        if index >= count:
            raise LabError(
                "the GPU asked for cannot be used",
                got=f"device={wanted}; torch {torch.__version__} sees {count} GPUs",
                expected=f"cuda:0 to cuda:{count - 1}" if count else "a GPU that this build of torch can drive",
                hint="labapp doctor says what is wrong; --gpu cpu trains on the CPU",
            )
        return torch.device("cuda", index)
    return device


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """`auto` is bf16 where the hardware computes in it, else fp32."""
    if wanted == "auto":
        if device.type == "cuda":
            fast = torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return "bf16" if fast else "fp32"
    if wanted == "fp16" and device.type != "cuda":
        raise LabError(
            "fp16 needs a GPU", got=f"precision=fp16 on {device}", expected="bf16 or fp32", hint="set precision=auto"
        )
    return cast(Precision, wanted)


def choose_compile(wanted: str, device: torch.device) -> bool:
    """`auto` is yes where everything is here that torch.compile needs; `on` without it is an error."""
    missing = missing_for_compile(device)
    if wanted == "on" and missing:
        raise LabError(
            "torch.compile cannot work here",
            got=f"compile=on, but there is no {missing}",
            expected="a C++ compiler, Python's headers and, for a GPU, triton",
            hint="set compile=auto, or install them (Debian and Ubuntu: g++ and python3-dev)",
        )
    return wanted != "off" and not missing


def missing_for_compile(device: torch.device) -> str | None:
    """What torch.compile lacks on this machine to build and load what it writes."""
    if not any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++")))):
        return "C++ compiler"
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return "Python.h"
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        return "triton"
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < TRITON_NEEDS:
        return f"GPU that triton can write for (compute capability {TRITON_NEEDS[0]}.{TRITON_NEEDS[1]})"
    return None


def accelerator(device: torch.device, precision: Precision) -> Accelerator:
    """Accelerate on exactly this device; one process may build several in turn (tests, studies)."""
    os.environ["ACCELERATE_TORCH_DEVICE"] = str(device)
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(mixed_precision=_ACCELERATE_NAMES[precision], cpu=device.type == "cpu")
