"""`labapp export` and `labapp import`: what they print, where they write, what they refuse."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab
from tests.sessions.exchange.making import made


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestExport:
    def test_csv_is_the_curves_on_stdout(self, labapp: Any, lab: Lab) -> None:
        run = made(lab)
        printed = labapp("export", "first")
        assert printed.code == 0
        found = rows(printed.out)
        assert {row["run"] for row in found} == {run.id}
        assert [row["loss"] for row in found if row["split"] == "val"] == ["0.5", "nan"]

    def test_names_from_outside_are_no_formulas(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        assert [row["class"] for row in rows(labapp("export", "first", "--table", "classes").out)] == ["'=cat", "dog"]

    def test_the_table_of_runs_takes_queries_and_without_any_all(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        made(lab, "second", "stopped")
        assert len(rows(labapp("export", "--table", "runs").out)) == 2
        (found,) = rows(labapp("export", "--table", "runs", "status:finished").out)
        assert (found["name"], found["val/loss"], found["settings/epochs"]) == ("first", "0.5", "2")

    def test_a_file_is_written_whole_and_replaced_only_when_asked(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        printed = labapp("export", "first", "--table", "metrics", "--out", "new/metrics.csv", "--json")
        assert printed.json["rows"] == 4
        assert labapp("export", "first", "--out", "new/metrics.csv").code == 2
        assert labapp("export", "first", "--out", "new/metrics.csv", "--force").code == 0

    def test_a_table_that_is_not_there_is_answered_with_those_that_are(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        printed = labapp("export", "first", "--table", "beams", "--json")
        assert printed.code == 2
        assert "confusion" in printed.json["error"]["expected"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["first", "--format", "xml"],
            ["first", "--table", "nothing"],
            ["first", "--split", "dev"],
            ["first", "--format", "bundle", "--table", "runs"],
            ["first", "--format", "csv", "--shareable"],
            ["first", "--format", "tensorboard"],
            ["first", "--format", "record"],
            ["nobody"],
            [],
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_meant_is_wrong_usage(self, labapp: Any, lab: Lab, arguments: list[str]) -> None:
        made(lab)
        printed = labapp("export", *arguments)
        assert printed.code == 2
        assert "Traceback" not in printed.err

    def test_several_go_into_a_folder_and_one_that_cannot_keeps_no_other_from_it(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        made(lab, "empty", None, weights=False)
        printed = labapp("export", "first", "empty", "--format", "bundle", "--out", "bundles", "--json")
        assert printed.code == 1
        assert [sorted(each)[:2] for each in printed.json] == [["bytes", "digest"], ["error", "id"]]
        assert [path.name for path in Path("bundles").iterdir()] == ["first.labrun"]


class TestImport:
    def test_there_and_back_again(self, labapp: Any, lab: Lab) -> None:
        run = made(lab)
        assert labapp("export", "first", "--format", "bundle", "--out", "a.labrun").code == 0
        printed = labapp("import", "a.labrun", "--home", "other")
        assert printed.out.strip() == run.id
        assert "imported a.labrun" in printed.err
        assert "here already" in labapp("import", "a.labrun", "--home", "other").err
        before, after = (labapp("show", "first", "--home", home, "--json").json for home in (str(lab.root), "other"))
        for told in (before, after):
            del told["path"], told["imported"]
        assert before == after
        assert "a bundle" in labapp("show", "first", "--home", "other").out
        assert labapp("runs", "imported:bundle", "--home", "other", "--json").json[0]["id"] == run.id

    def test_a_folder_of_records_at_once(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        made(lab, "second", "failed")
        assert labapp("export", "first", "second", "--format", "record", "--out", "kept").code == 0
        printed = labapp("import", "kept", "--home", "other", "--json")
        assert [(each["name"], each["as"], each["new"]) for each in printed.json] == [
            ("first", "record", True), ("second", "record", True),
        ]  # fmt: skip
        assert "without weights" in labapp("show", "second", "--home", "other").out

    def test_a_dry_run_says_what_it_would_do_and_leaves_nothing(self, labapp: Any, lab: Lab) -> None:
        made(lab)
        labapp("export", "first", "--format", "bundle", "--out", "a.labrun")
        printed = labapp("import", "a.labrun", "--home", "other", "--dry-run", "--json")
        assert printed.json[0]["dry_run"] is True
        assert list(Path("other/runs").iterdir()) == []

    def test_what_is_nothing_to_import_is_said(self, labapp: Any, lab: Lab) -> None:
        run = made(lab)
        Path("text.labrun").write_text("text")
        for path in ("nowhere", "text.labrun", str(run.path), str(lab.root)):
            printed = labapp("import", path, "--json")
            assert printed.code == 2, path
            assert json.loads(printed.out)["error"]["expected"], path
