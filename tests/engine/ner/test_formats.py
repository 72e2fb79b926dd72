"""Tagged text: layouts told from the file, characters kept as they are, wrong lines named, other files refused."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from engine.ner.corpus import Sentence
from engine.ner.formats import look, read_tagged

COURSE = "the DT The O\nqueen NN queen O\nvisit VBD visited O\nparis NNP Paris B-geo\n\nhe PRP He O\nleave VBD left O\n"
TWO = "The O\nqueen O\nvisited O\nParis B-geo\n\nHe O\nleft O\n"
THREE = "The DT O\nqueen NN O\nvisited VBD O\nParis NNP B-geo\n\nHe PRP O\nleft VBD O\n"
CONLL = (
    "-DOCSTART- -X- -X- O\n\nThe DT B-NP O\nqueen NN I-NP O\nvisited VBD B-VP O\nParis NNP B-NP B-geo\n\n"
    "-DOCSTART- -X- -X- O\n\nHe PRP B-NP O\nleft VBD B-VP O\n"
)
READ = [
    Sentence(("The", "queen", "visited", "Paris"), ("O", "O", "O", "B-geo")),
    Sentence(("He", "left"), ("O", "O")),
]


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestLayouts:
    @pytest.mark.parametrize(
        ("content", "layout"),
        [
            (COURSE, "four columns: token, POS, word, tag"),
            (TWO, "two columns: word, tag"),
            (THREE, "three columns: word, POS, tag"),
            (CONLL, "four columns: word, POS, chunk, tag"),
        ],
    )
    def test_each_is_told_from_the_file(self, tmp_path: Path, content: str, layout: str) -> None:
        found = read_tagged(written(tmp_path / "any", content))
        assert found.sentences == READ
        assert found.layout == layout
        assert found.wrong_lines == found.dropped == 0

    @pytest.mark.parametrize("content", [COURSE, TWO, THREE, CONLL])
    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace(" ", "\t"),
            lambda text: text.replace(" ", "   "),
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("\n", " \n"),
            lambda text: "\n\n" + text.replace("\n\n", "\n \t\n\n") + "\n\n",
            lambda text: text.rstrip("\n"),
            lambda text: "\ufeff" + text,
        ],
        ids=["tabs", "many blanks", "CRLF", "blanks at line ends", "many blank lines", "no last line end", "BOM"],
    )
    def test_blanks_and_line_ends_may_vary(self, tmp_path: Path, content: str, change: object) -> None:
        assert read_tagged(written(tmp_path / "any", change(content))).sentences == READ  # type: ignore[operator]

    def test_words_may_hold_blanks_where_tabs_part_the_columns(self, tmp_path: Path) -> None:
        found = read_tagged(written(tmp_path / "any", "New York\tB-geo\nis\tO\n"))
        assert found.sentences == [Sentence(("New York", "is"), ("B-geo", "O"))]

    def test_cp1252_is_read_where_utf_8_fails(self, tmp_path: Path) -> None:
        found = read_tagged(
            written(tmp_path / "any", "Citroën B-org\n€ O\n\x93quote O\n".replace("\x93", "“").encode("cp1252"))
        )
        assert found.sentences[0].tokens == ("Citroën", "€", "“quote")
        assert (found.encoding, found.replaced) == ("cp1252", 0)

    def test_bytes_that_cp1252_lacks_are_counted(self, tmp_path: Path) -> None:
        assert read_tagged(written(tmp_path / "any", b"A\x81B B-org\n\xff O\n")).replaced == 1

    def test_the_third_column_is_the_word_also_where_the_first_is_a_lemma(self, tmp_path: Path) -> None:
        lemmas = "be VBZ is O\n. . . O\nin IN in O\nLONDON NNP London B-geo\ngo VBD went O\n"
        assert read_tagged(written(tmp_path / "any", lemmas)).sentences[0].tokens == ("is", ".", "in", "London", "went")

    def test_equal_words_and_tags_share_their_memory(self, tmp_path: Path) -> None:
        first, second = read_tagged(
            written(tmp_path / "any", "Rome B-geo\nis O\n\nin O\nRome X B-geo\nRome B-geo\n\nRome  B-geo\n")
        ).sentences
        assert first.tokens[0] is second.tokens[0]
        assert first.tags[0] is second.tags[0]


# Everything but blanks, line ends and null: what Python's own split() and splitlines() would tear apart is among it.
words = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters=" \t\n\r\0\ufeffO-"), min_size=1, max_size=8
)
words = words | st.sampled_from(["\x85", "a\u2028b", "\xa0", "x\xa0y", "\x1c", "\u3000", '"', ",", "#"])
tags = st.sampled_from(["O", "B-per", "I-per", "B-geo", "S-org", "U-x_1"])
sentences = st.lists(st.lists(st.tuples(words, tags), min_size=1, max_size=6), min_size=1, max_size=6)


class TestRoundTrips:
    @given(sentences, st.sampled_from(["{0} {1}", "{0}\t{1}", "{0} POS {1}", "{0} POS B-NP {1}", "{0} POS {0} {1}"]))
    def test_any_word_comes_back_from_columns(
        self, tmp_path_factory: pytest.TempPathFactory, made: list[list[tuple[str, str]]], line: str
    ) -> None:
        made = [*made, [("Rome", "B-geo")]]
        text = "\n\n".join("\n".join(line.format(*pair) for pair in each) for each in made) + "\n"
        found = read_tagged(written(tmp_path_factory.mktemp("x") / "any", text))
        assert found.sentences == [Sentence(*zip(*each, strict=True)) for each in made]

    @given(sentences, st.booleans())
    def test_any_word_comes_back_from_a_table(
        self, tmp_path_factory: pytest.TempPathFactory, made: list[list[tuple[str, str]]], everywhere: bool
    ) -> None:
        made = [*made, [("Rome", "B-geo")]]
        rows = ["Sentence #,Word,POS,Tag"]
        for number, each in enumerate(made):
            for place, (word, tag) in enumerate(each):
                name = f"Sentence: {number}" if everywhere or place == 0 else ""
                rows.append(f'{name},"{word.replace(chr(34), chr(34) * 2)}",NN,{tag}')
        found = read_tagged(written(tmp_path_factory.mktemp("x") / "any.csv", "\n".join(rows) + "\n"))
        assert found.sentences == [Sentence(*zip(*each, strict=True)) for each in made]

    @given(st.binary(max_size=400))
    def test_any_bytes_are_read_or_refused(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        path = written(tmp_path_factory.mktemp("x") / "any", content)
        for action in (lambda: read_tagged(path), lambda: look(path, 100)):
            with contextlib.suppress(LabError):
                action()


class TestTable:
    def test_a_kaggle_file(self, tmp_path: Path) -> None:
        table = (
            "Sentence #,Word,POS,Tag\r\nSentence: 1,The,DT,O\r\n,queen,NN,O\r\n,visited,VBD,O\r\n,Paris,NNP,B-geo\r\n"
            'Sentence: 2,"""",``,O\r\n,"1,000",CD,O\r\n,\x85,:,O\r\n,caf\xe9,NN,O\r\n'
        )
        found = read_tagged(written(tmp_path / "ner.csv", table.replace("\x85", "…").encode("cp1252")))
        assert found.sentences == [READ[0], Sentence(('"', "1,000", "…", "café"), ("O",) * 4)]
        assert found.layout == "a table: sentence #, word, pos, tag"

    @pytest.mark.parametrize("header", ["Tag,POS,Word,Sentence #", "tag,pos,token,sentence_id"])
    def test_columns_are_found_by_their_names(self, tmp_path: Path, header: str) -> None:
        found = read_tagged(written(tmp_path / "ner.csv", f"{header}\nB-per,NNP,Ann,1\nO,VBZ,sings,1\nO,PRP,She,2\n"))
        assert found.sentences == [Sentence(("Ann", "sings"), ("B-per", "O")), Sentence(("She",), ("O",))]

    def test_wrong_rows_are_named_with_their_line(self, tmp_path: Path) -> None:
        rows = "Sentence #,Word,POS,Tag\n1,Ann,NNP,B-per\n2,torn,O\n,x,NN,O\n3,,NN,O\n4,x,NN,Bper\n5,ok,NN,O\n"
        found = read_tagged(written(tmp_path / "ner.csv", rows))
        assert [(line.number, line.why) for line in found.wrong] == [
            (3, "3 columns instead of 4"),
            (5, "no word"),
            (6, "unknown tag 'Bper'"),
        ]
        assert found.dropped == 3
        assert [each.tokens for each in found.sentences] == [("Ann",), ("ok",)]

    def test_a_quote_that_is_never_closed_swallows_no_rows_in_silence(self, tmp_path: Path) -> None:
        rows = 'Sentence #,Word,POS,Tag\n1,Ann,NNP,B-per\n2,"torn,NN,O\n3,x,NN,O\n4,y,NN,O\n'
        found = read_tagged(written(tmp_path / "ner.csv", rows))
        assert (found.wrong[0].number, found.dropped) == (3, 1)


