"""What the queue process writes into runs besides starting them: how a job ended, why something cannot be started."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from engine.errors import LabError
from engine.files import write_json
from sessions.queue.jobs import write_result
from sessions.queue.starting import job_result, job_waits, without_jobs
from sessions.run.records import REQUEST, read_record, table_of
from sessions.run.runs import locked
from sessions.run.tickets import jobs_of


def settle_job(path: Path, job_id: str, number: int) -> None:
    """Take a job that ended off its run's list; one that left no result gets one that says what is known."""
    with locked(path):
        request = read_record(path).request
        job = next((each for each in jobs_of(request) if each.id == job_id), None)
        if request is None or job is None or job_waits(path, job):
            return
        if job.process is not None and job.process.is_alive():
            return
        if not job_result(path, job_id).exists():
            error = LabError("the job's process vanished", got=_how(number), hint=f"its log: artifacts/{job_id}.log")
            write_result(path, job, {"status": "failed", "error": error.as_dict(), "ended": time.time()})
        write_json(path / REQUEST, without_jobs(request, {job_id}))


def _how(number: int) -> str | None:
    if not number:
        return None
    return "killed: out of memory?" if number == signal.SIGKILL else f"ended by signal {number}"


def note_trouble(path: Path, job_id: str | None, trouble: str) -> None:
    """Keep with a ticket why it could not be started, for whoever looks."""
    with locked(path):
        request = read_record(path).request or {}
        if job_id is None:
            ticket = table_of(request, "ticket")
            if ticket and ticket.get("trouble") != trouble:
                write_json(path / REQUEST, {**request, "ticket": {**ticket, "trouble": trouble}})
        elif (job := table_of(table_of(request, "jobs"), job_id)) and job.get("trouble") != trouble:
            jobs = {**request["jobs"], job_id: {**job, "trouble": trouble}}
            write_json(path / REQUEST, {**request, "jobs": jobs})
