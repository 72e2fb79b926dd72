"""Lines of text, whatever is in them."""

from __future__ import annotations

import io

import pytest

from engine.errors import LabError, UsageError
from labapp.play.lines import LONGEST_LINE, Lines


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
            read(b"x" * (LONGEST_LINE + 5))

    def test_a_disk_that_fails_is_an_error_with_words(self) -> None:
        class Broken(io.BytesIO):
            def readline(self, size: int | None = -1, /) -> bytes:
                raise OSError(5, "Input/output error")

        with pytest.raises(LabError, match="cannot be read"):
            list(Lines(Broken(), "f.txt", print))
