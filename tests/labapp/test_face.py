"""The face is light: importing it, and every command that needs no tensors, brings in no torch and no numpy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

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
        ["train", "images/bn", "--dry-run", "--data", "pictures"],
        ["data", "check", "pictures"],
        ["data", "check", "corpus.txt"],
        ["train", "ner/bilstm-crf", "--dry-run", "--data", "corpus.txt", "--set", "vectors=random"],
        ["data", "list"],
        ["doctor"],
        ["show", "nothing"],
        ["export", "--table", "runs"],
        ["report", "nothing", "--out", "report.html"],
    ],
    ids=" ".join,
)
def test_commands_run_without_tensors(arguments: list[str]) -> None:
    for number in range(4):
        path = Path("pictures", ("cat", "dog")[number % 2], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    Path("corpus.txt").write_text("Ana B-per\nleft O\n\nRome B-geo\n\nLee B-per\n")
    command = [sys.executable, "-P", "-c", PROBE.format(heavy=HEAVY), *arguments]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=60)
    line = next(line for line in done.stdout.splitlines() if line.startswith("HEAVY"))
    assert json.loads(line[6 : line.rindex("]") + 1]) == [], done.stderr


def test_our_own_packages_are_imported_whatever_lies_in_the_current_folder() -> None:
    """A folder of the user's that is called `models` must not stand in for ours."""
    (Path.cwd() / "models").mkdir()
    (Path.cwd() / "models" / "__init__.py").write_text("raise RuntimeError('not yours')")
    command = [sys.executable, "-P", "-c", "import models.norms; print('ours')"]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    assert done.stdout.strip() == "ours", done.stderr
