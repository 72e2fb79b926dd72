"""Measuring a network on the problems of a split: its loss, and what searches of several kinds find."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engine.mathqa import metrics
from engine.mathqa.corpus import Problem
from engine.mathqa.decoding import Hypothesis, search
from engine.mathqa.lookup import Lookup
from engine.mathqa.metrics import Marks
from engine.mathqa.mistakes import mistakes_of
from engine.mathqa.numbers import numbers_of
from engine.mathqa.programs import parse, tokens_of
from engine.task import Evaluation, Split
from models.seq2seq import PADDING, Seq2Seq, log_likelihood

if TYPE_CHECKING:
    from engine.mathqa.task import MathTask

VALIDATED = 1_000  # problems of validation that are decoded after every epoch
OF_TRAINING = 2_000  # problems of training that are decoded at the end
SAMPLE_SEED = 20_240_330  # names both samples
NOTHING = Hypothesis((), float("-inf"), float("-inf"), complete=False)


class Evaluator:
    """What `MathTask` measures. It looks at the task's data when it is asked."""

    def __init__(self, task: MathTask):
        self.task = task

    def quick(self, model: nn.Module, split: Split) -> Evaluation:
        """Loss of the whole split, and greedy search on a fixed sample: for every epoch."""
        rows = sample(self.task.example_count(split), VALIDATED)
        found = self.searched(model, split, rows, width=1, grammar=self.task.settings.grammar)
        values = {"loss": self.loss(model, split)} | metrics.scores(found, self.novel(split, rows))
        return Evaluation(values, len(rows))

    def whole(self, model: nn.Module, split: Split) -> Evaluation:
        """All that is reported: every width with grammar and without; the main ones are the settings'."""
        settings, count = self.task.settings, self.task.example_count(split)
        rows = sample(count, OF_TRAINING) if split == "train" else torch.arange(count)
        novel, loss = self.novel(split, rows), self.loss(model, split)
        by_beam: dict[str, Any] = {}
        for width in dict.fromkeys((settings.beam, *settings.beams)):
            both = {}
            for grammar in (True, False):
                hypotheses = self.hypotheses(model, split, rows, width, grammar)
                marks = self.marks(split, rows, hypotheses)
                both[grammar] = metrics.scores(marks, novel) | {"no_value": sum(m.error is not None for m in marks)}
                if width == settings.beam and grammar == settings.grammar:
                    main, chosen = marks, hypotheses
            by_beam[str(width)] = both[settings.grammar] | {"grammar_on": both[True], "grammar_off": both[False]}
        values = {"loss": loss} | metrics.scores(main, novel)
        report: dict[str, Any] = {"by_beam": by_beam, "errors": metrics.errors_of(main), "novel": sum(novel)}
        if (baseline := self.baseline(split, rows, novel)) is not None:
            report["lookup"] = baseline
        return Evaluation(values, len(rows), report, mistakes_of(self.some(split, rows), main, chosen))

    # -- parts of it

    @torch.no_grad()
    def loss(self, model: nn.Module, split: Split) -> float:
        """Cross-entropy per gold token behind gold tokens: teacher forcing 1."""
        total, tokens = 0.0, 0
        for _, batch in self.task.encoded(split).in_order(self.task.settings.batch_size):
            batch = batch.to(self.task.device)
            total -= float(log_likelihood(model(batch.inputs, batch.tokens), batch.gold).double().sum())
            tokens += int((batch.gold != PADDING).sum())
        return total / max(tokens, 1)

    def searched(self, model: nn.Module, split: Split, rows: Tensor, width: int, grammar: bool) -> list[Marks]:
        return self.marks(split, rows, self.hypotheses(model, split, rows, width, grammar))

    def hypotheses(self, model: nn.Module, split: Split, rows: Tensor, width: int, grammar: bool) -> list[Hypothesis]:
        """The best program for each of these problems."""
        task = self.task
        assert isinstance(model, Seq2Seq)
        how = task.search(width, grammar, wanted=1)
        found = search(model, task.encoded(split), task.vocabulary, how, task.device, rows)
        return [beams[0] if beams else NOTHING for beams in found]

    def marks(self, split: Split, rows: Tensor, hypotheses: Sequence[Hypothesis]) -> list[Marks]:
        return [
            metrics.mark(
                found.tokens, parse(problem.formula), numbers_of(problem.text), problem.answer, complete=found.complete
            )
            for problem, found in zip(self.some(split, rows), hypotheses, strict=True)
        ]

    def some(self, split: Split, rows: Tensor) -> list[Problem]:
        problems = self.task.problems(split)
        return [problems[row] for row in rows.tolist()]

    def novel(self, split: Split, rows: Tensor) -> list[bool]:
        return [self.task.artifacts.novel(problem) for problem in self.some(split, rows)]

    def baseline(self, split: Split, rows: Tensor, novel: Sequence[bool]) -> dict[str, float] | None:
        """The program of the most similar training problem; not where that would be the problem itself."""
        if split == "train" or self.lookup is None:
            return None
        problems = self.some(split, rows)
        formulas = self.lookup.predict(problem.text for problem in problems)
        marks = [
            metrics.mark(tokens_of(parse(ours)), parse(each.formula), numbers_of(each.text), each.answer)
            for ours, each in zip(formulas, problems, strict=True)
        ]
        return metrics.scores(marks, novel)

    @cached_property
    def lookup(self) -> Lookup | None:
        data = self.task.data
        return Lookup(data.split("train")) if data is not None and "train" in data.splits else None


def sample(count: int, most: int) -> Tensor:
    """At most so many rows, always the same ones, in order."""
    if count <= most:
        return torch.arange(count)
    random = torch.Generator().manual_seed(SAMPLE_SEED)
    return torch.randperm(count, generator=random)[:most].sort().values
