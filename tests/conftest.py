"""Fixtures: a home of its own for every test, the toy task in the catalogue, no preferences of whoever runs this."""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Tests run side by side and their networks are tiny: threads would only wait for each other. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

from engine import catalogue
from engine.catalogue import parse_target
from engine.config import Config, Layer, resolve
from engine.files import write_json
from sessions import control
from sessions.home import Home
from sessions.process import Identity, reap
from sessions.queue.process import queue_process
from sessions.run.records import LABELS, META, REQUEST, RESULT
from sessions.run.runs import Run
from sessions.run.store import Store
from sessions.run.tickets import jobs_of, new_ticket

# A busy machine is no reason to fail.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # there the same examples each time, and fewer; people's machines go on searching
    max_examples=50 if "CI" in os.environ else 100,
)
hypothesis.settings.load_profile("patient")

DONE, TESTS = itertools.count(1), 10  # tests, and after how many of them what is left is put aside

TRAINED: dict[Any, Path] = {}  # what was trained -> the folder of the run that was

PLUGINS = "tests.toy:ROW,tests.toy:BROKEN_IMPORT,tests.toy:DYING"


@pytest.fixture(autouse=True)
def _nothing_to_go_through_again() -> Iterator[None]:
    """What outlives some tests is not looked at again: apps leave much behind, and collecting would take over."""
    yield
    if next(DONE) % TESTS == 0:
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for variable in [name for name in os.environ if name.startswith("LABAPP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("LABAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LABAPP_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("LABAPP_PLUGINS", PLUGINS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.chdir(tmp_path)
    catalogue.tasks.cache_clear()
    yield
    catalogue.tasks.cache_clear()


class Lab:
    """A home with short words for what tests do all the time."""

    def __init__(self, root: Path):
        self.store = Store(Home(root))

    def launch(self, target: str = "toy/line", data: str | None = None, name: str = "", **settings: Any) -> Run:
        """Create a run and start it at once, past the queue: as the queue does it, without waiting for it."""
        run = self.create(target, data, name, **settings)
        assert control.start(run.path) is not None
        return self.read(run)

    def finished(self, target: str = "toy/line", data: str | None = None, name: str = "", **settings: Any) -> Run:
        """A run whose training has ended, for tests that are about something else.

        Each is trained once and copied from then on: starting a worker costs more than most tests do.
        """
        what = (target, data, tuple(sorted((key, repr(value)) for key, value in settings.items())))
        if what not in TRAINED:
            run = self.gone(self.ended(self.launch(target, data, **settings)))
            folder = Path(tempfile.mkdtemp(prefix="labapp-trained-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            TRAINED[what] = folder / run.id
            shutil.copytree(run.path, TRAINED[what], symlinks=True)
            shutil.rmtree(run.path)
        return self.copied(TRAINED[what], name)

    def copied(self, trained: Path, name: str = "") -> Run:
        """A copy of a run's folder as a run of its own, made now."""
        self.store.home.ensure()
        path = self.store.home.runs / f"{trained.name.rpartition('-')[0]}-{secrets.token_hex(3)}"
        shutil.copytree(trained, path, symlinks=True)
        write_json(path / META, {**json.loads((path / META).read_text()), "created": time.time()})
        if (result := path / RESULT).exists():
            write_json(result, {**json.loads(result.read_text()), "ended": time.time()})
        write_json(path / LABELS, {"name": name, "tags": [], "note": ""})
        return self.store.read(path.name)

    def create(
        self, target: str = "toy/line", data: str | None = None, name: str = "", after: list[str] | None = None,
        gpu: str = "auto", tags: list[str] | None = None, **settings: Any,
    ) -> Run:  # fmt: skip
        """A run with a ticket, and nobody told of it."""
        ticket = new_ticket("train", attempt=1, after=after or [], gpu=gpu)
        config = configured(target, data, **settings)
        return self.store.read(self.store.create(config, name=name, tags=tags or [], ticket=ticket).name)

    def submit(
        self, target: str = "toy/line", data: str | None = None, name: str = "", after: list[str] | None = None,
        gpu: str = "auto", **settings: Any,
    ) -> Run:  # fmt: skip
        """The real way: through the queue."""
        return control.launch(self.store, configured(target, data, **settings), name=name, after=after or [], gpu=gpu)

    @property
    def root(self) -> Path:
        return self.store.home.root

    def queue(self) -> Identity | None:
        """The process of the queue, while it lives."""
        return queue_process(self.root)

    def kill_queue(self) -> bool:
        """Without a word, as the out-of-memory killer does."""
        identity = self.queue()
        return identity is not None and _killed(identity)

    def end_queue(self) -> None:
        """For good: one that is just coming up finds no folder, and leaves."""
        over = self.root / "queue.over"
        if (self.root / "queue").is_dir():
            (self.root / "queue").rename(over)
            identity = next(
                (Identity.from_dict(json.loads(path.read_text() or "{}")) for path in over.glob("*.lock")), None
            )
            if identity is not None and identity.is_alive():
                _killed(identity)

    def read(self, run: Run) -> Run:
        return self.store.read(run.id)

    def until(self, run: Run, holds: Callable[[Run], bool], seconds: float = 60.0) -> Run:
        """Wait until something holds of a run; fails with what was seen instead."""
        deadline = time.monotonic() + seconds
        while True:
            reap()
            now = self.read(run)
            if holds(now):
                return now
            if time.monotonic() > deadline:
                log = run.path / "output.log"
                said = log.read_text(errors="replace")[-2000:] if log.exists() else "nothing"
                pytest.fail(f"{now.status} at step {now.step}; its worker said: {said}")
            time.sleep(0.01)

    def ended(self, run: Run, seconds: float = 60.0) -> Run:
        return self.until(run, lambda now: now.status.name not in ("queued", "running", "stalled"), seconds)

    def gone(self, run: Run) -> Run:
        """Wait until a run's worker has left altogether: it writes the result before it goes."""
        identity = Identity.from_dict(run.record.process)
        return self.until(run, lambda now: identity is None or not identity.is_alive())

    def at_step(self, run: Run, step: int) -> Run:
        return self.until(run, lambda now: now.step >= step and now.status.name == "running")

    def kill(self, run: Run) -> None:
        """What the kernel's out-of-memory killer does: no word to anybody."""
        identity = self.until(run, lambda now: now.status.process is not None).status.process
        assert identity is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, signal.SIGKILL)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "home")
    yield made
    made.end_queue()  # first: it would go on starting what waits
    for run in made.store.all():
        ours = [Identity.from_dict(raw) for raw in (run.record.process, (run.record.request or {}).get("spawned"))]
        # Without its key, which went with the queue's folder, the home knows no jobs any more.
        raw = json.loads((run.path / REQUEST).read_text()) if run.record.request else None
        for identity in (*ours, *(job.process for job in jobs_of(raw))):
            if identity is not None and identity.is_alive() and identity.pid != os.getpid():
                _killed(identity)
    reap()


def _killed(identity: Identity) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(identity.pid, signal.SIGKILL)
        return True
    return False


def configured(target: str, data: str | None = None, **settings: Any) -> Config:
    row, variant = parse_target(target)
    return resolve(row, variant, data, "best", [Layer("the test", settings)])
