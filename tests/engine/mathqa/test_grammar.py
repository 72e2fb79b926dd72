"""The grammar as a mask: what it allows is a program that runs to its last step, what it forbids would not be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.grammar import Grammar, Position
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import ARGUMENT, parse, steps_of, text_of, tokens_of
from engine.mathqa.vocabulary import END, SPECIAL, START
from tests.engine.mathqa.solvers import OTHERS, TRAIN, is_sound

TOKENS = (
    *SPECIAL, "add", "#0", "n0", "negate", "const_100", "n1", "triangle_perimeter", "#1", "n3", "#3", "const_pi",
    "unheard_of", "choose",
)  # fmt: skip
GRAMMAR = Grammar(TOKENS, torch.device("cpu"))
NUMBERS = st.integers(0, 5)


def position_behind(tokens: Sequence[int]) -> Position:
    position = GRAMMAR.start(1, 1)
    for token in (START, *tokens):
        position = GRAMMAR.advance(position, torch.tensor([[token]]))
    return position


def next_ones(tokens: Sequence[int], numbers: int) -> list[int]:
    """What may follow these tokens."""
    allowed = GRAMMAR.allowed(position_behind(tokens), torch.tensor([numbers]))
    return [token for token, good in enumerate(allowed[0, 0].tolist()) if good]


@given(numbers=NUMBERS, data=st.data())
def test_whatever_it_allows_spells_a_program_on_what_is_there(numbers: int, data: st.DataObject) -> None:
    tokens: list[int] = []
    while len(tokens) < 16:
        token = data.draw(st.sampled_from(next_ones(tokens, numbers)))
        if token == END:
            break
        tokens.append(token)
    else:
        while (owed := int(position_behind(tokens).owed)) > 0:  # the step is finished
            tokens.append(data.draw(st.sampled_from(next_ones(tokens, numbers))))
            assert owed - int(position_behind(tokens).owed) == 1
    words = [TOKENS[token] for token in tokens]
    assert is_sound(words, numbers)
    program = steps_of(words)
    assert parse(text_of(program)) == program


@given(numbers=NUMBERS, data=st.data())
def test_whatever_it_forbids_could_be_in_no_program(numbers: int, data: st.DataObject) -> None:
    """A forbidden token is none of a program, not its kind's turn, or refers to nothing."""
    tokens: list[int] = []
    for _ in range(data.draw(st.integers(0, 12))):
        good = [token for token in next_ones(tokens, numbers) if token != END]
        tokens.append(data.draw(st.sampled_from(good)))
    allowed, words = next_ones(tokens, numbers), [TOKENS[token] for token in tokens]
    for token, word in enumerate(TOKENS):
        if token == END:
            assert (token in allowed) == is_sound(words, numbers)
        elif token in allowed:
            assert any(is_sound([*words, word, *rest], numbers) for rest in fillings())
        else:
            assert not any(is_sound([*words, word, *rest], numbers) for rest in fillings())


def fillings() -> list[list[str]]:
    """Constants that could complete a step: no operation needs more than three arguments."""
    return [["const_pi"] * count for count in range(4)]


def test_it_begins_with_an_operation_and_does_not_end_before_a_step() -> None:
    assert {TOKENS[token] for token in next_ones([], 2)} == {"add", "negate", "triangle_perimeter", "choose"}


@pytest.mark.parametrize(("numbers", "known"), [(0, set()), (1, {"n0"}), (3, {"n0", "n1"}), (4, {"n0", "n1", "n3"})])
def test_numbers_are_those_of_the_problem(numbers: int, known: set[str]) -> None:
    found = {TOKENS[token] for token in next_ones([TOKENS.index("add")], numbers)}
    assert found == known | {"const_100", "const_pi"}


def test_results_are_those_of_complete_steps() -> None:
    tokens = [TOKENS.index(word) for word in ("negate", "n0", "add", "#0", "n0", "negate")]
    assert "#1" in {TOKENS[token] for token in next_ones(tokens, 1)}
    assert "#1" not in {TOKENS[token] for token in next_ones(tokens[:3], 1)}
    assert "#3" not in {TOKENS[token] for token in next_ones(tokens, 1)}


@pytest.mark.parametrize(("problem", "formula", "answer"), TRAIN + OTHERS)
def test_a_gold_program_is_allowed_token_by_token(problem: str, formula: str, answer: float) -> None:
    words = tokens_of(parse(formula))
    vocabulary = (*SPECIAL, *dict.fromkeys(words))
    grammar, numbers = Grammar(vocabulary, torch.device("cpu")), torch.tensor([9])
    position = grammar.advance(grammar.start(1, 1), torch.tensor([[START]]))
    for token in (*(vocabulary.index(word) for word in words), END):
        assert bool(grammar.allowed(position, numbers)[0, 0, token])
        position = grammar.advance(position, torch.tensor([[token]]))


def test_every_beam_and_problem_has_a_place_of_its_own() -> None:
    walks = [
        ["add", "n0", "n1"],
        ["negate", "n0", "add"],
        ["triangle_perimeter", "n0", "n1"],
        ["add", "n0", "const_pi"],
    ]
    position = GRAMMAR.advance(GRAMMAR.start(2, 2), torch.full((2, 2), START))
    for step in range(3):
        tokens = torch.tensor([TOKENS.index(walk[step]) for walk in walks]).view(2, 2)
        position = GRAMMAR.advance(position, tokens)
    allowed = GRAMMAR.allowed(position, torch.tensor([2, 1]))
    for place, (walk, numbers) in enumerate(zip(walks, (2, 2, 1, 1), strict=True)):
        alone = next_ones([TOKENS.index(word) for word in walk], numbers)
        assert allowed.flatten(0, 1)[place].nonzero()[:, 0].tolist() == alone


def test_every_operation_has_its_arity() -> None:
    grammar = Grammar((*SPECIAL, *OPERATIONS, "const_1"), torch.device("cpu"))
    assert grammar.arity[len(SPECIAL) : -1].tolist() == [each.arity for each in OPERATIONS.values()]
    assert not any(ARGUMENT.fullmatch(name) for name in OPERATIONS)
