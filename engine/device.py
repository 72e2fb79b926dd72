"""Which device and arithmetic a training gets. Asked for a GPU, it never falls back to the CPU silently."""

from __future__ import annotations

import importlib.util
import os
import re
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
COMPUTES_BF16 = (8, 0)  # before it bf16 is emulated
# What other launchers leave in an environment: accelerate would take this process for one of several.
OF_SEVERAL = ("LOCAL_RANK", "RANK", "WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_ACCELERATE_NAMES = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def choose_device(wanted: str) -> torch.device:
    """`auto` is the first GPU if there is one, else the CPU; anything else is that device. An error where torch cannot
    use it."""
    device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted)
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
        device = torch.device("cuda", index)
        refuse_unknown(device)
    return device


def refuse_unknown(device: torch.device) -> None:
    """A build of torch drives some generations of cards; on others it warns, and fails at the first computation."""
    capability, built = torch.cuda.get_device_capability(device), torch.cuda.get_arch_list()
    if torch.version.cuda and built and not any(runs_on(each, capability) for each in built):
        raise LabError(
            "this build of torch cannot use this GPU",
            got=f"{torch.cuda.get_device_name(device)}, compute capability {capability[0]}.{capability[1]}",
            expected=f"one that torch {torch.__version__} was built for: {', '.join(built)}",
            hint="make install TORCH_BACKEND=cu126 has older cards in it; --gpu cpu trains on the CPU",
        )


def runs_on(built: str, capability: tuple[int, int]) -> bool:
    """Whether code for `sm_86` or `compute_90` and the like runs on a card: machine code on its own generation from
    that version on, the intermediate language on every later one."""
    kind, _, number = built.partition("_")
    digits = re.match(r"\d+", number)
    major, minor = divmod(int(digits[0]), 10) if digits else (0, 0)
    return (major, minor) <= capability and (kind == "compute" or major == capability[0])


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """`auto` is bf16 where the hardware computes in it, else fp32."""
    if wanted == "auto":
        if device.type == "cuda":
            fast = torch.cuda.get_device_capability(device) >= COMPUTES_BF16
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
    for name in OF_SEVERAL:
        os.environ.pop(name, None)
    for name in ("NCCL_P2P_DISABLE", "NCCL_IB_DISABLE"):  # else it refuses some pairs of cards, which one process
        os.environ.setdefault(name, "1")  # never makes talk to each other
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(mixed_precision=_ACCELERATE_NAMES[precision], cpu=device.type == "cpu")
