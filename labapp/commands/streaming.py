"""What the commands share that put texts of any length through a trained run: portion by portion, out as it comes."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from engine.errors import LabError, UsageError, unknown
from engine.files import path_of
from labapp.cli import Lab
from labapp.live.rows import quantity
from labapp.output import print_error, say
from labapp.play.lines import Lines
from labapp.play.runs import check_run, has_checkpoint
from labapp.play.writing import ArrayWriter, Writer
from labapp.run_codes import INTERRUPTED
from sessions.run.runs import Run

STDIN = "what was piped in"

Portion = TypeVar("Portion")
Kind = TypeVar("Kind")


def usable_run(lab: Lab, name: str, operation: str, title: str) -> Run:
    """A run that can do this now; `title` says what runs of another task are not for."""
    run = lab.store.find(name)
    check_run(run, operation, title)
    if not has_checkpoint(lab.home, run.id):
        raise UsageError(
            "this run has no checkpoint yet", got=f"{run.id}, {run.status.name}",
            hint=f"wait for its first epoch, or labapp resume {run.id}",
        )  # fmt: skip
    return run


def kind_of_writer(form: str | None, formats: dict[str, type[Kind]], array: type[Kind], *, as_json: bool) -> type[Kind]:
    """The one for `--format`, text if there is none; for `--json` the one of arrays."""
    if form is not None and form not in formats:
        raise unknown("format", form, formats)
    if as_json and form not in (None, "json"):
        raise UsageError(
            "--json is a format of its own", got=f"--json with --format {form}", expected="one or the other"
        )
    return array if as_json else formats[form or "text"]


def stream(
    portions: Iterable[Portion], put: Callable[[Portion], object], writer: Writer, progress: Watched, *, on_stdout: bool
) -> int | None:
    """Put every portion through. What stops it is part of an array that was begun: it stays one document.

    Returns the exit code then; errors are raised where they can be said in another way.
    """
    try:
        for portion in portions:
            put(portion)
            writer.flush()
            progress.show()
        writer.end()
        writer.flush()
    except KeyboardInterrupt:
        if writer.written:
            writer.end(LabError("interrupted"))
            writer.flush()
        say("interrupted")
        return INTERRUPTED
    except LabError as error:
        if not (isinstance(writer, ArrayWriter) and writer.written):
            raise
        writer.end(error)
        writer.flush()
        if not on_stdout:  # the error is the document there
            raise
        print_error(error, as_json=False)
        return error.exit_code
    return None


@contextlib.contextmanager
def opened(
    text: str | None, file: Path | None, *, verb: str, noun: str, example: str
) -> Iterator[tuple[IO[bytes], str]]:
    """The text as bytes, and what it is called. `verb`, `noun` and `example` say what is done here with what."""
    if text is not None and file is not None:
        raise UsageError(f"a {noun} and a file", got=f"{noun.upper()} and --file {file}", expected="one or the other")
    if text is not None:
        if not text.strip():
            raise UsageError(f"there is nothing to {verb}", got=repr(text), hint="is a shell variable not set?")
        yield io.BytesIO(text.encode("utf-8", "surrogateescape")), f"the {noun}"
    elif file is not None:
        file = path_of(file)
        if file.is_dir():
            raise UsageError("this is a folder", got=str(file), expected="a file of text")
        try:
            opened_file = file.open("rb")
        except OSError as error:
            raise UsageError(
                "the file cannot be read", got=f"{file}: {error.strerror or error}", expected="a file of text",
                hint=f"a {noun} alone needs no file: {example}",
            ) from error  # fmt: skip
        with opened_file:
            yield opened_file, str(file)
    else:
        stdin = sys.stdin
        if stdin is None or stdin.closed or stdin.isatty():
            raise UsageError(
                f"what is there to {verb}?",
                expected=f"a {noun.upper()}, --file FILE, or a text piped in",
                hint=example,
            )
        yield stdin.buffer, STDIN


@contextlib.contextmanager
def output(out: Path | None, file: Path | None, *, force: bool) -> Iterator[IO[str]]:
    """Where the answers are written to."""
    if out is None:
        yield sys.stdout
        return
    out = path_of(out)
    if file is not None and out.exists() and out.samefile(path_of(file)):
        raise UsageError("a file cannot be read and written at once", got=f"--file {file} --out {out}")
    if out.is_dir() or not out.parent.is_dir():
        what = "a folder" if out.is_dir() else "in no folder"
        raise UsageError(
            "the file cannot be written", got=f"{out} is {what}", expected="a file in a folder that is there"
        )
    if out.is_file() and out.stat().st_size and not force:
        raise UsageError("there is a file already", got=str(out), expected="a new one", hint="--force replaces it")
    with Late(out) as target:
        yield cast(IO[str], target)
        target.write("")  # a file of nothing, where there was no answer


class Late(io.TextIOBase):
    """A file that is left as it is until there is something to write into it."""

    def __init__(self, path: Path):
        self.path = path
        self._file: IO[str] | None = None

    def write(self, text: str) -> int:
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8", errors="replace", newline="\n")
        except OSError as error:
            raise UsageError("the file cannot be written", got=f"{self.path}: {error.strerror or error}") from error
        return self._file.write(text)

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


def size_of(file: Path | None) -> int | None:
    """Bytes of a file, where it has a size."""
    if file is None:
        return None
    with contextlib.suppress(OSError):
        return path_of(file).stat().st_size or None
    return None


class Watched:
    """How far it is, on stderr; not where the answers themselves run over the same terminal."""

    def __init__(self, lines: Lines, writer: Writer, size: int | None, unit: str):
        console = Console(stderr=True, highlight=False)
        self.lines, self.unit = lines, unit
        self.answers = 0
        self.units = 0
        self.began = time.monotonic()
        self.bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.fields[said]}", markup=False),
            console=console,
            disable=not console.is_terminal or writer.stream.isatty(),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
        )
        self.task = self.bar.add_task("", total=size, said="loading the network")

    def count(self, units: int = 1) -> None:
        """Another answer is written; `units` is what there was in it of what is counted."""
        self.answers += 1
        self.units += units

    def show(self) -> None:
        speed = self.units / max(1e-9, time.monotonic() - self.began)
        said = f"{self.units:,} {self.unit}   {quantity(speed)} {self.unit}/s"
        self.bar.update(self.task, completed=self.lines.bytes, said=said)
        self.bar.refresh()

    def __enter__(self) -> Watched:
        self.bar.start()
        self.bar.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
