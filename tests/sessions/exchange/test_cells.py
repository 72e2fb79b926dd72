"""Cells of a CSV file: numbers as they are, and no text that a spreadsheet would carry out."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.exchange.cells import FORMULA, cell, text, write_table


@pytest.mark.parametrize(
    "evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\x00=1", "\u200b=1"]
)
def test_a_text_that_could_be_a_formula_gets_an_apostrophe(evil: str) -> None:
    assert str(cell(evil)).startswith("'")


def test_numbers_stay_numbers_and_those_that_are_not_finite_are_words() -> None:
    assert [cell(each) for each in (-0.5, 3, True, None)] == [-0.5, 3, "true", ""]
    assert [cell(each) for each in (math.nan, math.inf, -math.inf)] == ["nan", "inf", "-inf"]


def test_control_characters_go_and_lines_become_one() -> None:
    assert text("a\x1b[2Jb\nc\td") == "a[2Jb c d"


@given(st.text())
def test_no_text_begins_a_formula_or_another_row(value: str) -> None:
    file = io.StringIO()
    write_table(file, ["a", "b"], [{"a": value, "b": 1}])
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert len(rows) == 2
    assert not rows[1][0].lstrip().startswith(FORMULA)
