"""The See screen as a person meets it: which run, which pictures, one of them large, files, and what goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.errors import LabError
from engine.files import write_json
from labapp.actions import SEE, actions_of
from labapp.app import LabApp
from labapp.face import Face
from labapp.fetching import fetch_line
from labapp.screens.run import RunScreen
from labapp.screens.see import SeeScreen
from labapp.widgets.dialogs import Ask
from labapp.widgets.gallery import Gallery
from labapp.widgets.pick import Pick
from labapp.widgets.picture import Picture
from labapp.widgets.table import Table
from sessions import control
from sessions.playground import Doing
from sessions.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.seeing import LAYERS, NAMES, FakePlayground, playground

__all__ = ["playground"]
HOSTILE = ("[red]cat[/red]", "\x1b[31mdog\x1b[0m", "中文字", "a" * 10_000, "", "[@click=app.quit]q[/]\nx")
Work = Callable[[LabApp, Pilot[None], SeeScreen], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal is that the tests run in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def with_checkpoint(lab: Lab, **more: Any) -> Run:
    """An image run that can be used; each has a name of its own."""
    run = image_run(lab, **more)
    control.label(lab.store, run, name=f"run-{len(lab.store.all())}")
    give_checkpoint(run)
    return run


def give_checkpoint(run: Run) -> None:
    folder = run.path / "checkpoints" / "step-30"
    folder.mkdir(parents=True)
    write_json(folder / "checkpoint.json", {"v": 1})


@pytest.fixture
def run(lab: Lab) -> Run:
    return with_checkpoint(lab)


def screen(app: LabApp) -> SeeScreen:
    assert isinstance(app.screen, SeeScreen), app.screen
    return app.screen


def seen(lab: Lab, work: Work, size: tuple[int, int] = LARGE, **options: Any) -> Any:
    """Do `work` once the pictures of the first class are there."""

    async def go(app: LabApp, pilot: Pilot[None]) -> Any:
        await pilot.press("6")
        await until(pilot, lambda: isinstance(app.screen, SeeScreen) and screen(app).gallery.thumbs)
        return await work(app, pilot, screen(app))

    return drive(lab, go, size=size, **options)


async def explained(pilot: Pilot[None], shown: SeeScreen) -> None:
    """Until the large picture is of the one under the cursor."""

    def there() -> bool:
        thumb, found = shown.gallery.thumb, shown.large.found
        return thumb is not None and found is not None and found.name == thumb.name

    await until(pilot, there)


async def picked(app: LabApp, pilot: Pilot[None], key: str, *keys: str) -> None:
    """Open a question, answer it with these keys."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Pick))
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, SeeScreen))


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
        monkeypatch.setattr("labapp.screens.see.AGAIN", 0.05)
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

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_hostile_names_are_only_text(self, lab: Lab, playground: FakePlayground, size: tuple[int, int]) -> None:
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

        seen(lab, work, size)


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
        ("/r/a b;rm.png", "/r/a b;rm.png' ."),
        ("/r/a\nb.png", "/r ."),
        ("/r/\x1b[0m/x", "/r ."),
    ],
)
def test_the_line_that_fetches_a_file_cannot_act_on_a_shell(path: str, line: str) -> None:
    found = fetch_line(Path(path))
    assert found.startswith("scp ")
    assert "@" in found.split(":")[0]
    assert found.split(":", 1)[1] == line
