"""The parts of the math lab against what people write in their place.

    python -m benchmarks.problems [--data FOLDER] [--run RUN_DIR] [--device cpu] [--parts ...]

    search    beam search over problems of the test set, all beams of a batch at once, against
              `benchmarks.peers.loop_search`: the same network, the same hypotheses out (checked); `--run` takes a
              trained run's network, else one that was trained here for a few batches
    training  problems per second of `attention` of the seed recipe's sizes, teacher forcing 0.6 per token, everything
              the learner does included, against `benchmarks.peers.plain_seq2seq`: the same network and optimizer
    forcing   the same training with teacher forcing drawn per token, per batch, and always on

Peers take turns with ours; ratios are of medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.steady import as_a_worker

if __name__ == "__main__":
    as_a_worker()

import torch

from benchmarks.corpora import configured_solver, open_math
from benchmarks.machine import describe
from benchmarks.peers import loop_search
from benchmarks.peers.plain_seq2seq import SIZES, elsewhere
from engine.device import choose_device
from engine.learner import TorchLearner, load_weights
from engine.mathqa import artifacts as stored
from engine.mathqa.decoding import Search, search
from engine.mathqa.reading import Batch
from engine.mathqa.task import MathTask
from engine.randomness import Stream
from models.seq2seq import Seq2Seq

WARM_UP = 3
GOALS = {"cpu": 20.0, "cuda": 50.0}
LOOPED = 100  # problems that the loop is given


def main() -> None:
    options = arguments()
    device = choose_device(options.device)
    print(describe(device))
    for part in options.parts:
        PARTS[part](device, options)


def searching(device: torch.device, options: argparse.Namespace) -> None:
    task, network = solver(device, options)
    whole, some = task.encoded("test"), task.splits["test"]
    count = len(whole)
    rows = torch.arange(count)[:: max(1, count // LOOPED)][:LOOPED]
    some = task.encode(*chosen(task, rows))
    for width, grammar in ((10, True), (10, False), (1, True)):
        how = Search(width, grammar, alpha=1.0, longest=task.settings.max_program, wanted=1)
        seconds: dict[str, list[float]] = {"all": [], "some": [], "loop": []}
        for repeat in range(options.repeats + 1):
            _, spent = timed(device, lambda how=how: search(network, whole, task.vocabulary, how, device))
            ours, of_some = timed(device, lambda how=how: search(network, some, task.vocabulary, how, device))
            if repeat:
                seconds["all"].append(spent)
                seconds["some"].append(of_some)
        if device.type == "cpu":
            theirs, of_loop = timed(device, lambda how=how: loop_search.search(network, some, task.vocabulary, how))
            seconds["loop"].append(of_loop)
            same = sum(
                list(mine[0].tokens) == [task.vocabulary.tokens[token] for token in loop[0][1]]
                for mine, loop in zip(ours, theirs, strict=True)
                if mine and loop
            )
            each = statistics.median(seconds["all"]) / count
            ratio = of_loop / len(rows) / each
            verdict = "met" if ratio >= GOALS["cpu"] else "missed"
            print(
                f"beam {width}, grammar {'on' if grammar else 'off'}: {count:,} problems in "
                f"{statistics.median(seconds['all']):.2f} s, {1e3 * each:.2f} ms each; the loop "
                f"{1e3 * of_loop / len(rows):.1f} ms each (over {len(rows)}, best hypothesis the same for {same}): "
                f"{ratio:.1f} times as fast, goal {GOALS['cpu']:g}: {verdict}"
            )
        else:
            print(f"beam {width}, grammar {grammar}: {count:,} problems in {statistics.median(seconds['all']):.2f} s")


def chosen(task: MathTask, rows: torch.Tensor):  # type: ignore[no-untyped-def]
    from engine.mathqa.numbers import read
    from engine.mathqa.programs import parse

    problems = [task.problems("test")[row] for row in rows.tolist()]
    return [read(each.text) for each in problems], [parse(each.formula) for each in problems]


def solver(device: torch.device, options: argparse.Namespace) -> tuple[MathTask, Seq2Seq]:
    """A task with its data, and a network."""
    config = configured_solver("attention", options.data, device=str(device))
    data, task = open_math(config), MathTask(config.row.variants["attention"].options)
    if options.run:
        from engine.jobs import best_checkpoint
        from sessions.run.records import CONFIG, read_config

        config = read_config(Path(options.run, CONFIG))
        task = MathTask(config.row.variants[config.variant].options)
        artifacts = stored.restore(Path(options.run, "preprocessing"))
        network = task.model(config.settings, artifacts, blank=True).to(device)
        load_weights(network, best_checkpoint(Path(options.run)) / "model.safetensors")
        task.attach(data, config.settings, artifacts, device)  # type: ignore[arg-type]
        return task, network.eval()  # type: ignore[return-value]
    learner, update = trainer(device, options.data)
    for _ in range(options.batches):
        next(update)
    return learner.task, learner.evaluation_model().eval()  # type: ignore[return-value]


def training(device: torch.device, options: argparse.Namespace) -> None:
    mine, theirs = [], []
    for _ in range(max(options.repeats, 2)):
        mine.append(speed(device, options))
        if device.type == "cpu":
            theirs.append(elsewhere(options.data, options.batches, 0.6))
    print(f"training, problems/s: ours {statistics.median(mine):,.1f}", end="")
    if theirs:
        ratio = statistics.median(mine) / statistics.median(theirs)
        print(f", the usual script {statistics.median(theirs):,.1f}: {ratio:.2f} times, goal 3", end="")
    print(f"  (all: {[round(each) for each in mine]}, {[round(each) for each in theirs]})")


def forcing(device: torch.device, options: argparse.Namespace) -> None:
    ways = {
        "0.6 per token": {"teacher_forcing": 0.6},
        "0.6 per batch": {"teacher_forcing": 0.6, "forcing_per": "batch"},
        "always": {"teacher_forcing": 1.0},
    }
    found = {name: speed(device, options, **settings) for name, settings in ways.items()}
    print("teacher forcing, problems/s: " + ", ".join(f"{name} {value:,.1f}" for name, value in found.items()))


def speed(device: torch.device, options: argparse.Namespace, **settings: object) -> float:
    """Problems per second."""
    _, update = trainer(device, options.data, **settings)
    for _ in range(WARM_UP):
        next(update)
    begun, problems = time.perf_counter(), 0
    for _ in range(options.batches):
        problems += next(update)
    synchronise(device)
    return problems / (time.perf_counter() - begun)


def trainer(device: torch.device, data: str | None, **settings: object) -> tuple[TorchLearner, Iterator[int]]:
    config = configured_solver(
        "attention", data, device=str(device), batch_size=SIZES["batch"], epochs=1000, **settings
    )
    learner, task = TorchLearner(config.settings), MathTask(config.row.variants[config.variant].options)
    problems = open_math(config)
    artifacts = task.prepare(problems, config.settings)  # type: ignore[arg-type]
    task.attach(problems, config.settings, artifacts, device)  # type: ignore[arg-type]
    learner.build(task, artifacts)
    return learner, updates(learner, task)


def updates(learner: TorchLearner, task: MathTask) -> Iterator[int]:
    """Train for ever; yields the problems of each update."""
    epoch = 0
    while True:
        learner.start_epoch()
        for batch in task.batches("train", Stream(1, epoch)):
            learner.update([batch], 1e-3)
            yield size_of(batch[0])
        epoch += 1


def size_of(batch: Batch) -> int:
    return len(batch.numbers)


def timed(device: torch.device, way):  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    found = way()
    synchronise(device)
    return found, time.perf_counter() - begun


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


PARTS = {"search": searching, "training": training, "forcing": forcing}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="a folder of problems; else the embedded sample")
    parser.add_argument("--run", help="the folder of a trained run of mathqa/attention")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    main()
