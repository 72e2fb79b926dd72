"""Problems for a pretrained encoder: as pieces to be fine-tuned on, or as the features that a frozen one gives.

A frozen encoder reads every problem once. What it gives is kept on disk in half precision under the SHA-256 of its
weights and of the words, so that an epoch, and the next run, costs what an LSTM's does.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.files import explained
from engine.mathqa.numbers import Reading, Word
from engine.mathqa.reading import moved
from engine.tensorfile import write_tensors
from engine.text.batches import padded
from engine.text.encoder import Encoder, PieceInputs, PieceReader
from models.seq2seq import ReadFeatures, ReadPieces, word_features

FOLDER = "features"  # in the cache
KEPT_FROM = 500  # problems that are worth keeping
AT_ONCE = 4_000  # words that are read together
SAID_EVERY = 20.0  # seconds
SCRATCH_SEED = 20_240_330  # one from scratch is the same in every process: its weights are nowhere else

Say = Callable[[str], None]


class PieceEncodings:
    """Problems as pieces, and which of its problem's numbers each word is."""

    def __init__(self, pieces: PieceInputs, numbers: Tensor):
        self.pieces, self.numbers, self.lengths = pieces, numbers, pieces.lengths

    def take(self, rows: Tensor) -> ReadPieces:
        numbers, _ = padded(self.numbers, self.pieces.starts[rows], self.lengths[rows])
        return ReadPieces(self.pieces.take(rows), numbers, self.lengths[rows])


class ProblemPieceReader:
    """Reads problems by the pieces of their words."""

    def __init__(self, encoder: Encoder, most_words: int, numbers: int):
        self.pieces: PieceReader = encoder.reader(most_words)
        self.longest = self.pieces.longest  # the encoder's own limit, if that is less
        self.most_number = numbers - 1  # later ones share the last place

    def known(self, word: Word) -> bool:
        return self.pieces.known(word.text)

    def read(self, problems: Sequence[Reading]) -> PieceEncodings:
        words = [[word.text for word in problem.words] or ["?"] for problem in problems]
        numbers = [
            min(word.number + 1, self.most_number) if word.number is not None else 0
            for problem in problems
            for word in problem.words or (Word("?", 0, 0),)
        ]
        return PieceEncodings(self.pieces.read(words), torch.tensor(numbers, dtype=torch.int64))


class FeatureEncodings:
    """What a frozen encoder makes of the words of all problems, end to end."""

    def __init__(self, features: Tensor, pieces: PieceEncodings):
        self.features, self.numbers, self.lengths = features, pieces.numbers, pieces.lengths
        self.starts = self.lengths.cumsum(0) - self.lengths

    def take(self, rows: Tensor) -> ReadFeatures:
        starts, lengths = self.starts[rows], self.lengths[rows]
        features, mask = padded(self.features, starts, lengths)
        numbers, _ = padded(self.numbers, starts, lengths)
        return ReadFeatures(features, numbers, mask, lengths)


class FrozenReader:
    """Reads problems with an encoder that is no part of the network that learns."""

    def __init__(
        self, encoder: Encoder, reader: ProblemPieceReader, device: torch.device, cache: Path | None, say: Say
    ):
        self.encoder, self.reader, self.device, self.cache, self.say = encoder, reader, device, cache, say
        self.longest = reader.longest
        self.network: torch.nn.Module | None = None

    def known(self, word: Word) -> bool:
        return self.reader.known(word)

    def read(self, problems: Sequence[Reading]) -> FeatureEncodings:
        pieces = self.reader.read(problems)
        if self.cache is None or len(problems) < KEPT_FROM:
            return FeatureEncodings(self.computed(pieces), pieces)
        path = self.cache / FOLDER / f"{self.key(pieces)}.safetensors"
        try:
            features = load_file(path)["features"]
            if features.shape == (int(pieces.lengths.sum()), self.encoder.width):
                return FeatureEncodings(features, pieces)
        except (OSError, KeyError, SafetensorError):
            pass  # not there yet, or damaged: made anew
        self.say(f"reading {len(problems):,} problems with the frozen encoder, once")
        features = self.computed(pieces)
        self.network = None  # a training needs the room
        keep(path, features)
        return FeatureEncodings(features, pieces)

    def key(self, pieces: PieceEncodings) -> str:
        digest = hashlib.sha256(f"{self.encoder.sha}\n{self.encoder.config.to_json_string()}\n".encode())
        for part in (pieces.pieces.flat, pieces.pieces.first, pieces.lengths):
            digest.update(part.numpy().tobytes())
        return digest.hexdigest()[:32]

    @torch.no_grad()
    def computed(self, pieces: PieceEncodings) -> Tensor:
        """(words, features) float16."""
        if self.network is None:
            with torch.random.fork_rng(devices=[]):  # whenever this is, a training draws what it would have drawn
                torch.default_generator.manual_seed(SCRATCH_SEED)
                network = self.encoder.network(blank=False)
            self.network = network.eval().requires_grad_(False).to(self.device)
        total = int(pieces.lengths.sum())
        found = torch.empty(total, self.encoder.width, dtype=torch.float16)
        starts = pieces.pieces.starts
        ordered = pieces.lengths.argsort(stable=True)
        position, said = 0, time.monotonic()
        while position < len(ordered):
            if time.monotonic() - said > SAID_EVERY:
                said = time.monotonic()
                self.say(f"  {position:,} of {len(ordered):,}, the short ones first")
            count = max(1, AT_ONCE // int(pieces.lengths[ordered[min(position + 64, len(ordered) - 1)]]))
            rows = ordered[position : position + count]
            batch = moved(pieces.pieces.take(rows), self.device)
            features = word_features(self.network, batch).half().cpu()
            mask = batch.mask.cpu()
            times = torch.arange(mask.shape[1])
            found[(starts[rows][:, None] + times)[mask]] = features[mask]
            position += count
        return found


def keep(path: Path, features: Tensor) -> None:
    """Write features beside, then rename: a reader never sees half of them."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        os.close(handle)
        try:
            write_tensors({"features": features}, Path(beside))
            os.replace(beside, path)
        finally:
            Path(beside).unlink(missing_ok=True)
