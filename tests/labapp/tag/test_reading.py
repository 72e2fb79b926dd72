"""Text in portions: nothing is lost, no line and no sentence is cut, and what is no text is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError, UsageError
from engine.ner.tokenise import tokenise
from labapp.tag import reading
from labapp.tag.reading import Lines, sentences_of, text_portions, token_portions


def lines_of(raw: bytes, said: list[str] | None = None) -> Lines:
    return Lines(io.BytesIO(raw), "f.txt", (said if said is not None else []).append)


def read(raw: bytes) -> str:
    return "".join(lines_of(raw))


class TestLines:
    def test_utf_8_is_read_and_a_byte_order_mark_is_not(self) -> None:
        assert read(b"\xef\xbb\xbf\xc3\xa9t\xc3\xa9\r\nb") == "été\r\nb"
        assert read(b"\xef\xbb\xbf") == read(b"") == ""

    def test_other_lines_are_read_as_windows_1252_and_it_is_said_once(self) -> None:
        said: list[str] = []
        found = list(lines_of("déjà\n".encode() + "été “x”\n".encode("cp1252") + b"\x81\xe9\n", said))
        assert found == ["déjà\n", "été “x”\n", "\N{REPLACEMENT CHARACTER}é\n"]
        assert said == ["f.txt, line 2 is not UTF-8: such lines are read as Windows-1252"]

    @pytest.mark.parametrize("raw", [b"a\n\x7fELF\0\0", b"\0", "text".encode("utf-16")])
    def test_what_is_no_text_is_refused(self, raw: bytes) -> None:
        with pytest.raises(UsageError, match=r"no text|UTF-16"):
            read(raw)

    def test_a_line_without_end_is_refused_before_it_is_in_memory(self) -> None:
        with pytest.raises(UsageError, match="too long"):
            read(b"x" * (reading.LONGEST_LINE + 5))

    def test_a_disk_that_fails_is_an_error_with_words(self) -> None:
        class Broken(io.BytesIO):
            def readline(self, size: int | None = -1, /) -> bytes:
                raise OSError(5, "Input/output error")

        with pytest.raises(LabError, match="cannot be read"):
            list(Lines(Broken(), "f.txt", print))


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
