"""What a training will probably cost, from earlier runs on this home: steps, time, disk. Never from a guess.

Time and steps are taken over from runs of the same task, variant, data and batch size. Those that also agree in all
settings of the task itself (size of the network, of the pictures) are better, and are taken where there are any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from engine.jobs import read_data_record
from engine.settings import TrainSettings, place_settings
from sessions.run.records import CHECKPOINTS, Record, number_of, table_of, text_of
from sessions.run.runs import Run
from sessions.run.store import Store, size_of

MOST_LOOKED_AT = 300  # runs, the newest
MOST_TAKEN = 5  # runs whose middle is the estimate
ENOUGH = 0.02  # epochs a run must have done: before that it mostly warms up
SPEED = ("precision", "compile", "accumulate")  # common settings that change how long a step takes
CPU, GPU = "cpu", "gpu"


@dataclass(frozen=True)
class Past:
    """An earlier run, as far as it tells how later ones will go."""

    task: str
    variant: str
    data: str
    where: str  # cpu, gpu, or "" when that is not known
    settings: Mapping[str, Any] = field(hash=False)
    epochs_done: float
    seconds: float
    total_steps: int
    examples: int  # in the training split; 0 when not known
    checkpoint_bytes: int
    name: str = ""

    @property
    def epochs(self) -> int:
        return int(number_of(dict(self.settings), "epochs"))


@dataclass(frozen=True)
class Estimate:
    """None where no earlier run tells."""

    steps_per_epoch: int | None = None
    seconds: float | None = None
    rough: bool = False  # the runs it was taken from differ in something that may count
    bytes: int | None = None


class Memory:
    """The earlier runs of a home. Used in one thread at a time; what has not changed is looked at once."""

    def __init__(self, store: Store):
        self.store = store
        self._known: dict[str, tuple[Record, Past]] = {}

    def recall(self) -> list[Past]:
        """The newest runs, the newest first."""
        found = {}
        for run in self.store.newest(MOST_LOOKED_AT):
            known = self._known.get(run.id)
            if known is None or known[0] is not run.record or run.status.process is not None:
                known = run.record, past_of(run)
            found[run.id] = known
        self._known = found
        return [past for _, past in found.values()]


def past_of(run: Run) -> Past:
    """Look at one run's small files and at the sizes of its checkpoints; its events are not read."""
    process, result = run.record.process, run.record.result
    timings = table_of(result, "timings")
    counts = table_of(read_data_record(run.path / "preprocessing"), "counts")
    return Past(
        task=run.task,
        variant=run.variant,
        data=run.data,
        where=where(run),
        settings=run.settings,
        epochs_done=max(number_of(result, "epoch"), number_of(process, "epoch")),
        seconds=number_of(timings, "training") or number_of(process, "elapsed"),
        total_steps=int(number_of(process, "total_steps")),
        examples=int(number_of(counts, "train")),
        checkpoint_bytes=_bytes(run.path / CHECKPOINTS),
        name=run.name,
    )


def where(run: Run) -> str:
    slot = text_of(run.record.request, "slot")
    device = text_of(run.settings, "device")
    return CPU if CPU in (slot, device) else GPU if slot or device.startswith("cuda") else ""


def _bytes(folder: Path) -> int:
    try:
        return size_of(folder) if folder.is_dir() else 0
    except OSError:
        return 0


def estimate(
    task: str, variant: str, data: str, settings: TrainSettings, past: Sequence[Past], place: str = ""
) -> Estimate:
    """`place` is cpu or gpu; "" when that is open."""
    wanted = settings.model_dump(mode="json")
    own = set(wanted) - set(TrainSettings.model_fields) - place_settings(type(settings))
    kin = [each for each in past if (each.task, each.data) == (task, data)]
    same = [each for each in kin if each.variant == variant and _agree(each, wanted, ["batch_size"])]
    same = [each for each in same if not (place and each.where) or each.where == place]
    exact = [each for each in same if _agree(each, wanted, [*own, *SPEED])]
    seconds, rough = None, False
    for group, is_rough in ((exact, False), (same, True)):
        timed = [each.seconds / each.epochs_done for each in group if each.epochs_done >= ENOUGH and each.seconds > 0]
        if timed and seconds is None:
            seconds, rough = median(timed[:MOST_TAKEN]) * settings.epochs, is_rough
    built = [each for each in past if (each.task, each.variant) == (task, variant) and _agree(each, wanted, own)]
    stored = [each for each in built if _agree(each, wanted, ["optimizer"])] or built
    sizes = [each.checkpoint_bytes for each in stored if each.checkpoint_bytes]
    return Estimate(_steps(settings, kin, wanted, own), seconds, rough, max(sizes[:MOST_TAKEN], default=None))


def _steps(settings: TrainSettings, kin: Sequence[Past], wanted: Mapping[str, Any], own: set[str]) -> int | None:
    """Updates of one epoch: counted by a run of the same data and batches, else from the number of its examples."""
    alike = [each for each in kin if _agree(each, wanted, own)] or list(kin)
    for each in alike:
        if each.total_steps and each.epochs and _agree(each, wanted, ["batch_size", "accumulate"]):
            return each.total_steps // each.epochs
    examples = next((each.examples for each in alike if each.examples), 0)
    return math.ceil(math.ceil(examples / settings.batch_size) / settings.accumulate) if examples else None


def _agree(past: Past, wanted: Mapping[str, Any], keys: Any) -> bool:
    return all(past.settings.get(key) == wanted[key] for key in keys)
