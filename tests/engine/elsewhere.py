"""A device without values, in the place of a GPU: what would have to wait for one cannot be done there.

torch's `meta` device keeps shapes and types only. Reading a value, choosing a branch by one, an output whose size
depends on values, and computing with a tensor that was left on the CPU are errors there. Copies from the CPU are none;
on a GPU one that is not `non_blocking` waits until everything asked for before is done. `Waits` notes those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Self

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.learner import TorchLearner

ELSEWHERE = torch.device("meta")
COPIES = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}


class Waits(TorchDispatchMode):
    """While it is entered, copies between devices that wait are noted in `seen`."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._made = _Made(self.seen)

    def __enter__(self) -> Self:
        self._made.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._made.__exit__(*error)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        found = func(*args, **given)
        if func in COPIES and not given.get("non_blocking", args[2:3] == (True,)):
            places = {each.device.type for each in tree_leaves((args, found)) if isinstance(each, Tensor)}
            self.seen += [str(func)] * (len(places) > 1)
        return found


class _Made(TorchFunctionMode):
    """A tensor made elsewhere of Python's numbers is such a copy, too, though no operation says so."""

    def __init__(self, seen: list[str]):
        super().__init__()
        self.seen = seen

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") == "lstm":
            first = args[2] if isinstance(args[1], Tensor) else args[1]  # behind the sizes of what is packed
            assert all(each.is_contiguous() for each in first), "cuDNN refuses these first states"
        found = func(*args, **(kwargs or {}))
        if func in (torch.tensor, torch.as_tensor) and found.device == ELSEWHERE:
            self.seen.append(func.__name__)
        return found


def moved(learner: TorchLearner, monkeypatch: pytest.MonkeyPatch) -> TorchLearner:
    """A learner that was made for the CPU, before `build`; its optimizer, torch's own, is left out."""
    learner.device = ELSEWHERE
    learner.accelerator = SimpleNamespace(autocast=lambda: torch.autocast("cpu", torch.bfloat16), scaler=None)
    monkeypatch.setattr(learner, "_step", lambda bad: None)
    monkeypatch.setattr(torch, "autocast", Autocast)
    return learner


class Autocast(torch.autocast):
    """torch knows none for `meta`."""

    def __init__(self, device_type: str, *arguments: Any, **options: Any):
        super().__init__("cpu" if device_type == ELSEWHERE.type else device_type, *arguments, **options)
