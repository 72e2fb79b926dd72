"""`labapp export / import`: runs for other tools and other machines, and back."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import LabError, UsageError, unknown
from engine.files import explained, path_of, write_atomic
from engine.task import SPLITS
from labapp.cli import DryRunOption, HomeOption, JsonOption, open_lab
from labapp.output import clean, print_error, print_json, say, size
from labapp.run_codes import WORK_FAILED
from sessions.exchange import board, importing, packing, record
from sessions.exchange.bundle import SUFFIX
from sessions.exchange.cells import write_table
from sessions.exchange.places import parse_sources
from sessions.exchange.tables import RUNS, TABLES
from sessions.exchange.tables import table as table_of
from sessions.run.runs import Run

FORMATS = ("csv", "tensorboard", "bundle", "record")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # a name that is one on every file system


def register(app: typer.Typer) -> None:
    app.command()(export)
    app.command(name="import")(import_)


def export(
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN...", help="Runs, or query terms such as task:images; none: all, in a table runs."),
    ] = None,
    format: Annotated[
        str,
        typer.Option("--format", help="csv, tensorboard, bundle (all that using a run needs), record (no weights)."),
    ] = "csv",
    table: Annotated[
        str | None, typer.Option("--table", help=f"What csv holds: {', '.join(TABLES)}; else curves.")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="csv: train, val or test alone.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="A file, or a folder for several; csv: else stdout.")
    ] = None,
    shareable: Annotated[
        bool,
        typer.Option(
            "--shareable",
            help="bundle: without examples of the dataset. Vocabulary and classes stay: the network needs them.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Write runs for other tools and machines: tables, event files, bundles, small records."""
    refuse_mixture(format, table, split, shareable)
    store = open_lab(home).store
    if not run and table != RUNS:
        raise UsageError("no run is named", expected="RUN..., or --table runs for all", hint="labapp runs lists them")
    selected = store.select(run or [])
    if not selected:
        say("no run matches")
        if table != RUNS:
            if as_json:
                print_json([])
            return 0
    if format == "csv":
        return export_table(table or "curves", selected, split, out, force=force, as_json=as_json)
    place = where_to(format, selected, out)
    if format == "tensorboard":
        board.library()  # said once, before anything is written
    written: list[dict[str, Any]] = []
    code = 0
    for each in selected:
        target = place(each)
        try:
            refuse_existing(target, format, force=force)
            about = WRITERS[format](each, target, shareable)
        except LabError as error:
            if len(selected) == 1:
                raise
            print_error(error, as_json=False)
            written.append({"id": each.id, "error": error.as_dict()})
            code = WORK_FAILED
            continue
        written.append({"id": each.id, "path": str(target), **about})
        if not as_json:
            say(f"{each.id}: {clean(target)}" + (f", {size(about['bytes'])}" if "bytes" in about else ""))
    if as_json:
        print_json(written)
    return code


def refuse_mixture(format: str, table: str | None, split: str | None, shareable: bool) -> None:
    """Options that do not go together, and names that are none."""
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if table is not None and table not in TABLES:
        raise unknown("table", table, TABLES)
    if split is not None and split not in SPLITS:
        raise unknown("split", split, SPLITS)
    if format != "csv" and (table is not None or split is not None):
        raise UsageError(
            "tables are for csv", got=f"--format {format}", expected="--format csv with --table or --split"
        )
    if format != "bundle" and shareable:
        raise UsageError("--shareable is for bundles", got=f"--format {format}", expected="--format bundle with it")
    if table == RUNS and split is not None:
        raise UsageError("the table of runs has all splits", got=f"--split {split}", expected="--table metrics with it")


def export_table(
    name: str, runs: list[Run], split: str | None, out: Path | None, *, force: bool, as_json: bool
) -> int:  # fmt: skip
    """CSV to stdout or a file; with --json the same rows."""
    found = table_of(name, runs, split)
    if as_json and out is None:
        print_json([{column: row.get(column) for column in found.columns} for row in found.rows])
        return 0
    if out is None:
        write_table(sys.stdout, found.columns, found.rows)
        return 0
    target = path_of(out)
    refuse_existing(target, "csv", force=force)
    content = io.StringIO()
    count = write_table(content, found.columns, found.rows)
    write_atomic(made(target.parent) / target.name, content.getvalue().encode())
    if as_json:
        print_json({"table": name, "rows": count, "path": str(target)})
    else:
        say(f"{count} rows: {clean(target)}")
    return 0


