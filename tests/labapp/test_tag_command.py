"""`labapp tag`: texts, files and pipes through a trained run, with an inference process that is none."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError
from labapp.tag import reading
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import give_checkpoint
from tests.labapp.screens.tagging import FakeTagger
from tests.labapp.streams import FakeInference, piped
from tests.untrained import tagger, untrained


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> FakeInference:
    fake = FakeInference(FakeTagger())
    monkeypatch.setattr("labapp.commands.tag.inference_on", fake)
    return fake


@pytest.fixture
def run(lab: Lab) -> Run:
    return tagger(lab, "mine")


def failing(*args: Any, **kwargs: Any) -> None:
    raise LabError("no network can be loaded")


class TestWhatIsTagged:
    def test_a_text_as_an_argument(self, labapp: Any, run: Run, process: FakeInference) -> None:
        printed = labapp("tag", "mine", "Obama left Paris")
        assert (printed.code, printed.out) == (0, "[Obama per .97] left [Paris geo .93]\n")
        assert process.asked == [{"run": run.id, "text": "Obama left Paris", "second": False}]

    def test_a_file_that_is_there_is_replaced_where_one_says_so_and_once_there_is_an_answer(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "o.txt").write_text("dear")
        printed = labapp("tag", "mine", "to Paris", "--out", "o.txt")
        assert (printed.code, "--force" in printed.err) == (2, True)
        with monkeypatch.context() as patch:
            patch.setattr(process, "ask", failing)
            assert labapp("tag", "mine", "to Paris", "--out", "o.txt", "--force").code == 1
        assert (tmp_path / "o.txt").read_text() == "dear"
        assert labapp("tag", "mine", "to Paris", "--out", "o.txt", "--force").code == 0
        assert (tmp_path / "o.txt").read_text() == "to [Paris geo .95]\n"

    def test_a_file_and_a_pipe(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "f.txt").write_text("to Paris\n\nback\n")
        piped(monkeypatch, b"to Paris\n\nback\n")
        for arguments in (["--file", "f.txt"], []):
            assert labapp("tag", "latest", *arguments).out == "to [Paris geo .95]\nback\n"

    def test_tokens_are_taken_as_they_are(self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path) -> None:
        (tmp_path / "f.conll").write_text("to P X O\nParis P X B-geo\n\nU.S.\n")
        printed = labapp("tag", "mine", "--file", "f.conll", "--tokens", "--format", "conll")
        assert printed.out == "to O\nParis B-geo\n\nU.S. O\n"
        assert process.asked[0]["sentences"] == [["to", "Paris"], ["U.S."]]
        labapp("tag", "mine", "--tokens", "in the U.S.")
        assert process.asked[1]["sentences"] == [["in", "the", "U.S."]]

    def test_the_second_best_and_lines_are_asked_for_where_they_are_wanted(
        self, labapp: Any, run: Run, process: FakeInference
    ) -> None:
        labapp("tag", run.id, "Storm hits Oslo")
        labapp("tag", run.id, "Storm hits Oslo", "--second", "--lines")
        assert [(each["second"], each.get("lines", False)) for each in process.asked] == [(False, False), (True, True)]

    def test_a_long_file_is_asked_for_and_written_in_portions(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "LINES", 10)
        (tmp_path / "f.txt").write_text("to Paris\n\n" * 95)
        found = labapp("tag", "mine", "--file", "f.txt", "--json").json
        assert (len(found), len(process.asked)) == (95, 19)
        assert found[94]["offsets"] == [[94 * 10, 94 * 10 + 2], [94 * 10 + 3, 94 * 10 + 8]]

    def test_a_text_in_another_encoding_is_read_and_it_is_said(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path
    ) -> None:
        (tmp_path / "f.txt").write_bytes("Montr\xe9al".encode("latin-1"))
        printed = labapp("tag", "mine", "--file", "f.txt")
        assert printed.out == "Montréal\n"
        assert "not UTF-8: such lines are read as Windows-1252" in printed.err.replace("\n", " ")


class TestWhatIsWritten:
    def test_json_is_one_document_with_what_was_promised(self, labapp: Any, run: Run, process: FakeInference) -> None:
        (found,) = labapp("tag", "mine", "to Paris", "--json").json
        assert (found["tokens"], found["tags"]) == (["to", "Paris"], ["O", "B-geo"])
        assert len(found["probabilities"]) == 2

    def test_nothing_in_is_nothing_out(
        self, labapp: Any, run: Run, process: FakeInference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        piped(monkeypatch, b"\n \n")
        assert labapp("tag", "mine", "--json").json == []
        piped(monkeypatch, b"")
        assert labapp("tag", "mine").out == ""
        assert process.asked == []

    def test_into_a_file(self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path) -> None:
        printed = labapp("tag", "mine", "to Paris", "--out", "o.txt", "--second")
        assert printed.out == ""
        assert "1 sentences, 2 tokens in o.txt" in printed.err
        assert (tmp_path / "o.txt").read_text() == "to [Paris geo .95]\n  2nd .09  to Paris\n"
        printed = labapp("tag", "mine", "to Paris", "--out", "o.json", "--json")
        assert printed.json == {"path": str(tmp_path / "o.json"), "sentences": 1, "tokens": 2}
        assert json.loads((tmp_path / "o.json").read_text())[0]["tags"] == ["O", "B-geo"]


class TestWhatStopsIt:
    @pytest.fixture(autouse=True)
    def _small_portions(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(reading, "LINES", 1)
        (tmp_path / "f.txt").write_text("to Paris\n\nto London\n")

    @pytest.mark.parametrize(
        ("error", "code"), [(LabError("the inference process ended", got="Killed"), 1), (KeyboardInterrupt(), 130)]
    )
    def test_what_was_written_stays_and_an_array_stays_one_document(
        self, labapp: Any, run: Run, process: FakeInference, error: BaseException, code: int
    ) -> None:
        for number, form in enumerate(([], ["--format", "conll"], ["--json"], ["--json", "--out", "o.json"])):
            process.fails_at = (2 + 2 * number, error)
            printed = labapp("tag", "mine", "--file", "f.txt", *form)
            assert printed.code == code
            assert code == 1 or "interrupted" in printed.err
            if form == []:
                assert printed.out == "to [Paris geo .95]\n"
            if form == ["--json"]:
                assert [list(each) for each in printed.json][1] == ["error"]
                assert printed.json[0]["tokens"] == ["to", "Paris"]
            if "--out" in form:
                assert "error" in json.loads(Path("o.json").read_text())[1]
                assert code == 130 or "error" in printed.json

    def test_an_error_before_anything_was_written_is_the_document(
        self, labapp: Any, run: Run, process: FakeInference
    ) -> None:
        process.fails_at = (1, LabError("out of memory"))
        printed = labapp("tag", "mine", "--file", "f.txt", "--json")
        assert (printed.code, printed.json["error"]["title"]) == (1, "out of memory")

    def test_a_reader_that_has_had_enough_ends_it_quietly(
        self, labapp: Any, run: Run, process: FakeInference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Closed(io.StringIO):
            def flush(self) -> None:
                raise BrokenPipeError

        monkeypatch.setattr(sys, "stdout", Closed())
        printed = labapp("tag", "mine", "--file", "f.txt")
        assert (printed.code, printed.err) == (0, "")
        assert len(process.asked) == 1

    def test_an_answer_that_is_none_is_an_error_with_words(self, labapp: Any, run: Run, process: FakeInference) -> None:
        process.fake.answers["tag"] = lambda args: {"sentences": 3}
        printed = labapp("tag", "mine", "Paris")
        assert printed.code == 1
        assert "cannot be understood" in printed.err


class TestWhatIsRefused:
    def test_runs_of_other_tasks_and_runs_without_a_checkpoint_before_anything_is_loaded(
        self, labapp: Any, lab: Lab, process: FakeInference
    ) -> None:
        pictures, fresh = image_run(lab), untrained(lab, "ner/bilstm-crf")
        give_checkpoint(pictures)
        printed = labapp("tag", pictures.id, "Paris", "--json")
        assert printed.code == 2
        assert printed.json["error"]["expected"] == "a run of ner"
        assert "no checkpoint yet" in labapp("tag", fresh.id, "Paris").err
        assert process.started == []

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--file", "missing.txt"], "missing.txt: No such file"),
            (["--file", "."], "this is a folder"),
            (["--file", "binary"], "this is no text"),
            (["text", "--file", "f"], "a text and a file"),
            ([" "], "there is nothing to tag"),
            (["text", "--format", "xml"], "unknown format 'xml'"),
            (["text", "--format", "conll", "--json"], "--json is a format of its own"),
            (["text", "--out", "no/such/folder"], "cannot be written"),
            (["--file", "binary", "--out", "binary"], "read and written at once"),
            (["text", "--gpu", "0"], "GPU"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, arguments: list[str], words: str
    ) -> None:
        (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
        printed = labapp("tag", "mine", *arguments)
        assert printed.code == 2
        assert words in " ".join((printed.err + printed.out).split())
        assert process.asked == []
        assert (tmp_path / "binary").stat().st_size == 6

    def test_a_terminal_without_a_text(
        self, labapp: Any, run: Run, process: FakeInference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        for stdin in (Terminal(), None):
            monkeypatch.setattr(sys, "stdin", stdin)
            printed = labapp("tag", "mine")
            assert printed.code == 2
            assert "what is there to tag?" in printed.err
