"""`labapp report` from the command line: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labapp.__main__ import dispatch
from sessions.home import Home
from tests.sessions.study.records import write_run


def test_a_report_is_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "home")
    write_run(home, "bn-aaaaaa", "images", "bn")
    out = tmp_path / "r.md"
    assert dispatch(["report", "bn-aaaaaa", "--out", str(out), "--sections", "statistics,curves", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["format"]) == (str(out), "markdown")
    assert told["figures"] == [str(tmp_path / "r_files" / "curves.svg")]
    assert "## Curves" in out.read_text()
    assert "## Classes" not in out.read_text()
    assert dispatch(["report", "bn-aaaaaa", "--out", str(tmp_path / "r.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'r.html'}\n"


def test_what_is_wrong_is_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["report", "nothing", "--out", str(tmp_path / "r.html"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["got"] == "nothing"
