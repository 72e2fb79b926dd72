"""What the Tag screen says in lines."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from labapp.play.examples import Place
from labapp.tag.words import head_line

PLACE = Place("test", "wrong", 6)


class TestTheHeadLine:
    def test_says_whose_tags_and_of_which_sentence(self) -> None:
        said = head_line("crf", "plain", PLACE, 1_200, False, 80).plain
        assert said == " A crf   B plain   test 7 of 1,200, wrong ones first   wrong"

    @pytest.mark.parametrize("width", [70, 80, 120])
    @pytest.mark.parametrize("second", ["", "ner-bilstm-char-seed-1 bilstm-char-a37zje of the second kind", "b"])
    def test_cuts_the_names_before_the_place(self, second: str, width: int) -> None:
        first = "bilstm-crf ner-bilstm-crf-seed-1 with a long name of its own that goes on"
        said = head_line(first, second, PLACE, 1_200, True, width).plain
        assert said.endswith("   test 7 of 1,200, wrong ones first   right")
        assert cell_len(said) <= width
        assert "bilstm-c" in said
        assert second[:8] in said
        whole = cell_len(head_line(first, second, PLACE, 1_200, True, 999).plain)
        assert ("…" in said) == (whole > width)
