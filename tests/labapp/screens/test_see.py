"""The See screen as a person meets it: which run, which pictures, and one of them large."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.face import Face
from labapp.live.rows import row_of
from labapp.messages import Example
from labapp.screens.run import RunScreen
from labapp.screens.see import SeeScreen
from labapp.widgets.gallery import Gallery
from labapp.widgets.picture import Picture
from labapp.widgets.table import Table
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import (
    HOSTILE,
    _colours,
    explained,
    give_checkpoint,
    picked,
    run,
    screen,
    seen,
    with_checkpoint,
)
from tests.labapp.screens.seeing import LAYERS, NAMES, FakePlayground, playground

__all__ = ["_colours", "playground", "run"]


class TestWhichRun:
    def test_without_any_it_says_how_to_get_one(self, lab: Lab, playground: FakePlayground) -> None:
        image_run(lab)  # no checkpoint

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: "labapp train images/bn" in text_of(app))
            assert playground.asked == []
            await pilot.press("enter", "space", "e", "E", "c", "l", "s", "r", "o", "u", "Y", "f5")
            assert isinstance(app.screen, SeeScreen)
            await pilot.press("n")
            await until(pilot, lambda: app.current_mode == "new")

        drive(lab, work, size=SMALL)

    def test_the_newest_image_run_with_a_checkpoint_is_taken(self, lab: Lab, playground: FakePlayground) -> None:
        run = with_checkpoint(lab)
        image_run(lab)
        lab.create(name="a toy")

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            assert shown.run_id == run.id

        seen(lab, work)

    def test_one_that_gets_its_first_checkpoint_is_shown_by_itself(
        self, lab: Lab, playground: FakePlayground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("labapp.screens.trying.AGAIN", 0.05)
        run = image_run(lab)

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: "no trained image network" in text_of(app))
            give_checkpoint(run)
            await until(pilot, lambda: screen(app).gallery.thumbs)

        drive(lab, work)

    @pytest.mark.parametrize("opened", [False, True])
    def test_t_tries_the_run_under_the_cursor_or_the_open_one(
        self, lab: Lab, playground: FakePlayground, opened: bool
    ) -> None:
        first = with_checkpoint(lab)
        with_checkpoint(lab)

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("end")
            if opened:
                await pilot.press("enter")
                await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.targets())
            await pilot.press("t")
            await until(pilot, lambda: isinstance(app.screen, SeeScreen) and screen(app).gallery.thumbs)
            assert screen(app).run_id == first.id
            await pilot.press("escape")
            await until(pilot, lambda: app.current_mode == "runs")
            await pilot.press("6")
            await pilot.pause()
            assert screen(app).run_id == first.id  # the one last shown

        drive(lab, work)

    def test_for_other_runs_it_says_why_not(self, lab: Lab, playground: FakePlayground) -> None:
        image_run(lab)
        lab.create(name="a toy")

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("home", "t")
            await until(pilot, lambda: any("a run of toy" in said for said in notices(app)))
            await pilot.press("end", "t")
            await until(pilot, lambda: any("no checkpoint yet" in said for said in notices(app)))
            assert app.current_mode == "runs"

        drive(lab, work)

    def test_a_takes_another_run_and_nothing_of_the_first_stays(self, lab: Lab, playground: FakePlayground) -> None:
        first, second = with_checkpoint(lab), with_checkpoint(lab)

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            assert shown.run_id == second.id
            await pilot.press("s", "tab", "space")
            await picked(app, pilot, "a", "down", "enter")
            await until(pilot, lambda: shown.gallery.thumbs)
            assert shown.run_id == first.id
            assert shown.gallery.marks == set()
            assert playground.of("pictures")[-1] | {"run": first.id, "split": "test"} == playground.of("pictures")[-1]

        seen(lab, work)


class TestPictures:
    @pytest.mark.parametrize("size", [SMALL, (100, 30), LARGE, (250, 70)])
    def test_classes_pictures_and_the_large_one_are_there(
        self, lab: Lab, run: Run, playground: FakePlayground, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            text = text_of(app)
            for words in ("airplane", "truck", "right", "wrong", "90", "19", "✓ 1.0", "✗ .92 bird", "▀▀▀▀▀▀▀▀", "val"):
                assert words in text
            if shown.has_class("wide"):
                await explained(pilot, shown)
            else:
                assert not shown.large.display
                await pilot.press("tab", "enter")
                await explained(pilot, shown)
            text = text_of(app)
            for words in ("picture", "heat", "both", "right: airplane  0.999", LAYERS[-1], "0.71 of the heat", "0.800"):
                assert words in text
            assert all(shown.query_one(f"#{name}", Picture).image for name in ("picture", "heat", "both"))

        seen(lab, work, size)

    def test_the_cursor_goes_from_class_to_class_and_only_the_last_is_asked_for(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            before = len(playground.of("pictures"))
            await pilot.press("down", "down", "down")
            await until(pilot, lambda: shown.gallery.thumb and shown.gallery.thumb.label == "cat")
            assert len(playground.of("pictures")) <= before + 3
            asked = len(playground.of("pictures"))
            await pilot.press("home")
            await until(pilot, lambda: shown.gallery.thumb and shown.gallery.thumb.label == "airplane")
            assert len(playground.of("pictures")) == asked  # known from before

        seen(lab, work)

    def test_tab_goes_from_the_classes_to_the_pictures_and_back(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            assert isinstance(app.focused, Table)
            await pilot.press("tab")
            assert isinstance(app.focused, Gallery)
            await pilot.press("right", "down")
            assert shown.gallery.cursor == 1 + shown.gallery.columns
            await pilot.press("shift+tab")
            assert isinstance(app.focused, Table)

        seen(lab, work, SMALL)

    def test_enter_enlarges_arrows_go_on_and_escape_leaves(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("enter")  # on a class: to its pictures
            assert isinstance(app.focused, Gallery)
            await pilot.press("enter")
            await explained(pilot, shown)
            assert not shown.gallery.display
            await pilot.press("right", "right")
            await explained(pilot, shown)
            assert "wrong: airplane, taken for bird" in text_of(app)
            await pilot.press("space", "escape")
            assert shown.gallery.display
            assert shown.gallery.marks == {2}
            await pilot.press("escape")
            await until(pilot, lambda: app.current_mode == "runs")

        seen(lab, work, SMALL)

    def test_a_mistake_of_a_report_is_there_large_whatever_was_looked_at(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        mistake = Example("", "test", "test/cat/5", "cat")

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            app.try_out(row_of(run), mistake)
            await until(pilot, lambda: shown.has_class("large"))
            assert shown.gallery.thumb is not None
            assert shown.gallery.thumb.name == "test/cat/5"
            await pilot.press("escape", "s")
            await until(pilot, lambda: playground.of("pictures")[-1]["name"] is None)
            assert not shown.has_class("large")
            app.try_out(row_of(run), replace(mistake, name="gone"))
            await until(pilot, lambda: any("gone is not in the test split any more" in each for each in notices(app)))

        seen(lab, work)

    def test_a_double_click_enlarges(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.click("#gallery", offset=(3, 2), times=2)
            await explained(pilot, shown)
            assert shown.has_class("large")

        seen(lab, work)

    def test_split_and_order_are_asked_for_and_said(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("tab", "space")
            for key, words in (("s", "test"), ("s", "train"), ("s", "val"), ("r", "surest first"), ("r", "least sure")):
                await pilot.press(key)
                await until(pilot, lambda: shown.gallery.thumbs)
                assert words in text_of(app).splitlines()[1]
            assert playground.of("pictures")[-1]["order"] == "least"
            assert {args["split"] for args in playground.of("pictures")} == {"val", "test", "train"}
            assert shown.gallery.marks == set()  # an index means another picture now
            assert isinstance(app.focused, Gallery)  # the keyboard stays where it was

        seen(lab, work)

    def test_another_class_and_another_layer_give_another_heat(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await explained(pilot, shown)
            assert playground.of("explain")[-1]["target"] is None
            await picked(app, pilot, "c", "down", "down", "down", "enter")
            await until(pilot, lambda: playground.of("explain")[-1]["target"] == NAMES[2])
            await until(pilot, lambda: "heat for bird" in text_of(app))
            await picked(app, pilot, "l", "home", "enter")
            await until(pilot, lambda: playground.of("explain")[-1]["layer"] == LAYERS[0])
            assert f"heat: bird   layer {LAYERS[0]}" in text_of(app)
            asked = len(playground.of("explain"))
            await picked(app, pilot, "l", "end", "enter")
            await picked(app, pilot, "c", "home", "enter")
            await until(pilot, lambda: shown.large.found and shown.large.found.target == NAMES[0])
            assert len(playground.of("explain")) <= asked + 1  # the first heat is known

        seen(lab, work)

    def test_ascii_is_enough(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await explained(pilot, shown)
            assert text_of(app).isascii()

        seen(lab, work, ascii=True)

    def test_on_a_slow_line_pictures_are_characters(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            assert "▀" not in text_of(app)

        seen(lab, work, face=Face(low_bandwidth=True))

    @pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12)])
    def test_any_size_will_do(self, lab: Lab, run: Run, playground: FakePlayground, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("tab", "right", "enter", "right", "escape")
            await pilot.resize_terminal(160, 45)
            await explained(pilot, shown)

        seen(lab, work, size)

    def test_hostile_names_are_only_text(self, lab: Lab, playground: FakePlayground) -> None:
        with_checkpoint(lab, names=HOSTILE)
        playground.names = HOSTILE

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            for name in HOSTILE:
                await until(pilot, lambda name=name: shown.gallery.thumb and shown.gallery.thumb.label == name)
                text = text_of(app)
                assert not set("\x1b\u202e\x07") & set(text)
                await pilot.press("enter", "enter")
                await explained(pilot, shown)
                assert not set("\x1b\u202e\x07") & set(text_of(app))
                await picked(app, pilot, "c", "end", "enter")
                await picked(app, pilot, "E", "escape")
                await pilot.press("escape", "shift+tab", "down")
            assert "[red]" in text_of(app)

        seen(lab, work, LARGE)
