"""`labapp solve`: the programs that a trained run finds for word problems, and what they come to."""

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
from labapp.solve.asking import SOLVE, Search, portion_args, program_args
from labapp.solve.reading import portions_of
from labapp.solve.replies import WIDEST, solving_of
from labapp.solve.writing import FORMATS, JsonWriter
from sessions.inference import inference_on

EXAMPLE = (
    'labapp solve latest "a train 360 m long runs at 45 km / h . in what time will it pass a platform 140 m long ?"'
)


def register(app: typer.Typer) -> None:
    app.command()(solve)


def solve(
    run: RunArgument,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Else --file, else what is piped in.", show_default=False)
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Problems, one a line.")] = None,
    beam: Annotated[
        int | None,
        typer.Option(
            "--beam", metavar="K", min=1, max=WIDEST, help="Width of the beam; else the run's.", show_default=False
        ),
    ] = None,
    grammar: Annotated[
        bool | None,
        typer.Option(
            "--grammar/--no-grammar", help="Only programs that can be read; else as the run has it.", show_default=False
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option("--program", metavar="P", help="Score this program too: add(n0,n1)|divide(#0,const_2)."),
    ] = None,
    best: Annotated[
        int | None,
        typer.Option(
            "--best", metavar="N", min=1, help="Only the N best programs; else all of the beam.", show_default=False
        ),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="text, json (an object a line); else text.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to; else to the terminal.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Solve word problems: the likeliest programs, what each comes to, and the best one step by step."""
    lab = open_lab(home)
    chosen_run = usable_run(lab, run, SOLVE, "problems are not for runs of this task")
    if program is not None and text is None:
        raise UsageError("a program is scored for one problem", got="--program", expected="a TEXT with it")
    writer_class = kind_of_writer(form, FORMATS, JsonWriter, as_json=as_json)
    search = Search(beam, grammar)
    with contextlib.ExitStack() as stack:
        source, name = stack.enter_context(opened(text, file, verb="solve", noun="text", example=EXAMPLE))
        writer = writer_class(stack.enter_context(output(out, file, force=force)), best=best)
        lines = Lines(source, name, say)
        problems = portions_of(lines) if text is None else iter([[" ".join(text.split())]])
        inference = stack.enter_context(inference_on(lab.home, gpu))
        progress = stack.enter_context(Watched(lines, writer, size_of(file), "problems"))

        def put(portion: list[str]) -> None:
            args = portion_args(chosen_run.id, portion, search)
            if program is not None:
                args = program_args(chosen_run.id, portion[0], program, search)
            for solved in solving_of(inference.ask(SOLVE, **args)).problems:
                writer.write(solved)
                progress.count()

        ended = stream(problems, put, writer, progress, on_stdout=out is None)
    if ended is not None:
        return ended
    if as_json and out is not None:
        print_json({"path": str(out.absolute()), "problems": progress.answers})
    elif out is not None:
        say(f"{progress.answers:,} problems in {out}")
    return 0
