"""`labapp queue`: what waits for its turn and why, what goes on and where; the order, the limits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.errors import LabError, UsageError
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.output import print_json, say, table
from sessions import control
from sessions.machine.gpus import Gpu, matching
from sessions.queue.process import Overview, ensure_queue, overview, recent_gpus
from sessions.run.runs import Run
from sessions.run.status import ALIVE
from sessions.run.tickets import ID

ItemArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run that waits, or the id of a job.")]

queue_app = typer.Typer(
    name="queue",
    help="What waits for its turn, in which order, and how much goes on at once.",
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    app.add_typer(queue_app)


@queue_app.callback(invoke_without_command=True)
def queue(
    context: typer.Context,
    per_gpu: Annotated[int | None, typer.Option("--per-gpu", help="Set how many may go on at once on a GPU.")] = None,
    per_cpu: Annotated[int | None, typer.Option("--per-cpu", help="The same, without a GPU, on this host.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """List the queue of this host: what waits, what goes on. With --per-gpu or --per-cpu, set its limits."""
    lab = open_lab(home)
    if context.invoked_subcommand is not None:
        if per_gpu is not None or per_cpu is not None or as_json or home is not None:
            raise UsageError(
                "options stand behind the command", expected=f"labapp queue {context.invoked_subcommand} ..."
            )
        return 0
    if per_gpu is not None or per_cpu is not None:
        control.set_limits(lab.home.ensure().root, per_gpu=per_gpu, per_cpu=per_cpu)
        ensure_queue(lab.home.root)
    elif any(not each.held for each in overview(lab.store).waiting):
        wake(lab)
    show(lab, as_json=as_json)
    return 0


def wake(lab: Lab) -> None:
    """Something waits: see to it that the process lives. Looking at a home one may only read is no error."""
    try:
        ensure_queue(lab.home.root)
    except LabError as error:
        say(f"the queue's process cannot be woken: {error.title}")


def show(lab: Lab, *, as_json: bool) -> None:
    found = overview(lab.store)
    if as_json:
        print_json(
            {
                "waiting": [
                    {
                        "place": each.place, "id": each.run_id, "job": each.job_id, "kind": each.kind, "gpu": each.gpu,
                        "reason": each.reason, "after": list(each.after), "held": each.held,
                    }
                    for each in found.waiting
                ],
                "running": [
                    {"id": each.run_id, "job": each.job_id, "kind": each.kind, "slot": each.slot, "status": each.status}
                    for each in found.running
                ],
                "limits": {"per_gpu": found.limits.per_gpu, "per_cpu": found.limits.per_cpu},
            }
        )  # fmt: skip
        return
    print_queue(lab, found)


def print_queue(lab: Lab, found: Overview) -> None:
    """For people: one table of what goes on and what waits."""
    gpus = recent_gpus() if any(each.slot not in ("", "cpu") for each in found.running) else []
    gpus = gpus or (recent_gpus() if any(each.gpu not in ("auto", "cpu") for each in found.waiting) else [])
    rows: list[tuple[Any, ...]] = [
        ("-", *about(lab, each.run_id, each.job_id), each.kind, called(each.slot, gpus), each.status)
        for each in found.running
    ]
    rows += [
        (
            each.place,
            *about(lab, each.run_id, each.job_id),
            each.kind,
            called(each.gpu, gpus),
            each.reason or "starts now",
        )
        for each in found.waiting
    ]
    if rows:
        columns = ("place", "id", "name", "variant", "kind", "gpu", "state")
        table(columns, rows, right=("place",), drop=("kind", "variant", "name"))
    else:
        say("nothing waits and nothing goes on here")
    say(f"at once: {found.limits.per_gpu} on each GPU, {found.limits.per_cpu} on the CPU")


def about(lab: Lab, run_id: str, job_id: str | None) -> tuple[str, str, str]:
    """Its id, the name of the run, and what that is."""
    run = lab.store.read(run_id)
    name = run.name or (run.id if job_id else "")
    return job_id or run_id, name, f"{run.task}/{run.variant}"


def called(gpu: str, gpus: list[Gpu]) -> str:
    """A GPU by its index where that is known."""
    match = matching(gpu, gpus)
    return match[0].label if len(match) == 1 else gpu or "?"


@queue_app.command()
def move(
    run: ItemArgument,
    first: Annotated[bool, typer.Option("--first", help="Before all others.")] = False,
    last: Annotated[bool, typer.Option("--last", help="Behind all others.")] = False,
    up: Annotated[bool, typer.Option("--up", help="One place nearer.")] = False,
    down: Annotated[bool, typer.Option("--down", help="One place farther.")] = False,
    before: Annotated[str | None, typer.Option("--before", metavar="RUN", help="Before this one.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Change the order."""
    chosen = [name for name, given in (("first", first), ("last", last), ("up", up), ("down", down)) if given]
    chosen += ["before"] if before is not None else []
    if len(chosen) != 1:
        raise UsageError(
            "where to?", got=" ".join(chosen) or None, expected="--first, --last, --up, --down or --before RUN"
        )
    lab = open_lab(home)
    control.move(lab.store, item(lab, run), chosen[0], item(lab, before) if before is not None else None)
    show(lab, as_json=as_json)
    return 0


@queue_app.command()
def after(
    run: ItemArgument,
    other: Annotated[
        list[str] | None, typer.Argument(metavar="[OTHER]...", help="Runs to wait for; none: free it.")
    ] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Let it wait until other runs do not go on any more."""
    lab = open_lab(home)
    control.set_after(lab.store, item(lab, run), [lab.store.find(each).id for each in other or []])
    show(lab, as_json=as_json)
    return 0


@queue_app.command()
def drop(
    run: ItemArgument,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Take a run or a job out of the queue; a job that goes on is ended, a run is not (labapp stop)."""
    lab = open_lab(home)
    found = overview(lab.store)
    jobs = {each.job_id: each.run_id for each in found.waiting if each.job_id}
    jobs |= {each.job_id: each.run_id for each in found.running if each.job_id}
    if run not in jobs or not control.cancel_job(lab.store, jobs[run], run):
        control.stop(waiting_run(lab, found, run))
    show(lab, as_json=as_json)
    return 0


def waiting_run(lab: Lab, found: Overview, reference: str) -> Run:
    """A run that waits here; one that does not is refused."""
    run = lab.store.find(reference)
    if run.id not in {each.run_id for each in found.waiting if not each.job_id}:
        raise UsageError(
            f"run {run.id} does not wait", got=f"a run that is {run.status.name}", expected="one that is queued",
            hint=f"labapp stop {run.id}" if run.status.name in ALIVE else None,
        )  # fmt: skip
    return run


def item(lab: Lab, reference: str) -> str:
    """What waits, by the id of its job or by what names its run."""
    if ID.fullmatch(reference) and any(each.job_id == reference for each in overview(lab.store).waiting):
        return reference
    return lab.store.find(reference).id
