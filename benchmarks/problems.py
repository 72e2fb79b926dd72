"""The parts of the math lab against what people write in their place.

    python -m benchmarks.problems [--data FOLDER] [--run RUN_DIR] [--device cpu] [--parts ...]

    search    beam search over problems of the test set, all beams of a batch at once, against
              `benchmarks.peers.loop_search`: the same network, the same hypotheses out (checked); `--run` takes a
              trained run's network, else one that was trained here for a few batches
    training  program tokens per second of `attention` of the seed recipe's sizes, teacher forcing 0.6 per token, all
              that the learner does included, against `benchmarks.peers.plain_seq2seq`: the same network and optimizer
    forcing   the same training with teacher forcing drawn per token, per batch, and always on

Peers take turns with ours; ratios are of medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

from benchmarks.steady import as_a_worker

if __name__ == "__main__":
    as_a_worker()

import torch
from torch import Tensor

from benchmarks.corpora import configured_solver, open_math
from benchmarks.machine import describe, synchronise
from benchmarks.peers import loop_search
from benchmarks.peers.plain_seq2seq import SIZES, elsewhere
from engine.device import choose_device
from engine.learner import TorchLearner, load_weights
from engine.mathqa import artifacts as stored
from engine.mathqa.decoding import Hypothesis, Search, search, words_of
from engine.mathqa.numbers import read
from engine.mathqa.programs import parse
from engine.mathqa.settings import MathSettings
from engine.mathqa.task import MathTask
from engine.randomness import Stream
from models.seq2seq import PADDING, Seq2Seq

WARM_UP = 3
RATIO = 0.6  # of teacher forcing, per token
GOALS = {"cpu": 20.0, "cuda": 50.0}
SIZED = {  # as the peer is
    "batch_size": SIZES["batch"], "word_dim": SIZES["dim"], "token_dim": SIZES["token_dim"], "hidden": SIZES["hidden"],
    "encoder_hidden": SIZES["encoder_hidden"], "dropout": 0.3, "ema_decay": 0.0, "epochs": 1000, "lr": 1e-3,
    "teacher_forcing": RATIO, "precision": "fp32",
}  # fmt: skip


def main() -> None:
    options = arguments()
    device = choose_device(options.device)
    print(describe(device))
    for part in options.parts:
        PARTS[part](device, options)


def searching(device: torch.device, options: argparse.Namespace) -> None:
    task, network = solver(device, options)
    whole, count = task.encoded("test"), task.example_count("test")
    problems = task.problems("test")[:: max(1, count // options.looped)][: options.looped]
    some = task.encode([read(each.text) for each in problems], [parse(each.formula) for each in problems])
    for width, grammar in ((10, True), (10, False), (1, True)):
        how = Search(width, grammar, alpha=1.0, longest=task.settings.max_program)
        all_at_once = partial(search, network, whole, task.vocabulary, how, device)
        ours = partial(search, network, some, task.vocabulary, how, device)
        theirs = partial(loop_search.search, network, some, task.vocabulary, how, device)
        check(ours(), theirs(), task)
        seconds: dict[str, list[float]] = {"ours": [], "loop": []}
        for _ in range(options.repeats):
            seconds["ours"].append(timed(device, all_at_once) / count)
            seconds["loop"].append(timed(device, theirs) / len(problems))
        each, looped = (statistics.median(found) for found in seconds.values())
        verdict = "met" if looped / each >= GOALS[device.type] else "missed"
        print(
            f"beam {width}, grammar {'on' if grammar else 'off'}: {count:,} problems in {each * count:.2f} s, "
            f"{1e3 * each:.2f} ms each; the loop {1e3 * looped:.1f} ms each ({len(problems)} of them, the same found): "
            f"{looped / each:.1f} times as fast, goal {GOALS[device.type]:g}: {verdict}"
        )


def check(ours: list[list[Hypothesis]], theirs: list[loop_search.Hypotheses], task: MathTask) -> None:
    """Both must have found the same; hypotheses of equal probability may change places."""
    for mine, loop in zip(ours, theirs, strict=True):
        complete = [each for each in mine if each.complete]
        found = sorted((round(each.log_probability, 3), each.tokens) for each in complete)
        wanted = sorted((round(log_prob, 3), words_of(tokens, task.vocabulary)) for log_prob, tokens in loop)
        if {tokens for _, tokens in found} != {tokens for _, tokens in wanted}:
            raise SystemExit(f"the loop finds other hypotheses:\n{found}\n{wanted}")


def solver(device: torch.device, options: argparse.Namespace) -> tuple[MathTask, Seq2Seq]:
    """A task with its data, and a network."""
    config = configured_solver("attention", options.data, device=str(device))
    data, task = open_math(config), MathTask(config.row.variants["attention"].options)
    if options.run:
        from engine.config import read_config
        from engine.jobs import best_checkpoint
        from sessions.run.records import CONFIG

        config = read_config(Path(options.run, CONFIG))
        task = MathTask(config.row.variants[config.variant].options)
        artifacts = stored.restore(Path(options.run, "preprocessing"))
        settings: Any = config.settings  # a math task's
        network: Any = task.model(settings, artifacts, blank=True).to(device)
        load_weights(network, best_checkpoint(Path(options.run)) / "model.safetensors")
        task.attach(data, settings, artifacts, device)
        return task, network.eval()
    learner, update = trainer(device, options.data)
    for _ in range(options.batches):
        next(update)
    return learner.task, learner.evaluation_model().eval()  # type: ignore[return-value]


def training(device: torch.device, options: argparse.Namespace) -> None:
    mine, theirs = [], []
    for _ in range(max(options.repeats, 2)):
        mine.append(speed(device, options))
        if device.type == "cpu":
            theirs.append(elsewhere(options.data, options.batches, RATIO))
    print(f"training, program tokens/s: ours {statistics.median(mine):,.0f}", end="")
    if theirs:
        ratio = statistics.median(mine) / statistics.median(theirs)
        print(f", the usual script {statistics.median(theirs):,.0f}: {ratio:.2f} times, goal 3", end="")
    print(f"  (all: {[round(each) for each in mine]}, {[round(each) for each in theirs]})")


def forcing(device: torch.device, options: argparse.Namespace) -> None:
    ways: dict[str, dict[str, Any]] = {
        "0.6 per token": {"teacher_forcing": 0.6},
        "0.6 per batch": {"teacher_forcing": 0.6, "forcing_per": "batch"},
        "always": {"teacher_forcing": 1.0},
    }
    found = {name: speed(device, options, settings) for name, settings in ways.items()}
    print("teacher forcing, program tokens/s: " + ", ".join(f"{name} {value:,.1f}" for name, value in found.items()))


def speed(device: torch.device, options: argparse.Namespace, settings: dict[str, Any] | None = None) -> float:
    """Program tokens per second, their ends included."""
    _, update = trainer(device, options.data, **(settings or {}))
    for _ in range(WARM_UP):
        next(update)
    begun = time.perf_counter()
    tokens = [next(update) for _ in range(options.batches)]
    synchronise(device)
    return int(sum(tokens)) / (time.perf_counter() - begun)


def trainer(device: torch.device, data: str | None, **settings: object) -> tuple[TorchLearner, Iterator[Tensor]]:
    config = configured_solver("attention", data, **{**SIZED, "device": str(device), **settings})
    learner, task = TorchLearner(config.settings), MathTask(config.row.variants[config.variant].options)
    problems, chosen = open_math(config), cast(MathSettings, config.settings)
    artifacts = task.prepare(problems, chosen)
    task.attach(problems, chosen, artifacts, device)
    learner.build(task, artifacts)
    return learner, updates(learner, task)


def updates(learner: TorchLearner, task: MathTask) -> Iterator[Tensor]:
    """Train for ever; yields the program tokens of each update, on the device: reading them would wait for it."""
    epoch = 0
    while True:
        learner.start_epoch()
        for batch in task.batches("train", Stream(1, epoch)):
            learner.update([batch], 1e-3)
            yield (batch[0].gold != PADDING).sum()
        epoch += 1


def timed(device: torch.device, way: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    way()
    synchronise(device)
    return time.perf_counter() - begun


PARTS = {"search": searching, "training": training, "forcing": forcing}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="a folder of problems; else the embedded sample")
    parser.add_argument("--run", help="the folder of a trained run of mathqa/attention")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--looped", type=int, default=100, help="problems that the loop over hypotheses is given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
