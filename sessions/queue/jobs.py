"""The process that does one queued job with a trained run: `python -P -m sessions.queue.jobs RUN_DIRECTORY JOB_ID`.

It carries out one of the operations of sessions.infer and writes artifacts/<job id>.json as its last act:
{v, kind, args, status: finished | failed, result | error, started, ended}. Exit code 0, or 1 when it failed.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from pathlib import Path
from typing import Any

from engine.errors import LabError
from engine.files import explained, write_json
from engine.task import lower_is_better
from sessions.queue.starting import job_lock, job_result
from sessions.run.records import ARTIFACTS, RUN_VERSION, read_record
from sessions.run.tickets import CPU, Job, jobs_of


def main(arguments: list[str]) -> int:
    directory, job_id = Path(arguments[0]).resolve(), arguments[1]
    job = next((each for each in jobs_of(read_record(directory).request) if each.id == job_id), None)
    if job is None:
        print(f"{directory} has no job {job_id}", file=sys.stderr)
        return 1
    started = time.time()
    try:
        outcome = perform(directory, job)
    except LabError as error:
        outcome = {"status": "failed", "error": error.as_dict()}
    except BaseException as error:  # SystemExit and MemoryError too: nothing goes unrecorded
        outcome = {"status": "failed", "error": LabError("the job failed unexpectedly", got=repr(error)).as_dict()}
    try:
        write_result(directory, job, {**outcome, "started": started, "ended": time.time()})
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if outcome["status"] == "finished" else 1


def perform(directory: Path, job: Job) -> dict[str, Any]:
    """What came of it."""
    from sessions.home import Home
    from sessions.infer import Models, answer

    device = "cpu" if job.slot in ("", CPU) else "cuda"
    args = {"device": device, **job.ticket.args, "run": directory.name}
    if isinstance(runs := args.pop("best_of", None), list):
        args["run"] = best_of(Home(directory.parent.parent), runs)
    if job.ticket.kind == "gradcam":
        args.setdefault("out", str(directory.parent / args["run"] / ARTIFACTS / job.id))
    found = answer(Models(Home(directory.parent.parent)), {"id": job.id, "op": job.ticket.kind, "args": args})
    if "error" in found:
        return {"status": "failed", "error": found["error"]}
    return {"status": "finished", "result": found["result"]}


def best_of(home: Any, run_ids: list[Any]) -> str:
    """Of runs that finished the one with the best validation metric."""
    from sessions.run.runs import read_run
    from sessions.run.tickets import ID

    runs = [read_run(home.runs / each) for each in run_ids if isinstance(each, str) and ID.fullmatch(each)]
    runs = [run for run in runs if run.status.name == "finished" and not math.isnan(run.best)]
    if not runs:
        raise LabError("none of the runs has finished", got=", ".join(map(str, run_ids)), hint="labapp study goes on")
    best = min if lower_is_better(runs[0].monitor) else max
    return best(runs, key=lambda run: run.best).id


def write_result(directory: Path, job: Job, outcome: dict[str, Any]) -> None:
    with explained(directory / ARTIFACTS):
        (directory / ARTIFACTS).mkdir(exist_ok=True)
    about = {"v": RUN_VERSION, "kind": job.ticket.kind, "args": dict(job.ticket.args)}
    write_json(job_result(directory, job.id), about | outcome)
    with contextlib.suppress(OSError):
        job_lock(directory, job.id).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
