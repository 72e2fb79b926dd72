"""Runs that nothing was trained for: enough where another answers in the place of the inference process."""

from __future__ import annotations

from engine.files import write_json
from sessions.run.runs import Run
from tests.conftest import Lab, configured


def untrained(lab: Lab, target: str, name: str = "") -> Run:
    """A run that nobody will start: no ticket waits for it."""
    return lab.store.read(lab.store.create(configured(target), name=name).name)


def usable(lab: Lab, target: str, name: str = "") -> Run:
    """A run with a checkpoint."""
    run = untrained(lab, target, name)
    folder = run.path / "checkpoints" / "step-30"
    folder.mkdir(parents=True)
    write_json(folder / "checkpoint.json", {"v": 1})
    return run


def solver(lab: Lab, name: str = "", variant: str = "attention") -> Run:
    return usable(lab, f"mathqa/{variant}", name)


def tagger(lab: Lab, name: str = "", variant: str = "bilstm-crf") -> Run:
    return usable(lab, f"ner/{variant}", name)
