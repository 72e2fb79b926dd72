"""What the New screen must know of the world to check a draft. Read in a thread: disks and drivers are slow.

`look_around` reads preferences, GPUs, the queue, earlier runs and which datasets are here; `look_at` looks at the data
chosen, which may be a folder on a disk far away. What they return is never changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.catalogue import TaskRow, tasks
from engine.config import belonging, is_path, resolve_data
from engine.errors import LabError, UsageError
from labapp.form.estimates import Memory, Past
from sessions.home import Home
from sessions.machine.gpus import Gpu, list_gpus, visible
from sessions.preferences import Layers, read_layers
from sessions.queue.limits import read_limits
from sessions.queue.process import watch_of
from sessions.queue.slots import Limits, Use, Want, plan
from sessions.run.store import Store

NEW = "new run"  # the key of a run that is not there yet


@dataclass(frozen=True)
class Around:
    """The world at one moment."""

    home: Home
    layers: Layers | None = None
    problem: str = ""  # why the preferences cannot be read
    gpus: tuple[Gpu, ...] = ()  # that we may use
    all_gpus: tuple[Gpu, ...] = ()
    missing: frozenset[tuple[str, str]] = frozenset()  # datasets (task, name) to be fetched first
    names: frozenset[str] = frozenset()  # of the newest runs
    ids: frozenset[str] = frozenset()
    past: tuple[Past, ...] = ()
    wants: tuple[Want, ...] = ()
    uses: tuple[Use, ...] = ()
    limits: Limits = field(default_factory=Limits)
    free: int | None = None  # bytes on the home's disk


@dataclass(frozen=True)
class Look:
    """What a look at the data told."""

    task: str
    source: str  # as it was typed
    data: str = ""  # a dataset's name, or an absolute path
    own: Mapping[str, object] = field(default_factory=dict, hash=False)  # settings that belong to it
    problem: str = ""


def look_around(memory: Memory) -> Around:
    store, problem, layers = memory.store, "", None
    try:
        layers = read_layers()
    except LabError as error:
        problem = brief(error)
    everything = tuple(list_gpus({}))
    lineup = watch_of(store).look()
    past = tuple(memory.recall())
    return Around(
        home=store.home,
        layers=layers,
        problem=problem,
        gpus=tuple(visible(everything, os.environ.get("CUDA_VISIBLE_DEVICES"))),
        all_gpus=everything,
        missing=frozenset(
            (row.name, name)
            for row in tasks().values()
            for name, dataset in row.datasets.items()
            if not store.home.has(name, dataset)
        ),
        names=frozenset(each.name for each in past if each.name),  # the launch looks at all of them
        ids=frozenset(store.ids()),
        past=past,
        wants=tuple(each.want() for each in lineup.waiting),
        uses=tuple(lineup.uses()),
        limits=read_limits(store.home.root),
        free=free_bytes(store),
    )


def free_bytes(store: Store) -> int | None:
    try:
        return shutil.disk_usage(store.home.root).free
    except OSError:
        return None


def brief(error: LabError) -> str:
    """An error in one line."""
    said = error.hint if error.title.startswith("unknown") else error.got
    return f"{error.title}: {said}" if said else error.title


def look_at(row: TaskRow, source: str) -> Look:
    """A dataset's name, or a path: is it there, and what belongs to it? A path may take long."""
    if not source:
        return Look(row.name, source, problem="a path is needed")
    try:
        if source not in row.datasets and not is_path(source):
            raise UsageError("there is no such file or folder", got=source)
        data = resolve_data(row, source)
        return Look(row.name, source, data, belonging(row, data))
    except LabError as error:
        return Look(row.name, source, problem=brief(error))
    except (OSError, ValueError) as error:  # what a task's probe did not foresee in somebody's file
        return Look(row.name, source, problem=f"it cannot be read: {error}")


@dataclass(frozen=True)
class Prospect:
    """When a run would start, were it queued now."""

    slot: str = ""  # where, if at once
    ahead: int = 0  # queued runs before it
    reason: str = ""  # what it waits for


def prospect(around: Around, gpu: str, after: bool = False) -> Prospect:
    """What the queue would do with it."""
    mask, waits = os.environ.get("CUDA_VISIBLE_DEVICES"), "waits for others" if after else ""
    mine = Want(NEW, gpu, mask, bool(around.gpus), waits)
    found = plan([*around.wants, mine], around.uses, around.all_gpus, around.limits)
    for key, slot in found.starts:
        if key == NEW:
            return Prospect(slot)
    rivals = [want for want in around.wants if want.key in found.reasons and not want.waits and _rival(want.gpu, gpu)]
    return Prospect("", len(rivals), found.reasons[NEW])


def _rival(one: str, other: str) -> bool:
    return one == other or "auto" in (one, other)
