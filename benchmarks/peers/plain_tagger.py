"""The script everybody writes for a BiLSTM-CRF: a Dataset, a collate function that pads, nn.LSTM and pytorch-crf.

The peer of `benchmarks.entities`. It trains the same network with the same optimizer as ours, on batches in random
order; every character of every token goes through the character LSTM, padding included. Run as a module it says how
many tokens it trains on in a second:

    python -m benchmarks.peers.plain_tagger [--data FOLDER] [--batches 30]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset
from torchcrf import CRF

from benchmarks.corpora import open_training
from benchmarks.steady import as_everybody
from engine.ner.corpus import Sentence

Item = tuple[Tensor, Tensor, Tensor]
WARM_UP = 5  # batches


class Sentences(Dataset[Item]):
    """Words, characters and tags as numbers."""

    def __init__(self, sentences: Sequence[Sentence], most_characters: int):
        self.sentences, self.most_characters = sentences, most_characters
        self.words = numbered(token.lower() for each in sentences for token in each.tokens)
        self.characters = numbered(letter for each in sentences for token in each.tokens for letter in token)
        self.tags = {tag: number for number, tag in enumerate(sorted({tag for each in sentences for tag in each.tags}))}

    def __len__(self) -> int:
        return len(self.sentences)

    def __getitem__(self, index: int) -> Item:
        sentence = self.sentences[index]
        words = torch.tensor([self.words[token.lower()] for token in sentence.tokens])
        spelled = [
            torch.tensor([self.characters[letter] for letter in token[: self.most_characters]])
            for token in sentence.tokens
        ]
        tags = torch.tensor([self.tags[tag] for tag in sentence.tags])
        return words, pad_sequence(spelled, batch_first=True), tags


def numbered(names: object) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names), 1)}  # type: ignore[call-overload]


def collate(items: list[Item]) -> tuple[Tensor, Tensor, Tensor]:
    words, spelled, tags = (list(each) for each in zip(*items, strict=True))
    longest = max(each.shape[1] for each in spelled)
    widened = [nn.functional.pad(each, (0, longest - each.shape[1])) for each in spelled]
    return (
        pad_sequence(words, batch_first=True),
        pad_sequence(widened, batch_first=True),
        pad_sequence(tags, batch_first=True),
    )


class PlainTagger(nn.Module):
    """Lample et al. 2016 as it is usually written."""

    def __init__(self, words: int, characters: int, tags: int, dim: int, hidden: int, c_dim: int, c_hidden: int):
        super().__init__()
        self.words = nn.Embedding(words, dim, padding_idx=0)
        self.characters = nn.Embedding(characters, c_dim, padding_idx=0)
        self.spelling = nn.LSTM(c_dim, c_hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.5)
        self.lstm = nn.LSTM(dim + 2 * c_hidden, hidden, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden, tags)
        self.crf = CRF(tags, batch_first=True)

    def forward(self, words: Tensor, spelled: Tensor, tags: Tensor) -> Tensor:
        batch, time_steps, letters = spelled.shape
        mask = words != 0
        flat = spelled.view(batch * time_steps, letters)
        lengths = (flat != 0).sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(self.characters(flat), lengths, batch_first=True, enforce_sorted=False)
        _, (last, _) = self.spelling(packed)
        spelling = torch.cat([last[0], last[1]], 1).view(batch, time_steps, -1)
        x = self.dropout(torch.cat([self.words(words), spelling], 2))
        packed = pack_padded_sequence(x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        emissions = self.linear(self.dropout(states))
        loss: Tensor = -self.crf(emissions, tags, mask=mask, reduction="token_mean")
        return loss


def tokens_per_second(data: str | None, batches: int, sizes: dict[str, int]) -> float:
    """Train on so many batches and say how fast."""
    dataset = Sentences(open_training(data), sizes["most_characters"])
    torch.manual_seed(0)
    loader = DataLoader(dataset, sizes["batch"], shuffle=True, collate_fn=collate)
    network = (sizes["dim"], sizes["hidden"], sizes["character_dim"], sizes["character_hidden"])
    words, characters = sizes.get("words", 0) or len(dataset.words) + 1, len(dataset.characters) + 1
    model = PlainTagger(words, characters, len(dataset.tags), *network)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    done, tokens, begun = 0, 0, time.perf_counter()
    while True:
        for words_of, spelled, tags in loader:
            optimizer.zero_grad()
            model(words_of, spelled, tags).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            done, tokens = done + 1, tokens + int((words_of != 0).sum())
            if done == WARM_UP:
                tokens, begun = 0, time.perf_counter()
            if done == WARM_UP + batches:
                return tokens / (time.perf_counter() - begun)


def elsewhere(data: str | None, batches: int, sizes: dict[str, int]) -> float:
    """The same in a process of its own, with everybody's environment."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.peers.plain_tagger",
        "--batches",
        str(batches),
        "--sizes",
        json.dumps(sizes),
    ]
    command += ["--data", str(Path(data).absolute())] if data else []
    done = subprocess.run(command, env=as_everybody(), capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="a folder of tagged text; else the embedded sample")
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--sizes", type=json.loads, default=SIZES)
    options = parser.parse_args()
    print(tokens_per_second(options.data, options.batches, options.sizes))


SIZES = {
    "batch": 128, "dim": 100, "hidden": 100, "character_dim": 25, "character_hidden": 25, "most_characters": 24,
}  # fmt: skip

if __name__ == "__main__":
    main()
