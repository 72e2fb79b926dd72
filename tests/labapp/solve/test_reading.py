"""Problems in portions: one a line, in order, and what is too long for one."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from labapp.solve.reading import LONGEST, PORTION, portions_of


def test_portions_are_full_but_for_the_last_and_blank_lines_are_none() -> None:
    found = list(portions_of(f" {number} \n\n" for number in range(PORTION + 2)))
    assert [len(portion) for portion in found] == [PORTION, 2]
    assert [each for portion in found for each in portion] == [str(number) for number in range(PORTION + 2)]


def test_a_line_that_is_too_long_is_named_when_those_before_it_are_solved() -> None:
    portions = portions_of(["3 and 4\n", "\n", "7" * LONGEST + "\n", "7" * (LONGEST + 1), "5 and 6"])
    assert next(portions) == ["3 and 4", "7" * LONGEST]
    with pytest.raises(UsageError, match="a problem is too long") as caught:
        next(portions)
    assert caught.value.got == "line 4: 20,001 characters"
