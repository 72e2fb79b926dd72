"""Runs of the math task that nothing was trained for: enough where another answers in the place of the process."""

from __future__ import annotations

from engine.files import write_json
from sessions.run.runs import Run
from tests.conftest import Lab, configured


def untrained(lab: Lab, name: str = "", variant: str = "attention") -> Run:
    """A run that nobody will start: no ticket waits for it."""
    return lab.store.read(lab.store.create(configured(f"mathqa/{variant}"), name=name).name)


def solver(lab: Lab, name: str = "", variant: str = "attention") -> Run:
    """A run with a checkpoint."""
    run = untrained(lab, name, variant)
    folder = run.path / "checkpoints" / "step-30"
    folder.mkdir(parents=True)
    write_json(folder / "checkpoint.json", {"v": 1})
    return run
