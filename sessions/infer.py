"""The process that uses trained models: `python -P -m sessions.infer HOME`, JSON lines over stdin and stdout.

A request is {"id", "op", "args"}, an answer {"id", "result"} or {"id", "error"}. The latest request wins: those that
wait behind it are answered "superseded". Ends when its stdin ends. Whatever fails, running out of memory included, is
an answer; the front end stays.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from engine.catalogue import load, task_row, tasks
from engine.checkpoints import MANIFEST
from engine.config import brief, combined, config_from, read_config
from engine.errors import LabError, UsageError, is_out_of_memory, unknown
from engine.events import jsonable
from sessions.home import Home
from sessions.run.origin import refuse_without_weights
from sessions.run.records import CHECKPOINTS, CONFIG
from sessions.run.runs import RUN_ID

Answer = dict[str, Any]


class Models:
    """Trained models that stay loaded between requests; the last few used."""

    KEPT = 2

    def __init__(self, home: Home):
        self.home = home
        self._loaded: dict[tuple[str, str, str, float], Any] = {}
        self._found: dict[str, tuple[Any, Path]] = {}  # by run: what its checkpoints were, and the best of them

    def directory(self, run_id: str) -> Path:
        if not RUN_ID.fullmatch(run_id):
            raise UsageError("this is no run id", got=run_id, expected="lower-case letters, digits and dashes")
        return self.home.runs / run_id

    def task_of(self, run_id: str) -> str:
        return read_config(self.directory(run_id) / CONFIG).row.name

    def get(self, run_id: str, device: str) -> Any:
        from engine.jobs import TrainedModel

        directory = self.directory(run_id)
        checkpoint = self.checkpoint(run_id, directory)
        key = (run_id, device, str(checkpoint), checkpoint.stat().st_mtime)
        model = self._loaded.pop(key, None)
        if model is None:
            self._loaded = {each: kept for each, kept in self._loaded.items() if each[:2] != key[:2]}  # outdated
            while len(self._loaded) >= self.KEPT:
                del self._loaded[next(iter(self._loaded))]
            model = TrainedModel(read_config(directory / CONFIG), directory, device, checkpoint)
        self._loaded[key] = model  # behind those used before it
        return model

    def checkpoint(self, run_id: str, directory: Path) -> Path:
        """The checkpoint to predict with. Its files are read through once: each letter typed in a pane asks for it."""
        from engine.jobs import best_checkpoint

        refuse_without_weights(directory)
        manifests = (directory / CHECKPOINTS).glob(f"*/{MANIFEST}")
        stand = sorted((str(path), path.stat().st_mtime_ns) for path in manifests)
        if run_id not in self._found or self._found[run_id][0] != stand:
            self._found[run_id] = stand, best_checkpoint(directory)
        return self._found[run_id][1]


def evaluate(models: Models, args: dict[str, Any]) -> Answer:
    """Metrics of a run on a split, or on data it never saw: {run, split, data?, device?, broken?, beams?}."""
    split = args.get("split", "test")
    if split not in ("train", "val", "test"):
        raise unknown("split", str(split), ("train", "val", "test"))
    model = models.get(str(args.get("run")), str(args.get("device", "cpu")))
    beams = args.get("beams") or []
    if not isinstance(beams, list) or not all(isinstance(each, int) for each in beams):
        raise UsageError("beams must be whole numbers", got=repr(beams)[:80])
    cache = models.home.ensure().cache
    found = model.evaluate(split, args.get("data"), cache, say, broken=args.get("broken"), beams=beams)
    return {
        "id": args["run"],
        "split": split,
        "examples": found.examples,
        "metrics": found.metrics,
        "by_beam": {},
        **found.report,
        "mistakes": found.mistakes,
    }


def check(models: Models, args: dict[str, Any]) -> Answer:
    """Read a dataset whole and say what is worth knowing: {task, data}."""
    row = task_row(str(args.get("task")))
    config = combined(row, next(iter(row.variants)), str(args.get("data")))
    dataset, cache = config.dataset, models.home.ensure().cache
    if dataset.check is not None:
        return {"findings": load(dataset.check)(config.data, config.settings, cache, say)}
    data = load(dataset.open)(config.data, config.settings, cache, say)
    return {"findings": [f"{split}: {count:,} examples" for split, count in data.counts.items()]}


def fingerprint(models: Models, args: dict[str, Any]) -> Answer:
    """What a training's dataset is known by, read as that training would read it: {config: Config.as_dict()}."""
    config = config_from(args["config"])
    opened = load(config.dataset.open)(config.data, config.settings, models.home.ensure().cache, say)
    return {"fingerprint": opened.fingerprint}


# What can be asked of every task. What only one can do stands in its row of the catalogue.
OPERATIONS: dict[str, Callable[[Models, dict[str, Any]], Answer]] = {
    "evaluate": evaluate, "check": check, "fingerprint": fingerprint,
}  # fmt: skip


def perform(models: Models, operation: str, args: dict[str, Any]) -> Answer:
    """Carry out an operation: one of every task, or of the task the run is of."""
    if operation in OPERATIONS:
        return OPERATIONS[operation](models, args)
    able = [row for row in tasks().values() if operation in row.operations]
    if not able:
        raise unknown(
            "operation", operation, [*OPERATIONS, *(name for row in tasks().values() for name in row.operations)]
        )
    run = str(args.get("run"))
    row = task_row(models.task_of(run))
    if operation not in row.operations:
        names = " or ".join(each.name for each in able)
        raise UsageError(
            f"{operation} is not for runs of this task",
            got=f"{run}, of task {row.name}",
            expected=f"a run of task {names}",
        )
    model = models.get(run, str(args.get("device", "cpu")))
    found: Answer = load(row.operations[operation])(model, args, models.home.ensure().cache, say)
    return {"run": run, **found}


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def answer(models: Models, request: Any) -> Answer:
    """Carry out one request; every failure is an answer."""
    number = request.get("id") if isinstance(request, dict) else None
    try:
        operation = request.get("op") if isinstance(request, dict) else None
        args = request.get("args") if isinstance(request, dict) else None
        return {"id": number, "result": perform(models, str(operation), args or {})}
    except LabError as error:
        return {"id": number, "error": error.as_dict() | {"exit_code": error.exit_code}}
    except Exception as error:
        traceback.print_exc()
        title = "out of memory" if is_out_of_memory(error) else "the request failed unexpectedly"
        return {"id": number, "error": LabError(title, got=brief(error)).as_dict() | {"exit_code": 1}}


def read_requests(requests: queue.SimpleQueue[Any]) -> None:
    """Thread: lines of stdin into a queue. When stdin ends nobody wants an answer any more: the process ends."""
    for line in sys.stdin.buffer:
        try:
            requests.put(json.loads(line))
        except ValueError:
            requests.put({"id": None, "op": "a line that is not JSON"})
    os._exit(0)


def main(arguments: list[str]) -> NoReturn:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library that prints must not disturb the answers
    models = Models(Home(Path(arguments[0])))
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    while True:
        _write(answers, answer(models, newest(requests, answers)))


def newest(requests: queue.SimpleQueue[Any], answers: Any) -> Any:
    """Wait for a request; of several that wait, the last, and the others are answered as superseded."""
    request = requests.get()
    while not requests.empty():
        later = requests.get()
        number = request.get("id") if isinstance(request, dict) else None
        _write(answers, {"id": number, "error": LabError("superseded by a later request").as_dict()})
        request = later
    return request


def _write(answers: Any, value: Answer) -> None:
    answers.write(json.dumps(jsonable(value), allow_nan=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
