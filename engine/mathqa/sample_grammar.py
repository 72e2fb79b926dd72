"""Grammar of the embedded sample: a story told in several ways, and what may be asked about it.

In a text `[a|b|]` picks one, `{price}` is a number of the story, `<A>` and `<B>` are two people with `<she>`, `<She>`,
`<her>` (whose) and `<him>` for the first, `<thing>` and `<things>` are what a story is about. A program names the
numbers as the story does; written out, they are n0, n1, ... in the order of the text.

Numbers are drawn until every step of the program is above zero and the answer is one a person would give.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, NamedTuple

from engine.mathqa.programs import Program, Step
from engine.text.dice import Dice

# Which answers will do: whole numbers, at most two decimals, seconds that are whole but for the rounding of km/h to
# m/s, or anything, rounded to two decimals.
Need = Literal["whole", "tidy", "near", "any"]

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
SPEC = re.compile(r"(\w+) (?:(\w+) )?([\d.]+)\.\.([\d.]+)(?: by ([\d.]+))?")
CONDITION = re.compile(r"(?:(\d+)\*)?(\w+) < (?:(\d+)\*)?(\w+)")
ARTICLE = re.compile(r"\b([Aa])(?= [aeio])")  # no word of the stories that begins with u wants an "an"

PEOPLE: Sequence[tuple[str, str, str, str]] = (
    ("Maria", "she", "her", "her"), ("Tom", "he", "his", "him"), ("Aisha", "she", "her", "her"),
    ("Daniel", "he", "his", "him"), ("Priya", "she", "her", "her"), ("Omar", "he", "his", "him"),
    ("Helen", "she", "her", "her"), ("Victor", "he", "his", "him"), ("Mei", "she", "her", "her"),
    ("Samuel", "he", "his", "him"),
)  # fmt: skip
SYMMETRIC = frozenset(
    ["add", "multiply", "lcm", "gcd", "rectangle_area", "rectangle_perimeter", "triangle_area"]
)  # their arguments stand in one order: numbers of the problem, results, constants


class Question(NamedTuple):
    """What is asked, and the program that answers it."""

    text: str
    program: str
    need: Need = "tidy"


class Aside(NamedTuple):
    """A sentence with a number that nothing depends on."""

    text: str
    numbers: str


LEADS = (  # before any story
    Aside("[Here is|This is] [problem|question|puzzle] number {label}.", "label 2..60"),
    Aside("[Page|Chapter] {label} of a [schoolbook|book of puzzles] asks:", "label 2..40"),
    Aside("[This|The next] question is worth {label} marks.", "label 2..15"),
)


@dataclass(frozen=True)
class Story:
    """Ways to tell it, each with the numbers that every question needs."""

    numbers: str  # price money 0.25..9 by 0.25; name, kind, least, most, step
    tellings: Sequence[str]
    questions: Sequence[Question]
    asides: Sequence[Aside] = ()
    things: Sequence[tuple[str, str]] = (("", ""),)  # (one, many)
    where: str = ""  # what must be less than what: "width < length; legs < 4*heads"


@dataclass(frozen=True)
class Range:
    """Numbers that a slot may hold. Kinds: plain, money (cents are written out), year (no comma), square."""

    kind: str
    least: Decimal
    most: Decimal
    step: Decimal

    def draw(self, dice: Dice) -> Decimal:
        value = self.least + self.step * dice.below(int((self.most - self.least) / self.step) + 1)
        return value * value if self.kind == "square" else value

    def written(self, value: Decimal, dice: Dice) -> str:
        """As people write it: 12, 12.50, 1,600 or 1600, 45,000."""
        if value != int(value):
            return f"{value:.2f}" if self.kind == "money" else f"{value.normalize():f}"
        comma = self.kind != "year" and (value >= 10_000 or (value >= 1_000 and dice.chance(0.5)))
        return f"{int(value):,}" if comma else f"{int(value)}"


@dataclass(frozen=True)
class Template:
    """A text in which only the numbers are open, and its program in terms of n0, n1, ..."""

    text: str
    program: Program
    need: Need
    ranges: tuple[Range, ...]  # one for each slot of the text, in its order
    where: tuple[tuple[int, int, int, int], ...]  # (a, i, b, k): a times number i is less than b times number k

    @property
    def masked(self) -> str:
        return SLOT.sub("num", self.text)


def template_of(story: Story, question: Question, dice: Dice, aside: float, lead: float) -> Template:
    """One way to tell a story and ask a question; shares of 1 have an aside, or a lead."""
    telling, asked = dice.pick(story.tellings), question.text
    ranges = dict(ranges_of(story.numbers))
    parts = [telling, asked]
    if telling.endswith(","):
        parts[1] = asked[0].lower() + asked[1:] if not asked.startswith("<") else asked
    if story.asides and telling.endswith(".") and dice.chance(aside):
        extra = story.asides[dice.below(len(story.asides))]
        ranges |= ranges_of(extra.numbers)
        parts.insert(1, extra.text)
    if dice.chance(lead):
        extra = LEADS[dice.below(len(LEADS))]
        ranges |= ranges_of(extra.numbers)
        parts.insert(0, extra.text)
    text = _filled(" ".join(filter(None, parts)), story, dice)
    names = SLOT.findall(text)
    order = {name: f"n{place}" for place, name in enumerate(names)}
    assert len(order) == len(names), f"a number stands twice in: {text}"
    drawn = tuple(ranges[name] for name in names)
    return Template(text, program_of(question.program, order), question.need, drawn, _where(story.where, names))


def _where(text: str, names: Sequence[str]) -> tuple[tuple[int, int, int, int], ...]:
    """The conditions that concern numbers of a text; `names` are its numbers in order."""
    found = []
    for many, less, more_many, more in CONDITION.findall(text):
        if less in names and more in names:
            found.append((int(many or 1), names.index(less), int(more_many or 1), names.index(more)))
    return tuple(found)


def program_of(text: str, order: Mapping[str, str]) -> Program:
    """The steps of a program that names its numbers; `order` says which nK each is."""
    steps = []
    for piece in text.split("|"):
        operation, _, inside = piece.rstrip(")").partition("(")
        arguments = tuple(
            each if each.startswith(("#", "const_")) else order[each] for each in inside.replace(" ", "").split(",")
        )
        steps.append(Step(operation, tuple(sorted(arguments, key=_rank)) if operation in SYMMETRIC else arguments))
    return tuple(steps)


def _rank(argument: str) -> tuple[int, int]:
    if argument.startswith("const_"):
        return 2, 0
    return (1 if argument[0] == "#" else 0), int(argument[1:])


@cache
def ranges_of(text: str) -> Mapping[str, Range]:
    """`count 3..40; price money 0.25..9 by 0.25` as ranges by name."""
    found = {}
    for piece in filter(None, text.split("; ")):
        match = SPEC.fullmatch(piece)
        assert match is not None, piece
        name, kind, *bounds = match.groups(default="1")
        found[name] = Range(kind, *map(Decimal, bounds))
    return found


def _filled(text: str, story: Story, dice: Dice) -> str:
    """The text with its choices made, its people named and its things put in."""
    while choice := CHOICE.search(text):
        text = text[: choice.start()] + dice.pick(choice[1].split("|")) + text[choice.end() :]
    first = dice.below(len(PEOPLE))
    second = (first + 1 + dice.below(len(PEOPLE) - 1)) % len(PEOPLE)
    name, she, her, him = PEOPLE[first]
    thing, things = story.things[dice.below(len(story.things))]
    words = {
        "<A>": name, "<B>": PEOPLE[second][0], "<she>": she, "<She>": she.capitalize(), "<her>": her, "<him>": him,
        "<thing>": thing, "<things>": things, "<Things>": things.capitalize(),
    }  # fmt: skip
    for slot, word in words.items():
        text = text.replace(slot, word)
    return ARTICLE.sub(r"\1n", " ".join(text.split()).replace(" ?", "?").replace(" .", "."))
