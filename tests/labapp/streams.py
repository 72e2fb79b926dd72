"""For commands that put texts through a trained run: an inference process that is none, and a pipe."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from sessions.home import Home
from sessions.machine.gpus import choose, list_gpus
from tests.labapp.screens.seeing import FakePlayground


class FakeInference:
    """Takes the place of `inference_on`; a playground answers."""

    def __init__(self, fake: FakePlayground) -> None:
        self.fake = fake
        self.asked: list[dict[str, Any]] = []
        self.started: list[tuple[Any, ...]] = []
        self.fails_at: tuple[int, BaseException] | None = None

    def __call__(self, home: Home, gpu: str) -> FakeInference:
        choose(gpu, list_gpus())  # what is none is refused
        self.started.append((home, gpu))
        return self

    def __enter__(self) -> FakeInference:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, operation: str, **args: Any) -> Any:
        self.asked.append(args)
        if self.fails_at is not None and len(self.asked) == self.fails_at[0]:
            raise self.fails_at[1]
        return self.fake.answers[operation](args)


def piped(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
