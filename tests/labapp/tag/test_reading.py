"""Text in portions: nothing is lost, no line and no sentence is cut, and what is no text is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.ner.tokenise import tokenise
from labapp.play.lines import Lines
from labapp.tag import reading
from labapp.tag.reading import sentences_of, text_portions, token_portions


def lines_of(raw: bytes) -> Lines:
    return Lines(io.BytesIO(raw), "f.txt", print)


texts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\ufeff"), max_size=30), max_size=40)


@given(texts, st.integers(1, 5), st.integers(1, 60))
def test_portions_of_text_are_the_text_but_for_what_is_blank(lines: list[str], most: int, characters: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LINES", most)
        patch.setattr(reading, "CHARACTERS", characters)
        whole = left = "\n".join(lines)
        for portion in text_portions(lines_of(whole.encode())):
            text = portion.args["text"]
            assert whole[portion.begins : portion.begins + len(text)] == text
            assert portion.begins == 0 or whole[portion.begins - 1] == "\n"
            left = left[: portion.begins] + " " * len(text) + left[portion.begins + len(text) :]
        assert not left.strip()


def test_no_sentence_is_cut_where_lines_are_wrapped() -> None:
    paragraph = "The minister, who came from\nParis by train, spoke at length.\nNobody listened to what\nhe said. "
    text = "".join(paragraph * 7 + "\n\n" + paragraph for _ in range(4)) + paragraph * 40
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LINES", 5)
        portions = list(text_portions(lines_of(text.encode())))
    assert len(portions) > 15
    found = [each for portion in portions for each in tokenise(portion.args["text"])]
    whole = tokenise(text)
    assert [[token.text for token in each] for each in found] == [[token.text for token in each] for each in whole]


def test_lines_of_their_own_are_a_portion_whenever_there_are_enough() -> None:
    found = list(text_portions(["a headline\n"] * 450, by_line=True))
    assert [each.args["text"].count("\n") for each in found] == [200, 200, 50]
    assert all(each.args["lines"] for each in found)


def test_a_text_in_which_nothing_ends_is_cut_at_last() -> None:
    portions = list(text_portions(["and so on\n"] * 10 * reading.ENDLESS * reading.LINES))
    assert len(portions) == 10


class TestTokens:
    def test_the_first_column_is_the_token_and_blank_lines_end_sentences(self) -> None:
        raw = "-DOCSTART- -X- O O\n\nEU NNP B-org\nrejects\tVBZ\tO\n\n\n  \nPeter  NNP\r\n\r\nend"
        assert list(sentences_of(raw.splitlines(keepends=True), "f")) == [["EU", "rejects"], ["Peter"], ["end"]]

    def test_any_column_may_be_the_token_and_must_be_there(self) -> None:
        lines = ["obama NNP Obama B-per\n", "left VBD left O\n", "\n", "he PRP He O\n"]
        (found,) = token_portions(lines, "x", 3)
        assert found.args["sentences"] == [["Obama", "left"], ["He"]]
        with pytest.raises(UsageError, match="too few columns") as caught:
            list(token_portions([*lines, "so\n"], "x", 3))
        assert "line 5" in str(caught.value.got)

    def test_portions_end_where_sentences_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "TOKENS", 3)
        found = list(token_portions("a b c\nd\n\ne\nf\n\ng\n".splitlines(keepends=True), "f"))
        assert [portion.args for portion in found] == [{"sentences": [["a", "d"], ["e", "f"]]}, {"sentences": [["g"]]}]

    def test_a_file_without_blank_lines_is_refused_before_it_is_in_memory(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(reading, "LONGEST_SENTENCE", 10)
        with pytest.raises(UsageError, match="sentence is too long"):
            list(sentences_of(["word\n"] * 11, "f"))
