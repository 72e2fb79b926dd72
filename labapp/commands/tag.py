"""`labapp tag`: the entities in a text, as a trained run sees them. Files of any length are streamed."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from engine.errors import LabError, UsageError, unknown
from labapp.cli import HomeOption, JsonOption, RunArgument, open_lab
from labapp.live.rows import quantity
from labapp.output import print_error, print_json, say
from labapp.play.runs import check_run, has_checkpoint
from labapp.run_codes import INTERRUPTED
from labapp.tag.asking import TAG
from labapp.tag.reading import Lines, Portion, text_portions, token_portions
from labapp.tag.replies import tagging_of
from labapp.tag.writing import FORMATS, JsonWriter, Writer
from sessions.inference import Inference
from sessions.machine.gpus import choose, list_gpus, worker_environment

STDIN = "what was piped in"


def register(app: typer.Typer) -> None:
    app.command()(tag)


def tag(
    run: RunArgument,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Else --file, else what is piped in.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A text; blank lines part its paragraphs.")
    ] = None,
    tokens: Annotated[
        bool,
        typer.Option("--tokens", help="One token a line, a blank line between sentences."),
    ] = False,
    column: Annotated[
        int, typer.Option("--column", min=1, help="With --tokens: the column they stand in; 3 in GMB's files.")
    ] = 1,
    by_line: Annotated[
        bool, typer.Option("--lines", help="Every line of the text is a sentence or several of its own.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="text, conll (token and tag), json (an object a line); else text."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to; else to the terminal.")] = None,
    second: Annotated[bool, typer.Option("--second", help="With the second-best tagging of each sentence.")] = False,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Tag the entities of a text: people, places, dates and what else the run has learned."""
    lab = open_lab(home)
    chosen_run = lab.store.find(run)
    check_run(chosen_run, TAG, "sentences are not for runs of this task")
    if not has_checkpoint(lab.home, chosen_run.id):
        raise UsageError(
            "this run has no checkpoint yet", got=f"{chosen_run.id}, {chosen_run.status.name}",
            hint=f"wait for its first epoch, or labapp resume {chosen_run.id}",
        )  # fmt: skip
    if tokens and by_line:
        raise UsageError("tokens are lines already", got="--tokens with --lines", expected="one or the other")
    if column != 1 and not tokens:
        raise UsageError("a text has no columns", got=f"--column {column}", expected="--tokens with it")
    writer_class = kind_of_writer(form, as_json=as_json)
    chosen = choose(gpu, list_gpus())
    device = "cuda" if chosen is not None else "cpu"
    with contextlib.ExitStack() as stack:
        stream, name = stack.enter_context(opened(text, file, tokens=tokens))
        writer = writer_class(stack.enter_context(output(out, file)), second=second)
        lines = Lines(stream, name, say)
        portions = token_portions(lines, name, column) if tokens else text_portions(lines, by_line=by_line)
        inference = stack.enter_context(Inference(lab.home, device, worker_environment(chosen, gpu)))
        progress = stack.enter_context(Watched(lines, writer, size_of(file)))
        ended = work(inference, chosen_run.id, portions, writer, progress, second=second, on_stdout=out is None)
    if ended is not None:
        return ended
    if as_json and out is not None:
        print_json({"path": str(out.absolute()), "sentences": progress.sentences, "tokens": progress.tokens})
    elif out is not None:
        say(f"{progress.sentences:,} sentences, {progress.tokens:,} tokens in {out}")
    return 0


def kind_of_writer(form: str | None, *, as_json: bool) -> type[Writer]:
    if form is not None and form not in FORMATS:
        raise unknown("format", form, FORMATS)
    if as_json and form not in (None, "json"):
        raise UsageError(
            "--json is a format of its own", got=f"--json with --format {form}", expected="one or the other"
        )
    return JsonWriter if as_json else FORMATS[form or "text"]


def work(
    inference: Inference, run_id: str, portions: Iterator[Portion], writer: Writer, progress: Watched, *,
    second: bool, on_stdout: bool,
) -> int | None:  # fmt: skip
    """Ask and write, portion by portion. What stops it is part of an array that was begun: it stays one document.

    Returns the exit code then; errors are raised where they can be said in another way.
    """
    try:
        for portion in portions:
            tagging = tagging_of(inference.ask(TAG, run=run_id, second=second, **portion.args))
            for sentence in tagging.sentences:
                writer.write(sentence, portion.begins)
                progress.count(len(sentence.tokens))
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
        if not (isinstance(writer, JsonWriter) and writer.written):
            raise
        writer.end(error)
        writer.flush()
        if not on_stdout:  # the error is the document there
            raise
        print_error(error, as_json=False)
        return error.exit_code
    return None


@contextlib.contextmanager
def opened(text: str | None, file: Path | None, *, tokens: bool) -> Iterator[tuple[IO[bytes], str]]:
    """The text as bytes, and what it is called."""
    if text is not None and file is not None:
        raise UsageError("a text and a file", got=f"TEXT and --file {file}", expected="one or the other")
    if text is not None:
        if not text.strip():
            raise UsageError("there is nothing to tag", got=repr(text), hint="is a shell variable not set?")
        words = "\n".join(text.split()) if tokens else text
        yield io.BytesIO(words.encode("utf-8", "surrogateescape")), "the text"
    elif file is not None:
        file = file.expanduser()
        if file.is_dir():
            raise UsageError("this is a folder", got=str(file), expected="a file of text")
        try:
            stream = file.open("rb")
        except OSError as error:
            raise UsageError("the file cannot be read", got=f"{file}: {error.strerror or error}") from error
        with stream:
            yield stream, str(file)
    else:
        stdin = sys.stdin
        if stdin is None or stdin.closed or stdin.isatty():
            raise UsageError(
                "what is to be tagged?",
                expected="a TEXT, --file FILE, or a text piped in",
                hint='labapp tag latest "Barack Obama visited Paris."',
            )
        yield stdin.buffer, STDIN


@contextlib.contextmanager
def output(out: Path | None, file: Path | None) -> Iterator[IO[str]]:
    """Where the tags are written to."""
    if out is None:
        yield sys.stdout
        return
    out = out.expanduser()
    if file is not None and out.exists() and out.samefile(file.expanduser()):
        raise UsageError("a file cannot be read and written at once", got=f"--file {file} --out {out}")
    try:
        stream = out.open("w", encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise UsageError("the file cannot be written", got=f"{out}: {error.strerror or error}") from error
    with stream:
        yield stream


def size_of(file: Path | None) -> int | None:
    """Bytes of a file, where it has a size."""
    if file is None:
        return None
    with contextlib.suppress(OSError):
        return file.expanduser().stat().st_size or None
    return None


class Watched:
    """How far it is, on stderr; not where the tags themselves run over the same terminal."""

    def __init__(self, lines: Lines, writer: Writer, size: int | None):
        console = Console(stderr=True, highlight=False)
        self.lines = lines
        self.sentences = self.tokens = 0
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

    def count(self, tokens: int) -> None:
        self.sentences += 1
        self.tokens += tokens

    def show(self) -> None:
        speed = self.tokens / max(1e-9, time.monotonic() - self.began)
        self.bar.update(
            self.task, completed=self.lines.bytes, said=f"{self.tokens:,} tokens   {quantity(speed)} tokens/s"
        )
        self.bar.refresh()

    def __enter__(self) -> Watched:
        self.bar.start()
        self.bar.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
