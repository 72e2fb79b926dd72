"""`labapp evaluate`: metrics of trained runs, on a split of their data or on data they never saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from engine.catalogue import task_row
from engine.config import resolve_data
from engine.errors import LabError, UsageError, unknown
from engine.task import SPLITS, nested
from labapp.cli import AfterOption, HomeOption, JsonOption, Lab, RunsArgument, open_lab
from labapp.output import number, print_error, print_json, say, table
from labapp.run_codes import WORK_FAILED
from labapp.solve.replies import WIDEST
from sessions import control
from sessions.inference import inference_on
from sessions.machine.gpus import choose, list_gpus
from sessions.queue.starting import job_result
from sessions.run.query import is_term
from sessions.run.runs import Run

BROKEN = ("refuse", "skip")


def register(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    run: RunsArgument,
    split: Annotated[str, typer.Option("--split", help="train, val or test.")] = "test",
    data: Annotated[str | None, typer.Option("--data", metavar="PATH", help="Data the run never saw.")] = None,
    broken: Annotated[
        str | None, typer.Option("--broken", help="refuse or skip what cannot be read; else as the run did.")
    ] = None,
    beam: Annotated[
        str | None, typer.Option("--beam", metavar="WIDTHS", help="Of a search, such as 1,10,20 (mathqa).")
    ] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    queue: Annotated[bool, typer.Option("--queue", help="Put it into the queue and print the jobs' ids.")] = False,
    after: AfterOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Evaluate the best checkpoint of runs in a process of their own, now or when its turn comes."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    if broken not in (None, *BROKEN):
        raise unknown("choice for --broken", str(broken), BROKEN)
    beams = widths_of(beam)
    lab = open_lab(home)
    selected = lab.store.select(run)
    if not selected:
        say("no run matches")
    if queue:
        args = {"split": split, "data": data, "broken": broken, "beams": beams}
        return submit(lab, selected, "evaluate", args, gpu, after or [], as_json=as_json)
    if after:
        raise UsageError("--after is for the queue", got="--after", expected="--queue with it")
    results: list[dict[str, Any]] = []
    code = 0
    with inference_on(lab.home, gpu) as inference:
        for each in selected:
            if not as_json:
                say(f"evaluating {each.id} on {data or f'the {split} split of {each.data}'}")
            try:
                unseen = None if data is None else resolve_data(task_row(each.task), data)
                args = {"run": each.id, "split": split, "data": unseen, "broken": broken, "beams": beams}
                results.append(inference.ask("evaluate", **args))
            except LabError as error:
                if len(selected) == 1:
                    raise
                print_error(error, as_json=False)
                results.append({"id": each.id, "error": error.as_dict()})
                code = WORK_FAILED
    if as_json:
        one = len(run) == 1 and not is_term(run[0])
        shown = [in_parts(each) for each in results]
        print_json(shown[0] if one else shown)
    else:
        print_metrics([result for result in results if "metrics" in result], data)
    return code


def widths_of(beam: str | None) -> list[int]:
    """`1,10,20` as numbers; none where nothing was said."""
    try:
        widths = [int(each) for each in beam.split(",")] if beam is not None else []
    except ValueError:
        widths = [0]
    if not all(1 <= width <= WIDEST for width in widths):
        raise UsageError(
            "these are no widths of a beam", got=f"--beam {beam}", expected=f"each from 1 to {WIDEST}, such as 1,10,20"
        )
    return widths


def submit(
    lab: Lab, runs: list[Run], kind: str, args: dict[str, Any], gpu: str, after: list[str], *, as_json: bool
) -> int:
    """Queue a job with each run and print the jobs' ids."""
    waits_for = [lab.store.find(each).id for each in after]
    chosen = choose(gpu, list_gpus()) if gpu not in ("auto", "cpu") else None
    wanted, submitted = chosen.uuid if chosen else gpu, []
    for run in runs:
        own = {"data": resolve_data(task_row(run.task), args["data"])} if args.get("data") is not None else {}
        job_id = control.submit_job(lab.store, run, kind, {**args, **own}, gpu=wanted, after=waits_for)
        submitted.append({"id": run.id, "job": job_id, "path": str(job_result(run.path, job_id))})
    if as_json:
        print_json(submitted)
    else:
        typer.echo("\n".join(each["job"] for each in submitted))
    return 0


def in_parts(result: dict[str, Any]) -> dict[str, Any]:
    """An evaluation as other programs read it: wherever there are metrics, those of a part under the part's name."""
    found = dict(result)
    for key in found.keys() & {"metrics", "lookup", "grammar_on", "grammar_off"}:
        if isinstance(found[key], dict):
            found[key] = nested(found[key])
    if isinstance(by_beam := found.get("by_beam"), dict):
        found["by_beam"] = {width: in_parts(nested(metrics)) for width, metrics in by_beam.items()}
    return found


def print_metrics(results: list[dict[str, Any]], data: str | None) -> None:
    """One row a run; in a narrow terminal the last metrics go first."""
    if not results:
        return
    names = list(dict.fromkeys(name for result in results for name in result["metrics"]))
    where = "data" if data else "split"
    rows = []
    for result in results:
        for search, metrics in searches_of(result):
            values = (number(metrics.get(name)) for name in names)
            rows.append((result["id"], search, data or result["split"], result["examples"], *values))
    columns = ["run", "search", where, "examples", *names]
    if not any(row[1] for row in rows):  # of tasks without a search
        columns.remove("search")
        rows = [(row[0], *row[2:]) for row in rows]
    table(columns, rows, right=("examples", *names), drop=(*names[:1:-1], where, "examples"))


def searches_of(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The metrics of an evaluation: of each width of a search, with the grammar and without; or all there are.

    Last, where it was measured, what a look-up reaches that learns nothing.
    """
    if not result.get("by_beam"):
        yield "", result["metrics"]
    for width, found in (result.get("by_beam") or {}).items():
        for grammar in ("on", "off"):
            if isinstance(metrics := found.get(f"grammar_{grammar}"), dict):
                yield f"beam {width}, grammar {grammar}", {"loss": result["metrics"].get("loss"), **metrics}
    if isinstance(baseline := result.get("lookup"), dict):
        yield "nearest training problem", baseline
