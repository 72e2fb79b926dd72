"""Launching a study: for every cell and seed the run that is there already, or one that goes on, or a new one.

No identity is trained twice: a run stands for a cell when it trains the same (`engine.studies.cells.key_of`) on data
with the same fingerprint, whoever launched it and for whatever study.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.config import Config, config_from
from engine.errors import LabError
from engine.studies.cells import Cell, cells_of, key_of
from engine.studies.definition import Afterwards, Study
from sessions import control
from sessions.queue.ordering import submit_job
from sessions.run.origin import refuse_resume
from sessions.run.records import number_of, table_of, text_of
from sessions.run.runs import Run
from sessions.run.status import GOING_ON, RESUMABLE, UNDECIDED
from sessions.run.store import Store
from sessions.run.tickets import AUTO
from sessions.study.folder import Launched, Member, Studies

Fingerprint = Callable[[Config], str]  # of the data a configuration would train on


@dataclass(frozen=True)
class Planned:
    """One cell with one seed: what is there, and what would be done."""

    cell: Cell
    seed: int
    config: Config
    key: str
    run: Run | None = None
    looked: float = 0.0  # Unix time of the look at the runs

    @property
    def action(self) -> str:
        """there | goes on | resume | train"""
        if self.run is None:
            return "train"
        if self.run.status.name == "finished":
            return "there"
        if self.run.status.name in GOING_ON:
            return "goes on"
        return "resume" if resumable(self.run) else "train"


def resumable(run: Run) -> bool:
    """What was imported stays as far as it came: its cell is trained anew."""
    try:
        refuse_resume(run.record)
    except LabError:
        return False
    return run.status.name in RESUMABLE


def plan(
    store: Store, study: Study, seeds: Collection[int], fingerprint: Fingerprint, *, only: Collection[str] = (),
    keys: dict[str, str] | None = None,
) -> list[Planned]:  # fmt: skip
    """What launching would do. `only` names variants or labels of cells; none: all.

    `fingerprint` is asked only where a run may stand for a cell and its data must be looked at to know. `keys` is
    remembered from one plan to the next.
    """
    looked = time.time()
    candidates = Candidates(store, keys)
    found = []
    for cell in cells_of(study):
        if only and cell.variant not in only and cell.label not in only:
            continue
        for seed in sorted(set(seeds)):
            config = cell.config(study, seed)
            key = key_of(config)
            found.append(Planned(cell, seed, config, key, candidates.best(config, key, fingerprint), looked))
    return found


class Candidates:
    """The runs of a home by what they train. A run's configuration never changes: `keys` holds what is known of it."""

    def __init__(self, store: Store, keys: dict[str, str] | None = None):
        self._by_key: dict[str, list[Run]] = {}
        self._prints: dict[tuple[Any, ...], str] = {}
        keys = {} if keys is None else keys
        for run in store.all():
            if run.id not in keys:
                try:
                    keys[run.id] = key_of(config_from(run.record.config or {}))
                except (KeyError, TypeError, ValueError, LabError):  # it cannot be read, or its task is not here
                    continue
            self._by_key.setdefault(keys[run.id], []).append(run)

    def since(self, planned: Planned) -> Run | None:
        """One that another program launched after the plan was made."""
        same = [
            run
            for run in self._by_key.get(planned.key, [])
            if run.data == planned.config.data and run.created >= planned.looked
        ]
        return min(same, key=_rank, default=None)

    def best(self, config: Config, key: str, fingerprint: Fingerprint) -> Run | None:
        """Of those that train the same the one that is furthest: finished, going on, resumable."""
        same = [run for run in self._by_key.get(key, []) if self._same_data(run, config, fingerprint)]
        return min(same, key=_rank, default=None)

    def _same_data(self, run: Run, config: Config, fingerprint: Fingerprint) -> bool:
        known = text_of(run.record.meta, "fingerprint")
        named = config.data in config.row.datasets
        if run.data == config.data and (named or not known):
            return True  # of a name what lies behind it does not change; a run that has not begun opens what is there
        if named and run.data in config.row.datasets:
            return False
        if not known:
            return False
        settings = config.settings.model_dump(mode="json", exclude={"seed"})
        what = (config.task, config.data, repr(sorted(settings.items())))
        if what not in self._prints:
            self._prints[what] = fingerprint(config)
        return self._prints[what] == known


def _rank(run: Run) -> tuple[int, float]:
    name = run.status.name
    if name == "finished" or name in GOING_ON:
        return (0 if name == "finished" else 1), -run.created
    if not resumable(run):
        return 4, -run.created
    return (2 if name in ("paused", "stopped", "lost") else 3), -run.created


