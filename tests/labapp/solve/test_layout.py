"""Problems, strips and worked programs in cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.mathqa.numbers import read
from labapp.solve.asking import Search, attend_args, problem_args
from labapp.solve.beams import rows_of
from labapp.solve.heat import Strip, shares, strips, strongest
from labapp.solve.problem import lettered
from labapp.solve.replies import Beam, Solved, Word, attending_of, solving_of
from labapp.solve.words import summary
from labapp.solve.worked import Line, work_out
from tests.labapp.screens.solving import TRAIN, FakeSolver

WORDS = len(read(TRAIN).words)
texts = st.text(st.sampled_from("ab 12,.\u4e00\u0301\t"), max_size=80)


def laid(text: str, width: int) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in lettered(text, read(text).words, width)]


def words_of(text: str) -> tuple[Word, ...]:
    return tuple(Word(**vars(word)) for word in read(text).words)


def said(strip: Strip) -> str:
    return "".join(piece.text for piece in strip)


def solved_of(text: str = TRAIN) -> Solved:
    return solving_of(FakeSolver().solve(problem_args("r", text, Search()))).problems[0]


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in lines]


class TestLetters:
    def test_each_number_has_its_letter_below_and_lines_break_at_spaces(self) -> None:
        assert laid("a train 360 m long at 45 km / h", 24) == [
            "a train 360 m long at 45", "        n0            n1", "km / h",
        ]  # fmt: skip

    def test_letters_that_would_touch_are_parted(self) -> None:
        assert laid("1:2:3", 20) == ["1: 2: 3", "n0 n1 n2"]

    def test_a_letter_takes_its_room_at_the_end_of_a_line_too(self) -> None:
        assert laid("abcdef 7", 8) == ["abcdef", "7", "n0"]

    def test_thousands_are_one_number_as_it_is_written(self) -> None:
        assert laid("has 1,600 of 3", 40) == ["has 1,600 of 3", "    n0       n1"]

    def test_words_that_are_not_known_are_marked(self) -> None:
        words = tuple(replace(word, known=word.text != "xyz") for word in words_of("a xyz b"))
        for ascii, mark in ((False, "°"), (True, "*")):
            assert lettered("a xyz b", words, 40, ascii=ascii)[0][-3:][0] == ("xyz" + mark, "unknown")

    @given(texts, st.integers(1, 30))
    def test_no_line_is_too_wide_and_nothing_but_space_is_lost(self, text: str, width: int) -> None:
        lines = lettered(text, read(text).words, width)
        if width >= 6:  # a letter needs some
            assert all(sum(cell_len(piece) for piece, _ in line) <= width for line in lines)
        shown = "".join(piece for line in lines for piece, kind in line if kind != "letter" and piece.strip())
        assert shown == "".join(text.split())


class TestStrips:
    WEIGHTS = tuple({2: 0.5, 3: 0.1, 19: 0.35}.get(place, 0.0) for place in range(WORDS))

    def test_where_there_is_room_the_whole_problem_is_there(self) -> None:
        (strip,) = strips(TRAIN, words_of(TRAIN), self.WEIGHTS, 200, 1, plain=False, ascii=False)
        assert said(strip) == TRAIN
        assert max(strip, key=lambda piece: piece.heat or 0).text == "360"

    def test_else_what_is_warm_with_its_neighbours(self) -> None:
        (strip,) = strips(TRAIN, words_of(TRAIN), self.WEIGHTS, 40, 1, plain=True, ascii=True)
        assert "a train [360] m" in said(strip)
        assert "a [platform] 140" in said(strip)
        assert ".." in said(strip)

    def test_at_most_three_words_are_the_strongest_and_none_that_is_far_behind(self) -> None:
        assert strongest(shares([0.5, 0.4, 0.3, 0.2, 0.1])) == {0, 1, 2}
        assert strongest(shares([0.9, 0.05, 0.05])) == {0}
        assert strongest(shares([0.0, 0.0])) == set()
        assert strongest(shares([float("nan"), 1.0])) == {1}

    @given(st.lists(st.floats(0, 1), min_size=WORDS, max_size=WORDS), st.integers(8, 120), st.integers(1, 3))
    def test_strips_fit_their_room(self, weights: list[float], room: int, lines: int) -> None:
        found = strips(TRAIN, words_of(TRAIN), weights, room, lines, plain=True, ascii=False)
        assert len(found) <= lines
        assert all(cell_len(said(strip)) <= room for strip in found)


class TestWorked:
    def test_steps_have_formula_value_and_words(self) -> None:
        solved = solved_of()
        lines = text_of(work_out(solved, solved.beams[0], None, 100))
        assert [" ".join(line.split()) for line in lines] == [
            "#0 add(n0,n2) 360 + 140 = 500", "add 360 and 140",
            "#1 multiply(n1,const_0_2778) 45 * 0.2778 = 12.501", "multiply 45 by 0.2778",
            "#2 divide(#0,#1) 500 / 12.501 = 39.9968", "divide 500 by 12.501",
        ]  # fmt: skip

    def test_the_strip_of_a_step_stands_beside_it(self) -> None:
        solved = solved_of()
        attention = attending_of(FakeSolver().attend(attend_args("r", TRAIN, solved.beams[0].program))).attention
        lines = text_of(work_out(solved, solved.beams[0], attention, 100, plain=True))
        assert "a train [360] m long" in lines[0]
        starts = {line.index(words) for line, words in ((lines[0], "a train"), (lines[2], "a train"))}
        assert len(starts) == 1

    def test_an_error_stands_at_its_step_and_a_wrong_rule_has_a_note(self) -> None:
        solved = solved_of()
        lines = text_of(work_out(solved, solved.beams[2], None, 100))
        assert [" ".join(line.split()) for line in lines[2:]] == [
            "#1 divide(#0,const_0) 45000 / 0", "step 2 divides by zero",
        ]  # fmt: skip
        lines = text_of(work_out(solved, solved.beams[7], None, 100))
        assert lines[-1].strip().startswith("! the volume of a cylinder is pi r^2 h")

    def test_what_is_no_program_says_why(self) -> None:
        beam = Beam("add(", -1.0, -1.0, None, "cut off at the length limit", ())
        assert text_of(work_out(solved_of(), beam, None, 100)) == [" cut off at the length limit"]

    @pytest.mark.parametrize("width", [1, 20, 50, 80, 200])
    def test_lines_with_a_strip_fit_the_width(self, width: int) -> None:
        solved = solved_of()
        attention = attending_of(FakeSolver().attend(attend_args("r", TRAIN, solved.beams[0].program))).attention
        lines = text_of(work_out(solved, solved.beams[0], attention, width))
        assert width < 50 or all(cell_len(line) <= width for line in lines)


class TestRows:
    def test_what_is_typed_and_what_is_right_stand_where_their_scores_put_them(self) -> None:
        beams = solved_of().beams
        typed = replace(beams[0], program="typed", score=-1.2)
        gold = replace(beams[0], program="gold", score=-99.0)
        rows = rows_of(beams, typed=typed, gold=gold, answer=40.0)
        assert [row.name for row in rows] == ["1", "2", "you", *map(str, range(3, 11)), "gold"]
        assert {row.name for row in rows if row.mark == "= answer"} == {"1", "you", "gold"}

    def test_gold_among_the_beams_is_marked_and_not_shown_twice(self) -> None:
        beams = solved_of().beams
        rows = rows_of(beams, gold=replace(beams[1], score=-5.0), answer=11.0)
        assert [row.name for row in rows if row.mark] == ["2"]
        assert rows[1].mark == "= gold"

    def test_nothing_is_right_where_no_answer_is_known(self) -> None:
        assert not any(row.mark for row in rows_of(solved_of().beams))


def test_how_sure_it_is_is_said_without_nan() -> None:
    beams = solved_of().beams
    assert summary(beams[:1]) == "probability of the best: .73"
    assert summary([replace(beams[0], log_prob=float("nan"))]) == ""
    assert summary([]) == ""
