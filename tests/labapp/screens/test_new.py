"""The New screen: filling the form with keys, what it says, and what a launch does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from labapp.app import LabApp
from labapp.messages import FillFrom
from labapp.screens.new import NewScreen
from labapp.widgets.form import Form
from labapp.widgets.pick import Pick
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until

ROOT = Path(__file__).parents[3]
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE])


async def new(app: LabApp, pilot: Pilot[None], task: str = "toy") -> NewScreen:
    """Open the screen and choose a task."""
    await pilot.press("2")
    screen = await until(pilot, lambda: app.screen if isinstance(app.screen, NewScreen) else None)
    await until(pilot, lambda: screen.checked)
    if screen.draft is not None and screen.draft.task != task:
        screen.take(screen.draft.with_task(task))
    await pilot.pause()
    return screen


async def to(pilot: Pilot[None], form: Form, key: str) -> None:
    """Put the cursor on a field."""
    assert isinstance(form.screen, NewScreen)
    form.screen.show_pane(form)
    assert form.go(key)
    await pilot.pause()


async def type_into(pilot: Pilot[None], form: Form, key: str, text: str) -> None:
    await to(pilot, form, key)
    await pilot.press(*(f"{each}" if each.isalnum() else NAMES[each] for each in text))
    await pilot.pause()


NAMES = {".": "full_stop", "/": "slash", ",": "comma", "-": "minus", " ": "space", "[": "left_square_bracket",
         "]": "right_square_bracket", "_": "underscore"}  # fmt: skip


def foot(screen: NewScreen) -> str:
    return str(screen.query_one("#will", Static).render())


def line(form: Form, key: str) -> Any:
    return next(line for line in form.lines.lines if line.key == key)


@SIZES
class TestForm:
    def test_it_opens_with_the_recipes_values_and_says_what_will_happen(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            assert line(screen.settings, "lr").value == "0.1"
            assert "not known before the first run" in foot(screen)
            shown = text_of(app)
            assert "toy/line on points" in shown
            assert ("batch_size" in shown) == (size == LARGE), "one pane at a time where two do not fit"
            await pilot.press("f3")
            await pilot.pause()
            assert "batch_size" in text_of(app)
            assert "toy/line" in text_of(app) or size == SMALL

        drive(lab, work, size=size)

    def test_a_bad_value_turns_red_with_the_reason_as_one_types(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "epochs", "0")
            assert line(screen.settings, "epochs").wrong == "must be a whole number, 1 to 100,000"
            assert screen.settings.editor.has_class("wrong")
            assert "must be a whole number" in foot(screen)
            await pilot.press("backspace", "3")
            assert line(screen.settings, "epochs").wrong == ""
            assert line(screen.settings, "epochs").changed
            assert not screen.settings.editor.has_class("wrong")

        drive(lab, work, size=size)

    def test_typing_replaces_what_stood_there_and_moving_on_shows_it_as_it_is_taken(
        self, lab: Lab, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "lr", "0.050")
            assert screen.settings.editor.value == "0.050"
            await pilot.press("down", "up")
            assert screen.settings.editor.value == "0.05"
            assert (line(screen.settings, "lr").value, line(screen.settings, "lr").note) == ("0.05", "recipe: 0.1")

        drive(lab, work, size=size)

    def test_a_rule_between_fields_is_said_and_f5_goes_to_one_of_them(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await to(pilot, screen.settings, "nesterov")
            await pilot.press("space")
            await type_into(pilot, screen.settings, "momentum", "0")
            await to(pilot, screen.settings, "seed")
            assert "needs a momentum above 0" in foot(screen)
            await pilot.press("f5")
            assert screen.settings.line is not None
            assert screen.settings.line.key in ("momentum", "nesterov")
            assert lab.store.ids() == []

        drive(lab, work, size=size)

    def test_choices_turn_with_arrows_and_letters_and_show_all_on_enter(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await to(pilot, screen.settings, "optimizer")
            await pilot.press("right")
            assert line(screen.settings, "optimizer").value == "adam"
            await pilot.press("left", "a", "a")
            assert line(screen.settings, "optimizer").value == "adamw"
            await pilot.press("enter")
            assert isinstance(app.screen, Pick)
            await pilot.press("up", "up", "enter")
            await pilot.pause()
            assert app.screen is screen
            assert line(screen.settings, "optimizer").value == "sgd"
            assert not line(screen.settings, "optimizer").changed, "what the recipe has is no change"

        drive(lab, work, size=size)

    def test_keys_move_between_all_fields_and_from_one_pane_to_the_other(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await to(pilot, screen.choices, "note")
            await pilot.press("tab")
            assert screen.settings.active
            assert screen.settings.line == line(screen.settings, "epochs")
            await pilot.press("shift+tab")
            assert screen.choices.active
            await to(pilot, screen.settings, "epochs")
            seen = set()
            for _ in screen.checked.fields if screen.checked else ():
                assert screen.settings.line is not None
                seen.add(screen.settings.line.key)
                await pilot.press("down")
            assert screen.checked is not None
            assert seen == {field.key for field in screen.checked.fields}
            await to(pilot, screen.settings, "epochs")
            await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
            assert screen.settings.line == line(screen.settings, "children")
            assert "children" in text_of(app)

        drive(lab, work, size=size)

    def test_escape_leaves_the_search_then_the_form_then_the_screen(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await to(pilot, screen.settings, "lr")
            await pilot.press("ctrl+f", "d", "e", "c", "a", "y")
            keys = [each.key for each in screen.settings.lines.lines if each.key]
            assert keys == ["beta1", "beta2", "weight_decay", "decay_norms_and_biases", "ema_decay"]
            await pilot.press("escape")
            assert len(screen.settings.lines.lines) > 20
            assert screen.settings.active
            if size == SMALL:
                await pilot.press("escape")
                assert screen.choices.active
            await pilot.press("escape")
            assert app.current_mode == "runs"

        drive(lab, work, size=size)

    def test_a_search_leads_to_the_field(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await pilot.press("ctrl+f", "w", "d", "enter", "0", "full_stop", "5")
            assert line(screen.settings, "weight_decay").value == "0.5"

        drive(lab, work, size=size)


@SIZES
class TestActions:
    def test_launch_queues_the_run_and_goes_to_it(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "epochs", "2")
            await type_into(pilot, screen.choices, "name", "mine")
            await pilot.press("f5")
            runs: Any = await until(pilot, lambda: app.screen if app.current_mode == "runs" else None)
            (run_id,) = lab.store.ids()
            await until(pilot, lambda: runs.runs.selected == run_id)
            run = lab.store.read(run_id)
            assert (run.name, run.epochs, run.recipe, run.settings["lr"]) == ("mine", 2, "best", 0.1)

        drive(lab, work, size=size)
        lab.ended(lab.store.all()[0])

    def test_next_recipe_takes_the_next_recipe_and_keeps_what_was_typed(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "epochs", "9")
            assert line(screen.settings, "lr").value == "0.1"
            await pilot.press("f6")
            assert (line(screen.settings, "lr").value, line(screen.settings, "epochs").value) == ("0.05", "9")
            assert line(screen.choices, "recipe").value == "seed"
            await pilot.press("f6")
            assert line(screen.settings, "lr").value == "0.1"

        drive(lab, work, size=size)

    def test_defaults_takes_back_everything_and_reset_one_field(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            for key in ("epochs", "lr", "points"):
                await type_into(pilot, screen.settings, key, "3")
            await pilot.press("f9")
            assert (line(screen.settings, "points").value, screen.settings.editor.value) == ("64", "64")
            assert line(screen.settings, "lr").value == "3.0"
            await to(pilot, screen.settings, "epochs")
            await pilot.press("f7")
            assert screen.checked is not None
            assert (screen.checked.changed, screen.settings.editor.value) == ((), "4")

        drive(lab, work, size=size)

    def test_only_changed_shows_what_differs_and_what_is_wrong(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "lr", "0.7")
            await type_into(pilot, screen.settings, "seed", "x")
            await pilot.press("f8")
            assert [each.key for each in screen.settings.lines.lines if each.key] == ["seed", "lr"]
            assert "2 of " in screen.settings.title
            await type_into(pilot, screen.settings, "lr", "0.1")
            assert line(screen.settings, "lr").value == "0.1", "it stays while it is typed, though it is the recipe's"
            await pilot.press("f8")
            assert len(screen.settings.lines.lines) > 20

        drive(lab, work, size=size)

    def test_launch_refuses_what_is_wrong_and_goes_there(self, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.settings, "points", "x")
            await to(pilot, screen.choices, "task")
            await pilot.press("f5")
            assert screen.settings.active
            assert screen.settings.line == line(screen.settings, "points")
            assert "cannot be launched" in foot(screen)
            assert lab.store.ids() == []

        drive(lab, work, size=size)


class TestLaunch:
    def test_an_impatient_second_press_launches_nothing_more(self, lab: Lab) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await pilot.press("f5", "f5", "f5", "ctrl+g")
            await until(pilot, lambda: app.current_mode == "runs")
            assert len(lab.store.ids()) == 1
            await pilot.press("2")
            await until(pilot, lambda: app.screen is screen)
            await pilot.press("f5")
            assert "just been launched" in foot(screen)
            assert len(lab.store.ids()) == 1
            await pilot.press("f5")
            await until(pilot, lambda: len(lab.store.ids()) == 2)
            await until(pilot, lambda: app.current_mode == "runs")

        drive(lab, work)

    def test_several_seeds_are_several_runs(self, lab: Lab) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.choices, "seeds", "1-3")
            assert foot(screen).startswith("3 runs")
            await pilot.press("f5")
            await until(pilot, lambda: app.current_mode == "runs")

        drive(lab, work)
        assert sorted(run.settings["seed"] for run in lab.store.all()) == [1, 2, 3]

    def test_a_refused_launch_says_why_and_can_be_tried_again(self, lab: Lab) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await type_into(pilot, screen.choices, "name", "mine")
            lab.launch(name="mine")  # by somebody else, just now
            await pilot.press("f5")
            await until(pilot, lambda: not screen.launching)
            assert "taken" in foot(screen)
            assert app.screen is screen
            await type_into(pilot, screen.choices, "name", "other")
            await pilot.press("f5")
            await until(pilot, lambda: app.current_mode == "runs")
            assert len(lab.store.ids()) == 2

        drive(lab, work)

    def test_a_run_again_with_changes(self, lab: Lab) -> None:
        run = lab.finished(lr=0.3, name="first")

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            app.new_from(run.id)
            screen = await until(pilot, lambda: app.screen if isinstance(app.screen, NewScreen) else None)
            await until(pilot, lambda: screen.draft and screen.draft.base_run == run.id)
            assert line(screen.settings, "lr").value == "0.3"
            assert "8 steps an epoch" in foot(screen)
            await type_into(pilot, screen.settings, "epochs", "2")
            await pilot.press("f5")
            await until(pilot, lambda: app.current_mode == "runs")
            screen.post_message(FillFrom(run.id))
            await until(pilot, lambda: screen.draft is not None and not screen.draft.overrides)

        drive(lab, work)
        again = next(each for each in lab.store.all() if each.id != run.id)
        assert (again.settings["lr"], again.epochs, again.name) == (0.3, 2, "")

    def test_a_run_that_is_gone_is_said(self, lab: Lab) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            screen.post_message(FillFrom("nobody"))
            await until(pilot, lambda: any("nobody" in said for said in notices(app)))

        drive(lab, work)


class TestPath:
    def test_a_path_is_looked_at_as_one_types(self, lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "numbers").write_text("0.1\n0.2\n0.3\n0.4\n")

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            await to(pilot, screen.choices, "data")
            await pilot.press("right")
            assert line(screen.choices, "path").wrong == "a path is needed"
            await type_into(pilot, screen.choices, "path", "./numbe")
            await until(pilot, lambda: "no such file" in line(screen.choices, "path").wrong)
            await pilot.press("r", "s")
            await until(pilot, lambda: screen.checked is not None and screen.checked.sound)
            assert screen.checked is not None
            assert screen.checked.data == str(tmp_path / "numbers")
            await pilot.press("f5")
            await until(pilot, lambda: app.current_mode == "runs")

        drive(lab, work)
        assert lab.ended(lab.store.all()[0]).status.name == "finished"

    def test_a_path_left_before_it_was_seen_is_looked_at_when_one_comes_back(
        self, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "numbers").write_text("0.1\n0.2\n0.3\n0.4\n")
        looks: list[Any] = []

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            at = screen.scouts.at
            monkeypatch.setattr(screen.scouts, "at", looks.append)  # a disk that does not answer
            await to(pilot, screen.choices, "data")
            await pilot.press("right")
            await type_into(pilot, screen.choices, "path", "numbers")
            await until(pilot, lambda: looks)
            monkeypatch.setattr(screen.scouts, "at", at)
            await to(pilot, screen.choices, "data")
            await pilot.press("right")  # back to points, then to the path again
            await pilot.press("right")
            await until(pilot, lambda: screen.checked is not None and screen.checked.sound and screen.look)

        drive(lab, work)


class TestMouse:
    def test_a_click_goes_to_a_field_and_turns_a_switch(self, lab: Lab) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            lines = screen.settings.lines
            place = next(number for number, each in enumerate(lines.lines) if each.key == "nesterov")
            await pilot.click(lines, offset=(lines.columns()[0] + 3, place + 1))
            assert line(screen.settings, "nesterov").value == "true"
            place = next(number for number, each in enumerate(lines.lines) if each.key == "lr")
            await pilot.click(lines, offset=(3, place + 1))
            assert screen.settings.editor.has_focus
            await pilot.press("5")
            assert line(screen.settings, "lr").value == "5.0"

        drive(lab, work)


def test_the_screen_imports_nothing_heavy_by_itself() -> None:
    code = "import sys, labapp.screens.new; print([m for m in ('pydantic', 'torch', 'numpy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


def test_plain_keys_belong_to_text_fields(lab: Lab) -> None:
    async def work(app: LabApp, pilot: Pilot[None]) -> None:
        screen = await new(app, pilot)
        await type_into(pilot, screen.choices, "name", "q17")
        assert app.screen is screen
        assert line(screen.choices, "name").value == "q17"
        await to(pilot, screen.choices, "variant")
        await pilot.press("q")
        assert app.is_running
        assert isinstance(app.focused, Input) is False
        await pilot.press("1")
        assert app.current_mode == "runs"

    drive(lab, work)
