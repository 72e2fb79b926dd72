"""Putting a training together from the catalogue's rows: data, task, learner, trainer. Torch-free until it runs.

`TrainJob` is what a worker does, `TrainedModel` what is left for everyone who uses a run afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.catalogue import load
from engine.checkpoints import Checkpoints
from engine.config import Config
from engine.errors import LabError, UsageError, unknown
from engine.files import explained, write_json
from engine.settings import TrainSettings
from engine.task import Evaluation, Reporter, Split, Task
from engine.trainer import Outcome, Trainer

Say = Callable[[str], None]
DATA_RECORD = "data.json"


def build_task(config: Config) -> Task:
    if config.variant not in config.row.variants:
        raise unknown(f"variant of {config.task}", config.variant, config.row.variants)
    task: Task = load(config.row.implementation)(config.row.variants[config.variant].options)
    return task


class TrainJob:
    """One attempt at a training in a run's directory; finds out by itself whether it begins or resumes."""

    def __init__(self, config: Config, directory: Path, cache: Path, say: Say):
        self.config = config
        self.preprocessing = directory / "preprocessing"
        self.checkpoints = Checkpoints(directory / "checkpoints")
        self.cache = cache
        self.say = say

    def prepare(self) -> dict[str, Any]:
        """Device, data and artifacts. Returns what the run's record should hold: fingerprint, identity, device."""
        config = self.config
        begun = read_data_record(self.preprocessing)
        settings = config.settings
        if settings.precision == "auto" and "precision" in begun:
            settings = settings.model_copy(update={"precision": begun["precision"]})  # as at the first attempt
        if settings.compile == "auto" and begun.get("compiled") == "no":
            settings = settings.model_copy(update={"compile": "off"})
        self.learner = load(config.row.learner)(settings)  # first: a missing GPU is known at once
        self.task = build_task(config)
        self.data = load(config.dataset.open)(config.data, settings, self.cache, self.say)
        expect_same_data(begun, self.data.fingerprint, config.data)
        about = self.learner.describe()
        if begun:
            self.artifacts = self.task.restore(self.preprocessing)
        else:
            self.artifacts = self.task.prepare(self.data, settings)
            counts = dict(self.data.counts)
            chosen = {key: about[key] for key in ("precision", "compiled") if key in about}
            self._save_artifacts({"fingerprint": self.data.fingerprint, "counts": counts, **chosen})
        self.task.attach(self.data, settings, self.artifacts, self.learner.device)
        identity = config.identity(self.data.fingerprint, about["precision"], self.artifacts.sources)
        return {"fingerprint": self.data.fingerprint, "identity": identity, **about}

    def train(self, reporter: Reporter) -> Outcome:
        resumes = bool(self.checkpoints.steps())  # from a whole one, which the trainer finds, or not at all
        self.learner.build(self.task, self.artifacts, blank=resumes)
        return Trainer(self.task, self.config.settings, self.learner, self.checkpoints, reporter).run()

    def _save_artifacts(self, record: dict[str, Any]) -> None:
        """Publish preprocessing/ as a whole."""
        beside = self.preprocessing.with_name(".preprocessing.partial")
        with explained(beside):
            shutil.rmtree(beside, ignore_errors=True)
            shutil.rmtree(self.preprocessing, ignore_errors=True)  # one whose record could not be read
            beside.mkdir()
            self.artifacts.save(beside)
            write_json(beside / DATA_RECORD, record)
            os.rename(beside, self.preprocessing)


def expect_same_data(record: dict[str, Any], fingerprint: str, data: str) -> None:
    """Refuse data that is not what a run began with: its splits would be others."""
    known = record.get("fingerprint")
    if known is not None and known != fingerprint:
        raise LabError(
            "the dataset has changed since this run began",
            got=f"{data} with fingerprint {fingerprint[:12]}",
            expected=f"fingerprint {str(known)[:12]}, as at the first attempt",
            hint="bring the old data back, or start anew with labapp train --from RUN",
        )


