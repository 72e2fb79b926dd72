"""Drafts of the New screen, headless: every field, every layer, every error, and what a launch will cost."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.catalogue import task_row, tasks
from engine.config import bounds_in_words, settings_class
from engine.errors import LabError, UsageError
from labapp.form.checking import Checked, check
from labapp.form.drafts import Draft, draft_from, fields_of, first_draft, form_of, parse_seeds
from labapp.form.estimates import Memory
from labapp.form.launching import config_of, configured, launch_draft, repeated
from labapp.form.lines import command_line, help_of, matches, setting_lines
from labapp.form.surroundings import Around, look_around, look_at
from sessions.home import Home
from sessions.run.store import Store
from tests.conftest import Lab

TASKS = ["images", "mathqa", "ner", "toy"]


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return look_around(Memory(Store(Home(tmp_path / "home").ensure())))


def toy(**overrides: str) -> Draft:
    return replace(first_draft("toy"), overrides=overrides)


def checked_at(draft: Draft, around: Around) -> Checked:
    """With a look at the path, if there is one."""
    return check(draft, around, look_at(draft.row, draft.source))


class TestEveryTask:
    @pytest.mark.parametrize("task", TASKS)
    def test_every_setting_has_its_field_with_help_and_says_what_it_may_be(self, task: str) -> None:
        row = task_row(task)
        fields = fields_of(row.settings)
        assert {field.key for field in fields} == set(settings_class(row).model_fields)
        assert all(field.help and field.may_be and field.group for field in fields)
        groups = [field.group for field in fields]
        assert groups == sorted(groups, key=groups.index), "the fields of a group stand together"
        assert groups[0] == "Loop", "a task that says more of a common setting does not move it"

    @pytest.mark.parametrize("task", TASKS)
    def test_every_recipe_of_every_variant_and_dataset_is_sound_as_it_is(self, task: str, around: Around) -> None:
        row = task_row(task)
        here = replace(around, missing=frozenset())
        for recipe in row.recipes:
            for variant in row.variants:
                for data in row.datasets:
                    found = check(Draft(task, variant, data, recipe=recipe), here)
                    lacks = () if row.datasets[data].embedded else ("vectors",)  # where they are the user must say
                    assert found.sound or found.about == lacks, found.reason()
                    assert found.changed == ()

    @pytest.mark.parametrize("task", TASKS)
    def test_what_is_checked_is_what_the_command_line_resolves(self, task: str, around: Around) -> None:
        draft = Draft(
            task, next(iter(task_row(task).variants)), task_row(task).default_dataset, overrides={"epochs": "7"}
        )
        assert around.layers is not None
        config = configured(around.layers, draft.row, draft.variant, draft.source, None, draft.asked())
        assert check(draft, around).settings == config.settings

    def test_the_lists_of_this_file_name_every_task(self) -> None:
        assert set(TASKS) | {"broken", "dying"} == set(tasks())

    def test_a_setting_belongs_to_the_most_basic_group_that_has_it(self) -> None:
        group = {field.key: field.group for field in form_of(settings_class(task_row("images")))}
        assert (group["monitor"], group["lr"], group["flip"]) == ("Loop", "Optimizer", "Image")

    @pytest.mark.parametrize(
        ("spec", "words"),
        [
            ({"minimum": 1, "maximum": 100_000}, "1 to 100,000"),
            ({"exclusiveMinimum": 0.0, "maximum": 100.0}, "above 0, at most 100"),
            ({"minimum": 0.0, "exclusiveMaximum": 1.0}, "0 or more, below 1"),
            ({}, ""),
        ],
    )
    def test_bounds_are_said_in_words(self, spec: dict[str, Any], words: str) -> None:
        assert bounds_in_words(spec) == words


def test_nothing_of_it_needs_torch() -> None:
    code = (
        "import sys; from labapp.form import drafts as d, launching as l, lines, surroundings as s;"
        "from labapp.form.checking import check; from labapp.form.estimates import Memory;"
        "from sessions.home import find_home; from sessions.run.store import Store; draft = d.first_draft('images');"
        "around = s.look_around(Memory(Store(find_home('home').ensure())));"
        "found = check(draft, around); assert found.sound, found.reason(); s.look_at(draft.row, '.');"
        "print([m for m in ('torch', 'numpy', 'textual.app') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout.strip() in ("[]", "['textual.app']")


class TestLayers:
    """Precedence is that of the command line."""

    def test_form_environment_project_user_recipe(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "config.toml").write_text("[settings]\nlr = 1.1\nepochs = 11\nmomentum = 0.11\nseed = 11\n")
        (tmp_path / "labapp.toml").write_text("[settings.toy]\nlr = 2.2\nepochs = 22\nmomentum = 0.22\n")
        monkeypatch.setenv("LABAPP_LR", "3.3")
        monkeypatch.setenv("LABAPP_EPOCHS", "33")
        found = check(toy(lr="4.4"), look_around(Memory(Store(Home(tmp_path / "home").ensure()))))
        values = {
            key: (found.values[key].text, found.values[key].source) for key in ("lr", "epochs", "momentum", "seed")
        }
        assert values == {
            "lr": ("4.4", "form"),
            "epochs": ("33", "environment"),
            "momentum": ("0.22", "labapp.toml, line 4"),
            "seed": ("11", "config.toml, line 5"),
        }
        assert found.values["batch_size"].source == "recipe best"
        assert found.values["points"].source == "default"
        assert set(found.changed) == {"lr", "epochs", "momentum", "seed"}

    def test_the_recipe_sees_what_was_typed(self, around: Around) -> None:
        found = check(replace(first_draft("images"), overrides={"epochs": "200"}), around)
        assert (found.values["warmup_epochs"].text, found.values["warmup_epochs"].changed) == ("10.0", False)

    def test_what_belongs_to_the_data_says_so(self, around: Around) -> None:
        assert check(first_draft("images"), around).values["image_size"].source == "data"

    def test_preferences_that_cannot_be_read_are_said_and_nothing_can_be_launched(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text("[settings]\nlearning_rate = 1\n")
        found = check(toy(), look_around(Memory(Store(Home(tmp_path / "home").ensure()))))
        assert not found.sound
        assert "learning_rate" in found.reason()

    def test_a_wrong_value_in_a_file_says_where_it_stands_and_can_be_overruled(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text("[settings]\nepochs = 0\n")
        around = look_around(Memory(Store(Home(tmp_path / "home").ensure())))
        found = check(toy(), around)
        assert found.values["epochs"].error == "must be a whole number, 1 to 100,000"
        assert "config.toml, line 2" in help_of(found, "epochs")[1]
        assert check(toy(epochs="3"), around).sound

    def test_a_recipe_nobody_knows_is_a_wrong_choice(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text('recipe = "bset"\n')
        found = check(toy(), look_around(Memory(Store(Home(tmp_path / "home").ensure()))))
        assert "must be one of" in found.wrong["recipe"]
        assert len(found.values) == len(found.fields), "the form stands all the same"


class TestErrors:
    @pytest.mark.parametrize(
        ("key", "text", "reason"),
        [
            ("epochs", "0", "must be a whole number, 1 to 100,000"),
            ("epochs", "", "must be a whole number, 1 to 100,000"),
            ("epochs", "ten", "must be a whole number, 1 to 100,000"),
            ("epochs", "9" * 5000, "must be a whole number, 1 to 100,000"),
            ("lr", "nan", "must be a number, above 0, at most 100"),
            ("lr", "1" * 10_000, "must be a number, above 0, at most 100"),
            ("optimizer", "lion", "must be one of sgd, adam, adamw"),
            ("nesterov", "maybe", "must be true or false"),
            ("milestones", "0.5, 2", "must be values with commas between them, each 0 to 1"),
            ("device", "[red]gpu[/]", "must be auto, cpu, cuda or cuda:N"),
        ],
    )
    def test_each_field_says_what_is_wrong_with_it(self, key: str, text: str, reason: str, around: Around) -> None:
        found = check(toy(**{key: text}), around)
        assert found.errors == {key: reason}
        assert found.values[key].text == text, "what was typed stays"
        assert not found.sound
        assert found.reason() == f"{key}: {reason}"

    def test_all_wrong_fields_are_found_at_once_and_the_others_keep_their_values(self, around: Around) -> None:
        found = check(toy(epochs="x", lr="-1", points="128"), around)
        assert set(found.errors) == {"epochs", "lr"}
        assert found.values["points"].text == "128"
        assert found.values["batch_size"].text == "8"

    def test_a_rule_of_one_field_speaks_for_itself(self, around: Around) -> None:
        found = check(replace(first_draft("images"), overrides={"image_size": "3"}), around)
        assert found.errors["image_size"].startswith("pictures need 8 pixels")

    def test_a_rule_between_fields_names_them(self, around: Around) -> None:
        found = check(toy(nesterov="true", momentum="0"), around)
        assert (found.errors, found.about) == ({}, ("momentum", "nesterov"))
        assert "nesterov=true needs a momentum above 0" in found.reason()
        assert all(line.wrong for line in setting_lines(found) if line.key in found.about)

    def test_a_choice_of_numbers_is_taken_from_text(self, around: Around) -> None:
        found = check(replace(first_draft("images"), variant="gn", overrides={"groups": "4"}), around)
        assert found.sound
        assert found.changed == ("groups",)

    def test_the_choices_are_checked_too(self, around: Around, lab: Lab) -> None:
        lab.store.home.ensure()
        draft = replace(toy(), name="a/b", tags="x:y", seeds="1-", after="nobody", gpu="7")
        assert set(check(draft, around).wrong) == {"name", "tags", "seeds", "after", "gpu"}

    def test_the_gpu_and_the_setting_device_must_not_contradict(self, around: Around) -> None:
        assert "gpu" in check(replace(toy(device="cuda:1"), gpu="cpu"), around).wrong

    def test_a_name_that_is_taken_is_said_as_one_types(self, lab: Lab) -> None:
        lab.finished(name="mine")
        found = check(replace(toy(), name="mine"), look_around(Memory(lab.store)))
        assert found.wrong == {"name": "the name is taken"}

    @pytest.mark.parametrize(
        ("text", "seeds"), [("", []), ("1,2,3", ["1", "2", "3"]), ("1-3 7", ["1", "2", "3", "7"]), ("2,2", ["2"])]
    )
    def test_seeds_are_lists_and_ranges(self, text: str, seeds: list[str]) -> None:
        assert parse_seeds(text) == seeds

    @pytest.mark.parametrize("text", ["x", "-1", "3-1", "1.5", "1-1000", "9" * 13, "1-999999999999"])
    def test_seeds_that_are_none_are_refused(self, text: str) -> None:
        with pytest.raises(UsageError):
            parse_seeds(text)


class TestData:
    def test_a_dataset_that_is_not_here_says_how_to_get_it(self, around: Around) -> None:
        found = check(Draft("images", "bn", "cifar10"), around)
        assert "labapp data fetch cifar10" in found.wrong["data"]

    def test_a_path_is_pending_until_it_has_been_looked_at(self, around: Around, tmp_path: Path) -> None:
        (tmp_path / "numbers").write_text("0.1\n0.2\n")
        draft = replace(toy(), data="", path=str(tmp_path / "numbers"))
        assert check(draft, around).pending
        assert checked_at(draft, around).sound
        assert not check(replace(draft, path="elsewhere"), around, look_at(draft.row, draft.source)).sound

    @pytest.mark.parametrize(
        "path", ["/nowhere/at/all", "x" * 10_000, "/a\0b", "~nobody-here/x", "[bold]no[/bold]", "日本" * 99]
    )
    def test_a_path_that_is_none_is_said_and_raises_nothing(self, path: str, around: Around) -> None:
        found = checked_at(replace(toy(), data="", path=path), around)
        assert "no such file or folder" in found.wrong["path"]

    def test_a_socket_is_no_folder_of_pictures(self, around: Around, tmp_path: Path, monkeypatch: Any) -> None:
        import socket

        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            draft = replace(first_draft("images"), data="", path=str(tmp_path / "socket"))
            assert "cannot be read" in checked_at(draft, around).wrong["path"]

    def test_a_folder_of_pictures_brings_its_size_and_the_recipe_sees_it(self, around: Around, tmp_path: Path) -> None:
        from PIL import Image

        for name in "ab":
            (tmp_path / "pictures" / name).mkdir(parents=True)
            Image.new("RGB", (300, 200)).save(tmp_path / "pictures" / name / "1.png")
        draft = replace(first_draft("images"), data="", path=str(tmp_path / "pictures"), recipe="seed")
        found = checked_at(draft, around)
        assert (found.values["image_size"].text, found.values["batch_size"].text) == ("256", "32")


class TestAgain:
    def test_a_run_again_is_what_the_command_line_repeats(self, lab: Lab) -> None:
        run = lab.launch(lr=0.3, points=40)
        config = config_of(run)
        draft = draft_from(config, run.id).with_override("epochs", "2")
        found = check(draft, look_around(Memory(lab.store)))
        assert found.settings == repeated(config, run.id, None, None, draft.asked()).settings
        assert found.values["lr"].source == f"run {run.id}"
        assert set(found.changed) == {"lr", "points", "epochs"}

    def test_preferences_of_now_have_no_say_in_it(self, lab: Lab, tmp_path: Path) -> None:
        run = lab.launch(lr=0.3)
        (tmp_path / "config.toml").write_text("[settings]\nlr = 9.0\n")
        found = check(draft_from(config_of(run), run.id), look_around(Memory(lab.store)))
        assert found.values["lr"].text == "0.3"

    def test_another_recipe_lets_go_of_the_run(self, lab: Lab) -> None:
        run = lab.launch(lr=0.3)
        found = check(draft_from(config_of(run), run.id).with_choice("recipe", "seed"), look_around(Memory(lab.store)))
        assert (found.draft.base, found.values["lr"].text, found.changed) == (None, "0.05", ())


class TestLines:
    def test_only_what_differs_is_shown_with_what_the_recipe_has(self, around: Around) -> None:
        lines = setting_lines(check(toy(lr="0.7"), around), only_changed=True)
        assert [(line.key, line.value, line.note) for line in lines if line.key] == [("lr", "0.7", "recipe: 0.1")]

    def test_settings_are_found_by_letters_of_the_name_and_by_words_of_the_help(self) -> None:
        fields = {field.key: field for field in fields_of(task_row("toy").settings)}
        assert matches(fields["weight_decay"], "wd")
        assert matches(fields["momentum"], "mom")
        assert matches(fields["seed"], "random draw")
        assert not matches(fields["lr"], "batch")

    def test_the_same_is_said_for_a_shell(self, around: Around) -> None:
        draft = replace(toy(lr="0.7", milestones="0.1, 0.2"), name="it's", tags="a b", gpu="cpu")
        assert command_line(check(draft, around)) == (
            "labapp train toy/line --set lr=0.7 --set 'milestones=0.1, 0.2' --gpu cpu --tag a --tag b"
            """ --name 'it'"'"'s'"""
        )
        several = command_line(check(replace(toy(), seeds="1,2"), around))
        assert several == 'for seed in 1 2; do labapp train toy/line --set seed="$seed"; done'


class TestLaunch:
    def test_one_run_with_its_labels(self, lab: Lab) -> None:
        around = look_around(Memory(lab.store))
        assert around.layers is not None
        draft = replace(toy(lr="0.7"), name="mine", tags="a, b", note=" why ")
        (run,) = launch_draft(lab.store, draft, around.layers)
        assert (run.name, run.tags, run.note, run.settings["lr"]) == ("mine", ["a", "b"], "why", 0.7)
        assert lab.ended(run).status.name == "finished"

    def test_a_run_for_every_seed(self, lab: Lab) -> None:
        around = look_around(Memory(lab.store))
        assert around.layers is not None
        runs = launch_draft(lab.store, replace(toy(), name="s", seeds="3-5"), around.layers)
        assert [(run.name, run.settings["seed"]) for run in runs] == [("s-3", 3), ("s-4", 4), ("s-5", 5)]

    def test_of_several_none_is_queued_when_one_cannot_be(self, lab: Lab) -> None:
        lab.launch(name="s-2")
        around = look_around(Memory(lab.store))
        assert around.layers is not None
        with pytest.raises(LabError, match="taken"):
            launch_draft(lab.store, replace(toy(), name="s", seeds="1,2"), around.layers)
        assert len(lab.store.ids()) == 1
