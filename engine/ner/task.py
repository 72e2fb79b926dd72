"""The entity task: a tag for every token of a sentence (assignment 003 part 2)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import UsageError
from engine.ner import artifacts as stored
from engine.ner import metrics
from engine.ner.artifacts import NerArtifacts
from engine.ner.corpus import Corpus, Sentence
from engine.ner.mistakes import mistakes_of
from engine.ner.networks import encoder_tagger, lstm_tagger
from engine.ner.reading import Batch, Encoded, Reader, WordReader
from engine.ner.settings import NerSettings
from engine.ner.tagging import Tagged, Tagging, tag
from engine.ner.vocabulary import UNKNOWN, build, count_words, folded
from engine.randomness import Stream
from engine.task import SPLITS, Evaluation, Loss, Split
from engine.text.pretrained import Pretrained, pretrained, summary
from models.tagger import best_tags, negative_log_likelihood


class NerTask:
    """See `engine.task.Task`. `options` are the variant's, all bool: vectors, characters, layer_norm, crf, encoder."""

    def __init__(self, options: Mapping[str, Any]):
        self.options = options
        self.splits: dict[Split, Encoded] = {}

    def prepare(self, data: Corpus, settings: NerSettings) -> NerArtifacts:
        """Vocabulary of the training split, and the pretrained vectors or encoder to begin with."""
        train = data.split("train")
        counts: dict[str, Counter[str]] = {
            split: count_words(data.split(split), settings.fold_case, settings.zero_digits) for split in SPLITS
        }
        vectors = vectors_for(counts["train"], data, settings) if self.options.get("vectors") else None
        vocabulary = build(
            train, data.types, fold_case=settings.fold_case, zero_digits=settings.zero_digits,
            min_count=settings.min_count, extra=vectors.extra if vectors else (),
        )  # fmt: skip
        if self.options.get("encoder"):
            from engine.text import encoder  # transformers takes seconds to import

            found = encoder.load(settings.encoder, [sentence.tokens for sentence in train])
            return NerArtifacts(vocabulary, sources=found.sources, encoder=found)
        if vectors is None:
            return NerArtifacts(vocabulary)
        coverage = vectors.coverage(counts)
        print(f"word vectors: {summary(coverage)}", flush=True)
        return NerArtifacts(vocabulary, vectors.rows_of(vocabulary.words, UNKNOWN + 1), coverage, vectors.sources)

    def restore(self, directory: Path) -> NerArtifacts:
        return stored.restore(directory)

    def model(self, settings: NerSettings, artifacts: NerArtifacts, *, blank: bool = False) -> nn.Module:
        if artifacts.encoder is not None:
            return encoder_tagger(self.options, settings, artifacts, blank=blank)
        return lstm_tagger(self.options, settings, artifacts)

    def attach(self, data: Corpus | None, settings: NerSettings, artifacts: NerArtifacts, device: torch.device) -> None:
        known = artifacts.vocabulary.types
        if data is not None and (strange := sorted(set(data.types) - set(known))):
            raise UsageError(
                "the data has entity types that the run does not know",
                got=", ".join(strange),
                expected=", ".join(known),
                hint="data with the same types, or a run trained on these",
            )
        self.data, self.settings, self.artifacts, self.device = data, settings, artifacts, device
        self.vocabulary = artifacts.vocabulary
        if artifacts.encoder is not None:
            self.reader: Reader = artifacts.encoder.reader(settings.max_tokens)
        else:
            self.reader = WordReader(self.vocabulary, settings.max_tokens, settings.max_characters)
        self.splits = {}

    def encoded(self, split: Split) -> Encoded:
        """A split, encoded when it is first needed."""
        if split not in self.splits:
            assert self.data is not None
            self.splits[split] = Encoded(self.data.split(split), self.reader, self.vocabulary)
        return self.splits[split]

    def example_count(self, split: Split) -> int:
        return len(self.encoded(split))

    def batch_count(self, split: Split) -> int:
        return -(-self.example_count(split) // self.settings.batch_size)

    def batches(self, split: Split, rng: Stream, start: int = 0) -> Iterator[Batch]:
        for batch in self.encoded(split).training(self.settings.batch_size, rng, start):
            yield batch.to(self.device)

    def loss(self, model: nn.Module, batch: Batch) -> Loss:
        """Minus the log-likelihood of the tags, and what the network would have said (under dropout)."""
        emissions, mask, crf = model(batch.inputs), batch.inputs.mask, model.crf
        loss = negative_log_likelihood(emissions, batch.tags, mask, crf).sum()  # type: ignore[arg-type]
        tokens = mask.sum()
        with torch.no_grad():
            tags = best_tags(emissions.detach(), mask, crf)  # type: ignore[arg-type]
            seen = {
                "entities": metrics.device_counts(batch.tags, tags, mask, len(self.vocabulary.types)),
                "tokens": torch.stack([tokens, ((tags == batch.tags) & mask).sum()]),
                "loss": loss.detach().double(),
            }
        return Loss(loss, len(mask) if self.settings.loss_per == "sentence" else tokens, seen)

    def running(self, seen: Mapping[str, Tensor]) -> dict[str, float]:
        if "tokens" not in seen:
            return {}
        tokens, right = seen["tokens"].tolist()
        per_token = {"loss": float(seen["loss"]) / tokens, "accuracy": right / tokens} if tokens else {}
        return per_token | metrics.scores_of_counts(seen["entities"])

    def validate(self, model: nn.Module) -> Evaluation:
        return self.evaluate(model, "val")

    @torch.no_grad()
    def evaluate(self, model: nn.Module, split: Split) -> Evaluation:
        """Log-loss and accuracy per token, precision, recall and F1 per entity, what was taken for what."""
        encoded, scheme = self.encoded(split), self.settings.scheme
        tagged = tag(model, encoded, self.device, self.settings.batch_size)
        gold = [sentence.tags for sentence in encoded.sentences]
        predicted = [self.names(tagging) for tagging in tagged.best]
        counts = metrics.count_entities(gold, predicted, scheme)
        tokens = sum(map(len, gold))
        values = {"loss": tagged.loss / max(tokens, 1), "accuracy": metrics.accuracy(gold, predicted)}
        values |= metrics.scores(counts)
        report = {
            "per_class": metrics.per_class(counts),
            **metrics.confusion(gold, predicted, self.vocabulary.types),
            "scheme": f"seqeval, {'default reading' if scheme == 'default' else 'strict IOB2'}",
            "known_words": self.share_known(encoded.sentences),
        }
        if self.artifacts.coverage:
            report["vectors"] = summary(self.artifacts.coverage)
        wrong = mistakes_of(encoded.sentences, predicted, tagged.probabilities, scheme)
        return Evaluation(values, len(encoded.sentences), report, wrong)

    def share_known(self, sentences: Sequence[Sentence]) -> float:
        """Share of the running words that are in the vocabulary."""
        known = [self.reader.known(token) for sentence in sentences for token in sentence.tokens]
        return sum(known) / max(len(known), 1)

    def names(self, tagging: Tagging) -> list[str]:
        """A tagging in words."""
        return [self.vocabulary.tags[number] for number in tagging.tags]

    @torch.no_grad()
    def predict(
        self, model: nn.Module, inputs: Sequence[Sequence[str]], *, second: bool = True
    ) -> list[dict[str, Any]]:
        """Tags of sentences (lists of tokens), with probabilities, entities and, if wanted, the second-best tagging."""
        if not inputs:
            return []
        sentences = [Sentence(tuple(tokens)) for tokens in inputs]
        encoded = Encoded(sentences, self.reader, self.vocabulary)
        tagged = tag(model, encoded, self.device, self.settings.batch_size, together=True, second=second)
        return [self.described(sentence, tagged, number) for number, sentence in enumerate(sentences)]

    def described(self, sentence: Sentence, tagged: Tagged, number: int) -> dict[str, Any]:
        """All that is known of a tagged sentence, as plain data."""
        best, second, sure = tagged.best[number], tagged.second[number], tagged.probabilities[number]
        tags = self.names(best)
        return {
            "tokens": list(sentence.tokens),
            "tags": tags,
            "probabilities": sure,
            "known": [self.reader.known(token) for token in sentence.tokens],
            "entities": [
                {
                    "type": each.type,
                    "start": each.start,
                    "end": each.end,
                    "text": " ".join(sentence.tokens[each.start : each.end]),
                    "probability": tagged.together(number, each.start, each.end),
                }
                for each in metrics.entities_of(tags, self.settings.scheme)
            ],
            "probability": math.exp(best.log_probability),
            "second": second and {"tags": self.names(second), "probability": math.exp(second.log_probability)},
        }


def vectors_for(counts: Counter[str], data: Corpus, settings: NerSettings) -> Pretrained | None:
    """Vectors of the words of training as they are looked up, and in lower case."""
    wanted = {*counts, *(folded(word, True, settings.zero_digits) for word in counts)}
    return pretrained(settings.vectors, data.vectors, wanted, settings.extra_vectors, settings.word_dim)
