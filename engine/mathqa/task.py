"""The math task: a program for every word problem (assignment 004 part 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.mathqa import artifacts as stored
from engine.mathqa import forcing, networks
from engine.mathqa.artifacts import MathArtifacts, keys_of
from engine.mathqa.corpus import MathData, Problem
from engine.mathqa.decoding import Search, search_of
from engine.mathqa.evaluation import Evaluator
from engine.mathqa.numbers import Reading, read
from engine.mathqa.programs import Program, parse
from engine.mathqa.reading import Batch, Encoded, Reader, WordReader
from engine.mathqa.settings import MathSettings
from engine.mathqa.vocabulary import UNKNOWN_WORD, build, count_words
from engine.randomness import Stream
from engine.task import Evaluation, Loss, Split
from engine.text.pretrained import Pretrained, pretrained, summary
from models.seq2seq import PADDING

BERT = "bert-base-cased"  # 004 2.3.1


class MathTask:
    """See `engine.task.Task`. `options` are the variant's, all bool: vectors, attention, frozen, finetuned."""

    def __init__(self, options: Mapping[str, Any]):
        self.options = options
        self.splits: dict[Split, Encoded] = {}

    def prepare(self, data: MathData, settings: MathSettings) -> MathArtifacts:
        """Vocabulary of the training split, and the pretrained vectors or encoder to begin with."""
        train = data.split("train")
        readings = [read(problem.text) for problem in train]
        programs = [parse(problem.formula) for problem in train]
        counts, seen = count_words(readings), keys_of(train)
        if self.options.get("frozen") or self.options.get("finetuned"):
            from engine.text import encoder  # transformers takes seconds to import

            words = [[word.text for word in problem.words] for problem in readings]
            found = encoder.load(settings.encoder or data.encoder or BERT, words)
            vocabulary = build(Counter(), programs, min_count=1)
            return MathArtifacts(vocabulary, seen, sources=found.sources, encoder=found)
        vectors = self.vectors(counts, settings)
        vocabulary = build(counts, programs, min_count=settings.min_count, extra=vectors.extra if vectors else ())
        if vectors is None:
            return MathArtifacts(vocabulary, seen)
        others = {split: count_words(read(each.text) for each in data.split(split)) for split in ("val", "test")}
        coverage = vectors.coverage({"train": counts, **others})
        print(f"word vectors: {summary(coverage)}", flush=True)
        initial = vectors.rows_of(vocabulary.words, UNKNOWN_WORD + 1)
        return MathArtifacts(vocabulary, seen, initial, coverage, vectors.sources)

    def vectors(self, counts: Counter[str], settings: MathSettings) -> Pretrained | None:
        """Those the settings name, for the variants that begin with some."""
        if not self.options.get("vectors"):
            return None
        return pretrained(settings.vectors, None, counts.keys(), settings.extra_vectors, settings.word_dim)

    def restore(self, directory: Path) -> MathArtifacts:
        return stored.restore(directory)

    def model(self, settings: MathSettings, artifacts: MathArtifacts, *, blank: bool = False) -> nn.Module:
        return networks.build(self.options, settings, artifacts, blank=blank)

    def attach(
        self, data: MathData | None, settings: MathSettings, artifacts: MathArtifacts, device: torch.device
    ) -> None:
        self.data, self.settings, self.artifacts, self.device = data, settings, artifacts, device
        self.vocabulary = artifacts.vocabulary
        self.reader = self._reader(data.cache if data is not None else None)
        self.splits = {}
        self.evaluator = Evaluator(self)

    def _reader(self, cache: Path | None) -> Reader:
        encoder = self.artifacts.encoder
        if encoder is None:
            return WordReader(self.vocabulary, self.settings.max_words)
        from engine.mathqa.features import FrozenReader, ProblemPieceReader  # transformers takes seconds to import

        pieces = ProblemPieceReader(encoder, self.settings.max_words, networks.NUMBERS)
        if self.options.get("finetuned"):
            return pieces
        return FrozenReader(encoder, pieces, self.device, cache, lambda message: print(message, flush=True))

    # -- data

    def problems(self, split: Split) -> Sequence[Problem]:
        assert self.data is not None
        return self.data.split(split)

    def encoded(self, split: Split) -> Encoded:
        """A split, encoded when it is first needed."""
        if split not in self.splits:
            problems = self.problems(split)
            self.splits[split] = self.encode(
                [read(problem.text) for problem in problems], [parse(problem.formula) for problem in problems]
            )
        return self.splits[split]

    def encode(self, problems: Sequence[Reading], programs: Sequence[Program]) -> Encoded:
        return Encoded(problems, programs, self.reader, self.vocabulary)

    def example_count(self, split: Split) -> int:
        """Encodes it too: a frozen encoder reads all of it now, and not in the first step of the training."""
        return len(self.encoded(split))

    def batch_count(self, split: Split) -> int:
        return -(-self.example_count(split) // self.settings.batch_size)

    def batches(self, split: Split, rng: Stream, start: int = 0) -> Iterator[tuple[Batch, float]]:
        """Training batches, each with the chance of teacher forcing at that time."""
        count, epochs = self.batch_count(split), self.settings.epochs
        for number, batch in enumerate(self.encoded(split).training(self.settings.batch_size, rng, start), start):
            done = (rng.epoch + number / count) / epochs
            yield batch.to(self.device), forcing.ratio(self.settings, done)

    # -- learning

    def loss(self, model: nn.Module, batch: tuple[Batch, float]) -> Loss:
        """Cross-entropy of the gold tokens, and how many of them were the best guess."""
        (inputs, tokens, gold, _), ratio = batch
        forced = forcing.draw(tokens, ratio, self.settings.forcing_per)
        logits = model(inputs, tokens, forced).float()
        flat, smoothing = (logits.flatten(0, 1), gold.flatten()), self.settings.label_smoothing
        loss = F.cross_entropy(*flat, ignore_index=PADDING, reduction="sum", label_smoothing=smoothing)
        count = (gold != PADDING).sum()
        with torch.no_grad():
            plain = loss if not smoothing else F.cross_entropy(*flat, ignore_index=PADDING, reduction="sum")
            right = ((logits.argmax(2) == gold) & (gold != PADDING)).sum()
            seen = {"tokens": torch.stack([count, right]), "loss": plain.detach().double()}
        return Loss(loss, count, seen)

    def running(self, seen: Mapping[str, Tensor]) -> dict[str, float]:
        """`forced_accuracy`: of the next token, behind what the decoder was fed; not the accuracy of a search."""
        if "tokens" not in seen:
            return {}
        tokens, right = seen["tokens"].tolist()
        return {"loss": float(seen["loss"]) / tokens, "forced_accuracy": right / tokens} if tokens else {}

    def validate(self, model: nn.Module) -> Evaluation:
        return self.evaluator.quick(model, "val")

    def evaluate(self, model: nn.Module, split: Split) -> Evaluation:
        return self.evaluator.whole(model, split)

    def predict(self, model: nn.Module, inputs: Sequence[str]) -> list[dict[str, Any]]:
        """Programs for problems, each with its value or the reason why it has none."""
        from engine.mathqa.solving import solve

        return solve(self, model, inputs, self.search())

    def search(self, width: int | None = None, grammar: bool | None = None, wanted: int | None = None) -> Search:
        """How to search, as the settings say where nothing else is said."""
        return search_of(self.settings, width, grammar, wanted)
