"""`labapp stop / pause / resume / kill / label / delete / restore / clean`: acting on runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from engine.errors import LabError, UsageError
from labapp.cli import DryRunOption, HomeOption, JsonOption, RunsArgument, open_lab
from labapp.follow import follow
from labapp.output import print_error, print_json, say, size
from labapp.run_codes import INTERRUPTED, WORK_FAILED, exit_code
from sessions import control
from sessions.run.query import is_term
from sessions.run.runs import Run
from sessions.run.status import ALIVE, RESUMABLE
from sessions.run.store import Store

Item = TypeVar("Item")
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until it is done.")]


def register(app: typer.Typer) -> None:
    for command in (stop, pause, resume, kill, label, delete, restore, clean):
        app.command()(command)


DONE = {
    "stop": "asked to stop: {}; labapp wait {id} follows it",
    "pause": "asked to pause: {}; labapp resume {id} goes on",
    "resume": "queued to go on: {}; labapp wait {id} follows it",
    "kill": "killed: {}; labapp resume {id} goes on from its last checkpoint",
    "label": "labelled: {}",
    "delete": "moved to the trash: {}; labapp restore {id} brings it back",
}
# The same for those that waited for their turn.
DONE_QUEUED = {
    "stop": "taken out of the queue: {}; labapp resume {id} queues it again",
    "kill": "taken out of the queue: {}; labapp resume {id} queues it again",
    "pause": "held in the queue: {}; labapp resume {id} lets it go on",
}


def act(
    words: list[str],
    home: Path | None,
    as_json: bool,
    dry_run: bool,
    verb: str,
    action: Callable[[Store, Run], object],
    fitting: frozenset[str] | None = None,
) -> tuple[Store, list[Run], int]:
    """Do one thing to every run selected; one that refuses does not keep the others from it.

    A query takes only runs whose status is in `fitting`; a run named outright is tried in any case.
    """
    store = open_lab(home).store
    selected = store.select(words)
    if fitting is not None and all(is_term(word) for word in words):
        selected = [run for run in selected if run.status.name in fitting]
    if not selected:
        say("no run matches")

    def do(run: Run) -> tuple[str, str]:
        if not dry_run:
            action(store, run)
        about = f"{run.id} ({run.task}/{run.variant}, {run.status.name})"
        words = DONE_QUEUED.get(verb) if run.ticket is not None else None
        return run.id, f"would {verb} {about}" if dry_run else (words or DONE[verb]).format(about, id=run.id)

    return store, *one_by_one(selected, do, lambda run: run.id, verb, dry_run=dry_run, as_json=as_json)


def one_by_one(
    items: Sequence[Item], do: Callable[[Item], tuple[str, str]], name: Callable[[Item], str], verb: str, *,
    dry_run: bool, as_json: bool,
) -> tuple[list[Item], int]:  # fmt: skip
    """Do something with each: those it could be done with, and the exit code.

    `do` returns the id and what to say. An error is said and keeps it from no other; that of the only one is raised.
    """
    done, code = [], 0
    report: list[dict[str, Any]] = []
    for item in items:
        entry: dict[str, Any] = {"id": name(item), "action": verb, "dry_run": dry_run}
        report.append(entry)
        try:
            entry["id"], words = do(item)
        except LabError as error:
            if len(items) == 1:
                raise
            print_error(error, as_json=False)
            entry["error"] = error.as_dict()
            code = WORK_FAILED
            continue
        done.append(item)
        if not as_json:
            say(words)
    if as_json:
        print_json(report)
    return done, code


def await_end(store: Store, done: list[Run], code: int, *, quiet: bool) -> int:
    """Follow runs to their end; the exit code of the command and of the runs together."""
    try:
        return max(code, exit_code(follow(store, [each.id for each in done], quiet=quiet)))
    except KeyboardInterrupt:
        say("the runs go on in the background: labapp wait follows them again")
        return INTERRUPTED


def stop(
    run: RunsArgument, wait: WaitOption = False, dry_run: DryRunOption = False, as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:  # fmt: skip
    """Finish the current step, save, evaluate and write the result. What waits is taken out of the queue."""
    outcome = act(run, home, as_json, dry_run, "stop", lambda _, each: control.stop(each), ALIVE)
    return await_end(*outcome, quiet=as_json) if wait and not dry_run else outcome[2]


def pause(
    run: RunsArgument, wait: WaitOption = False, dry_run: DryRunOption = False, as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:  # fmt: skip
    """Save and exit, to be resumed later. What waits is held, and keeps its place in the queue."""
    outcome = act(run, home, as_json, dry_run, "pause", lambda _, each: control.pause(each), ALIVE)
    return await_end(*outcome, quiet=as_json) if wait and not dry_run else outcome[2]


def resume(
    run: RunsArgument,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Also a run of another host, when it has been silent for long.")
    ] = False,
    wait: WaitOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Go on from the last checkpoint, at the place in the queue that it had."""

    def action(store: Store, each: Run) -> object:
        return control.resume(store, each, take_over=take_over)

    fitting = RESUMABLE | ({"remote"} if take_over else set())
    outcome = act(run, home, as_json, dry_run, "resume", action, frozenset(fitting))
    return await_end(*outcome, quiet=as_json) if wait and not dry_run else outcome[2]


