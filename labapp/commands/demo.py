"""`labapp demo`: the whole loop on the embedded samples, on a CPU, in minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer

from engine.catalogue import TaskRow, parse_target
from engine.config import resolve
from labapp.cli import HomeOption, JsonOption, Lab, open_lab
from labapp.commands import gradcam
from labapp.commands.train import command_line
from labapp.follow import follow
from labapp.form.launching import place
from labapp.output import clean, duration, number, print_json, say, table
from labapp.run_codes import INTERRUPTED, exit_code
from labapp.solve.asking import SOLVE
from labapp.solve.replies import solving_of
from labapp.solve.writing import TextWriter
from sessions import control
from sessions.inference import Inference
from sessions.run.runs import Run

PLAN: Sequence[str] = (
    "images/bn",
    "ner/bilstm-crf",
    "mathqa/attention",
)  # one variant of every task, in the order they are shown
SENTENCE = "Washington met officials of the Bank of Wessex in Jordan on Monday ."
PROBLEM = "A prize of $1,200 is divided between Maria and Priya in the ratio 3:2. How much does Maria get?"
BEST = 5  # programs that are shown


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(as_json: JsonOption = False, home: HomeOption = None) -> int:
    """Train one variant of every task on the embedded samples (CPU, under five minutes) and show the results."""
    lab = open_lab(home)
    ended: list[Run] = []
    for target in PLAN:
        row, variant = parse_target(target)
        run = start(lab, row, variant)
        if not as_json:
            say(f"training {target} on {row.default_dataset} as run {run.id}; Ctrl-C leaves it running")
        try:
            ended += follow(lab.store, [run.id], quiet=as_json)
        except KeyboardInterrupt:
            say(f"run {run.id} goes on in the background: labapp wait {run.id} follows it")
            return INTERRUPTED
    code = exit_code(ended)
    if not as_json:
        results(ended)
    played = {run.id: PLAY[run.task](lab, run, as_json) for run in ended if code == 0 and run.task in PLAY}
    if as_json:
        print_json([run.as_json() | played.get(run.id, {}) for run in ended])
    elif code == 0:
        run = ended[0]
        say(f"look closer:  labapp show {run.id}   labapp evaluate {run.id} --split test   labapp runs tag:demo")
    return code


def look(lab: Lab, run: Run, quiet: bool) -> dict[str, Any]:
    """Where the network looked, as PNG files beside the run."""
    if not quiet:
        say("looking at what it looks at (Grad-CAM)")
    with Inference(lab.home) as inference:
        found = inference.ask(gradcam.OPERATION, run=run.id, out=str(gradcam.folder_of(run)))
    if not quiet:
        gradcam.show(found)
    return {"gradcam": found}


def read(lab: Lab, run: Run, quiet: bool) -> dict[str, Any]:
    """The entities of a sentence."""
    if not quiet:
        say(f"reading: {SENTENCE}")
    with Inference(lab.home) as inference:
        found = inference.ask("tag", run=run.id, text=SENTENCE)
    entities = [entity for sentence in found["sentences"] for entity in sentence["entities"]]
    if not quiet:
        rows = [(clean(each["text"]), each["type"], number(each["probability"])) for each in entities]
        table(("entity", "type", "probability"), rows, right=("probability",))
    return {"tagged": found["sentences"]}


def calculate(lab: Lab, run: Run, quiet: bool) -> dict[str, Any]:
    """A word problem with the programs that a beam search finds, the best one worked out."""
    if not quiet:
        say("solving a problem")
    with Inference(lab.home) as inference:
        found = inference.ask(SOLVE, run=run.id, problem=PROBLEM)
    if not quiet:
        writer = TextWriter(sys.stdout, best=BEST)
        for solved in solving_of(found).problems:
            writer.write(solved)
        writer.flush()
    return {"solved": found["problems"]}


# What is done with a trained run of a task, to show what it can do.
PLAY: Mapping[str, Callable[[Lab, Run, bool], dict[str, Any]]] = {"images": look, "ner": read, "mathqa": calculate}
METRICS = ("accuracy", "micro_f1", "macro_f1", "exact_match", "execution_accuracy", "loss")


def start(lab: Lab, row: TaskRow, variant: str) -> Run:
    """One run of the demo, on the CPU, with its default settings."""
    config = resolve(row, variant, row.default_dataset, "best", [command_line(row, [])])
    config, gpu = place(config, "cpu")
    return control.launch(lab.store, config, tags=["demo"], gpu=gpu)


def results(runs: Sequence[Run]) -> None:
    """Test metrics of every run, by what they are called in its task."""
    rows = []
    for run in runs:
        test = run.metrics["test"]
        shown = ", ".join(f"{name} {number(test[name])}" for name in METRICS if name in test)
        rows.append((f"{run.task}/{run.variant}", run.status.name, duration(run.seconds), shown or run.status.detail))
    table(("run", "status", "trained", "test split"), rows)
