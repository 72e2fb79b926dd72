"""Files of word problems: both layouts, JSON lines, wrong entries named by index and reason, other files refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import LabError
from engine.mathqa import formats
from engine.mathqa.corpus import Problem
from engine.mathqa.formats import look, read_problems
from tests.engine.mathqa.problems import entry, numbered, original

READ = Problem("what is 3 plus 4 ?", "add(n0,n1)", 7.0, "any.json#0")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "any.json"


def written(path: Path, entries: object) -> Path:
    path.write_text(json.dumps(entries))
    return path


class TestLayouts:
    @pytest.mark.parametrize("made", [entry(), original()], ids=["the course's cut", "the original"])
    def test_both_are_read(self, path: Path, made: object) -> None:
        found = read_problems(written(path, [made]))
        assert found.problems == [READ]
        assert (found.wrong_entries, found.encoding) == (0, "utf-8")

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: "\ufeff" + text,
            lambda text: text.replace("\n", "\r\n"),
            lambda text: "\n \n" + text + "\n\n",
            lambda text: "\n".join(json.dumps(each) for each in json.loads(text)),
            lambda text: "\n\n".join(json.dumps(each) for each in json.loads(text)) + "\r\n",
        ],
        ids=["BOM", "CRLF", "blank lines", "JSON lines", "JSON lines with blank ones"],
    )
    def test_files_may_be_written_in_many_ways(self, path: Path, change: object) -> None:
        path.write_bytes(change(json.dumps(numbered(3), indent=1)).encode())  # type: ignore[operator]
        found = read_problems(path)
        assert [each.text for each in found.problems] == [each["Problem"] for each in numbered(3)]
        assert [each.origin for each in found.problems] == ["any.json#0", "any.json#1", "any.json#2"]

    def test_cp1252_is_read_where_utf_8_fails(self, path: Path) -> None:
        text = json.dumps([entry("a café has 3 + 4 seats … how many ?")], ensure_ascii=False)
        path.write_bytes(text.encode("cp1252"))
        found = read_problems(path)
        assert found.problems[0].text == "a café has 3 + 4 seats … how many ?"
        assert (found.encoding, found.replaced) == ("cp1252", 0)

    def test_programs_are_kept_in_one_way_of_writing(self, path: Path) -> None:
        found = read_problems(written(path, [entry(formula=" add( n0 , n1 ) || multiply(#0,const_1)|")]))
        assert found.problems[0].formula == "add(n0,n1)|multiply(#0,const_1)"


class TestAnswers:
    @pytest.mark.parametrize(("options", "answer"), [("a ) 1 , b ) 3 / 4", 0.75), ("a ) 1 , b ) rs . 1,600", 1600.0)])
    def test_is_the_number_in_the_right_option(self, path: Path, options: str, answer: float) -> None:
        assert read_problems(written(path, [original(options)])).problems[0].answer == answer

    def test_is_what_the_program_computes_where_the_option_has_none(self, path: Path) -> None:
        assert read_problems(written(path, [original(correct="c")])).problems[0].answer == 7.0

    def test_stays_the_datas_where_the_program_computes_something_else(self, path: Path) -> None:
        assert read_problems(written(path, [original(correct="a")])).problems[0].answer == 38.0


class TestWrongEntries:
    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ("text", "no object with names and values, but str"),
            (None, "no object"),
            ({}, "no text under 'Problem'"),
            (entry(text="  "), "no text under 'Problem'"),
            (entry(text=7), "no text under 'Problem'"),  # type: ignore[arg-type]
            (entry(text="7 " * 6_000), "12,000 characters under 'Problem', at most 10,000"),
            (entry(text="half \ud800 of 3 and 4"), "half a character under 'Problem'"),
            (entry(formula=""), "no text under 'linear_formula'"),
            (entry(formula="|"), "no step in it"),
            (entry(formula="add(n0,n1"), "step 1 is no step"),
            (entry(formula="add(n0,n1)|__import__('os')|"), "step 2"),
            (entry(formula="add(n0,7)"), "'7' is no argument"),
            (entry(formula="cosine(n0)"), "unknown operation 'cosine'"),
            (entry(formula="add(n0)"), "add needs 2 arguments"),
            (entry(formula="add(n0,n1)|add(#0,#1)"), "step 2: #1 is no earlier step"),
            (entry(answer=float("nan")), "the answer is no finite number: 'nan'"),
            (entry(answer=float("inf")), "the answer is no finite number: 'inf'"),
            (entry(answer="none"), "the answer is no finite number: 'none'"),
            (entry(answer=None), "the answer is no finite number"),
            (entry(answer="7" + " " * 400), "401 characters under 'answer', at most 300 are read"),
            (original("b ) 7" + " apples" * 2_000), "14,005 characters under 'options', at most 10,000"),
            (original(["a ) 1", "b ) 7"] * 2_000), "characters under 'options', at most 10,000"),
            (original("a ) 1 , b ) 7" + " apples" * 50), "351 characters in option 'b', at most 300"),
            (original(correct="b" * 301), "301 characters under 'correct'"),
            ({"Problem": "3 and 4", "linear_formula": "add(n0,n1)"}, "no 'answer', and no 'options'"),
            (original(correct="x"), "no option 'x'"),
            (original(correct=2), "no 'answer', and no 'options' with the 'correct' one"),
            (original(correct="c", linear_formula="divide(n0,n7)"), "the right option is no number: 'none of these'"),
        ],
    )
    def test_each_is_named_by_index_and_reason(self, path: Path, wrong: object, why: str) -> None:
        found = read_problems(written(path, [entry(), wrong, entry()]))
        assert [each.origin for each in found.problems] == ["any.json#0", "any.json#2"]
        assert found.wrong_entries == 1
        assert str(found.wrong[0]).startswith("entry 1: ")
        assert why in str(found.wrong[0])

    def test_all_are_counted_and_the_first_remembered(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(formats, "KEPT", 3)
        found = read_problems(written(path, [entry(), *({} for _ in range(9))]))
        assert (found.wrong_entries, len(found.wrong), found.entries) == (9, 3, 10)

    def test_programs_that_use_numbers_the_problem_lacks_are_no_wrong_entries(self, path: Path) -> None:
        assert read_problems(written(path, [entry(formula="add(n0,n9)")])).wrong_entries == 0


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("content", "title", "got"),
        [
            (b"", "empty", ""),
            (b" \n\n", "empty", ""),
            (b"\x1f\x8b\x08\x00rest", "not text", "a gzip archive"),
            (b"PK\x03\x04rest", "not text", "a zip archive"),
            (pickle.dumps([entry()]), "not text", "a pickle, which labapp never opens"),
            (b"[\0]", "not text", "null bytes"),
            ("[]".encode("utf-16"), "UTF-16", ""),
            (b"what is 3 plus 4 ?", "not JSON", "line 1"),
            (b'[{"Problem": "3"},\n{"Problem": }]', "not JSON", "line 2: Expecting value: '}]'"),
            (b'{"Problem": "3"}\n\n{"Problem"', "not JSON", "line 3"),
            (b"[" * 100_000, "not JSON", ""),
            (b"[" + b"9" * 5_000 + b"]", "not JSON", ""),
            (b'"text"', "no list", "str"),
            (b"7", "no list", "int"),
            (b"[]", "no problem of it can be read", "no entry"),
            (b"[1, {}]", "no problem of it can be read", "entry 0: no object"),
            (b"{}", "no problem of it can be read", "entry 0: no text under 'Problem'"),
        ],
    )
    def test_are_refused_with_what_they_are(self, path: Path, content: bytes, title: str, got: str) -> None:
        path.write_bytes(content)
        for action in (read_problems, lambda path: look(path, 10**7)):
            with pytest.raises(LabError, match=title) as failure:
                action(path)
            assert got in str(failure.value.got)
            assert str(path) in str(failure.value.got)

    def test_an_archive_says_how_mathqas_own_is_used(self, path: Path) -> None:
        path.write_bytes(b"PK\x03\x04rest")
        with pytest.raises(LabError) as failure:
            read_problems(path)
        assert "labapp data fetch mathqa --from FILE" in str(failure.value.hint)

    @pytest.mark.parametrize("path", ["gone", "gone/further", "/dev/zero", "/", "with\0null"])
    def test_a_path_to_no_file_is_refused(self, path: str) -> None:
        with pytest.raises(LabError, match="cannot be read"):
            read_problems(Path(path))

    def test_what_is_too_large_is_not_read_to_its_end(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(formats, "LARGEST", 1_000)
        with pytest.raises(LabError, match="too large"):
            read_problems(written(path, numbered(30)))


class TestLook:
    @pytest.mark.parametrize("lines", [False, True])
    def test_the_beginning_of_a_long_file_is_enough(self, path: Path, lines: bool) -> None:
        text = "\n".join(map(json.dumps, numbered(200))) if lines else json.dumps(numbered(200))
        path.write_text(text + " torn")
        look(path, 1_000)

    def test_wrong_entries_at_the_beginning_are_for_a_check_to_tell(self, path: Path) -> None:
        written(path, [entry(formula="cosine(n0)")] * 50 + numbered(5))
        look(path, 1_000)
        assert len(read_problems(path).problems) == 5

    def test_a_beginning_without_a_problem_is_refused(self, path: Path) -> None:
        written(path, [{"text": "no problem"}] * 200)
        with pytest.raises(LabError, match="no problem of it can be read"):
            look(path, 1_000)


def test_reading_needs_neither_torch_nor_numpy() -> None:
    code = "import sys, engine.mathqa.folder, engine.mathqa.listing; print({'torch', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
