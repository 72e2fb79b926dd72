"""`labapp tag`: the entities in a text, as a trained run sees them. Files of any length are streamed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UsageError
from labapp.cli import HomeOption, JsonOption, RunArgument, open_lab
from labapp.commands.streaming import Watched, kind_of_writer, opened, output, size_of, stream, usable_run
from labapp.output import print_json, say
from labapp.play.lines import Lines
from labapp.tag.asking import TAG
from labapp.tag.reading import Portion, text_portions, token_portions
from labapp.tag.replies import tagging_of
from labapp.tag.writing import FORMATS, JsonWriter
from sessions.inference import inference_on

EXAMPLE = 'labapp tag latest "Barack Obama visited Paris."'


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
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    second: Annotated[bool, typer.Option("--second", help="With the second-best tagging of each sentence.")] = False,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Tag the entities of a text: people, places, dates and what else the run has learned."""
    lab = open_lab(home)
    chosen_run = usable_run(lab, run, TAG, "sentences are not for runs of this task")
    if tokens and by_line:
        raise UsageError("tokens are lines already", got="--tokens with --lines", expected="one or the other")
    if column != 1 and not tokens:
        raise UsageError("a text has no columns", got=f"--column {column}", expected="--tokens with it")
    writer_class = kind_of_writer(form, FORMATS, JsonWriter, as_json=as_json)
    words = "\n".join(text.split()) if text and tokens else text
    with contextlib.ExitStack() as stack:
        source, name = stack.enter_context(opened(words, file, verb="tag", noun="text", example=EXAMPLE))
        writer = writer_class(stack.enter_context(output(out, file, force=force)), second=second)
        lines = Lines(source, name, say)
        portions = token_portions(lines, name, column) if tokens else text_portions(lines, by_line=by_line)
        inference = stack.enter_context(inference_on(lab.home, gpu))
        progress = stack.enter_context(Watched(lines, writer, size_of(file), "tokens"))

        def put(portion: Portion) -> None:
            answer = inference.ask(TAG, run=chosen_run.id, second=second, **portion.args)
            for sentence in tagging_of(answer).sentences:
                writer.write(sentence, portion.begins)
                progress.count(len(sentence.tokens))

        ended = stream(portions, put, writer, progress, on_stdout=out is None)
    if ended is not None:
        return ended
    if as_json and out is not None:
        print_json({"path": str(out.absolute()), "sentences": progress.answers, "tokens": progress.units})
    elif out is not None:
        say(f"{progress.answers:,} sentences, {progress.units:,} tokens in {out}")
    return 0
