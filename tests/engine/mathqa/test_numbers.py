# ruff: noqa: RUF001  (signs that look alike are what is tested)
"""A problem as words and numbers: by the evaluator's rules, in place, and alike however it is typed."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mathqa.numbers import TYPED, masked, numbers_of, read

TYPEABLE = st.text(st.sampled_from(" \t\n,.,.-+'0012345nt%$/()xyAZ_^²½’"), max_size=40)
EVERYTHING = st.text(st.characters()) | TYPEABLE


def words(problem: str) -> str:
    return " ".join(word.text for word in read(problem).words)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("none at all", ()),
        ("3 trams of 4.5 m", (3, 4.5)),
        ("a tram 90m long at 18km/h.", (90, 18)),
        ("12,500 or 1,234,567.89", (12500, 1234567.89)),
        ("a lakh is 1,00,000 and a crore 1,00,00,000", (100_000, 10_000_000)),
        ("6,12 days", (6, 12)),
        ("points (2,0) and (1,2,300)", (2, 0, 1, 2, 300)),
        ("15,0000", (15, 0)),
        ("1000,200 and 0.5,200", (1000, 200, 0.5, 200)),
        ("1 , 000", (1, 0)),
        (".5 and 5.", (0.5, 5)),
        ("1.2.3", (1.2, 0.3)),
        ("-5 and +5", (5, 5)),  # a sign belongs to decimal fractions alone
        ("-0.5, +.25 and 3-1.5", (-0.5, 0.25, 3, -1.5)),
        ("x2 + n0 = 2^3 - m3", (2, 0, 2, 3, 3)),
        ("3/4 of 25%", (3, 4, 25)),
        ("1e9", (1, 9)),
        ("x² is ½ of 2½", (2,)),
        ("٣ and ４２", (3, 42)),
    ],
)
def test_numbers_by_the_rules_of_the_evaluator(problem: str, expected: tuple[float, ...]) -> None:
    assert numbers_of(problem) == expected
    assert read(problem).numbers == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("A tram 90m long runs at 18km/h.", "a tram 90 m long runs at 18 km / h ."),
        ("a tram 90 m long runs at 18 km / h .", "a tram 90 m long runs at 18 km / h ."),
        ("Ann's share: $1,250.50 (25%)?", "ann ' s share : $ 1250.50 ( 25 % ) ?"),
        ("It isn't Ann’s; they CAN'T.", "it is n ' t ann ' s ; they ca n ' t ."),
        ("it is n ' t ann ' s", "it is n ' t ann ' s"),
        ("“7 – 3” or −4", '" 7 - 3 " or - 4'),
        ("x2+y^2=9cm²", "x 2 + y ^ 2 = 9 cm ²"),
        ("7kmph2", "7 kmph 2"),
        ("2½cups", "2 ½ cups"),
        ("a 3-digit number n0", "a 3 - digit number n 0"),
        ("fill the gap ____ .", "fill the gap ____ ."),
        ("naïve Ångström 東京", "naïve ångström 東京"),
        ("<pad> #0 const_pi", "< pad > # 0 const _ pi"),
        ("", ""),
        (" \t\n\u2003", ""),
    ],
)
def test_words_are_the_corpus_s_however_they_are_typed(typed: str, expected: str) -> None:
    assert words(typed) == expected


def test_a_word_knows_its_place_in_the_text_as_it_was_given() -> None:
    problem = "\tİ paid\n1,250.50$  for 3"
    places = [(word.text, problem[word.start : word.end], word.number) for word in read(problem).words]
    assert places == [
        ("i̇", "İ", None),
        ("paid", "paid", None),
        ("1250.50", "1,250.50", 0),
        ("$", "$", None),
        ("for", "for", None),
        ("3", "3", 1),
    ]


@given(EVERYTHING)
@example("1,000,00")
@example("1,00,000,")
@example("n't'n't")
@example("\x1c1\x85")
def test_every_character_but_white_space_is_in_one_word_in_order(problem: str) -> None:
    place = 0
    for word in read(problem).words:
        given_text = problem[word.start : word.end]
        if word.number is None:
            assert word.text == given_text.translate(TYPED).lower() != ""
        else:
            assert word.text == given_text.replace(",", "")
        assert problem[place : word.start].strip() == ""
        assert not any(sign.isspace() for sign in given_text)
        place = word.end
    assert problem[place:].strip() == ""


@given(EVERYTHING)
def test_the_words_that_are_numbers_are_the_numbers(problem: str) -> None:
    reading = read(problem)
    of_words = [word for word in reading.words if word.number is not None]
    assert [word.number for word in of_words] == list(range(len(reading.numbers)))
    assert [float(word.text) for word in of_words] == list(reading.numbers) == list(numbers_of(problem))


@given(EVERYTHING)
@example("n0 n1 #0")
@example("n٣")
def test_no_word_but_a_number_can_be_taken_for_a_placeholder(problem: str) -> None:
    for word in read(problem).words:
        assert word.number is not None or not any(sign.isdecimal() for sign in word.text)


@given(TYPEABLE)
@example("12,500.75")
@example("don't")
def test_words_written_with_spaces_around_them_are_the_same_words(problem: str) -> None:
    assert words(words(problem)) == words(problem)


@pytest.mark.parametrize("digits", ["1" * 10_000, "9" * 400 + ".5", "-" + "9" * 400 + ".5"])
def test_a_number_beyond_all_floats_stays_finite(digits: str) -> None:
    (number,) = numbers_of(f"{digits} apples")
    assert math.isfinite(number)
    assert abs(number) > 1e308


def test_a_number_below_all_floats_is_zero() -> None:
    assert numbers_of("0." + "0" * 400 + "1") == (0.0,)


def test_problems_that_differ_in_numbers_case_and_blanks_alone_are_the_same_masked() -> None:
    assert masked("Ann has 3 apples , and 1,250 pears .") == masked("ann  has 17.5 apples ,\tand 2 pears .")
    assert masked("ann has 3 apples") == "ann has num apples"
    assert masked("ann has 3 apples .") != masked("ann has 3 apples")
    assert masked("ann has 3,4 apples") == "ann has num,num apples"


@pytest.mark.parametrize("piece", ["1", "1,11", "1,111", "1,11,111,", "1.", "1 ", "n't", "a", "-.", "_", "don't 5 "])
def test_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    """Ten times the text may not take a hundred times as long, of processor time; a quadratic step would."""

    def seconds(length: int) -> float:
        problem = piece * (length // len(piece))
        began = time.process_time()
        read(problem)
        masked(problem)
        return time.process_time() - began

    short = min(seconds(3_000) for _ in range(3))
    assert min(seconds(30_000) for _ in range(2)) < 50 * short + 0.3
