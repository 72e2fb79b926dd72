"""The usual script for sequence to sequence with attention: padded batches in random order, a loop over time.

The peer of `benchmarks.problems`. It trains the same network with the same optimizer as ours on the same problems: a
BiLSTM of torch over packed batches, nn.LSTMCell step by step, attention and the output layer at every step. Run as a
module it says how many program tokens it trains on in a second:

    python -m benchmarks.peers.plain_seq2seq [--data FOLDER] [--batches 20]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

from benchmarks.corpora import open_problems
from benchmarks.steady import as_everybody
from engine.mathqa.corpus import Problem
from engine.mathqa.numbers import read
from engine.mathqa.programs import parse, tokens_of
from engine.mathqa.vocabulary import look_up

WARM_UP = 3  # batches
START, END = 1, 2
SIZES = {"batch": 64, "dim": 100, "encoder_hidden": 128, "hidden": 256, "token_dim": 100}


class Problems(Dataset[tuple[Tensor, Tensor]]):
    """Words and program tokens as numbers."""

    def __init__(self, problems: Sequence[Problem]):
        texts = [[look_up(word) for word in read(each.text).words] for each in problems]
        programs = [tokens_of(parse(each.formula)) for each in problems]
        self.words, self.tokens = numbered(texts, 1), numbered(programs, 3)
        self.texts = [torch.tensor([self.words[word] for word in text]) for text in texts]
        self.programs = [torch.tensor([START, *(self.tokens[token] for token in each), END]) for each in programs]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.texts[index], self.programs[index]


def numbered(lists: Sequence[Sequence[str]], first: int) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(name for each in lists for name in each), first)}


def collate(items: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    texts, programs = (list(each) for each in zip(*items, strict=True))
    return pad_sequence(texts, batch_first=True), pad_sequence(programs, batch_first=True)


class PlainSeq2Seq(nn.Module):
    """Luong et al. 2015 as it is usually written."""

    def __init__(self, words: int, tokens: int, sizes: dict[str, int]):
        super().__init__()
        width, hidden = 2 * sizes["encoder_hidden"], sizes["hidden"]
        self.words = nn.Embedding(words, sizes["dim"], padding_idx=0)
        self.encoder = nn.LSTM(sizes["dim"], sizes["encoder_hidden"], batch_first=True, bidirectional=True)
        self.begin = nn.Linear(width, 2 * hidden)
        self.tokens = nn.Embedding(tokens, sizes["token_dim"], padding_idx=0)
        self.cell = nn.LSTMCell(sizes["token_dim"], hidden)
        self.score = nn.Linear(hidden, width, bias=False)
        self.combine = nn.Linear(hidden + width, hidden)
        self.output = nn.Linear(hidden, tokens)
        self.dropout = nn.Dropout(0.3)

    def forward(self, texts: Tensor, programs: Tensor, ratio: float) -> Tensor:
        mask = texts != 0
        packed = pack_padded_sequence(
            self.dropout(self.words(texts)), mask.sum(1).cpu(), batch_first=True, enforce_sorted=False
        )
        packed, (last, _) = self.encoder(packed)
        states, _ = pad_packed_sequence(packed, batch_first=True)
        hidden, cell = torch.tanh(self.begin(torch.cat([last[0], last[1]], 1))).chunk(2, 1)
        token, outputs = programs[:, 0], []
        for step in range(1, programs.shape[1]):
            hidden, cell = self.cell(self.tokens(token), (hidden, cell))
            scores = torch.bmm(states, self.score(hidden)[:, :, None])[:, :, 0].masked_fill(~mask, -1e9)
            context = torch.bmm(scores.softmax(1)[:, None], states)[:, 0]
            output = self.output(self.dropout(torch.tanh(self.combine(torch.cat([hidden, context], 1)))))
            outputs.append(output)
            forced = torch.rand(len(token)) < ratio
            token = torch.where(forced, programs[:, step], output.argmax(1))
        return torch.stack(outputs, 1)


def tokens_per_second(data: str | None, batches: int, sizes: dict[str, int], ratio: float) -> float:
    """Train on so many batches and say how fast."""
    torch.manual_seed(0)
    random.seed(0)
    dataset = Problems(open_problems(data))
    model = PlainSeq2Seq(len(dataset.words) + 1, len(dataset.tokens) + 3, sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    done, tokens, begun = 0, 0, time.perf_counter()
    while True:
        for texts, programs in DataLoader(dataset, sizes["batch"], shuffle=True, collate_fn=collate):
            optimizer.zero_grad()
            logits = model(texts, programs, ratio)
            F.cross_entropy(logits.flatten(0, 1), programs[:, 1:].flatten(), ignore_index=0).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            done, tokens = done + 1, tokens + int((programs[:, 1:] != 0).sum())
            if done == WARM_UP:
                tokens, begun = 0, time.perf_counter()
            if done == WARM_UP + batches:
                return tokens / (time.perf_counter() - begun)


def elsewhere(data: str | None, batches: int, ratio: float) -> float:
    """The same in a process of its own, with everybody's environment."""
    command = [sys.executable, "-m", "benchmarks.peers.plain_seq2seq", "--batches", str(batches), "--ratio", str(ratio)]
    command += ["--data", str(Path(data).absolute())] if data else []
    done = subprocess.run(command, env=as_everybody(), capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="a folder of problems; else the embedded sample")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--ratio", type=float, default=0.6, help="teacher forcing")
    parser.add_argument("--sizes", type=json.loads, default=SIZES)
    options = parser.parse_args()
    print(tokens_per_second(options.data, options.batches, options.sizes, options.ratio))


if __name__ == "__main__":
    main()
