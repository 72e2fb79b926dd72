"""The embedded sample: the same for everybody, fifteen operations, sound programs, and some problems that are new."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from engine.mathqa import sample as module
from engine.mathqa.corpus import MathData, Problem
from engine.mathqa.execute import execute, is_right
from engine.mathqa.lookup import Lookup
from engine.mathqa.numbers import masked, numbers_of
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import parse, text_of
from engine.mathqa.sample import COUNTS, STORIES, all_templates, generated, open_sample, texts
from engine.mathqa.sample_grammar import Question, Story, program_of, template_of
from engine.task import SPLITS
from engine.text.dice import Dice

FINGERPRINT = "4d9d3e9b04a10fa81f8176d476331e0a9a8a773b9fd9790d8e70204239047654"


@pytest.fixture(scope="module")
def sample() -> MathData:
    return open_sample("sample", None, Path(), lambda _: None)


@pytest.fixture(scope="module")
def lookup(sample: MathData) -> Lookup:
    return Lookup(sample.split("train"))


def every(sample: MathData) -> list[Problem]:
    return [problem for split in SPLITS for problem in sample.split(split)]


def novel(sample: MathData, split: str) -> list[Problem]:
    known = {masked(text) for text in texts()}
    return [each for each in sample.split(split) if masked(each.text) not in known]  # type: ignore[arg-type]


def test_is_the_same_on_every_machine(sample: MathData) -> None:
    """When a word or a number moved: raise SAMPLE_VERSION, and note the new hash above."""
    assert sample.fingerprint == FINGERPRINT


def test_generated_again_it_is_the_same(sample: MathData) -> None:
    for each in (generated, all_templates):
        each.cache_clear()
    assert generated() == sample.splits


def test_sizes(sample: MathData) -> None:
    assert sample.counts == COUNTS == {"train": 3_000, "val": 400, "test": 400}
    assert 300 < len(all_templates()["train"]) < 900
    assert texts() == [each.text for each in sample.split("train")]


def test_every_program_executes_to_the_answer(sample: MathData) -> None:
    for problem in every(sample):
        found = execute(parse(problem.formula), numbers_of(problem.text))
        assert is_right(found.value, problem.answer), problem
        assert found.value == pytest.approx(problem.answer, rel=0.006)
        assert text_of(parse(problem.formula)) == problem.formula


def test_fifteen_operations_in_one_to_six_steps(sample: MathData) -> None:
    programs = [parse(problem.formula) for problem in every(sample)]
    used = Counter(step.operation for program in programs for step in program)
    assert len(used) == 15
    assert min(used.values()) >= 40
    assert not any(OPERATIONS[name].sic for name in used)
    assert {len(program) for program in programs} == {1, 2, 3, 4, 5, 6}
    assert all(len(step.arguments) == OPERATIONS[step.operation].arity for program in programs for step in program)


def test_no_text_is_there_twice(sample: MathData) -> None:
    assert len({problem.text for problem in every(sample)}) == sum(COUNTS.values())


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_third_or_so_of_the_later_problems_are_novel(sample: MathData, split: str) -> None:
    assert 0.25 < len(novel(sample, split)) / COUNTS[split] < 0.4  # type: ignore[index]


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_lookup_knows_most_of_what_it_has_seen_and_less_of_the_novel_ones(
    sample: MathData, lookup: Lookup, split: str
) -> None:
    def right(problems: list[Problem]) -> float:
        found = lookup.predict(problem.text for problem in problems)
        return sum(x == y.formula for x, y in zip(found, problems, strict=True)) / len(problems)

    assert 0.6 < right(list(sample.split(split))) < 0.85  # type: ignore[arg-type]
    assert 0.15 < right(novel(sample, split)) < 0.5


def test_numbers_are_written_in_every_way(sample: MathData) -> None:
    text = "\n".join(problem.text for problem in every(sample))
    for form in (r"\b\d,\d{3}\b", r"\b\d{2},\d{3}\b", r"\b\d{4}\b", r"\$\d+\.\d{2}\b", r"\b\d\.\d\b", r"\d%", r"\d/\d"):
        assert len(re.findall(form, text)) > 20, form


def test_some_numbers_have_nothing_to_do_with_the_answer(sample: MathData) -> None:
    spare = 0
    for problem in every(sample):
        used = set(re.findall(r"n\d+", problem.formula))
        spare += len(used) < len(numbers_of(problem.text))
    assert 0.3 < spare / sum(COUNTS.values()) < 0.8


def test_nothing_of_the_grammar_is_left_in_a_text(sample: MathData) -> None:
    for problem in every(sample):
        assert not re.search(r"[\[\]{}<>|#]|  | [?.,]|\ba [aeio]|\ban (?!hour)[^aeiou]", problem.text), problem.text
        assert re.match(r"[A-Z\d]", problem.text)
        assert problem.text.endswith("?")


def test_no_unit_is_plural_after_one(sample: MathData) -> None:
    for problem in every(sample):
        assert not re.search(r"(?<![\d.,/:])1 (?!km/h)\w+s\b", problem.text), problem.text


class TestStories:
    @pytest.mark.parametrize("story", STORIES, ids=lambda story: story.tellings[-1][:40])
    def test_every_telling_goes_with_every_question(self, story: Story) -> None:
        dice = Dice("test")
        for telling in story.tellings:
            for question in story.questions:
                one = Story(story.numbers, (telling,), (question,), story.asides, story.things, story.where)
                problem = module.problem_of(template_of(one, question, dice, 1.0, 1.0), dice, "")
                assert problem.answer > 0

    def test_a_template_keeps_its_program_whatever_the_order_of_its_numbers(self) -> None:
        question = Question("How much is that?", "multiply(price,count)|subtract(bill,#0)")
        for telling, formula in (
            ("{price} {count} {bill}.", "multiply(n0,n1)|subtract(n2,#0)"),
            ("{bill} {count} {price}.", "multiply(n1,n2)|subtract(n0,#0)"),
        ):
            story = Story("price 2..9; count 2..9; bill 99..199", (telling,), (question,))
            assert text_of(template_of(story, question, Dice("x"), 0, 0).program) == formula

    def test_arguments_whose_order_means_nothing_have_one_order(self) -> None:
        order = {"a": "n0", "b": "n1"}
        for written in ("add(b,a)|add(const_1,#0)|multiply(#1,a)", "add(a,b)|add(#0,const_1)|multiply(a,#1)"):
            assert text_of(program_of(written, order)) == "add(n0,n1)|add(#0,const_1)|multiply(n0,#1)"
        assert text_of(program_of("subtract(b,a)", order)) == "subtract(n1,n0)"

    def test_conditions_hold(self) -> None:
        question = Question("How many?", "subtract(legs,heads)")
        story = Story(
            "heads 2..50; legs 2..200", ("{heads} {legs}.",), (question,), where="2*heads < legs; legs < 4*heads"
        )
        dice = Dice("x")
        template = template_of(story, question, dice, 0, 0)
        for _ in range(50):
            heads, legs = numbers_of(module.problem_of(template, dice, "").text)
            assert 2 * heads < legs < 4 * heads


@pytest.mark.parametrize(
    ("value", "need", "answer"),
    [
        (12.0, "whole", 12.0),
        (12.5, "whole", None),
        (12.25, "tidy", 12.25),
        (12.255, "tidy", None),
        (23.998, "near", 24.0),
        (23.9, "near", None),
        (78.53981, "any", 78.54),
        (0.003, "any", None),
        (0.0926, "any", None),
    ],
)
def test_answers_are_such_as_people_give(value: float, need: str, answer: float | None) -> None:
    assert module.answer_of(value, need) == answer  # type: ignore[arg-type]
