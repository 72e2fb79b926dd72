"""A launched study is a folder, studies/<name>-<hash>/: study.toml lists its cells and the runs that stand for them.

A run may stand for a cell of several studies: the file names runs, it does not own them. The hash is of what is
trained (`Study.digest`), so a study that is launched again finds its folder, and more seeds are added to it.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import LabError, UsageError, nearest
from engine.files import explained, write_atomic
from sessions.home import Home
from sessions.locks import lock_within
from sessions.run.records import number_of, table_of, text_of
from sessions.run.tickets import ID as RUN_ID

if TYPE_CHECKING:  # importing it costs what the app's first frame may take
    from engine.studies.definition import Study

STUDY, STUDIES_VERSION = "study.toml", 1
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,47}-[0-9a-f]{6}")
BROKEN = "study.toml.broken"
LATEST = "latest"
LOCK_TIMEOUT = 20.0  # seconds
MOST_BYTES = 16 * 2**20  # of a study.toml: more than the largest study launched with the most seeds


@dataclass
class Member:
    """A run that stands for a cell."""

    cell: str  # the cell's label
    seed: int
    run: str  # its id
    key: str = ""  # what it trains, as far as known at launch (engine.studies.cells)
    identity: str = ""  # what it has trained, once its worker knew it


@dataclass
class Launched:
    """One study of this home, as its folder says. Reading it imports nothing heavy: lists of runs show groups."""

    path: Path
    raw: dict[str, Any]  # the definition
    created: float
    labels: list[str]  # of its cells, in order
    members: list[Member] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def name(self) -> str:
        return text_of(self.raw, "name", self.id)

    @property
    def title(self) -> str:
        return text_of(self.raw, "title") or self.name

    @property
    def study(self) -> Study:
        from engine.studies.definition import study_of

        return study_of(self.raw, str(self.path / STUDY))

    def of(self, cell: str) -> list[Member]:
        """The members of one cell, by seed."""
        return sorted((each for each in self.members if each.cell == cell), key=lambda each: each.seed)

    def write(self) -> None:
        import tomlkit

        head = {"v": STUDIES_VERSION, "created": self.created, "cells": self.labels, "study": self.raw}
        rows = [_row_in_toml(tuple(asdict(each).items())) for each in self.members]
        write_atomic(self.path / STUDY, (tomlkit.dumps(head) + "".join(rows)).encode())


@lru_cache(16_384)
def _row_in_toml(row: tuple[tuple[str, str | int], ...]) -> str:
    """One run of a study; a launch writes the file after each of hundreds, and spelling them out takes the time."""
    import tomlkit

    return "\n[[runs]]\n" + tomlkit.dumps({key: value for key, value in row if value != ""})


class Studies:
    """The studies of one home. Remembers what it has read, and reads again what changed."""

    def __init__(self, home: Home):
        self.home = home
        self._known: dict[str, tuple[tuple[int, int], Launched]] = {}
        self.problems: list[LabError] = []  # folders that could not be read, at the last look at all of them

    def all(self) -> list[Launched]:
        """Newest first; what cannot be read is left out, and stands in `problems`."""
        found = []
        self.problems = []
        for study_id in self._ids():
            try:
                found.append(self.read(study_id))
            except LabError as error:
                if (self.home.studies / study_id / STUDY).exists():  # a report alone may be left of it
                    self.problems.append(error)
        return sorted(found, key=lambda each: (each.created, each.id), reverse=True)

    def names(self) -> dict[str, list[str]]:
        """Of every run that stands for a cell the studies it is in, by id and by name: what `study:` asks for."""
        found: dict[str, list[str]] = {}
        for each in self.all():
            for run in dict.fromkeys(member.run for member in each.members):
                found.setdefault(run, []).extend((each.id, each.name))
        return found

    def _ids(self) -> list[str]:
        try:
            with os.scandir(self.home.studies) as entries:
                return [entry.name for entry in entries if ID.fullmatch(entry.name) and entry.is_dir()]
        except OSError:
            return []

    def read(self, study_id: str) -> Launched:
        path = self.home.studies / study_id
        try:
            stands = path.joinpath(STUDY).stat()
            mark = (stands.st_mtime_ns, stands.st_ino)
            if study_id in self._known and self._known[study_id][0] == mark:
                return self._known[study_id][1]
            if stands.st_size > MOST_BYTES:
                raise ValueError(f"{stands.st_size} bytes are too many")
            raw = tomllib.loads((path / STUDY).read_text(encoding="utf-8"))
            newer = isinstance(raw.get("v"), int) and raw["v"] > STUDIES_VERSION
        except (OSError, ValueError, RecursionError) as error:
            raise LabError(
                "the study cannot be read", got=f"{path / STUDY}: {error}", hint="launch it again, or delete its folder"
            ) from error
        if newer:
            got = f"{path / STUDY} has format {raw['v']}"
            raise LabError("this study was written by a newer labapp", got=got, hint="upgrade labapp")
        launched = Launched(
            path, table_of(raw, "study"), number_of(raw, "created"), _texts(raw.get("cells")), list(_members(raw))
        )
        self._known[study_id] = mark, launched
        return launched

    def find(self, reference: str) -> Launched:
        """By id, a unique prefix of one, or a name; of several with one name the newest. `latest` is the newest."""
        everything = self.all()
        if reference == LATEST and everything:
            return everything[0]
        for match in (
            [each for each in everything if each.id == reference],
            [each for each in everything if each.name == reference][:1],
            [each for each in everything if reference and each.id.startswith(reference)],
        ):
            if len(match) == 1:
                return match[0]
            if match:
                raise UsageError(
                    f"{reference!r} means several studies", got=", ".join(each.id for each in match), expected="one"
                )
        names = [name for each in everything for name in (each.id, each.name)]
        close = nearest(reference, names)
        raise UsageError(
            f"no study {reference!r} has been launched here",
            got=reference,
            expected="the name of a study that was launched" if names else "there are none yet",
            hint=f"did you mean {close!r}?" if close else "labapp study NAME launches one",
        )

    def open(self, study: Study) -> Launched:
        """The folder of a study, made if there is none; what is shown of it is as the definition of now says."""
        from engine.studies.cells import cells_of

        study_id = f"{study.name}-{study.digest}"
        path = self.home.ensure().studies / study_id
        labels = [cell.label for cell in cells_of(study)]
        if (path / STUDY).exists():
            try:
                known = self.read(study_id)
            except LabError as error:
                if "newer" in error.title:
                    raise
                with explained(path):  # begun anew: the runs that were in it are found by what they train
                    os.replace(path / STUDY, path / BROKEN)
            else:
                return Launched(path, study.as_dict(), known.created, labels, list(known.members))
        with explained(path):
            path.mkdir(mode=0o700, exist_ok=True)
        return Launched(path, study.as_dict(), time.time(), labels)

    def forget(self, launched: Launched) -> None:
        """Take a study out of the list; its runs stay what they are, and launching it again finds them."""
        with self.editing(), explained(launched.path):
            for name in (STUDY, BROKEN):
                (launched.path / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a report may lie in it
                launched.path.rmdir()

    @contextlib.contextmanager
    def editing(self) -> Iterator[None]:
        """Two front ends must not launch the same cells."""
        path = self.home.ensure().studies / ".lock"
        with explained(path):
            handle = lock_within(path, LOCK_TIMEOUT)
        if handle is None:
            raise LabError("another program is launching a study", got=f"{path} is locked", hint="try again")
        try:
            yield
        finally:
            os.close(handle)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _members(raw: dict[str, Any]) -> Iterator[Member]:
    rows = raw.get("runs")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and RUN_ID.fullmatch(text_of(row, "run")) and text_of(row, "cell"):
            seed = int(number_of(row, "seed"))
            yield Member(row["cell"], seed, row["run"], text_of(row, "key"), text_of(row, "identity"))
