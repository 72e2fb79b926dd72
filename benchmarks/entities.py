"""The parts of the entity lab against what people use in their place, and its training against the usual script.

    python -m benchmarks.entities [--data FOLDER] [--device cpu] [--repeats 9] [--batches 30] [--parts ...]

    crf       log-likelihood forward and backward, and Viterbi, against pytorch-crf (batch 128, 50 tokens, 17 tags)
    lstm      the layer-normalised bidirectional LSTM, plain and with compiled steps, forward and backward, against the
              same cell in a Python loop over directions and time; without normalisation against nn.LSTM (batch 128, 50
              tokens, 150 inputs, 100 units)
    training  tokens per second of a bilstm-crf of the seed recipe's sizes, batch 128, everything the learner does
              included, against `benchmarks.peers.plain_tagger`: the same network and optimizer in the usual script

Peers take turns with ours; ratios are of medians. Threads are torch's default; ours has a worker's allocator, and so
have the peers that share its process; the script runs in its own with everybody's. Its batches come in random order.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks.steady import as_a_worker

if __name__ == "__main__":
    as_a_worker()

import torch
from torch import Tensor, nn
from torchcrf import CRF

from benchmarks.corpora import configured, open_corpus
from benchmarks.machine import describe, synchronise
from benchmarks.peers.plain_tagger import SIZES, elsewhere
from engine.device import choose_device, missing_for_compile
from engine.learner import TorchLearner
from engine.ner.task import NerTask
from engine.randomness import Stream
from models.crf import LinearChainCRF
from models.lstm import BiLSTM

BATCH, TIME, TAGS, INPUTS, HIDDEN = 128, 50, 17, 150, 100
WARM_UP = 5
LSTM_GOALS = {"cpu": 3.0, "cuda": 5.0}


class LoopedCell(nn.Module):
    """A layer-normalised LSTM cell as it is usually written, one step at a time."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.from_input = nn.Linear(inputs, 4 * hidden, bias=False)
        self.from_hidden = nn.Linear(hidden, 4 * hidden, bias=False)
        self.norm_input, self.norm_hidden = nn.LayerNorm(4 * hidden), nn.LayerNorm(4 * hidden)
        self.norm_cell = nn.LayerNorm(hidden)

    def forward(self, x: Tensor, state: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        gates = self.norm_input(self.from_input(x)) + self.norm_hidden(self.from_hidden(state))
        i, f, g, o = gates.chunk(4, 1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.norm_cell(cell)), cell


class LoopedLSTM(nn.Module):
    """A Python loop over directions and time."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.cells = nn.ModuleList([LoopedCell(inputs, hidden), LoopedCell(inputs, hidden)])

    def forward(self, x: Tensor) -> Tensor:
        both = []
        for direction, cell in enumerate(self.cells):
            state = memory = x.new_zeros(len(x), self.hidden)
            order = range(x.shape[1]) if direction == 0 else reversed(range(x.shape[1]))
            states: dict[int, Tensor] = {}
            for step in order:
                state, memory = cell(x[:, step], state, memory)
                states[step] = state
            both.append(torch.stack([states[step] for step in range(x.shape[1])], 1))
        return torch.cat(both, 2)


def main() -> None:
    options = arguments()
    device = choose_device(options.device)
    print(describe(device))
    for part in options.parts:
        PARTS[part](device, options)


def crf(device: torch.device, options: argparse.Namespace) -> None:
    torch.manual_seed(0)
    emissions = torch.randn(BATCH, TIME, TAGS, device=device, requires_grad=True)
    tags = torch.randint(TAGS, (BATCH, TIME), device=device)
    mask = torch.ones(BATCH, TIME, dtype=torch.bool, device=device)
    ours, theirs = LinearChainCRF(TAGS).to(device), CRF(TAGS, batch_first=True).to(device)

    def learn() -> None:
        (-ours.log_likelihood(emissions, tags, mask)).sum().backward()

    def their_learn() -> None:
        (-theirs(emissions, tags, mask=mask, reduction="sum")).backward()

    loss = taking_turns({"ours": learn, "pytorch-crf": their_learn}, device, options.repeats)
    compare("CRF loss, forward and backward", loss, goal=3.0)
    best = {
        "ours": lambda: ours.decode(emissions.detach(), mask).tolist(),
        "pytorch-crf": lambda: theirs.decode(emissions, mask),
    }
    compare("CRF Viterbi", taking_turns(best, device, options.repeats), goal=3.0)


def lstm(device: torch.device, options: argparse.Namespace) -> None:
    torch.manual_seed(0)
    x = torch.randn(BATCH, TIME, INPUTS, device=device)
    mask = torch.ones(BATCH, TIME, dtype=torch.bool, device=device)
    normalised, plain = BiLSTM(INPUTS, HIDDEN, layer_norm=True).to(device), BiLSTM(INPUTS, HIDDEN).to(device)
    compiled = BiLSTM(INPUTS, HIDDEN, layer_norm=True).to(device)
    compiled.compile_steps(missing_for_compile(device) is None)
    looped = LoopedLSTM(INPUTS, HIDDEN).to(device)
    theirs = nn.LSTM(INPUTS, HIDDEN, batch_first=True, bidirectional=True).to(device)
    ways = {
        "ours": lambda: normalised(x, mask).sum().backward(),
        "ours, compiled": lambda: compiled(x, mask).sum().backward(),
        "loop": lambda: looped(x).sum().backward(),
        "nn.LSTM": lambda: theirs(x)[0].sum().backward(),
        "ours, not normalised": lambda: plain(x, mask).sum().backward(),
    }
    found = taking_turns(ways, device, options.repeats)
    for ours in ("ours", "ours, compiled"):
        against = {key: found[key] for key in (ours, "loop")}
        compare("layer-normalised LSTM against a loop", against, LSTM_GOALS[device.type])
    compare("layer-normalised LSTM against nn.LSTM without norms", {key: found[key] for key in ("ours", "nn.LSTM")})
    compare("our LSTM without norms against nn.LSTM", {key: found[key] for key in ("ours, not normalised", "nn.LSTM")})


def training(device: torch.device, options: argparse.Namespace) -> None:
    mine, theirs = [], []
    update = updates(device, options.data)
    for _ in range(WARM_UP):
        next(update)
    for _ in range(max(options.repeats // 3, 2)):
        begun = time.perf_counter()
        tokens = [next(update) for _ in range(options.batches)]
        synchronise(device)
        mine.append(int(sum(tokens)) / (time.perf_counter() - begun))
        if device.type == "cpu":
            theirs.append(elsewhere(options.data, options.batches, SIZES))
    print(f"training, tokens/s: ours {statistics.median(mine):,.0f}", end="")
    if theirs:
        ratio = statistics.median(mine) / statistics.median(theirs)
        print(f", the usual script {statistics.median(theirs):,.0f}: {ratio:.2f} times, goal 1.5", end="")
    print(f"  (all: {[round(each) for each in mine]}, {[round(each) for each in theirs]})")


def updates(device: torch.device, data: str | None) -> Iterator[Tensor]:
    """Train for ever; yields the tokens of each update, on the device: reading them would wait for it."""
    config = configured(
        "bilstm-crf", data, device=str(device), batch_size=SIZES["batch"], optimizer="adam", lr=1e-3, precision="fp32",
        loss_per="token", singleton_dropout=0.0, forbid_illegal=False, epochs=1000,
    )  # fmt: skip
    learner, task = TorchLearner(config.settings), NerTask(config.row.variants[config.variant].options)
    corpus = open_corpus(config)
    artifacts = task.prepare(corpus, config.settings)  # type: ignore[arg-type]
    task.attach(corpus, config.settings, artifacts, device)  # type: ignore[arg-type]
    learner.build(task, artifacts)
    epoch = 0
    while True:
        learner.start_epoch()
        for batch in task.batches("train", Stream(1, epoch)):
            learner.update([batch], 1e-3)
            yield batch.inputs.mask.sum()
        epoch += 1


def taking_turns(ways: dict[str, Callable[[], object]], device: torch.device, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each, warm."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 2):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            synchronise(device)
            if repeat >= 2:
                found[name].append(1e3 * (time.perf_counter() - begun))
    return found


def compare(what: str, found: dict[str, list[float]], goal: float | None = None) -> None:
    ours, theirs = (statistics.median(times) for times in found.values())
    names = list(found)
    verdict = "" if goal is None else f", goal {goal:g}: {'met' if theirs / ours >= goal else 'missed'}"
    print(f"{what}: {names[0]} {ours:.1f} ms, {names[1]} {theirs:.1f} ms: {theirs / ours:.2f} times as fast{verdict}")


PARTS = {"crf": crf, "lstm": lstm, "training": training}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="a folder of tagged text; else the embedded sample")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--batches", type=int, default=30)
    return parser.parse_args()


if __name__ == "__main__":
    main()
