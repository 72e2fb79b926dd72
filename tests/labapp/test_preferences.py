"""Preferences and data, as the command line sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab


class TestData:
    def test_list_says_what_is_here(self, labapp: Any) -> None:
        found = {each["name"]: each["is"] for each in labapp("data", "list", "--json").json}
        assert (found["sample"], found["cifar10"]) == ("built in", "not here")
        assert "cifar10" in labapp("data").out

    def test_a_file_that_is_not_the_archive_is_refused_and_named(self, labapp: Any, tmp_path: Path) -> None:
        (tmp_path / "wrong.tar.gz").write_bytes(b"not it")
        printed = labapp("data", "fetch", "cifar10", "--from", str(tmp_path / "wrong.tar.gz"), "--json")
        assert printed.code == 1
        assert "wrong.tar.gz" in json.dumps(printed.json["error"])
        assert labapp("data", "list", "--json").json[2]["is"] == "not here"

    def test_training_on_what_is_not_here_is_refused_and_says_how_to_get_it(self, labapp: Any, lab: Lab) -> None:
        printed = labapp("train", "images/bn", "--data", "cifar10", "--json")
        assert printed.code == 2
        assert "labapp data fetch cifar10" in printed.json["error"]["hint"]
        assert lab.store.ids() == []

    def test_what_is_built_in_need_not_be_fetched(self, labapp: Any) -> None:
        assert labapp("data", "fetch", "sample").code == 2


class TestPreferences:
    def test_the_command_line_wins_over_variables_project_user_and_recipe(
        self, labapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lr(*arguments: str) -> float:
            return float(labapp("train", "toy/line", "--dry-run", "--json", *arguments).json["settings"]["lr"])

        assert lr() == 0.1
        (tmp_path / "config.toml").write_text("[settings]\nlr = 0.2\n")
        assert lr() == 0.2
        (tmp_path / "labapp.toml").write_text("[settings.toy]\nlr = 0.3\n")
        assert lr() == 0.3
        monkeypatch.setenv("LABAPP_LR", "0.4")
        assert lr() == 0.4
        assert lr("--set", "lr=0.5") == 0.5

    @pytest.mark.parametrize(
        ("name", "text", "says"),
        [
            ("labapp.toml", 'home = "/x"', "a project cannot set 'home'"),
            ("labapp.toml", 'on_finish = "rm"', "a project cannot set 'on_finish'"),
            ("labapp.toml", "[settings]\n\nepohcs = 3", "line 3"),
            ("labapp.toml", "[settings]\nepohcs = 3", "epochs"),
            ("config.toml", 'recipee = "seed"', "recipe"),
            ("config.toml", 'on_finish = ["notify-send", "labapp"]', "a command as text"),
            ("config.toml", "a = " + "[" * 5000, "cannot be read"),
            ("config.toml", "[settings.imags]\nlr = 1", "images"),
            ("config.toml", "not toml", "config.toml"),
            ("config.toml", "[settings]\nlr = -1", "line 2"),
        ],
    )
    def test_errors_name_file_line_and_nearest(
        self, labapp: Any, tmp_path: Path, name: str, text: str, says: str
    ) -> None:
        (tmp_path / name).write_text(text)
        printed = labapp("train", "toy/line", "--dry-run")
        assert printed.code == 2
        assert says in printed.err
        assert name in printed.err or says.startswith("a project")

    def test_a_bad_project_file_stops_no_command_that_does_not_need_it(
        self, labapp: Any, lab: Lab, tmp_path: Path
    ) -> None:
        run = lab.at_step(lab.launch(epochs=2000, pace=0.004), 2)
        (tmp_path / "labapp.toml").write_text("[settings.images")
        assert labapp("runs").code == 0
        assert labapp("kill", run.id).code == 0
        doctor = labapp("doctor", "--json")
        assert doctor.code == 1
        (found,) = [each for each in doctor.json if each["what"] == "preferences"]
        assert str(tmp_path / "labapp.toml") in found["found"]

    def test_a_mistyped_variable_is_refused(self, labapp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LABAPP_EPOCS", "3")
        printed = labapp("train", "toy/line", "--dry-run")
        assert printed.code == 2
        assert "epochs" in printed.err

    def test_doctor_names_a_key_of_the_face_that_means_nothing(self, labapp: Any, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text('[keys]\nstpo = "x"\n')
        (found,) = [each for each in labapp("doctor", "--json").json if each["what"] == "config.toml"]
        assert "line 2" in found["found"]
        assert "'stop'" in found["remedy"]

    def test_doctor_names_an_on_finish_that_is_no_command(self, labapp: Any, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text('on_finish = "/nowhere/notify me"\n')
        (found,) = [each for each in labapp("doctor", "--json").json if each["what"] == "on_finish"]
        assert "'/nowhere/notify'" in found["found"]
        assert "line 1" in found["found"]
