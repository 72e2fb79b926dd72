"""Calling the command line in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labapp.run import run


class Printed:
    def __init__(self, code: int, out: str, err: str):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def labapp(capfd: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Printed:
        capfd.readouterr()
        code = run(list(arguments))
        return Printed(code, *capfd.readouterr())

    return call
