"""What can be asked of a trained solver: problems solved, where it looked, examples with their gold programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from engine.errors import LabError, UsageError
from engine.jobs import TrainedModel
from engine.learner import TorchLearner
from engine.mathqa import solving
from engine.mathqa.decoding import Hypothesis, attention
from engine.mathqa.execute import MOST_STEPS
from engine.mathqa.numbers import read
from engine.mathqa.playground import LONGEST, MOST, attend, examples, solve
from engine.mathqa.programs import parse, text_of
from engine.mathqa.settings import WIDEST
from engine.mathqa.task import MathTask
from labapp.solve import reading, replies
from tests.engine.mathqa.solvers import OTHERS, TRAIN, config, opened, sharpened

TEXT = "Ben has 1,600 apples and eats 25%. How many are left?"
GOLD = "divide(n1,const_100)|multiply(n0,#0)|subtract(n0,#1)"


class Loaded:
    """A model as the inference process holds it, untrained."""

    def __init__(self, variant: str, folder: Path, **changes: Any):
        chosen = config(variant, folder, **changes)
        self.settings = cast(Any, chosen.settings)
        self.data = opened(chosen, folder)
        self.task = MathTask(chosen.row.variants[variant].options)
        self.artifacts = self.task.prepare(self.data, self.settings)
        self.learner = TorchLearner(self.settings)
        self.learner.build(self.task, self.artifacts)
        sharpened(cast(Any, self.learner.model))
        self.memory: dict[Any, Any] = {}
        self.opened = 0

    def attach_own_data(self, chosen: Any, cache: Path, say: Any) -> None:
        self.opened += 1
        self.task.attach(self.data, chosen, self.artifacts, self.learner.device)


@pytest.fixture
def model(tmp_path: Path) -> TrainedModel:
    return cast(TrainedModel, Loaded("attention", tmp_path))


def ask(operation: Any, model: TrainedModel, **args: Any) -> Any:
    found = operation(model, args, Path("/nowhere"), lambda message: None)
    json.dumps(found, allow_nan=False)  # as it is sent
    return found


class TestSolve:
    def test_words_say_where_they_stand_and_which_number_they_are(self, model: TrainedModel) -> None:
        found = ask(solve, model, problem=TEXT)
        (problem,) = found["problems"]
        assert (found["beam"], found["grammar"], found["attention"]) == (3, True, True)
        assert problem["problem"] == TEXT
        assert problem["numbers"] == [1600.0, 25.0]
        for word in problem["words"]:
            assert TEXT[word["start"] : word["end"]].lower().replace(",", "") == word["text"]
        numbers = {word["number"]: word["text"] for word in problem["words"] if word["number"] is not None}
        assert numbers == {0: "1600", 1: "25"}
        known = {word["text"]: word["known"] for word in problem["words"]}
        assert known["apples"]
        assert known["1600"]
        assert not known["eats"]

    def test_beams_come_the_best_first_each_worked_out(self, model: TrainedModel) -> None:
        (problem,) = ask(solve, model, problem=TEXT, beam=8)["problems"]
        complete = [beam for beam in problem["beams"] if beam["error"] != "cut off at the length limit"]
        assert complete == problem["beams"][: len(complete)]
        scores = [beam["score"] for beam in complete]
        assert scores == sorted(scores, reverse=True)
        for beam in complete:
            steps = parse(beam["program"])
            assert [step["reference"] for step in beam["steps"]] == [f"#{place}" for place in range(len(steps))]
            assert [step["operation"] for step in beam["steps"]] == [step.operation for step in steps]
            assert beam["value"] == beam["steps"][-1]["value"]
        assert problem["typed"] is None

    @pytest.mark.parametrize("width", [1, 5, WIDEST])
    def test_the_width_is_what_is_asked_for(self, model: TrainedModel, width: int) -> None:
        found = ask(solve, model, problem=TEXT, beam=width)
        assert found["beam"] == width
        assert len(found["problems"][0]["beams"]) == width

    def test_the_grammar_can_be_left_out(self, model: TrainedModel) -> None:
        found = ask(solve, model, problem=TEXT, grammar=False, beam=8)
        assert not found["grammar"]
        assert any(beam["error"] and not beam["steps"] for beam in found["problems"][0]["beams"])

    def test_needs_no_data(self, model: TrainedModel) -> None:
        ask(solve, model, problem=TEXT)
        assert cast(Loaded, model).opened == 0

    def test_many_problems_are_solved_as_each_alone(self, model: TrainedModel) -> None:
        texts = [text for text, _, _ in TRAIN]
        for text, found in zip(texts, ask(solve, model, problems=texts)["problems"], strict=True):
            (alone,) = ask(solve, model, problem=text)["problems"]
            assert [beam["program"] for beam in found["beams"]] == [beam["program"] for beam in alone["beams"]]
            assert alone["words"] == found["words"]

    @pytest.mark.parametrize("problem", ["", " \n", "how many apples ?", "\ud800", "[red]a[/]", "=1+1", "\x1b[31m 3"])
    def test_whatever_is_written_is_solved_somehow(self, model: TrainedModel, problem: str) -> None:
        (found,) = ask(solve, model, problem=problem)["problems"]
        assert found["problem"] == problem
        assert len(found["beams"]) == 3
        if not found["numbers"]:
            assert not any("n0" in beam["program"] for beam in found["beams"])

    def test_a_long_problem_is_solved_by_its_ends(self, model: TrainedModel) -> None:
        text = ("a train covers 120 km " + "in " * LONGEST)[: LONGEST - 10] + " 2 hours ?"
        assert len(text) == LONGEST
        (found,) = ask(solve, model, problem=text)["problems"]
        assert found["numbers"] == [120.0, 2.0]
        assert len(found["words"]) > 5_000


class TestTyped:
    def test_a_program_scores_what_it_would_as_a_beam(self, model: TrainedModel) -> None:
        (problem,) = ask(solve, model, problem=TEXT, beam=8)["problems"]
        for beam in problem["beams"]:
            if beam["error"] == "cut off at the length limit":
                continue
            (again,) = ask(solve, model, problem=TEXT, program=beam["program"] + "|")["problems"]
            typed = again["typed"]
            assert typed["unknown"] == []
            assert typed["program"] == beam["program"]
            assert (typed["value"], typed["error"], typed["steps"]) == (beam["value"], beam["error"], beam["steps"])
            assert typed["score"] == pytest.approx(beam["score"], abs=1e-3)
            assert typed["log_prob"] == pytest.approx(beam["log_prob"], abs=1e-3)

    def test_is_worked_out(self, model: TrainedModel) -> None:
        typed = ask(solve, model, problem=TEXT, program=GOLD)["problems"][0]["typed"]
        assert typed["value"] == 1200
        assert [step["value"] for step in typed["steps"]] == [0.25, 400, 1200]

    def test_what_training_never_saw_is_named_and_counts_as_unknown(self, model: TrainedModel) -> None:
        typed = ask(solve, model, problem=TEXT, program="circle_area(n0)|fly(#0,const_7)")["problems"][0]["typed"]
        assert typed["unknown"] == ["circle_area", "fly", "const_7"]
        assert "'fly', which is no operation" in typed["error"]
        assert typed["score"] < 0

    @pytest.mark.parametrize(
        ("program", "error"),
        [("add(n0,n9)", "uses n9"), ("add(#3,n0)", "uses #3"), ("divide(n0,const_0)", "divides by zero")],
    )
    def test_what_has_no_value_says_why(self, model: TrainedModel, program: str, error: str) -> None:
        typed = ask(solve, model, problem=TEXT, program=program)["problems"][0]["typed"]
        assert typed["value"] is None
        assert error in typed["error"]

    def test_two_hundred_steps_are_run_and_no_more(self, model: TrainedModel) -> None:
        program = "|".join(["negate(n1)"] * MOST_STEPS)
        typed = ask(solve, model, problem=TEXT, program=program)["problems"][0]["typed"]
        assert typed["value"] == -25
        assert len(ask(attend, model, problem=TEXT, program=program)["attention"]) == MOST_STEPS
        with pytest.raises(UsageError, match="201 steps"):
            ask(solve, model, problem=TEXT, program=program + "|negate(n1)")

    @pytest.mark.parametrize("program", ["", "|", "add(n0", "n1(n0)", "add(n0,n1)" * 3_000, 7, ["add(n0,n1)"]])
    def test_what_is_no_program_is_refused(self, model: TrainedModel, program: Any) -> None:
        for operation in (solve, attend):
            with pytest.raises(UsageError):
                ask(operation, model, problem=TEXT, program=program)

    def test_is_of_one_problem(self, model: TrainedModel) -> None:
        for operation in (solve, attend):
            with pytest.raises(UsageError, match="of one problem"):
                ask(operation, model, problems=["1 ?", "2 ?"], program=GOLD)


class TestAttend:
    def test_says_for_each_step_where_it_looks(self, model: TrainedModel) -> None:
        text = "of 1,600 apples 25 % are green ?"
        found = ask(attend, model, problem=text, program=GOLD)
        words = found["problem"]["words"]
        assert len(found["attention"]) == len(found["beam"]["steps"]) == 3
        for weights in found["attention"]:
            assert len(weights) == len(words)
            assert sum(weights) == pytest.approx(1, abs=1e-5)

    def test_a_steps_weights_are_the_mean_of_its_tokens(self, model: TrainedModel) -> None:
        task, network = cast(Loaded, model).task, cast(Any, cast(Loaded, model).learner.model)
        text = "6 workers need 4 days ."
        found = ask(attend, model, problem=text, program="multiply(n0,n1)|square_area(#0)")["attention"]
        program = parse("multiply(n0,n1)|square_area(#0)")
        weights = attention(network, task.encode([read(text)], [program]), task.device)
        assert weights is not None
        assert len(weights) == 6  # with the end, which is of no step
        assert found[0] == pytest.approx(weights[:3].mean(0).tolist(), abs=1e-6)
        assert found[1] == pytest.approx(weights[3:5].mean(0).tolist(), abs=1e-6)

    def test_what_comes_later_changes_nothing(self, model: TrainedModel) -> None:
        one = ask(attend, model, problem=TEXT, program="add(n0,n1)")["attention"]
        two = ask(attend, model, problem=TEXT, program="add(n0,n1)|negate(#0)")["attention"]
        assert two[0] == pytest.approx(one[0], abs=1e-5)

    def test_of_a_long_problem_the_middle_has_no_weight(self, model: TrainedModel) -> None:
        text = " ".join("abcdefghijklmnopqrstuvwxyz") + " 3 ?"
        (weights,) = ask(attend, model, problem=text, program="square_area(n0)")["attention"]
        assert len(weights) == 28
        assert [place for place, weight in enumerate(weights) if weight] == [*range(6), *range(22, 28)]  # twelve words
        assert sum(weights) == pytest.approx(1, abs=1e-5)

    def test_of_no_words_there_are_no_weights(self, model: TrainedModel) -> None:
        assert ask(attend, model, problem="", program="negate(n0)")["attention"] == [[]]

    def test_is_null_without_attention(self, tmp_path: Path) -> None:
        found = ask(attend, cast(TrainedModel, Loaded("seq2seq", tmp_path)), problem=TEXT, program=GOLD)
        assert found["attention"] is None
        assert found["beam"]["value"] == 1200

    def test_is_of_the_words_with_a_pretrained_encoder_too(self, tmp_path: Path) -> None:
        found = ask(attend, cast(TrainedModel, Loaded("bert-finetuned", tmp_path)), problem=TEXT, program=GOLD)
        assert [len(weights) for weights in found["attention"]] == [len(found["problem"]["words"])] * 3

    def test_needs_problem_and_program(self, model: TrainedModel) -> None:
        for args in ({}, {"problem": TEXT}, {"program": GOLD}):
            with pytest.raises(UsageError):
                ask(attend, model, **args)


class TestExamples:
    def test_stand_beside_their_gold_programs(self, model: TrainedModel) -> None:
        found = ask(examples, model, split="train", start=1, count=2)
        assert (found["split"], found["order"], found["total"]) == ("train", "corpus", len(TRAIN))
        assert [each["index"] for each in found["problems"]] == [1, 2]
        for each in found["problems"]:
            text, formula, answer = TRAIN[each["index"]]
            assert each["problem"] == text
            assert each["gold"]["program"] == text_of(parse(formula))
            assert each["gold"]["value"] == each["answer"] == answer
            assert each["novel"] is False
            typed = ask(solve, model, problem=text, program=formula)["problems"][0]["typed"]
            assert each["gold"]["score"] == pytest.approx(typed["score"], abs=1e-5)

    @pytest.mark.parametrize("beam", [1, 3])
    def test_say_whether_they_are_right_as_the_evaluation_does(self, model: TrainedModel, beam: int) -> None:
        found = ask(examples, model, split="val", count=10, beam=beam)
        task, network = cast(Loaded, model).task, cast(Loaded, model).learner.evaluation_model()
        rows = torch.arange(len(OTHERS))
        (best,) = task.evaluator.hypotheses(network, "val", rows, [(beam, True)])
        marks = task.evaluator.marks("val", rows, best)
        assert [each["exact"] for each in found["problems"]] == [each.exact for each in marks]
        assert [each["correct"] for each in found["problems"]] == [each.right for each in marks]

    def test_a_gold_program_that_was_found_is_exact_and_correct(
        self, model: TrainedModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every problem is solved with the program of the first."""
        beams = [Hypothesis(("add", "n0", "n1"), -0.1, -0.4, True)]
        monkeypatch.setattr(solving, "search", lambda network, encoded, *rest: [beams] * len(encoded))
        found = ask(examples, model, split="val", count=10)["problems"]
        assert [(each["exact"], each["correct"]) for each in found] == [(True, True), (False, False), (False, False)]

    def test_novel_ones_are_in_no_training_problem(self, model: TrainedModel) -> None:
        found = ask(examples, model, split="val", order="novel", count=10)
        assert found["total"] == 2
        assert [each["index"] for each in found["problems"]] == [0, 2]
        assert all(each["novel"] for each in found["problems"])
        assert ask(examples, model, split="train", order="novel")["total"] == 0

    def test_wrong_ones_come_the_surest_first(self, model: TrainedModel) -> None:
        every = ask(examples, model, split="train", count=10, beam=1)["problems"]
        wrong = ask(examples, model, split="train", order="wrong", count=10, beam=1)
        assert wrong["total"] == len(wrong["problems"]) == sum(not each["correct"] for each in every) > 1
        assert not any(each["correct"] for each in wrong["problems"])
        scores = [each["beams"][0]["score"] for each in wrong["problems"]]
        assert scores == sorted(scores, reverse=True)

    def test_wrong_ones_are_those_of_the_search_that_was_asked_for(self, model: TrainedModel) -> None:
        for grammar in (True, False):
            wrong = ask(examples, model, split="val", order="wrong", count=10, beam=1, grammar=grammar)
            rows = torch.arange(len(OTHERS))
            task, network = cast(Loaded, model).task, cast(Loaded, model).learner.evaluation_model()
            (found,) = task.evaluator.hypotheses(network, "val", rows, [(1, grammar)])
            surest = sorted((-each.score, row) for row, each in enumerate(found))
            assert [each["index"] for each in wrong["problems"]] == [row for _, row in surest]

    def test_beyond_the_end_there_are_none(self, model: TrainedModel) -> None:
        assert ask(examples, model, split="val", start=len(OTHERS), count=5)["problems"] == []

    def test_the_data_is_opened_once(self, model: TrainedModel) -> None:
        for order in ("corpus", "wrong", "wrong", "novel"):
            ask(examples, model, order=order)
        assert cast(Loaded, model).opened == 1
        model.memory.clear()  # the model was evaluated on other data meanwhile
        ask(examples, model)
        assert cast(Loaded, model).opened == 2

    @pytest.mark.parametrize(
        "args",
        [
            {"split": "dev"}, {"split": 3}, {"order": "best"}, {"order": ["wrong"]}, {"start": -1}, {"start": "0"},
            {"count": 0}, {"count": MOST + 1}, {"count": True}, {"beam": 0}, {"grammar": "on"},
        ],
    )  # fmt: skip
    def test_what_is_not_known_is_refused(self, model: TrainedModel, args: dict[str, Any]) -> None:
        with pytest.raises(LabError):
            ask(examples, model, **args)
        assert cast(Loaded, model).opened == 0


@pytest.mark.parametrize(
    "args",
    [
        {}, {"problem": None}, {"problem": 7}, {"problem": ["a"]}, {"problems": []}, {"problems": "a 3"},
        {"problems": ["a", None]}, {"problems": {"a": 1}}, {"problem": "a" * (LONGEST + 1)},
        {"problems": ["a"] * (MOST + 1)}, {"problem": "3 ?", "beam": 0}, {"problem": "3 ?", "beam": WIDEST + 1},
        {"problem": "3 ?", "beam": "3"}, {"problem": "3 ?", "beam": True}, {"problem": "3 ?", "beam": None},
        {"problem": "3 ?", "grammar": 1}, {"problem": "3 ?", "grammar": "false"},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(model: TrainedModel, args: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        ask(solve, model, **args)
    assert len(str(refused.value)) < 400


def test_the_face_which_imports_no_torch_knows_the_same_bounds() -> None:
    assert (reading.LONGEST, replies.WIDEST) == (LONGEST, WIDEST)
