"""`labapp solve`: problems, files and pipes through a trained run, with an inference process that is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError
from labapp.solve import reading
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import give_checkpoint
from tests.labapp.screens.solving import TRAIN, FakeSolver
from tests.labapp.streams import FakeInference, piped
from tests.untrained import solver, untrained


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> FakeInference:
    fake = FakeInference(FakeSolver())
    monkeypatch.setattr("labapp.commands.solve.inference_on", fake)
    return fake


@pytest.fixture
def run(lab: Lab) -> Run:
    return solver(lab, "mine")


class TestWhatIsSolved:
    def test_a_problem_as_an_argument(self, labapp: Any, run: Run, process: FakeInference) -> None:
        printed = labapp("solve", "mine", "the sum of 3\nand 4 is ?", "--beam", "3", "--no-grammar")
        assert printed.code == 0
        assert process.asked == [{"run": run.id, "problems": ["the sum of 3 and 4 is ?"], "beam": 3, "grammar": False}]

    def test_what_is_not_said_is_left_to_the_run(self, labapp: Any, run: Run, process: FakeInference) -> None:
        labapp("solve", "latest", TRAIN)
        assert process.asked == [{"run": run.id, "problems": [TRAIN]}]

    def test_a_file_and_a_pipe_have_a_problem_a_line(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "PORTION", 2)
        raw = b"3 and 4\n\n  5 and 6  \r\n7 and 8"
        (tmp_path / "f.txt").write_bytes(raw)
        piped(monkeypatch, raw)
        for arguments in (["--file", "f.txt"], []):
            process.asked.clear()
            found = labapp("solve", "mine", "--json", *arguments).json
            assert [each["problem"] for each in found] == ["3 and 4", "5 and 6", "7 and 8"]
            assert [each["problems"] for each in process.asked] == [["3 and 4", "5 and 6"], ["7 and 8"]]

    def test_a_program_is_scored_beside(self, labapp: Any, run: Run, process: FakeInference) -> None:
        printed = labapp("solve", "mine", TRAIN, "--program", "add(n0,n2)|divide(#0,const_2)")
        assert process.asked[0]["program"] == "add(n0,n2)|divide(#0,const_2)"
        assert "you  -1.20  add(n0,n2)|divide(#0,const_2)" in printed.out
        found = labapp("solve", "mine", TRAIN, "--program", "add(n0,n2)", "--json").json
        assert found[0]["typed"]["value"] == 500


class TestWhatIsWritten:
    def test_a_person_reads_the_problem_its_beams_and_the_best_worked_out(
        self, labapp: Any, run: Run, process: FakeInference
    ) -> None:
        lines = labapp("solve", "mine", TRAIN, "--beam", "3").out.splitlines()
        assert [line.split() for line in lines[:3]] == [TRAIN.split(), ["n0", "n1", "n2"], []]
        assert [lines[0].index(each) for each in ("360", "45", "140")] == [
            lines[1].index(each) for each in ("n0", "n1", "n2")
        ]
        assert lines[4].split() == ["1", "-0.08", "add(n0,n2)|multiply(n1,const_0_2778)|divide(#0,#1)", "39.9968"]
        assert lines[6].endswith("multiply(n1,const_1000)|divide(#0,const_0)          step 2 divides by zero")
        assert [" ".join(line.split()) for line in lines[8:10]] == ["#0 add(n0,n2) 360 + 140 = 500", "add 360 and 140"]

    def test_json_is_one_document_with_what_was_promised(self, labapp: Any, run: Run, process: FakeInference) -> None:
        (found,) = labapp("solve", "mine", TRAIN, "--json").json
        assert (found["problem"], found["numbers"]) == (TRAIN, [360, 45, 140])
        assert [set(beam) for beam in found["beams"]] == [
            {"program", "score", "log_prob", "value", "error", "steps"}
        ] * 10
        assert found["beams"][0]["value"] == pytest.approx(40, rel=1e-3)
        assert (found["beams"][2]["value"], found["beams"][2]["error"]) == (None, "step 2 divides by zero")

    def test_the_best_few_are_enough_where_that_is_said(self, labapp: Any, run: Run, process: FakeInference) -> None:
        assert len(labapp("solve", "mine", TRAIN, "--best", "2", "--json").json[0]["beams"]) == 2
        assert "sqrt" not in labapp("solve", "mine", TRAIN, "--best", "2").out

    def test_nothing_in_is_nothing_out(
        self, labapp: Any, run: Run, process: FakeInference, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        piped(monkeypatch, b"\n \n")
        assert labapp("solve", "mine", "--json").json == []
        assert process.asked == []

    def test_into_a_file(self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path) -> None:
        printed = labapp("solve", "mine", TRAIN, "--out", "o.json", "--json")
        assert printed.json == {"path": str(tmp_path / "o.json"), "problems": 1}
        assert json.loads((tmp_path / "o.json").read_text())[0]["problem"] == TRAIN
        printed = labapp("solve", "mine", TRAIN, "--out", "o.jsonl", "--format", "json")
        assert (printed.out, "1 problems in o.jsonl" in printed.err) == ("", True)
        assert json.loads((tmp_path / "o.jsonl").read_text())["numbers"] == [360, 45, 140]

    def test_hostile_text_does_not_act(self, labapp: Any, run: Run, process: FakeInference) -> None:
        printed = labapp("solve", "mine", "[red]3[/] \x1b[31mand\x1b[0m \u202e4", "--program", "\x1b]0;x\x07")
        assert printed.code == 0
        assert not set("\x1b\x07\u202e") & set(printed.out)
        assert "[red]3[/]" in printed.out


class TestWhatStopsIt:
    @pytest.mark.parametrize(
        ("error", "code"), [(LabError("the inference process ended", got="Killed"), 1), (KeyboardInterrupt(), 130)]
    )
    def test_what_was_written_stays_and_an_array_stays_one_document(
        self, labapp: Any, run: Run, process: FakeInference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        error: BaseException, code: int,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(reading, "PORTION", 1)
        (tmp_path / "f.txt").write_text("3 and 4\n5 and 6\n")
        process.fails_at = (2, error)
        printed = labapp("solve", "mine", "--file", "f.txt", "--json")
        assert printed.code == code
        assert [each.get("problem") for each in printed.json] == ["3 and 4", None]
        assert "error" in printed.json[1]

    def test_an_answer_that_is_none_is_an_error_with_words(self, labapp: Any, run: Run, process: FakeInference) -> None:
        process.fake.answers["solve"] = lambda args: {"problems": 3}
        printed = labapp("solve", "mine", TRAIN)
        assert printed.code == 1
        assert "cannot be understood" in printed.err


class TestWhatIsRefused:
    def test_runs_of_other_tasks_and_runs_without_a_checkpoint_before_anything_is_loaded(
        self, labapp: Any, lab: Lab, process: FakeInference
    ) -> None:
        pictures, fresh = image_run(lab), untrained(lab, "mathqa/attention")
        give_checkpoint(pictures)
        printed = labapp("solve", pictures.id, TRAIN, "--json")
        assert printed.code == 2
        assert printed.json["error"]["expected"] == "a run of mathqa"
        assert "no checkpoint yet" in labapp("solve", fresh.id, TRAIN).err
        assert process.started == []

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--file", "missing.txt"], "missing.txt: No such file"),
            (["text", "--file", "f"], "a text and a file"),
            ([" "], "there is nothing to solve"),
            (["text", "--beam", "65"], "less than or equal to 64"),
            (["text", "--beam", "0"], "greater than or equal to 1"),
            (["text", "--best", "0"], "greater than or equal to 1"),
            (["text", "--format", "xml"], "unknown format 'xml'"),
            (["--program", "add(n0,n1)", "--file", "f.txt"], "a program is scored for one problem"),
            (["text", "--out", "no/such/folder"], "cannot be written"),
        ],
    )
    def test_what_cannot_be_is_said(
        self, labapp: Any, run: Run, process: FakeInference, arguments: list[str], words: str
    ) -> None:
        printed = labapp("solve", "mine", *arguments)
        assert printed.code == 2
        assert words in " ".join((printed.err + printed.out).split())
        assert process.asked == []
