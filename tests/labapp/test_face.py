"""The face is light: importing it, and every command that needs no tensors, brings in no torch and no numpy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sessions.process import child_environment

HEAVY = ("torch", "torchvision", "accelerate", "transformers", "numpy", "safetensors")
PROBE = """
import json, sys
from labapp.run import run
code = run(sys.argv[1:])
print("HEAVY", json.dumps([name for name in {heavy} if name in sys.modules]), code)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["tasks"],
        ["runs"],
        ["train", "images/bn", "--dry-run", "--gpu", "cpu"],
        ["data", "list"],
        ["doctor"],
        ["show", "nothing"],
    ],
    ids=" ".join,
)
def test_commands_run_without_tensors(arguments: list[str]) -> None:
    command = [sys.executable, "-P", "-c", PROBE.format(heavy=HEAVY), *arguments]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=60)
    line = next(line for line in done.stdout.splitlines() if line.startswith("HEAVY"))
    assert json.loads(line[6 : line.rindex("]") + 1]) == [], done.stderr


def test_our_own_packages_are_imported_whatever_lies_in_the_current_folder(tmp_path_factory: object) -> None:
    """A folder of the user's that is called `models` must not stand in for ours."""
    from pathlib import Path

    (Path.cwd() / "models").mkdir()
    (Path.cwd() / "models" / "__init__.py").write_text("raise RuntimeError('not yours')")
    command = [sys.executable, "-P", "-c", "import models.norms; print('ours')"]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    assert done.stdout.strip() == "ours", done.stderr