class TestWrongLines:
    LINES = (
        "Ann B-per\nsings O\n\nBob\nsings O\n\n"
        "Cid X-per\nand O\nDan Bper\n\nEve B-\n\nfine O\nJo B-per extra\n\nMia B-per\n"
    )

    def test_each_is_named_and_its_sentence_left_out(self, tmp_path: Path) -> None:
        found = read_tagged(written(tmp_path / "any", self.LINES))
        assert [str(line) for line in found.wrong] == [
            "line 4: 1 column instead of 2: 'Bob'",
            "line 7: unknown tag 'X-per': 'Cid X-per'",
            "line 9: unknown tag 'Bper': 'Dan Bper'",
            "line 11: unknown tag 'B-': 'Eve B-'",
            "line 14: 3 columns instead of 2: 'Jo B-per extra'",
        ]
        assert (found.wrong_lines, found.dropped) == (5, 4)
        assert [each.tokens for each in found.sentences] == [("Ann", "sings"), ("Mia",)]

    def test_many_are_counted_and_the_first_kept(self, tmp_path: Path) -> None:
        found = read_tagged(written(tmp_path / "any", "Ann B-per\n" * 600 + "\n" + "torn\n" * 3_000))
        assert (found.wrong_lines, len(found.wrong)) == (3_000, 1_000)

    def test_a_long_one_is_shortened(self, tmp_path: Path) -> None:
        found = read_tagged(written(tmp_path / "any", "Ann B-per\nsings O\n\n" + "x" * 10_000 + "\n"))
        assert len(str(found.wrong[0])) < 200


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "title"),
        [
            (b"", "is empty"),
            (b"\n \r\n\t\n", "is empty"),
            (b"\xef\xbb\xbf", "is empty"),
            (b"PK\x03\x04 rest", "not text"),
            (b"\x1f\x8b rest", "not text"),
            (b"Ann B-per\n\0\0\0", "not text"),
            ("Ann B-per\n".encode("utf-16"), "UTF-16"),
            (b"Ann O\nsings O\n", "no word is tagged"),
            (b"Ann NNP\nsings VBZ\n", "no tags of entities"),
            (b"Ann NNP O\nsings VBZ .\nwell RB RB\n", "no tags of entities"),
            (b"just\nwords\nin\nlines\n", "no columns"),
            (b"a b c d e O\nf g h i j B-per\n", "no columns"),
            (b"Sentence #,Word,POS,Tag\n1,Ann,NNP,O\n", "no word is tagged"),
            (b"Sentence #,Word,POS,Tag\n1,Ann,NNP\n", "no sentence of it can be read"),
            (b"Sentence #,Word,POS,Tag\n", "no word is tagged"),
        ],
    )
    def test_what_is_no_tagged_text(self, tmp_path: Path, content: bytes, title: str) -> None:
        path = written(tmp_path / "any", content)
        for action in (lambda: read_tagged(path), lambda: look(path, 10_000)):
            with pytest.raises(LabError, match=title) as failure:
                action()
            assert str(path) in str(failure.value.got)

    def test_a_file_that_is_not_there_or_none(self, tmp_path: Path) -> None:
        with pytest.raises(LabError, match="cannot be read") as failure:
            read_tagged(tmp_path / "gone")
        assert "no such file" in str(failure.value.got)
        with pytest.raises(LabError, match="cannot be read") as failure:
            read_tagged(tmp_path)
        assert "a folder" in str(failure.value.got)

    def test_a_file_that_is_too_large_to_be_read_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = written(tmp_path / "any", "Ann B-per\nsings O\n" * 100)
        monkeypatch.setattr("engine.text.files.LARGEST", 1_000)
        look(path, 900)
        with pytest.raises(LabError, match="too large") as failure:
            read_tagged(path)
        assert "more than 1,000 bytes" in str(failure.value.got)

    def test_a_look_reads_only_the_beginning(self, tmp_path: Path) -> None:
        path = written(tmp_path / "any", "naïve O\n" * 1_000 + "torn\0")
        for at_most in range(90, 100):  # wherever a character is cut in two
            look(path, at_most)


def test_reading_is_torch_free_and_imports_no_numpy() -> None:
    code = "import sys, engine.ner.listing; print({'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.stdout.strip() == "set()"
