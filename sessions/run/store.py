"""All runs of a home: creating, listing, finding, throwing away and bringing back."""

from __future__ import annotations

import contextlib
import heapq
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.checkpoints import TRAINING_STATE
from engine.errors import LabError, UsageError, nearest
from engine.files import explained, sync, write_atomic, write_json
from sessions.home import Home
from sessions.locks import lock_within
from sessions.process import host
from sessions.queuefiles import stamped
from sessions.run.history import History
from sessions.run.provenance import provenance
from sessions.run.query import Groups, Query, check_keys, is_term
from sessions.run.records import CHECKPOINTS, CONFIG, EVENTS, LABELS, META, REQUEST, RUN_VERSION, RecordCache, digest
from sessions.run.runs import RUN_ID, Run, read_run
from sessions.run.status import GOING_ON, derive
from sessions.run.tickets import ALPHABET, jobs_of

if TYPE_CHECKING:  # importing it costs what the app's first frame may take
    from engine.config import Config

LATEST = "latest"
LONGEST_NAME = 64  # characters
NAMING_TIMEOUT = 20.0  # seconds; a name is looked for among all runs


class Store:
    """The runs of one home. Remembers what it has read, and reads again what changed."""

    def __init__(self, home: Home, groups: Callable[[], Groups] = dict):
        """`groups` tells which studies the runs are in, for queries that ask."""
        self.home = home
        self.groups = groups
        self._records = RecordCache()
        self._histories: dict[str, History] = {}

    # -- reading

    def ids(self) -> list[str]:
        return _run_ids(self.home.runs)

    def read(self, run_id: str) -> Run:
        path = self.home.runs / run_id
        record = self._records.read(path)
        if run_id not in self._histories:
            self._histories[run_id] = History(path / EVENTS)
        return Run(record, derive(record), self._histories[run_id])

    def all(self) -> list[Run]:
        """Every run, newest first. Runs that vanish meanwhile are left out."""
        ids = self.ids()
        for gone in self._histories.keys() - set(ids):
            del self._histories[gone]
            self._records.forget(gone)
        runs = [run for run in map(self.read, ids) if not run.record.gone]
        return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)

    def newest(self, count: int) -> list[Run]:
        """The runs whose folders changed last: what a long list can begin with before everything has been read."""
        changed = []
        for run_id in self.ids():
            with contextlib.suppress(OSError):
                changed.append((os.stat(self.home.runs / run_id).st_mtime, run_id))
        runs = [self.read(run_id) for _, run_id in heapq.nlargest(count, changed)]
        return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)

    def find(self, reference: str) -> Run:
        """The run meant by an id, a unique prefix of one, a name, or `latest`."""
        ids = self.ids()
        if reference in ids:
            return self.read(reference)
        if not reference:
            raise UsageError("no run is named", expected="an id, a unique prefix of one, a name, or latest")
        runs = self.all()
        if reference == LATEST and runs:
            return runs[0]
        matching = [run.id for run in runs if run.name == reference]
        matching = matching or [run_id for run_id in ids if run_id.startswith(reference)]
        if len(matching) == 1:
            return self.read(matching[0])
        if matching:
            raise UsageError(
                f"{reference!r} means several runs",
                got=", ".join(matching[:8]),
                expected="an id, a unique prefix of one, a name, or latest",
                hint="type one letter more, or the whole id",
            )
        names = [run.name for run in runs if run.name]
        close = nearest(reference, [*ids, *names])
        raise UsageError(
            f"there is no run {reference!r}",
            got=reference,
            expected="an id, a unique prefix of one, a name, or latest" if ids else "there are no runs yet",
            hint=f"did you mean {close!r}?" if close else "labapp runs lists them",
        )

    def select(self, words: Sequence[str]) -> list[Run]:
        """Runs named one by one, or by query terms such as task:images status:running, or both."""
        named = [word for word in words if not is_term(word)]
        query = self.query([word for word in words if is_term(word)])
        everything = self.all() if query.terms or not named else []
        check_keys(query, everything)
        runs = [self.find(word) for word in named] if named else everything
        unique = {run.id: run for run in runs if query.matches(run)}
        return list(unique.values())

    def query(self, words: Sequence[str]) -> Query:
        """A query that knows the studies of this home."""
        query = Query.parse(words)
        return query.within(self.groups()) if any(term.key == "study" for term in query.terms) else query

    # -- creating

    def create(
        self, config: Config, *, name: str = "", tags: Iterable[str] = (), note: str = "",
        ticket: dict[str, Any] | None = None,
    ) -> Path:  # fmt: skip
        """A new run's directory, published as a whole, with its place in the queue; nothing is started."""
        self.home.ensure()
        check_tags(tags := sorted(set(tags)))
        with self.naming():
            return self._create(config, name, tags, note, ticket)

    @contextlib.contextmanager
    def naming(self) -> Iterator[None]:
        """Hold the home's lock while a name is looked for and taken: a name belongs to one run."""
        path = self.home.root / ".names.lock"
        with explained(self.home.root):
            handle = lock_within(path, NAMING_TIMEOUT)
        if handle is None:
            got = f"{path} is locked for {NAMING_TIMEOUT:.0f} s"
            raise LabError("another program is giving names", got=got, hint="try again")
        try:
            yield
        finally:
            os.close(handle)

    def _create(self, config: Config, name: str, tags: list[str], note: str, ticket: dict[str, Any] | None) -> Path:
        self.check_name(name)
        while True:
            run_id = f"{config.variant}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"
            final = self.home.runs / run_id
            beside = self.home.runs / f".{run_id}.partial"
            with explained(beside):
                beside.mkdir(mode=0o700)
            try:
                content = config.to_toml().encode()
                write_atomic(beside / CONFIG, content)
                copy = {"config": config.as_dict(), "config_digest": digest(content)}
                write_json(beside / META, about(config) | copy)
                write_json(beside / LABELS, {"name": name, "tags": tags, "note": note})
                request = {"v": RUN_VERSION, "wanted": "run", "attempt": 0}
                write_json(
                    beside / REQUEST, request if ticket is None else {**request, "ticket": stamped(ticket, final)}
                )
                with explained(final):
                    os.rename(beside, final)
                    sync(self.home.runs)
                return final
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise

    def check_name(self, name: str) -> None:
        """A name must be free, and must not be taken for something else."""
        if not name:
            return
        check_spelling(name)
        taken = [run.id for run in self.all() if run.name == name]
        if taken or name in self.ids():
            owner = taken[0] if taken else name
            hint = f"labapp label {owner} --name ANOTHER frees it"
            raise UsageError("the name is taken", got=f"{name!r} names run {owner}", hint=hint)

    # -- the trash

    def trash_ids(self) -> list[str]:
        return _run_ids(self.home.trash)

    def in_trash(self, reference: str) -> str:
        """The id of a run in the trash that this id, or unique prefix of one, means."""
        ids = self.trash_ids()
        matching = [reference] if reference in ids else [each for each in ids if each.startswith(reference)]
        if len(matching) != 1 or not reference:
            raise UsageError(
                f"no single run in the trash is meant by {reference!r}",
                got=reference,
                expected="one of " + ", ".join(matching or ids) if matching or ids else "the trash is empty",
            )
        return matching[0]

    def restore(self, reference: str) -> Path:
        """Bring a run back from the trash, by its id or a unique prefix."""
        run_id = self.in_trash(reference)
        target = self.home.runs / run_id
        if target.exists():
            raise UsageError("a run with this id exists already", got=run_id)
        with self.naming():
            self.check_name(read_run(self.home.trash / run_id).name)
            with explained(target):
                os.rename(self.home.trash / run_id, target)
        return target

    def cleanable(self, *, cache: bool = False) -> Iterator[tuple[Path, int, str]]:
        """What `clean` would remove: (path, bytes, why). Trash, training state of finished runs, with `cache` that."""
        for run_id in self.trash_ids():
            path = self.home.trash / run_id
            yield path, size_of(path), "in the trash"
        for run in self.all():
            if run.status.name != "finished":
                continue
            for path in sorted((run.path / CHECKPOINTS).glob(f"step-*/{TRAINING_STATE}")):
                yield path, size_of(path), f"training state of finished run {run.id}"
        for path in sorted(self.home.runs.glob(".*.partial")):
            if _is_old(path):
                yield path, size_of(path), "left over from a launch that failed"
        for path in sorted(self.home.cache.iterdir()) if cache and self.home.cache.is_dir() else ():
            if not path.name.startswith("."):
                yield path, size_of(path), "cache: made anew when it is needed"
            elif path.is_dir() and _is_old(path):
                yield path, size_of(path), "left over from what never came into the cache"

    def check_cache_is_idle(self) -> None:
        """Refuse to empty the cache under a run that goes on or waits for its turn, or under its queued jobs."""
        busy = [run for run in self.all() if jobs_of(run.record.request) or _may_go_on(run)]
        if busy:
            raise UsageError(
                "the cache may be in use",
                got=", ".join(run.id for run in busy[:8]) + (" ..." if len(busy) > 8 else ""),
                expected="no run that goes on, waits, or has jobs to do",
                hint="labapp wait waits for them; without --cache the rest is cleaned now",
            )

    def clean(self, found: Iterable[tuple[Path, int, str]]) -> int:
        """Remove what `cleanable` found, and nothing that came later; returns the bytes freed."""
        freed = 0
        for path, size, _ in found:
            with explained(path), contextlib.suppress(FileNotFoundError):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                freed += size
        return freed


