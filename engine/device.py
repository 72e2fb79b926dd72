"""Which device and arithmetic a training gets. Asked for a GPU, it never falls back to the CPU silently."""

from __future__ import annotations

import os
from typing import Literal, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from engine.errors import LabError

Precision = Literal["fp32", "bf16", "fp16"]
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


def accelerator(device: torch.device, precision: Precision) -> Accelerator:
    """Accelerate on exactly this device; one process may build several in turn (tests, studies)."""
    os.environ["ACCELERATE_TORCH_DEVICE"] = str(device)
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(mixed_precision=_ACCELERATE_NAMES[precision], cpu=device.type == "cpu")
