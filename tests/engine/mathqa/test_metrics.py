"""What programs are worth, by hand; and which problems went wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.corpus import Problem
from engine.mathqa.decoding import Hypothesis
from engine.mathqa.metrics import CUT, LISTED, Marks, errors_of, mark, reason_of, run, scores
from engine.mathqa.mistakes import KEPT, mistakes_of, text_or_tokens
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import parse, tokens_of

GOLD = parse("add(n0,n1)|negate(#0)|")
NUMBERS, ANSWER = (2.0, 3.0), -5.0
TOKENS = st.sampled_from([*OPERATIONS, "n0", "n1", "#0", "#7", "const_2", "const_x", "%", ""])


def marked(tokens: str, *, complete: bool = True) -> Marks:
    return mark(tokens.split(), GOLD, NUMBERS, ANSWER, complete=complete)


class TestMark:
    def test_the_gold_program_is_exact_right_and_the_same_in_every_place(self) -> None:
        assert marked("add n0 n1 negate #0") == Marks(True, True, 6, 6, None)

    def test_empty_steps_do_not_count(self) -> None:
        for formula in ("add(n0,n1)|negate(#0)", "|add(n0,n1)||negate(#0)| |"):
            assert mark(tokens_of(GOLD), parse(formula), NUMBERS, ANSWER).exact

    def test_another_way_to_the_answer_is_right_but_not_exact(self) -> None:
        # add n1 n0 negate #0 <end>, of which the two numbers stand elsewhere
        assert marked("add n1 n0 negate #0") == Marks(False, True, 4, 6, None)

    def test_the_end_is_a_token_and_places_are_those_of_the_longer(self) -> None:
        assert (marked("add n0 n1").matches, marked("add n0 n1").places) == (3, 6)
        longer = marked("add n0 n1 negate #0 negate #1")
        assert (longer.matches, longer.places) == (5, 8)
        assert (marked("").matches, marked("").places) == (0, 6)

    def test_a_program_cut_off_has_no_end_no_value_and_is_not_exact(self) -> None:
        assert marked("add n0 n1 negate #0", complete=False) == Marks(False, False, 5, 6, CUT)
        assert marked("add n0 n1 negate #0 negate", complete=False).places == 6

    @pytest.mark.parametrize(("value", "right"), [(98, True), (102, True), (97.9, False), (102.1, False)])
    def test_right_is_within_two_percent(self, value: float, right: bool) -> None:
        assert mark(["negate", "n0"], parse("add(n0,n0)"), (-value,), 100).right is right

    @pytest.mark.parametrize(
        ("tokens", "error"),
        [
            ("n0 add", "begins with the argument"), ("add n0", "step 1 gives add 1 argument"), ("", "is empty"),
            ("negate n5", "step 1 uses n5"), ("divide n0 const_0", "step 1 divides by zero"),
            ("fly n0", "step 1 calls 'fly'"), ("negate #0", "step 1 uses #0"), ("<unknown> n0", "neither operation"),
        ],
    )  # fmt: skip
    def test_what_has_no_value_says_why_and_is_wrong(self, tokens: str, error: str) -> None:
        found = marked(tokens)
        assert error in str(found.error)
        assert not found.right

    @given(st.lists(TOKENS, max_size=12), st.booleans())
    def test_whatever_a_search_finds_can_be_judged(self, tokens: list[str], complete: bool) -> None:
        found = mark(tokens, GOLD, NUMBERS, ANSWER, complete=complete)
        assert 0 <= found.matches <= found.places
        assert found.exact == (complete and tokens == tokens_of(GOLD))
        assert (found.error is None) == (run(tokens, NUMBERS, complete=complete).value is not None)


class TestScores:
    MARKS = (Marks(True, True, 6, 6, None), Marks(False, True, 1, 4, None), Marks(False, False, 0, 10, "no"))

    def test_are_shares_of_problems_and_of_tokens(self) -> None:
        found = scores(self.MARKS, [False, True, True])
        assert found == pytest.approx({
            "exact_match": 1 / 3, "execution_accuracy": 2 / 3, "token_accuracy": 7 / 20,
            "novel/exact_match": 0, "novel/execution_accuracy": 1 / 2, "novel/token_accuracy": 1 / 14,
        })  # fmt: skip

    def test_without_novel_problems_nothing_is_said_of_them(self) -> None:
        assert set(scores(self.MARKS, [False] * 3)) == {"exact_match", "execution_accuracy", "token_accuracy"}
        assert scores([], []) == {}


class TestErrors:
    def test_are_counted_by_reason_wherever_they_happened(self) -> None:
        marks = [
            Marks(False, False, 0, 1, error)
            for error in (
                "step 1 divides by zero",
                "step 12 divides by zero",
                CUT,
                None,
                "step 2: add has no arguments",
            )
        ]
        found = errors_of(marks)
        assert found == {"divides by zero": 2, CUT: 1, "add has no arguments": 1}
        assert next(iter(found)) == "divides by zero"

    @pytest.mark.parametrize(
        ("tokens", "reason"),
        [
            (["sqrt n0", "sqrt n1"], "takes the square root of ..., which is no real number"),
            (["negate n5", "add n0 n17"], "uses a number that the problem has not"),
            (["negate #0", "add n0 #7"], "uses ..., which is no earlier step"),
            (["negate const_x", "negate const_1.2.3"], "uses ..., which is no number"),
            (["add n0", "add #1"], "gives add too few arguments"),
            (["fly n0", "walk n0"], "calls ..., which is no operation"),
            (["it's n0", "% n0"], "... is neither operation nor argument"),
            (["n0 add", "const_2.5 n0"], "the program begins with the argument ..., expected an operation"),
            (["triangle_area_three_edges n2 n3 n4", "triangle_area_three_edges n2 n3 const_100"],
             "has no triangle: edges of ..., ... and ... do not meet"),
        ],
    )  # fmt: skip
    def test_differ_by_more_than_their_values(self, tokens: list[str], reason: str) -> None:
        errors = [run(each.split(), (-12.0, -1.5e-7, 1.0, 2.0, 2.5e12)).error for each in tokens]
        assert {reason_of(str(each)) for each in errors} == {reason}

    def test_of_many_reasons_the_commonest_are_listed(self) -> None:
        errors = [letter * (place + 1) for place, letter in enumerate("abcdefghijklmnopqrstuvw")]
        found = errors_of(Marks(False, False, 0, 1, error) for error in errors for _ in error)
        assert len(found) == LISTED + 1
        assert (next(iter(found)), found["others"]) == ("w" * 23, 1 + 2 + 3)

    @pytest.mark.parametrize("error", ["the program is empty", "step", "step 1", CUT, ""])
    def test_what_names_no_step_stays(self, error: str) -> None:
        assert reason_of(error) == error


class TestMistakes:
    PROBLEM = Problem("2 and 3 ?", "add(n0,n1)", 5.0)

    def test_are_what_gave_another_value_the_surest_first(self) -> None:
        found = [
            Hypothesis(tuple(tokens.split()), score, 2 * score, complete)
            for tokens, score, complete in (
                ("subtract n0 n1", -2.0, True), ("add n1 n0", -0.1, True), ("add n0", -0.5, True),
                ("add n0 n1", -1.0, False), ("n0 n1", -math.inf, True),
            )
        ]  # fmt: skip
        marks = [mark(each.tokens, parse(self.PROBLEM.formula), NUMBERS, 5.0, complete=each.complete) for each in found]
        mistakes = mistakes_of([self.PROBLEM] * 5, marks, found)
        assert [each["predicted"] for each in mistakes] == ["add(n0)", "add(n0,n1)", "subtract(n0,n1)", "n0 n1"]
        assert [each["confidence"] for each in mistakes] == [0.6065, 0.3679, 0.1353, 0.0]
        assert [each["value"] for each in mistakes] == [None, None, -1.0, None]
        assert [bool(each["error"]) for each in mistakes] == [True, True, False, True]
        assert mistakes[0]["problem"] == self.PROBLEM.text
        assert mistakes[0]["class"] == self.PROBLEM.formula
        assert mistakes[0]["answer"] == 5.0

    def test_so_many_are_kept(self) -> None:
        count = KEPT + 10
        wrong = Hypothesis(("negate", "n0"), -1.0, -1.0, True)
        marks = [mark(wrong.tokens, parse(self.PROBLEM.formula), NUMBERS, 5.0)] * count
        assert len(mistakes_of([self.PROBLEM] * count, marks, [wrong] * count)) == KEPT

    def test_what_spells_no_program_is_shown_as_its_tokens(self) -> None:
        assert text_or_tokens(["add", "n0", "n1", "negate", "#0"]) == "add(n0,n1)|negate(#0)"
        assert text_or_tokens(["n0", "add"]) == "n0 add"
        assert text_or_tokens([]) == ""
