"""Word vectors: those wanted and the most frequent, from GloVe's and word2vec's text formats; broken lines counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from engine.text.vectors import Vectors, read_vectors

WORDS = ("the", ",", ".", "of", "paris", "zebra", "café", "'s", "1,000", "\x85")


def line(word: str, first: float, dim: int = 4) -> str:
    return f"{word} {' '.join(str(first + place) for place in range(dim))}\n"


class File:
    def __init__(self, path: Path):
        self.path = path
        self.said: list[str] = []

    def write(self, *content: str | bytes) -> None:
        self.path.write_bytes(b"".join(each if isinstance(each, bytes) else each.encode() for each in content))

    def read(self, *wanted: str, extra: int = 0) -> Vectors:
        return read_vectors(self.path, wanted, extra, self.said.append)


@pytest.fixture
def file(tmp_path: Path) -> File:
    made = File(tmp_path / "vectors.txt")
    made.write(*(line(word, number) for number, word in enumerate(WORDS)))
    return made


def test_wanted_words_come_in_the_order_of_the_file(file: File) -> None:
    found = file.read("zebra", "the", "unheard")
    assert found.words == ("the", "zebra")
    assert found.values.dtype == np.float32
    assert found.values.tolist() == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert (found.dim, found.lines, found.found, found.wanted, found.skipped) == (4, 10, 2, 3, 0)
    assert found.coverage == pytest.approx(2 / 3)
    assert file.said == ["word vectors: 2 of 3 words found, 2 vectors of 4 kept"]


def test_the_first_of_the_file_come_with_them(file: File) -> None:
    assert file.read("zebra", extra=3).words == ("the", ",", ".", "zebra")
    assert file.read("of", extra=3).words == ("the", ",", ".", "of")
    assert file.read(extra=1_000).words == WORDS
    assert file.read("zebra", extra=1_000).found == 1


def test_words_are_looked_up_as_they_are(file: File) -> None:
    assert file.read("The", "PARIS").words == ()
    assert file.read("The").values.shape == (0, 4)
    assert file.read().coverage == 0


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters=" \t\r\n\0"), min_size=1, max_size=6),
        st.lists(st.floats(-9, 9, width=32), min_size=3, max_size=3),
        min_size=3,
        max_size=12,
    ),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_any_word_and_number_comes_back(
    tmp_path_factory: pytest.TempPathFactory, made: dict[str, list[float]], extra: int, some: int
) -> None:
    path = tmp_path_factory.mktemp("x") / "vectors.txt"
    path.write_bytes("".join(f"{word} {' '.join(map(repr, values))}\n" for word, values in made.items()).encode())
    wanted = list(made)[::-1][:some]
    found = read_vectors(path, wanted, extra, lambda _: None)
    assert found.words == tuple(word for place, word in enumerate(made) if place < extra or word in wanted)
    assert np.array_equal(found.values, np.array([made[word] for word in found.words], np.float32).reshape(-1, 3))


class TestFormats:
    def test_a_header_of_word2vec_is_no_vector(self, file: File) -> None:
        file.write("3 4\n", line("3", 1), line("the", 2), line("of", 3))
        assert file.read("3", "the", extra=1).words == ("3", "the")
        assert file.read().lines == 3

    def test_blanks_at_line_ends_tabs_and_crlf(self, file: File) -> None:
        some = [line("the", 1), line("of", 2), line("paris", 3)]
        for change in (
            lambda x: x.replace("\n", " \n"),
            lambda x: x.replace(" ", "\t"),
            lambda x: x.replace("\n", "\r\n"),
        ):
            file.write(*map(change, some))
            found = file.read("of", "paris")
            assert found.values.tolist() == [[2, 3, 4, 5], [3, 4, 5, 6]]
            assert found.skipped == 0

    def test_words_with_spaces_keep_their_numbers_in_the_last_columns(self, file: File) -> None:
        file.write(line("the", 1), line(". . .", 2), line("at name@domain.com", 3), line("of", 4), line("at", 5))
        assert file.read(extra=9).words == ("the", ". . .", "at name@domain.com", "of", "at")
        assert file.read(". . .", "at", ".").words == (". . .", "at")

    def test_the_first_vector_of_a_word_counts(self, file: File) -> None:
        file.write(line("the", 1), line("of", 2), line("the", 3), line("of", 4))
        assert file.read("the", "of").values[:, 0].tolist() == [1, 2]
        assert file.read(extra=9).words == ("the", "of")

    def test_more_vectors_than_are_parsed_at_once(self, file: File) -> None:
        file.write(*(line(f"w{number}", number) for number in range(2_345)))
        found = file.read("w2222", extra=2_100)
        assert found.values[:, 0].tolist() == [*range(2_100), 2_222]


class TestBrokenLines:
    @pytest.mark.parametrize(
        "broken",
        [
            line("short", 1, dim=3),
            "short\n",
            line("long", 1, dim=5),
            "letters 1 2 x 4\n",
            "letters 1 2 3 4x\n",
            "nothing 1 2 nan 4\n",
            "endless 1 2 inf 4\n",
            b"\xff\xfebad 1 2 3 4\n",
        ],
    )
    def test_are_skipped_and_counted(self, file: File, broken: str | bytes) -> None:
        file.write(line("the", 1), line("of", 2), broken, line("paris", 3), line("zebra", 4), "\n")
        found = file.read("paris", extra=3)
        assert found.words[:2] == ("the", "of")
        assert found.values[found.words.index("paris")].tolist() == [3, 4, 5, 6]
        assert (found.skipped, found.lines, len(found.words)) == (1, 5, found.values.shape[0])
        assert file.said[0] == "word vectors: 1 of 5 lines are none, skipped"

    def test_how_many_numbers_there_are_is_what_most_of_the_first_lines_say(self, file: File) -> None:
        file.write("a b 1 2 3 4\n", line("the", 1), "cut 1 2\n", line("of", 2), line("paris", 3))
        assert file.read(extra=9).words == ("a b", "the", "of", "paris")

    def test_mojibake_is_a_word_like_others(self, file: File) -> None:
        file.write(line("the", 1), line("â€™s", 2), line("â€\x9d", 3), line("\xa0", 4))
        assert file.read(extra=9).words == ("the", "â€™s", "â€\x9d", "\xa0")


class TestRefused:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n\n",
            b"prose in lines\nof three words\n",
            b"a DT A O\nwhite NNP White B-org\nhouse NNP House I-org\n",
            b"one\nword\na line\n",
            b"PK\x03\x04 a zip archive",
            b"\x1f\x8b a gzip archive",
            b"400000 100\nthe \0\0\0\0\0\0",
            b"x" * 2**21,
        ],
    )
    def test_what_is_no_file_of_vectors(self, file: File, content: bytes) -> None:
        file.write(content)
        with pytest.raises(LabError, match="no word vectors") as failure:
            file.read("the", extra=10)
        assert str(file.path) in str(failure.value.got)
        assert "GloVe" in str(failure.value.expected)

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        for path in (tmp_path / "gone.txt", tmp_path, Path("/dev/zero")):
            with pytest.raises(LabError, match="cannot be read"):
                read_vectors(path, [], 1, print)