def check_spelling(name: str) -> None:
    """What a name may look like, whether it is free or not."""
    odd = name == LATEST or is_term(name) or "/" in name or name != name.strip() or not name.isprintable()
    if odd or len(name) > LONGEST_NAME:
        raise UsageError(
            "this name cannot be used",
            got=repr(name),
            expected=f"printable text without slash or key:value, up to {LONGEST_NAME} characters, not 'latest'",
        )


def check_tags(tags: Iterable[str]) -> None:
    """A tag is a word: it must be possible to ask for it in a query."""
    for tag in tags:
        if not tag or len(tag) > LONGEST_NAME or not tag.isprintable() or any(char in " ,:" for char in tag):
            raise UsageError(
                "this tag cannot be used", got=repr(tag), expected="a word without spaces, commas and colons"
            )


def about(config: Config) -> dict[str, Any]:
    """What meta.json says from the beginning; each attempt adds to it."""
    return {
        "v": RUN_VERSION,
        "created": time.time(),
        "host": host(),
        "task": config.task,
        "variant": config.variant,
        "data": config.data,
        "seed": config.settings.seed,
        **provenance(),
    }


def _may_go_on(run: Run) -> bool:
    """Here, or on another host that shares the home."""
    return run.status.name in GOING_ON and not run.status.stale


def _is_old(path: Path) -> bool:
    """Whoever began to write it does so no more."""
    return time.time() - path.stat().st_mtime > 3600


def _run_ids(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if RUN_ID.fullmatch(entry.name) and entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        hint = "choose another home with --home DIR"
        raise LabError("the home cannot be read", got=f"{folder}: {error.strerror}", hint=hint) from error


def size_of(path: Path) -> int:
    """Bytes in a file, or in everything under a folder."""
    if not path.is_dir():
        return path.lstat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for file in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, file)).st_size
    return total
