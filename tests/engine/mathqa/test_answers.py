"""Answers as data states them: numbers read out of options, and options found by their letters."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mathqa.answers import number_of, option_of, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24", 24.0),
        ("27.675", 27.675),
        (".5", 0.5),
        ("1,600", 1_600.0),
        ("rs . 400", 400.0),
        ("Rs.400", 400.0),
        ("rs . 1,250.50", 1250.5),
        ("$ 3.50", 3.5),
        ("12.5 %", 12.5),
        ("60 kmph", 60.0),
        ("- 49", -49.0),
        ("\u22122.5", -2.5),
        ("3 / 4", 0.75),
        ("- 3 / 4", -0.75),
        ("2 1 / 2 days", 2.5),
        ("  2 \t 1  /\n2  ", 2.5),
        ("3 : 4", 0.75),
        ("1:729", 1 / 729),
    ],
)
def test_one_number_is_read_however_it_is_written(text: str, value: float) -> None:
    assert value_of(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "none of these", "none of 1 and 2", "data inadequate", "3 : 4 : 5", "10 : 30 am", "10 : 30 a . m .",
     "2 √ 3", "10 ^ 7", "4 pi", "5 / 0", "6 !", "x = 3"],
)  # fmt: skip
def test_what_names_no_single_number_has_no_value(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize("answer", [None, True, [], {}, math.nan, math.inf, -math.inf, 10**400, "nan", "inf"])
def test_what_is_no_finite_number_is_no_answer(answer: object) -> None:
    assert number_of(answer) is None


def test_numbers_are_answers_as_they_are() -> None:
    assert [number_of(each) for each in (7, 2.5, -3, "1,600", 0)] == [7.0, 2.5, -3.0, 1600.0, 0.0]


@pytest.mark.parametrize("text", ["1" * 5_000, " " * 5_000 + "x", "a" + " " * 5_000], ids=["digits", "space", "am"])
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    begun = time.perf_counter()
    assert value_of(text) is None
    assert time.perf_counter() - begun < 0.5


@given(st.text(max_size=30))
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    value = value_of(text)
    assert value is None or math.isfinite(value)


OPTIONS = "a ) 38 , b ) 27.675 , c ) 1,600 , d ) 3 : 4 , e ) none of these"


@pytest.mark.parametrize(
    ("letter", "option"),
    [("a", "38"), ("b", "27.675"), ("c", "1,600"), ("D", "3 : 4"), (" e ", "none of these"), ("f", None), ("", None)],
)
def test_an_option_is_found_by_its_letter(letter: str, option: str | None) -> None:
    assert option_of(OPTIONS, letter) == option


@pytest.mark.parametrize("options", ["['a ) 1', 'b ) 3', 'c ) 5']", ["a ) 1", "b ) 3", "c ) 5"], "a)1,b)3,c)5"])
def test_options_come_as_lists_too(options: object) -> None:
    assert [option_of(options, letter) for letter in "abc"] == ["1", "3", "5"]


@pytest.mark.parametrize("options", [None, 7, "", "38, 27"])
def test_where_there_are_no_options_none_is_found(options: object) -> None:
    assert option_of(options, "a") is None
