"""`labapp report`: a study or runs written up as HTML, Markdown or LaTeX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labapp.cli import HomeOption, JsonOption, open_lab
from labapp.output import print_json, say

ALL = "all"


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    references: Annotated[
        list[str],
        typer.Argument(metavar="STUDY_OR_RUNS...", help="A study that was launched, or runs, or query terms."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to; .html, .md or .tex says in which format.")
    ],
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="html, markdown or latex, whatever the file is called."),
    ] = None,
    findings: Annotated[
        bool, typer.Option("--findings", help="Also what the numbers say, by rules that stand beside it.")
    ] = False,
    comments: Annotated[
        Path | None,
        typer.Option("--comments", metavar="FILE", help="Your own; remembered. Else FILE's name with .comments.md."),
    ] = None,
    sections: Annotated[
        str | None,
        typer.Option(
            "--sections", metavar="NAMES", help="Other ones than the study asks for: curves,classes... or all."
        ),
    ] = None,
    shareable: Annotated[
        bool, typer.Option("--shareable", help="Without dataset examples, pictures, host and paths.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is no report.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Write up a study or runs in one file: settings, results, curves, what they show, and how to repeat them."""
    lab = open_lab(home)
    from sessions.study.reporting import write

    names = [each.strip() for each in sections.split(",") if each.strip() and each.strip() != ALL] if sections else None
    written = write(
        lab.store, references, out, format=format_, findings=findings, shareable=shareable, comments=comments,
        sections=names, force=force,
    )  # fmt: skip
    if as_json:
        figures = [str(path) for path in written.figures]
        print_json({"path": str(written.path), "format": written.format, "figures": figures, "notes": written.notes})
        return 0
    for each in written.notes:
        say(each)
    beside = f", with {len(written.figures)} figures in {written.figures[0].parent.name}/" if written.figures else ""
    say(f"written{beside}:")
    typer.echo(str(written.path))
    return 0
