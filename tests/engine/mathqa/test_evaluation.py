"""Measuring: gold programs are worth all there is, every width is there, and the baseline beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.mathqa import evaluation, metrics
from engine.mathqa.corpus import MathData
from engine.mathqa.decoding import Hypothesis, search, search_of
from engine.mathqa.evaluation import sample
from engine.mathqa.lookup import Lookup
from engine.mathqa.numbers import numbers_of
from engine.mathqa.programs import parse, tokens_of
from engine.mathqa.task import MathTask
from engine.task import SPLITS, Split
from models.seq2seq import PADDING, Seq2Seq, log_likelihood
from tests.engine.mathqa.solvers import OTHERS, TRAIN, made, sharpened

CPU = torch.device("cpu")
NAMES = {"exact_match", "execution_accuracy", "token_accuracy"}


@pytest.fixture
def solver(tmp_path: Path) -> tuple[MathTask, Seq2Seq]:
    task, model, _ = made("attention", tmp_path, beam=3, beams=(1, 5), length_penalty=0.5)
    return task, sharpened(model)


class Searches:
    """In the place of the search: finds what it is told, and remembers what it was asked for."""

    def __init__(self, task: MathTask, change: Any = lambda tokens, width, grammar: tokens):
        self.task, self.change = task, change
        self.asked: list[tuple[int, bool]] = []
        self.rows: list[list[int]] = []

    def __call__(
        self, model: nn.Module, split: Split, rows: Tensor, ways: Sequence[tuple[int, bool]]
    ) -> list[list[Hypothesis]]:
        self.asked += ways
        self.rows.append(rows.tolist())
        gold = [tokens_of(parse(self.task.problems(split)[row].formula)) for row in rows.tolist()]
        return [[Hypothesis(tuple(self.change(tokens, *way)), -0.5, -1.0, True) for tokens in gold] for way in ways]


@pytest.mark.parametrize("split", SPLITS)
def test_gold_programs_score_one(
    solver: tuple[MathTask, Seq2Seq], split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, model = solver
    monkeypatch.setattr(task.evaluator, "hypotheses", Searches(task))
    found = task.evaluate(model, split)
    assert found.examples == len(task.problems(split))
    of_all = {name: found.metrics[name] for name in NAMES}
    assert of_all == dict.fromkeys(NAMES, 1.0)
    assert {name for name in found.metrics if name.startswith("novel/")} == (
        set() if split == "train" else {f"novel/{name}" for name in (*NAMES, "loss")}
    )
    assert found.mistakes == []
    assert found.report["errors"] == {}


def test_every_width_is_measured_with_grammar_and_without(
    solver: tuple[MathTask, Seq2Seq], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the plain search of width 5 alone finds nothing that runs."""
    task, model = solver

    def change(tokens: list[str], width: int, grammar: bool) -> list[str]:
        return tokens if grammar or width != 5 else tokens[1:]

    searches = Searches(task, change)
    monkeypatch.setattr(task.evaluator, "hypotheses", searches)
    found = task.evaluate(model, "val")
    assert set(searches.asked) == {(width, grammar) for width in (3, 1, 5) for grammar in (True, False)}
    assert len(searches.asked) == 6
    by_beam = found.report["by_beam"]
    assert list(by_beam) == ["3", "1", "5"]
    assert by_beam["5"]["grammar_off"]["no_value"] == 1
    assert by_beam["5"]["grammar_on"]["no_value"] == 0
    assert by_beam["5"]["grammar_off"]["exact_match"] == 0
    assert by_beam["5"]["grammar_on"]["exact_match"] == by_beam["5"]["exact_match"] == 1
    assert by_beam["3"]["exact_match"] == found.metrics["exact_match"]
    json.dumps(found.report, allow_nan=False)


@pytest.mark.parametrize("grammar", [True, False])
def test_the_main_numbers_are_those_of_the_settings_own_search(solver: tuple[MathTask, Seq2Seq], grammar: bool) -> None:
    task, model = solver
    task.settings.grammar = grammar
    found = task.evaluate(model, "val")
    for width in (3, 1, 5):
        for other in (True, False):
            hypotheses = search(
                model, task.encoded("val"), task.vocabulary, search_of(task.settings, width, other), CPU
            )
            marks = [
                metrics.mark(beams[0].tokens, parse(formula), numbers_of(text), answer, complete=beams[0].complete)
                for beams, (text, formula, answer) in zip(hypotheses, OTHERS, strict=True)
            ]
            kind = found.report["by_beam"][str(width)]["grammar_on" if other else "grammar_off"]
            wanted = metrics.scores(marks, [True, False, True])
            assert {name: kind[name] for name in wanted} == wanted
            if (width, other) == (3, grammar):
                assert {name: found.metrics[name] for name in wanted} == wanted
                assert found.report["errors"] == metrics.errors_of(marks)


