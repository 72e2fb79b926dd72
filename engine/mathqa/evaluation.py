"""Measuring a network on the problems of a split: its loss, and what searches of several kinds find."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engine.mathqa import metrics
from engine.mathqa.artifacts import keys_of
from engine.mathqa.corpus import Problem
from engine.mathqa.decoding import Hypothesis, log_probabilities, searches
from engine.mathqa.lookup import Lookup
from engine.mathqa.metrics import Marks
from engine.mathqa.mistakes import mistakes_of
from engine.mathqa.numbers import numbers_of
from engine.mathqa.programs import parse, tokens_of
from engine.task import Evaluation, Split
from models.seq2seq import Seq2Seq

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
        (found,) = self.hypotheses(model, split, rows, [(1, self.task.settings.grammar)])
        values = self.losses(model, split) | metrics.scores(self.marks(split, rows, found), self.novel(split, rows))
        return Evaluation(values, len(rows))

    def whole(self, model: nn.Module, split: Split) -> Evaluation:
        """All that is reported: every width with grammar and without; the main ones are the settings'."""
        settings, count = self.task.settings, self.task.example_count(split)
        rows = sample(count, OF_TRAINING) if split == "train" else torch.arange(count)
        novel, problems = self.novel(split, rows), self.some(split, rows)
        widths = tuple(dict.fromkeys((settings.beam, *settings.beams)))
        ways = [(width, grammar) for width in widths for grammar in (True, False)]
        found = dict(zip(ways, self.hypotheses(model, split, rows, ways), strict=True))
        marks = {way: self.marks(split, rows, each) for way, each in found.items()}
        values = {way: metrics.scores(each, novel) | metrics.without_value(each) for way, each in marks.items()}
        by_beam = {
            str(width): values[width, settings.grammar]
            | {"grammar_on": values[width, True], "grammar_off": values[width, False]}
            for width in widths
        }
        own = settings.beam, settings.grammar
        report: dict[str, Any] = {"by_beam": by_beam, "errors": metrics.errors_of(marks[own]), "novel": sum(novel)}
        if (baseline := self.baseline(split, problems, novel)) is not None:
            report["lookup"] = baseline
        main = self.losses(model, split, rows) | metrics.scores(marks[own], novel)
        return Evaluation(main, len(rows), report, mistakes_of(problems, marks[own], found[own]))

    # -- parts of it

    def losses(self, model: nn.Module, split: Split, rows: Tensor | None = None) -> dict[str, float]:
        """Cross-entropy per gold token with teacher forcing 1: of all problems, or of those in `rows`, and of the novel
        ones among them."""
        encoded = self.task.encoded(split)
        rows = torch.arange(len(encoded)) if rows is None else rows
        assert isinstance(model, Seq2Seq)
        totals = torch.tensor(log_probabilities(model, encoded, self.task.device, rows), dtype=torch.float64)
        novel, lengths = torch.tensor(self.novel(split, rows), dtype=torch.bool), encoded.lengths[rows]
        found = {"loss": mean(totals, lengths)}
        if bool(novel.any()):
            found[f"{metrics.NOVEL}loss"] = mean(totals[novel], lengths[novel])
        return found

    def hypotheses(
        self, model: nn.Module, split: Split, rows: Tensor, ways: Sequence[tuple[int, bool]]
    ) -> list[list[Hypothesis]]:
        """The best program for each of these problems, by searches of several widths, with grammar or without."""
        task = self.task
        assert isinstance(model, Seq2Seq)
        hows = [task.search(width, grammar, wanted=1) for width, grammar in ways]
        found = searches(model, task.encoded(split), task.vocabulary, hows, task.device, rows)
        return [[beams[0] if beams else NOTHING for beams in each] for each in found]

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

    def baseline(self, split: Split, problems: Sequence[Problem], novel: Sequence[bool]) -> dict[str, float] | None:
        """The program of the most similar training problem; not where that would be the problem itself."""
        if split == "train" or self.lookup is None:
            return None
        formulas = self.lookup.predict(problem.text for problem in problems)
        marks = [
            metrics.mark(tokens_of(parse(ours)), parse(each.formula), numbers_of(each.text), each.answer)
            for ours, each in zip(formulas, problems, strict=True)
        ]
        return metrics.scores(marks, novel)

    @cached_property
    def lookup(self) -> Lookup | None:
        """Of the problems that the run was trained on, where they are at hand."""
        data = self.task.data
        train = data.splits.get("train") if data is not None else None
        return Lookup(train) if train is not None and keys_of(train) == self.task.artifacts.seen else None


def mean(totals: Tensor, lengths: Tensor) -> float:
    """Cross-entropy per token, from log-probabilities of whole programs."""
    return -float(totals.sum() / lengths.sum().clamp(min=1))


def sample(count: int, most: int) -> Tensor:
    """At most so many rows, always the same ones, in order."""
    if count <= most:
        return torch.arange(count)
    random = torch.Generator().manual_seed(SAMPLE_SEED)
    return torch.randperm(count, generator=random)[:most].sort().values
