"""Checkpoints on disk: whole or absent, verified when read, best and last kept. Torch-free.

A checkpoint is a directory step-N with the learner's files and a manifest `checkpoint.json` that holds the trainer's
progress and the SHA-256 of every file. It is written beside, synced, and renamed as a whole.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import explained, sha256, sync

MANIFEST = "checkpoint.json"
WEIGHTS = "model.safetensors"
TRAINING_STATE = "training.pt"  # what only a resume needs; `labapp clean` drops it from finished runs
CHECKPOINT_VERSION = 1
_STEP = re.compile(r"step-(\d+)")


class DamagedCheckpointError(LabError):
    """A checkpoint is not what was written."""


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, directory: Path):
        self.directory = directory

    def path(self, step: int) -> Path:
        return self.directory / f"step-{step}"

    def steps(self) -> list[int]:
        """Steps of the complete checkpoints, newest first."""
        try:
            entries = list(self.directory.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = [int(match[1]) for entry in entries if (match := _STEP.fullmatch(entry.name))]
        return sorted((step for step in found if (self.path(step) / MANIFEST).is_file()), reverse=True)

    def save(self, step: int, progress: dict[str, Any], write: Callable[[Path], None]) -> Path:
        """Publish a checkpoint: `write(directory)` puts the learner's files there."""
        final = self.path(step)
        beside = self.directory / f".step-{step}.partial"
        with explained(beside):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            try:
                write(beside)
                files = {path.name: sha256(path) for path in sorted(beside.iterdir())}
                manifest = {"v": CHECKPOINT_VERSION, "step": step, "progress": progress, "files": files}
                (beside / MANIFEST).write_text(json.dumps(manifest, indent=1))
                for path in beside.iterdir():
                    sync(path)
                sync(beside)
                shutil.rmtree(final, ignore_errors=True)  # one that was damaged, or the same step saved again
                os.rename(beside, final)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
            sync(self.directory)
        return final

    def read(self, step: int, *, to_train: bool = True) -> dict[str, Any]:
        """A checkpoint's progress, after every file was checked against its hash; the training state, which is most of
        it, only where one wants to train on."""
        manifest = read_manifest(self.path(step))
        for name, expected in manifest["files"].items():
            if name == TRAINING_STATE and not to_train:
                continue
            path = self.path(step) / Path(name).name
            if name == TRAINING_STATE and not path.exists():
                continue  # cleaned away; a learner that needs it says so
            got = sha256(path) if path.is_file() else "no such file"
            if got != expected:
                raise damaged(path, f"SHA-256 {got}", f"SHA-256 {expected}")
        progress: dict[str, Any] = manifest["progress"]
        return progress

    def newest_sound(
        self, complain: Callable[[LabError], None], first: int | None = None, *, to_train: bool = True
    ) -> tuple[int, dict[str, Any]] | None:
        """The newest whole checkpoint and its progress (`first` is tried before the others), None if there are none.

        `complain` hears of every damaged one passed over. LabError when there are some and not one is whole: nothing
        is begun anew over the remains.
        """
        steps = self.steps()
        if first in steps:
            steps = [first, *(step for step in steps if step != first)]
        error: LabError | None = None
        for step in steps:
            try:
                return step, self.read(step, to_train=to_train)
            except DamagedCheckpointError as damage:
                complain(damage)
                error = error or damage
        if error is not None:
            error.hint = "no checkpoint of this run is whole: labapp train --from repeats it from the beginning"
            raise error
        return None

    def prune(self, keep: Collection[int]) -> None:
        """Delete every checkpoint but these, and what a killed worker left half written."""
        for step in self.steps():
            if step not in keep:
                shutil.rmtree(self.path(step), ignore_errors=True)
        for leftover in self.directory.glob(".step-*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)


def read_manifest(checkpoint: Path) -> dict[str, Any]:
    """The manifest of a checkpoint directory."""
    path = checkpoint / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        if manifest["v"] > CHECKPOINT_VERSION:
            raise LabError(
                "this checkpoint was written by a newer labapp",
                got=f"{path} has format {manifest['v']}",
                expected=f"format {CHECKPOINT_VERSION} or older",
                hint="upgrade labapp",
            )
        if not (isinstance(manifest["files"], dict) and isinstance(manifest["progress"], dict)):
            raise TypeError("files and progress must be tables")
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(path, str(error), "the manifest labapp wrote") from error
    except OSError as error:
        raise LabError(
            "a checkpoint cannot be read", got=f"{path}: {error.strerror}", hint="see labapp doctor"
        ) from error
    return dict(manifest)


def damaged(path: Path, got: str, expected: str) -> DamagedCheckpointError:
    return DamagedCheckpointError(
        "a checkpoint is damaged",
        got=f"{path}: {got}",
        expected=expected,
        hint="labapp resume goes on from the newest checkpoint that is whole",
    )