def where_to(format: str, runs: list[Run], out: Path | None) -> Callable[[Run], Path]:
    """The place of each run's files. One bundle may be named; everything else goes into a folder."""
    if out is None and format != "bundle":
        raise UsageError(f"{format} is written into a folder", expected="--out DIR")
    folder = Path.cwd() if out is None else path_of(out)
    if format != "bundle":
        return lambda run: folder / plain_name(run)
    if out is not None and len(runs) == 1 and not folder.is_dir():
        return lambda run: folder
    return lambda run: folder / (plain_name(run) + SUFFIX)


def plain_name(run: Run) -> str:
    """What a run's files are called: its name, if that is one on every file system, else its id."""
    return run.name if PLAIN.fullmatch(run.name) else run.id


def refuse_existing(target: Path, format: str, *, force: bool) -> None:
    """Nothing is replaced unless one asks for it, and a folder never by a file."""
    if format in ("csv", "bundle"):
        there, what = target.exists(), "file"
        if target.is_dir():
            raise UsageError("this is a folder", got=str(target), expected="--out FILE")
    else:
        there, what = target.is_dir() and any(target.iterdir()), "folder that is not empty"
    if there and not force:
        raise UsageError(f"there is a {what} already", got=str(target), expected="another --out, or --force")


def made(folder: Path) -> Path:
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_bundle(run: Run, target: Path, shareable: bool) -> dict[str, Any]:
    manifest = packing.pack(run, target, shareable=shareable)
    return {"bytes": target.stat().st_size, "digest": manifest["digest"], "shareable": shareable}


def write_board(run: Run, target: Path, shareable: bool) -> dict[str, Any]:
    return {"files": [str(path) for path in board.write_run(run, target, replace=True)]}


def write_record(run: Run, target: Path, shareable: bool) -> dict[str, Any]:
    record.write_record(run, target)
    return {}


WRITERS: dict[str, Callable[[Run, Path, bool], dict[str, Any]]] = {
    "tensorboard": write_board,
    "bundle": write_bundle,
    "record": write_record,
}


def import_(
    path: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Bundles, records' folders, or folders of these.")
    ],
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME_OR_PATH", help="Where the run's dataset lies here.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME=PATH", help="Where something else lies here: encoder=FOLDER."),
    ] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Take in runs exported elsewhere, as bundles or records; of one already here only new --data and --source."""
    store = open_lab(home).store
    places = parse_sources(source or [])
    found = [each for one in path for each in importing.find_sources(one)]
    if (data is not None or places) and len(found) > 1:
        raise UsageError("places are told of one run at a time", got=f"{len(found)} to import", expected="one PATH")
    report: list[dict[str, Any]] = []
    code = 0
    for each in found:
        try:
            done = importing.bring_in(store, each, data=data, sources=places, dry_run=dry_run)
        except LabError as error:
            if len(found) == 1:
                raise
            print_error(error, as_json=False)
            report.append({"path": str(each), "error": error.as_dict()})
            code = WORK_FAILED
            continue
        report.append(importing.summary(done) | {"dry_run": dry_run})
        if not as_json:
            tell(done, dry_run=dry_run)
    if as_json:
        print_json(report)
    return code


def tell(done: importing.Imported, *, dry_run: bool) -> None:
    """The id on stdout, for scripts; the rest beside it."""
    called = f" ({done.name})" if done.name else ""
    if not done.new:
        say(f"{done.path.name} is here already: {done.id}{called}")
    elif dry_run:
        say(f"would import {done.path.name} as a run {done.name or 'without a name'}")
    else:
        say(f"imported {done.path.name} as {done.id}{called}; labapp show {done.id}")
    for note in done.notes:
        say(f"  {note}")
    if not dry_run:
        typer.echo(done.id)