def read_data_record(preprocessing: Path) -> dict[str, Any]:
    """What is remembered of the data: its fingerprint and the size of its splits; empty when unreadable."""
    try:
        record = json.loads((preprocessing / DATA_RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def changed(settings: TrainSettings, values: Mapping[str, Any]) -> TrainSettings:
    """Settings with other values, which are checked."""
    try:
        return type(settings).model_validate({**settings.model_dump(), **values})
    except ValueError as error:  # pydantic's own
        raise UsageError("a setting is out of its bounds", got=str(dict(values)), expected=first_line(error)) from error


def first_line(error: Exception) -> str:
    """What pydantic says of the first value that is wrong."""
    lines = str(error).splitlines()
    return lines[2].strip() if len(lines) > 2 else str(error)


def best_checkpoint(directory: Path) -> Path:
    """The checkpoint to predict with: the best of a run, else its newest."""
    checkpoints = Checkpoints(directory / "checkpoints")
    found = checkpoints.newest_sound(lambda damage: None, to_train=False)
    if found is None:
        raise LabError(
            "this run has no checkpoint yet",
            got=f"nothing in {checkpoints.directory}",
            expected="at least one finished epoch",
            hint="wait for it, or labapp resume it",
        )
    step, progress = found
    best = progress.get("best_step")
    if best is not None and best != step and best in checkpoints.steps():
        checkpoints.read(best, to_train=False)  # a damaged best one is an error here, not silently replaced
        return checkpoints.path(best)
    return checkpoints.path(step)


class TrainedModel:
    """A run's network ready for use, without its dataset."""

    def __init__(self, config: Config, directory: Path, device: str, checkpoint: Path):
        # Evaluation is in float32 whatever the training was in.
        settings = config.settings.model_copy(update={"device": device, "precision": "fp32", "compile": "off"})
        self.config = config
        self.preprocessing = directory / "preprocessing"
        self.settings = settings
        self.task = build_task(config)
        self.artifacts = self.task.restore(self.preprocessing)
        self.learner = load(config.row.learner)(settings)
        self.learner.load_for_use(self.task, self.artifacts, checkpoint)
        self.memory: dict[Any, Any] = {}  # what operations keep for as long as the model stays loaded

    def evaluate(
        self, split: Split, data: str | None, cache: Path, say: Say, *,
        broken: str | None = None, beams: Sequence[int] = (),
    ) -> Evaluation:  # fmt: skip
        """Metrics on a split of the run's own data, or on data it never saw.

        `broken` says what to do with what cannot be read, where the task has a setting for it and the run did other;
        `beams` which widths of a search are measured, the run's own first if it is among them.
        """
        settings, known = self.settings, type(self.settings).model_fields
        if broken is not None and "broken" in known:
            settings = settings.model_copy(update={"broken": broken})  # for this request alone
        if beams:
            if "beams" not in known:
                raise UsageError("runs of this task search with no beam", got=f"beams {list(beams)}")
            own = settings.beam if settings.beam in beams else beams[0]  # type: ignore[attr-defined]
            settings = changed(settings, {"beam": own, "beams": list(beams)})
        if data is None:
            self.attach_own_data(settings, cache, say)
        else:
            opened = self._open_unseen(data, split, settings, cache, say)
            self.task.attach(opened, settings, self.artifacts, self.learner.device)
        self.memory.clear()  # what operations remember was of the data attached before
        return self.task.evaluate(self.learner.evaluation_model(), split)

    def attach_own_data(self, settings: TrainSettings, cache: Path, say: Say) -> None:
        """Open what the run was trained on, which must not have changed."""
        opened = load(self.config.dataset.open)(self.config.data, settings, cache, say)
        expect_same_data(read_data_record(self.preprocessing), opened.fingerprint, self.config.data)
        self.task.attach(opened, settings, self.artifacts, self.learner.device)

    def _open_unseen(self, data: str, split: Split, settings: TrainSettings, cache: Path, say: Say) -> Any:
        row = self.config.row
        if data in row.datasets:
            return load(row.datasets[data].open)(data, settings, cache, say)
        if row.path_dataset is None or row.path_dataset.open_unseen is None:
            raise UsageError(f"{row.name} cannot be evaluated on a path", got=data, expected=", ".join(row.datasets))
        return load(row.path_dataset.open_unseen)(data, split, settings, self.artifacts, cache, say)