def kill(run: RunsArgument, dry_run: DryRunOption = False, as_json: JsonOption = False, home: HomeOption = None) -> int:
    """End a run at once, with everything it started; it can be resumed. What waits is taken out of the queue."""

    return act(run, home, as_json, dry_run, "kill", lambda _, each: control.kill(each), ALIVE)[2]


def label(
    run: RunsArgument,
    name: Annotated[str | None, typer.Option("--name", help="The run's name; empty takes it away.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Add a tag.")] = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", help="Take a tag away.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="A note.")] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Set name, tags and note of runs."""
    if name is None and note is None and not tag and not untag:
        raise UsageError("nothing to label with", expected="--name, --tag, --untag or --note")

    def action(store: Store, each: Run) -> object:
        return control.label(store, each, name=name, add=tag or [], drop=untag or [], note=note)

    return act(run, home, as_json, dry_run, "label", action)[2]


def delete(
    run: RunsArgument, dry_run: DryRunOption = False, as_json: JsonOption = False, home: HomeOption = None
) -> int:
    """Move runs to the trash; `labapp restore` brings them back until `labapp clean`."""
    return act(run, home, as_json, dry_run, "delete", control.delete)[2]


def restore(
    run: Annotated[list[str] | None, typer.Argument(metavar="RUN...", help="Ids in the trash.")] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Bring runs back from the trash; without arguments, list what is there."""
    store = open_lab(home).store
    if not run:
        ids = store.trash_ids()
        print_json(ids) if as_json else typer.echo("\n".join(ids) or "the trash is empty")
        return 0

    def do(reference: str) -> tuple[str, str]:
        found = store.in_trash(reference)
        if not dry_run:
            store.restore(found)
        return found, f"{'would restore' if dry_run else 'restored'} {found}"

    return one_by_one(run, do, str, "restore", dry_run=dry_run, as_json=as_json)[1]


def clean(
    cache: Annotated[
        bool, typer.Option("--cache", help="The cache too: decoded pictures, features; made anew when needed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Empty the trash and drop the training state of finished runs; their weights and results stay."""
    store = open_lab(home).store
    if cache:
        store.check_cache_is_idle()
    found = list(store.cleanable(cache=cache))
    total = sum(bytes for _, bytes, _ in found)
    if not as_json:
        for path, bytes, why in found:
            say(f"{size(bytes):>9}  {path.relative_to(store.home.root)}  ({why})")
        say(f"{'would free' if dry_run else 'frees'} {size(total)}")
    if found and not dry_run:
        if not yes and (as_json or not sys.stdin.isatty()):
            raise UsageError("nobody is there to confirm it", expected="--yes", hint="--dry-run only looks")
        if not yes:
            typer.confirm("Remove this for good?", abort=True, err=True)
            if cache:
                store.check_cache_is_idle()  # it may have taken long to answer
        total = store.clean(found)
    if as_json:
        items = [{"path": str(path), "bytes": bytes, "why": why} for path, bytes, why in found]
        print_json({"freed": 0 if dry_run else total, "would_free": total, "items": items})
    return 0
