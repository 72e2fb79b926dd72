"""The embedded sample: generated word problems with programs and answers, over fifteen operations.

A template is a story told in one way with one question: only its numbers are open. Training draws problems from some
hundred templates; validation and test draw most of theirs from the same ones, and the rest from templates of their own:
the same questions in other words, in another order, with other things and people. Those are the `novel` ones. Problems
depend on SAMPLE_VERSION alone, not on the run's seed or the machine: raise it with any change of a word or a number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache as kept
from pathlib import Path

from engine.mathqa import sample_figures, sample_money, sample_motion, sample_numbers
from engine.mathqa.corpus import MathData, Problem
from engine.mathqa.execute import execute, is_right
from engine.mathqa.identity import fingerprint_of
from engine.mathqa.numbers import masked, numbers_of
from engine.mathqa.programs import text_of
from engine.mathqa.sample_grammar import SLOT, Need, Story, Template, template_of
from engine.task import SPLITS, Split
from engine.text.dice import Dice
from engine.text.sources import EMBEDDED

SAMPLE_VERSION = 1
ENCODER = EMBEDDED + "mathqa/encoder"  # made by `sample_encoder`
COUNTS: Mapping[Split, int] = {"train": 3_000, "val": 400, "test": 400}
TEMPLATES: Mapping[Split, int] = {"train": 4, "val": 1, "test": 1}  # of every question, each its own
NOVEL = 0.33  # share of problems in validation and test from templates that training does not have
ASIDE = 0.4  # share of templates with a number that nothing depends on
LEAD = 0.3  # share of templates with such a number in front of the story
LARGEST = 1e7  # of all values of a program: people do not reckon with more
SMALLEST = 0.05  # of an answer
STORIES: Sequence[Story] = (
    *sample_money.STORIES,
    *sample_motion.STORIES,
    *sample_numbers.STORIES,
    *sample_figures.STORIES,
)


def open_sample(source: str | Path, settings: object, cache: Path, say: Callable[[str], None]) -> MathData:
    """The sample, the same for everybody."""
    splits = generated()
    recipe = f"labapp sample {SAMPLE_VERSION} {fingerprint_of(splits)}"
    return MathData(hashlib.sha256(recipe.encode()).hexdigest(), splits, encoder=ENCODER, cache=cache)


def texts() -> list[str]:
    """The training problems' texts, to pretrain an encoder on."""
    return [problem.text for problem in generated()["train"]]


@kept
def generated() -> Mapping[Split, Sequence[Problem]]:
    """All problems; no text is there twice."""
    templates = all_templates()
    seen: set[str] = set()
    result: dict[Split, Sequence[Problem]] = {}
    for split in SPLITS:
        dice = Dice(f"mathqa {split} {SAMPLE_VERSION}")
        problems: list[Problem] = []
        for turn in range(10 * COUNTS[split]):
            own = split == "train" or dice.chance(NOVEL)
            some = templates[split if own else "train"]
            # training takes its templates in turn, so that it has all of them
            template = some[turn % len(some) if split == "train" else dice.below(len(some))]
            problem = problem_of(template, dice, f"{split}#{len(problems)}")
            if problem.text not in seen:
                seen.add(problem.text)
                problems.append(problem)
            if len(problems) == COUNTS[split]:
                break
        result[split] = tuple(problems)
    return result


@kept
def all_templates() -> Mapping[Split, Sequence[Template]]:
    """Templates of every question for every split, none of them twice."""
    dice = Dice(f"mathqa templates {SAMPLE_VERSION}")
    seen: set[str] = set()
    result: dict[Split, list[Template]] = {split: [] for split in SPLITS}
    for story in STORIES:
        for question in story.questions:
            for split in SPLITS:
                for _ in range(TEMPLATES[split]):
                    template = template_of(story, question, dice, ASIDE, LEAD)
                    for _ in range(50):
                        if template.masked not in seen:
                            break
                        template = template_of(story, question, dice, ASIDE, LEAD)
                    if template.masked not in seen:
                        seen.add(template.masked)
                        result[split].append(template)
    return result


def problem_of(template: Template, dice: Dice, origin: str) -> Problem:
    """A problem with numbers for which the question makes sense."""
    for _ in range(5_000):
        values = [each.draw(dice) for each in template.ranges]
        if len(set(values)) < len(values) or any(a * values[i] >= b * values[k] for a, i, b, k in template.where):
            continue
        found = execute(template.program, [float(value) for value in values])
        if found.value is None or not all(value is not None and 0 < value < LARGEST for value in found.values):
            continue
        answer = answer_of(found.value, template.need)
        if answer is not None:
            return _written(template, values, answer, dice, origin)
    raise AssertionError(f"no numbers fit: {template.text}")


def answer_of(value: float, need: Need) -> float | None:
    """The answer as a person would give it, or None where nobody would ask for it."""
    digits = 0 if need in ("whole", "near") else 2
    answer = round(value, digits)
    tolerance = {"whole": 1e-9, "tidy": 1e-9, "near": 2e-4 * answer, "any": 5e-3 * answer}[need]
    return answer if abs(value - answer) <= tolerance and answer >= SMALLEST else None


def _written(template: Template, values: Sequence[Decimal], answer: float, dice: Dice, origin: str) -> Problem:
    written = iter([each.written(value, dice) for each, value in zip(template.ranges, values, strict=True)])
    text = SLOT.sub(lambda _: next(written), template.text)
    assert numbers_of(text) == tuple(map(float, values)), text
    assert masked(text) == masked(template.masked), text
    assert is_right(execute(template.program, numbers_of(text)).value, answer), text
    return Problem(text, text_of(template.program), answer, origin)
