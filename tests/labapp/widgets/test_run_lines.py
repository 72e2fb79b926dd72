"""How runs and studies stand in the list. Pure, so it is tested by itself."""

from __future__ import annotations

import time

import pytest

from labapp.live.rows import RunRow
from labapp.live.studies import StudyCell, StudyRow
from labapp.widgets.run_lines import arrange
from labapp.widgets.study_line import study_words


def row(run_id: str, **more: object) -> RunRow:
    return RunRow(run_id, "toy", "line", "points", "best", "finished", "", **more)  # type: ignore[arg-type]


def study(study_id: str, *runs: str, **more: object) -> StudyRow:
    cells = tuple(StudyCell(run, f"cell {run}") for run in runs)
    told = {"status": "running", "done": 1, "total": len(runs), "fraction": 0.5, "words": "1 running", **more}
    return StudyRow(study_id, study_id, f"The study {study_id}", "toy", "", cells, **told)  # type: ignore[arg-type]


ROWS = [row(name, epoch=float(number)) for number, name in enumerate("abcdef")]


def keys(*studies: StudyRow, unfolded: str = "", **more: object) -> list[str]:
    return [line.key for line in arrange(ROWS, studies, unfolded.split(), **more)]  # type: ignore[arg-type]


def test_a_study_stands_where_the_first_of_its_runs_would() -> None:
    assert keys() == list("abcdef")
    assert keys(study("S", "d", "b")) == ["a", "+S", "c", "e", "f"]
    assert keys(study("S", "d", "b"), sort_column="epoch", reversed=True) == ["f", "e", "+S", "c", "a"]


def test_unfolded_its_runs_stand_under_it_in_its_own_order_or_as_they_are_sorted() -> None:
    assert keys(study("S", "d", "b"), unfolded="S") == ["a", "+S", "S/d", "S/b", "c", "e", "f"]
    ordered = keys(study("S", "b", "d"), unfolded="S", sort_column="epoch", reversed=True)
    assert ordered == ["f", "e", "+S", "S/d", "S/b", "c", "a"]


def test_a_run_of_several_studies_stands_under_each() -> None:
    both = study("S", "a", "b"), study("T", "b", "c")
    assert keys(*both, unfolded="S T") == ["+S", "S/a", "S/b", "+T", "T/b", "T/c", "d", "e", "f"]


def test_a_study_of_which_nothing_is_shown_is_not_there_and_other_groupings_take_it_apart() -> None:
    assert keys(study("S", "x", "y")) == list("abcdef")
    assert keys(study("S", "a", "b"), group_by="none") == list("abcdef")
    assert keys(study("S", "a", "b"), group_by="task") == ["=toy", *"abcdef"]


def test_thousands_of_runs_in_hundreds_of_studies_take_no_time() -> None:
    rows = [row(f"r{number}") for number in range(4_000)]
    studies = [study(f"s{n}", *(f"r{n * 20 + m}" for m in range(20))) for n in range(200)]
    begun = time.process_time()
    assert len(arrange(rows, studies, frozenset(f"s{n}" for n in range(200)))) == 4_200
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("ascii", [True, False])
def test_a_line_says_as_much_as_there_is_room_for_and_never_more(ascii: bool) -> None:
    whole = study("S", *"abcd", ends_in=2400.0)
    for width in range(200):
        title, state = study_words(whole, width, unfolded=False, ascii=ascii)
        assert len(title) + len(state) <= width, width
        assert not ascii or (title + state).isascii()
    assert study_words(whole, 120, unfolded=False)[1].endswith("1/4 done  1 running  ends in about 40 min")
    assert study_words(whole, 50, unfolded=True)[1] == "1/4 done  1 running  ~40 min"
    assert study_words(whole, 36, unfolded=True)[1] == "1/4 done  ~40 min"