def launch(
    store: Store, studies: Studies, study: Study, planned: Sequence[Planned], *, gpu: str = AUTO,
    place: Callable[[Config, str], tuple[Config, str]], refused: Callable[[Planned, LabError], object] | None = None,
) -> Launched:  # fmt: skip
    """Do what was planned, and queue what comes afterwards. The folder is written after every run: nothing is lost.

    A run that cannot be queued or resumed is told to `refused` and does not keep the others from it; without that it
    is raised.
    """
    with studies.editing():
        launched = studies.open(study)
        launched.write()
        late, made = Candidates(store), dict[tuple[str, str], Run]()
        for each in planned:
            try:
                run = _carry_out(store, each, late, made, gpu, place)
            except LabError as error:
                if refused is None:
                    raise
                refused(each, error)
                continue
            enlist(launched, each, run)
            launched.write()
        if learn(store, launched):
            launched.write()
        for job in study.afterwards:
            queue_afterwards(store, launched, job)
    return launched


def _carry_out(
    store: Store, planned: Planned, late: Candidates, made: dict[tuple[str, str], Run], gpu: str,
    place: Callable[[Config, str], tuple[Config, str]],
) -> Run:  # fmt: skip
    """The run that stands for the cell from now on. Meanwhile another program may have launched, resumed or deleted."""
    same = (planned.key, planned.config.data)
    run = store.read(planned.run.id) if planned.run is not None else late.since(planned)
    now = replace(planned, run=None if run is None or run.record.gone else run)
    if same in made:
        run = made[same]  # two cells that train the same
    elif now.run is not None and now.action == "resume":
        run = control.resume(store, now.run)
    elif now.run is None or now.action == "train":
        config, where = place(planned.config, gpu)
        run = control.launch(store, config, gpu=where)
    else:
        run = now.run
    made[same] = run
    return run


def seeds_of(studies: Studies, study: Study) -> list[int]:
    """Those that the study has here already, else 1."""
    known = [each for each in studies.all() if each.id == f"{study.name}-{study.digest}"]
    return sorted({member.seed for each in known for member in each.members}) or [1]


def enlist(launched: Launched, planned: Planned, run: Run) -> None:
    """The run stands for the cell with this seed from now on."""
    others = [each for each in launched.members if (each.cell, each.seed) != (planned.cell.label, planned.seed)]
    identity = text_of(run.record.meta, "identity")
    launched.members = [*others, Member(planned.cell.label, planned.seed, run.id, planned.key, identity)]


def learn(store: Store, launched: Launched) -> bool:
    """Note the identities that were not known when the runs were launched. True when there is one to be written."""
    found = False
    for place, member in enumerate(launched.members):
        identity = text_of(store.read(member.run).record.meta, "identity")
        if identity and identity != member.identity:
            launched.members[place] = replace(member, identity=identity)
            found = True
    return found


def note_identities(store: Store, studies: Studies, launched: Launched) -> Launched:
    """What `learn` finds, written down; where nothing can be written it is left for the next time."""
    with contextlib.suppress(LabError):
        if learn(store, replace(launched, members=list(launched.members))):
            with studies.editing():
                launched = studies.read(launched.id)
                if learn(store, launched):
                    launched.write()
    return launched


def queue_afterwards(store: Store, launched: Launched, job: Afterwards) -> list[str]:
    """Queue a job of the study where it has not been done and is not waiting; returns the ids of new ones.

    It waits for runs that go on or will. One that was lost or has failed has nothing that should be measured.
    """
    every = {run.id: run for run in (store.read(each.run) for each in launched.members)}
    runs = {name: every[name] for name in sorted(every) if has_weights(every[name]) and _will_end(every[name])}
    if not runs:
        return []
    if job.on == "best":
        args: dict[str, Any] = {**job.args, "best_of": [*runs]}
        targets = {next(iter(runs)): [*runs]}
    else:
        args, targets = dict(job.args), {name: [name] for name in runs}
    made = []
    for name, after in targets.items():
        waits_for = [each for each in after if runs[each].status.name in UNDECIDED]
        since = math.inf if waits_for else max(number_of(runs[each].record.result, "ended") for each in after)
        if not any(done(known, job.kind, args, since=since) for each in after for known in runs[each].jobs):
            made.append(submit_job(store, runs[name], job.kind, args, after=waits_for))
    return made


def _will_end(run: Run) -> bool:
    return not run.record.gone and run.status.name in UNDECIDED | {"finished", "stopped"}


def has_weights(run: Run) -> bool:
    """Whether a job can be done with it, now or once it has trained; what was imported as numbers alone cannot."""
    return not table_of(run.record.meta, "imported") or any((run.path / "checkpoints").glob("step-*"))


def done(job: Mapping[str, Any], kind: str, args: Mapping[str, Any], *, since: float = 0.0) -> bool:
    """Whether a job of a run is this one, and has not failed; what was done before `since` counts no more."""
    if job.get("kind") != kind or job.get("status") == "failed":
        return False
    if job.get("status") == "finished" and number_of(dict(job), "ended") < since:
        return False
    told = job.get("args")
    return not isinstance(told, dict) or {key: value for key, value in told.items() if value is not None} == dict(args)
