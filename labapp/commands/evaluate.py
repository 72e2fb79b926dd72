"""`labapp evaluate`: metrics of trained runs, on a split of their data or on data they never saw."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.catalogue import task_row
from engine.config import resolve_data
from engine.errors import LabError, unknown
from labapp.cli import HomeOption, JsonOption, RunsArgument, open_lab
from labapp.output import number, print_error, print_json, say, table
from labapp.run_codes import WORK_FAILED
from sessions.gpus import choose, list_gpus, worker_environment
from sessions.inference import Inference

SPLITS = ("train", "val", "test")


def register(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    run: RunsArgument,
    split: Annotated[str, typer.Option("--split", help="train, val or test.")] = "test",
    data: Annotated[str | None, typer.Option("--data", metavar="PATH", help="Data the run never saw.")] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Evaluate the best checkpoint of runs in a process of their own."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    lab = open_lab(home)
    selected = lab.store.select(run)
    if not selected:
        say("no run matches")
    chosen = choose(gpu, list_gpus())
    device = "cuda" if chosen is not None else "cpu"
    results: list[dict[str, Any]] = []
    code = 0
    with Inference(lab.home, device, worker_environment(chosen, gpu)) as inference:
        for each in selected:
            if not as_json:
                say(f"evaluating {each.id} on {data or f'the {split} split of {each.data}'}")
            try:
                unseen = None if data is None else resolve_data(task_row(each.task), data)
                results.append(inference.ask("evaluate", run=each.id, split=split, data=unseen))
            except LabError as error:
                if len(selected) == 1:
                    raise
                print_error(error, as_json=False)
                code = WORK_FAILED
    if as_json:
        print_json(results[0] if len(selected) == 1 else results)
    elif results:
        names = list(dict.fromkeys(name for result in results for name in result["metrics"]))
        rows = [
            (
                result["id"],
                result["split"],
                result["examples"],
                *(number(result["metrics"].get(name)) for name in names),
            )
            for result in results
        ]
        table(("run", "split", "examples", *names), rows, right=("examples", *names))
    return code