class TestBaseline:
    def test_is_the_nearest_training_problems_program(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        found = task.evaluate(model, "val").report["lookup"]
        formulas = Lookup(task.problems("train")).predict(text for text, _, _ in OTHERS)
        assert formulas[:2] == ["add(n0,n1)", "speed(n0,n1)"]
        right = sum(ours == theirs for ours, (_, theirs, _) in zip(formulas, OTHERS, strict=True))
        assert found["exact_match"] == right / len(OTHERS)
        assert set(found) == NAMES | {f"novel/{name}" for name in NAMES}

    def test_is_not_looked_up_among_the_problems_themselves(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        assert "lookup" not in task.evaluate(model, "train").report

    def test_is_not_there_where_no_training_problems_are(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        assert task.data is not None
        unseen = MathData("0" * 64, {"test": task.data.split("val")})
        task.attach(unseen, task.settings, task.artifacts, CPU)
        report = task.evaluate(model, "test").report
        assert "lookup" not in report
        assert report["novel"] == 2

    def test_is_not_looked_up_among_others_than_the_run_was_trained_on(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        assert task.data is not None
        others = MathData("0" * 64, {"train": task.data.split("val"), "test": task.data.split("test")})
        task.attach(others, task.settings, task.artifacts, CPU)
        assert "lookup" not in task.evaluate(model, "test").report


class TestLoss:
    def test_is_the_mean_over_all_gold_tokens_and_ends(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        total, tokens = 0.0, 0
        for row in range(len(TRAIN)):
            batch = task.encoded("train").batch(torch.tensor([row]))
            log_probs = model(batch.inputs, batch.tokens)[0].log_softmax(1)
            for step, token in enumerate(batch.gold[0].tolist()):
                assert token != PADDING
                total -= log_probs[step, token].item()
                tokens += 1
        assert tokens == sum(len(tokens_of(parse(formula))) + 1 for _, formula, _ in TRAIN)
        assert task.evaluator.losses(model, "train") == pytest.approx({"loss": total / tokens}, rel=1e-5)

    def test_of_training_is_that_of_the_problems_that_are_searched(
        self, solver: tuple[MathTask, Seq2Seq], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task, model = solver
        monkeypatch.setattr("engine.mathqa.evaluation.OF_TRAINING", 2)
        found = task.evaluate(model, "train")
        assert found.examples == 2
        wanted = task.evaluator.losses(model, "train", sample(len(TRAIN), 2))
        assert found.metrics["loss"] == wanted["loss"] != task.evaluator.losses(model, "train")["loss"]

    def test_of_novel_problems_is_theirs_alone(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        found, encoded = task.evaluator.losses(model, "val"), task.encoded("val")
        each = [
            -log_likelihood(model(batch.inputs, batch.tokens), batch.gold).item()
            for batch in (encoded.batch(torch.tensor([row])) for row in range(3))
        ]
        tokens = [len(tokens_of(parse(formula))) + 1 for _, formula, _ in OTHERS]
        assert found["loss"] == pytest.approx(sum(each) / sum(tokens), rel=1e-5)
        assert found["novel/loss"] == pytest.approx((each[0] + each[2]) / (tokens[0] + tokens[2]), rel=1e-5)

    def test_depends_on_no_batch_and_no_teacher_forcing(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        wanted = task.evaluator.losses(model, "val")
        task.settings.batch_size, task.settings.teacher_forcing = 1, 0.0
        assert task.evaluator.losses(model, "val") == pytest.approx(wanted, rel=1e-5)

    def test_a_whole_evaluation_and_a_quick_one_have_the_same(self, solver: tuple[MathTask, Seq2Seq]) -> None:
        task, model = solver
        assert task.validate(model).metrics["loss"] == task.evaluate(model, "val").metrics["loss"]


class TestSample:
    def test_is_always_the_same_and_in_order(self) -> None:
        rows = sample(500, 100).tolist()
        assert rows == sorted(set(rows)) == sample(500, 100).tolist()
        assert len(rows) == 100
        assert 0 <= rows[0] < 50 < 450 < rows[-1] < 500

    def test_is_everything_where_that_is_little(self) -> None:
        assert sample(5, 5).tolist() == [0, 1, 2, 3, 4]
        assert sample(0, 5).tolist() == []

    def test_every_epoch_is_measured_by_greedy_search_on_it(
        self, solver: tuple[MathTask, Seq2Seq], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task, model = solver
        searches = Searches(task)
        monkeypatch.setattr(task.evaluator, "hypotheses", searches)
        monkeypatch.setattr(evaluation, "VALIDATED", 2)
        for _ in range(2):
            assert task.validate(model).examples == 2
        assert searches.asked == [(1, True)] * 2
        assert searches.rows == [sample(len(OTHERS), 2).tolist()] * 2

    def test_of_training_only_so_many_are_decoded(
        self, solver: tuple[MathTask, Seq2Seq], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task, model = solver
        monkeypatch.setattr(evaluation, "OF_TRAINING", 3)
        monkeypatch.setattr(evaluation, "VALIDATED", 1)
        assert task.evaluate(model, "train").examples == 3
        assert task.evaluate(model, "val").examples == len(OTHERS)


def test_what_cannot_be_solved_at_all_is_wrong_with_a_reason(
    solver: tuple[MathTask, Seq2Seq], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, model = solver

    def nothing(network: Any, encoded: Any, vocabulary: Any, hows: Sequence[Any], *rest: Any) -> Any:
        return [[[] for _ in range(len(encoded))] for _ in hows]

    monkeypatch.setattr(evaluation, "searches", nothing)
    found = task.evaluate(model, "val")
    assert found.metrics["exact_match"] == found.metrics["token_accuracy"] == 0
    assert sum(found.report["errors"].values()) == len(OTHERS) == len(found.mistakes)
    json.dumps(found.mistakes, allow_nan=False)
