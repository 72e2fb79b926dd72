"""The See screen: pictures of one's own, files that are written, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.errors import LabError
from labapp.actions import SEE, actions_of
from labapp.app import LabApp
from labapp.fetching import fetch_line
from labapp.screens.see import SeeScreen
from labapp.widgets.dialogs import Ask
from sessions.playground import Doing
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import SMALL, drive, notices, text_of, until
from tests.labapp.screens.see_data import (
    _colours,
    explained,
    picked,
    run,
    screen,
    seen,
)
from tests.labapp.screens.seeing import NAMES, FakePlayground, playground

__all__ = ["_colours", "playground", "run"]


class TestOwnPictures:
    def test_a_file_of_ones_own_is_explained_beside_the_others(
        self, lab: Lab, run: Run, playground: FakePlayground, tmp_path: Path
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("o")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press(*"my_cat.png", "enter")
            await until(pilot, lambda: shown.has_class("large") and shown.large.found)
            assert playground.of("explain")[-1]["picture"] == str(tmp_path / "my_cat.png")
            assert "taken for airplane" in text_of(app)
            await pilot.press("escape")
            await until(pilot, lambda: "own files" in text_of(app))
            assert [thumb.path for thumb in shown.gallery.thumbs] == [str(tmp_path / "my_cat.png")]
            await pilot.press("e")
            await until(pilot, lambda: playground.of("gradcam"))
            assert playground.of("gradcam")[-1]["pictures"] == [str(tmp_path / "my_cat.png")]
            assert playground.of("gradcam")[-1]["indices"] is None
            await pilot.press("shift+tab", "home")
            await until(pilot, lambda: shown.gallery.thumb and shown.gallery.thumb.label == "airplane")

        seen(lab, work)

    def test_escape_gives_up_the_wait_for_one_and_stays(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            playground.held = []
            await pilot.press("o")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press(*"slow.png", "enter")
            await until(pilot, lambda: playground.held)
            await pilot.press("escape")
            await until(pilot, lambda: any("not waited for" in said for said in notices(app)))
            for answer in playground.held:
                answer()
            await pilot.pause()
            assert app.screen is shown
            assert "own files" not in text_of(app)

        seen(lab, work, SMALL)

    def test_the_last_of_several_is_the_one_that_is_large(
        self, lab: Lab, run: Run, playground: FakePlayground, tmp_path: Path
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            there = ["a.png"], ["a.png", "b.png"], ["b.png", "a.png"]
            for number, name in enumerate(("a.png", "b.png", "a.png")):
                await pilot.press("o")
                await until(pilot, lambda: isinstance(app.screen, Ask))
                await pilot.press(*name, "enter")
                await until(pilot, lambda name=name: shown.large.found and shown.large.found.name == name)
                assert [thumb.name for thumb in shown.gallery.thumbs] == there[number]
                assert shown.gallery.thumb is not None
                assert shown.gallery.thumb.name == name

        seen(lab, work)

    def test_no_path_is_refused_where_it_is_typed_and_a_bad_file_by_a_notice(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        def refuse(args: Any) -> Any:
            if "picture" in args:
                raise LabError("this picture cannot be decoded", got="[red]no.png")
            return FakePlayground.explain(playground, args)

        playground.answers["explain"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("o")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("enter")
            await until(pilot, lambda: "this is no path" in text_of(app))
            await pilot.press(*"no.png", "enter")
            await until(pilot, lambda: any("cannot be decoded got: [red]no.png" in said for said in notices(app)))
            assert not shown.has_class("large")
            await pilot.press("o")  # a long path is mended, not typed again
            box = await until(pilot, lambda: isinstance(app.screen, Ask) and app.screen.query_one(Input))
            assert box.value == "no.png"

        seen(lab, work)


class TestFiles:
    def test_e_writes_the_marked_pictures_else_the_one_under_the_cursor(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        out = run.path / "artifacts" / "gradcam"

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("tab", "right", "e")
            await until(pilot, lambda: fetch_line(out / "0.png") in text_of(app).replace("\n", ""))
            assert playground.of("gradcam")[-1]["indices"] == [1]
            assert playground.of("gradcam")[-1]["out"] == str(out)
            await pilot.press("Y")
            await until(pilot, lambda: any(f"copied: {fetch_line(out / '0.png')}" in said for said in notices(app)))
            await pilot.press("space", "right", "space", "shift+tab", "down")
            await until(pilot, lambda: shown.gallery.thumb and shown.gallery.thumb.label == "automobile")
            await pilot.press("space")
            assert "3 marked" in text_of(app)
            await pilot.press("e")
            await until(pilot, lambda: "3 files written; the heat is 8 x 8 values" in text_of(app))
            assert playground.of("gradcam")[-1]["indices"] == [1, 2, 100]
            assert fetch_line(out, folder=True) in text_of(app).replace("\n", "")
            await pilot.press("u")
            assert "marked" not in text_of(app).splitlines()[1]

        seen(lab, work, (200, 50))

    @pytest.mark.parametrize(("keys", "classes"), [(("enter",), NAMES[:1]), (("down", "enter"), NAMES)])
    def test_E_writes_contact_sheets_of_this_class_or_of_all(
        self, lab: Lab, run: Run, playground: FakePlayground, keys: tuple[str, ...], classes: tuple[str, ...]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await picked(app, pilot, "E", *keys)
            await until(pilot, lambda: playground.of("gradcam"))
            args = playground.of("gradcam")[-1]
            assert (args["sheets"], args["classes"], args["indices"]) == (True, list(classes), None)
            await until(pilot, lambda: "written" in text_of(app))

        seen(lab, work)

    def test_every_export_is_answered_however_fast_they_are_asked_for(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("e", "e", "e")
            lanes = [lane for operation, _, lane in playground.asked if operation == "gradcam"]
            assert len(set(lanes)) == 3

        seen(lab, work)

    def test_nothing_is_fetched_before_something_is_written(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("Y")
            await until(pilot, lambda: any("nothing was written yet" in said for said in notices(app)))

        seen(lab, work)

    def test_an_export_that_fails_is_a_notice(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        def refuse(args: Any) -> Any:
            raise LabError("the disk is full", got="[b]0 bytes[/b]", hint="labapp clean")

        playground.answers["gradcam"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await pilot.press("e")
            await until(pilot, lambda: any("the disk is full got: [b]0 bytes[/b]" in said for said in notices(app)))
            assert shown.gallery.thumbs

        seen(lab, work)


class TestTrouble:
    def test_an_error_stands_in_the_place_of_the_pictures_and_f5_asks_again(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        def refuse(args: Any) -> Any:
            raise LabError("the data is gone", got="[red]/no/where", expected="a folder", hint="bring it back")

        playground.answers["pictures"] = refuse

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: "the data is gone" in text_of(app))
            for words in ("[red]/no/where", "a folder", "bring it back", "f5 asks again"):
                assert words in text_of(app)
            playground.answers["pictures"] = playground.pictures
            await pilot.press("f5")
            await until(pilot, lambda: screen(app).gallery.thumbs)

        drive(lab, work, size=SMALL)

    def test_a_heat_that_fails_is_said_below_the_picture_and_the_next_one_is_asked_for(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        ended = LabError("the inference process ended", got="Killed", hint="out of memory?")

        def refuse(args: Any) -> Any:
            if args["index"] == 0:
                raise ended
            return FakePlayground.explain(playground, args)

        playground.answers["explain"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            await until(pilot, lambda: "the inference process ended" in text_of(app))
            assert "out of memory?" in text_of(app)
            await pilot.press("tab", "right")
            await explained(pilot, shown)
            assert "process ended" not in text_of(app)

        seen(lab, work)

    GARBAGE = (
        None, [], "text", {}, {"run": 1}, {"classes": "many"}, {"pictures": [{"index": 0}], "classes": []},
    )  # fmt: skip

    @pytest.mark.parametrize("answer", GARBAGE, ids=repr)
    def test_an_answer_that_is_none_is_an_error_and_no_crash(
        self, lab: Lab, run: Run, playground: FakePlayground, answer: Any
    ) -> None:
        playground.answers["pictures"] = lambda args: answer

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: "cannot be understood" in text_of(app))

        drive(lab, work)

    def test_a_split_without_pictures_says_so(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        playground.names = ()

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: "no pictures: s goes to the next" in text_of(app))

        drive(lab, work)

    def test_while_it_waits_it_says_for_what_and_how_long_and_keys_still_act(
        self, lab: Lab, run: Run, playground: FakePlayground
    ) -> None:
        playground.held = []

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("6")
            await until(pilot, lambda: playground.held)
            playground.doing = Doing("pictures", app.watcher.looked - 7, True)
            await until(pilot, lambda: "loading torch" in text_of(app))
            playground.doing = Doing("pictures", playground.doing.since, False)
            await until(pilot, lambda: "looking at all pictures of the split... " in text_of(app))
            await pilot.press("s", "r", "tab", "space", "enter")
            assert len(playground.held) == 3
            held, playground.held, playground.doing = playground.held, None, None
            for answer in held:
                answer()
            await until(pilot, lambda: screen(app).gallery.thumbs)
            assert playground.of("pictures")[-1]["split"] == "test"
            assert screen(app).shown is not None
            assert screen(app).shown.split == "test"

        drive(lab, work)

    def test_the_process_ends_with_the_app(self, lab: Lab, run: Run, playground: FakePlayground) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
            assert not playground.closed

        seen(lab, work)
        assert playground.closed


def test_every_action_of_the_table_is_a_method() -> None:
    assert all(hasattr(SeeScreen, f"action_{action.name}") for action in actions_of(SEE))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/r/a.png", "/r/a.png ."),
        ("/r/a b;rm.png", "/r ."),
        ("/r/a\nb.png", "/r ."),
        ("/r/\x1b[0m/x", "/r ."),
    ],
)
def test_the_line_that_fetches_a_file_cannot_act_on_a_shell(path: str, line: str) -> None:
    found = fetch_line(Path(path))
    assert found.startswith("scp ")
    assert "@" in found.split(":")[0]
    assert found.split(":", 1)[1] == line
