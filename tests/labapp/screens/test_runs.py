"""The home screen, driven by keys over real run directories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any

import pytest
from textual._xterm_parser import XTermParser
from textual.pilot import Pilot
from textual.widgets import Input

from engine.errors import LabError
from engine.files import write_json
from labapp.app import LabApp
from labapp.charts.curve import Curve
from labapp.screens.run import RunScreen
from labapp.screens.runs import RunsScreen
from labapp.widgets.chart import Chart
from labapp.widgets.dialogs import Ask, Choose, Confirm
from labapp.widgets.welcome import Welcome
from sessions import control
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until
from tests.untrained import untrained

LONG = {"epochs": 2000, "pace": 0.004}


def screen(app: LabApp) -> RunsScreen:
    assert isinstance(app.screen, RunsScreen)
    return app.screen


def status(app: LabApp, run: Run) -> str:
    row = app.snapshot.row(run.id)
    return row.status if row else "gone"


def curves_of(app: LabApp, chart: str) -> Sequence[Curve]:
    return screen(app).query_one(f"#{chart}", Chart).curves


@pytest.fixture
def three(lab: Lab) -> list[Run]:
    """Three finished runs, the last of them the newest."""
    return [lab.finished(epochs=3, seed=seed, name=name) for seed, name in ((1, "one"), (2, "two"), (3, ""))]


class TestTheList:
    def test_shows_every_run_the_newest_first_with_its_name_or_what_differs(self, lab: Lab, three: list[Run]) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            lines = text_of(app).splitlines()
            places = [next(n for n, line in enumerate(lines) if word in line) for word in ("seed=3", "two", "one")]
            assert places == sorted(places)
            assert "3 finished" in lines[1]

        drive(lab, look)

    @pytest.mark.parametrize("size", [SMALL, LARGE, (20, 5), (1, 1), (250, 70)])
    def test_fits_every_size(self, lab: Lab, three: list[Run], size: tuple[int, int]) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.resize_terminal(20, 5)
            await pilot.resize_terminal(*size)
            await pilot.press("down", "space", "?", "escape")
            await pilot.pause()
            assert len(text_of(app).splitlines()) <= size[1]

        drive(lab, look, size=size)

    def test_keys_move_the_cursor_and_stop_at_the_ends(self, lab: Lab, three: list[Run]) -> None:
        async def move(app: LabApp, pilot: Pilot[None]) -> None:
            runs, order = screen(app).runs, [run.id for run in reversed(three)]
            for key, place in (
                ("up", 0),
                ("down", 1),
                ("end", 2),
                ("down", 2),
                ("home", 0),
                ("pagedown", 2),
                ("pageup", 0),
            ):
                await pilot.press(key)
                assert runs.selected == order[place], key

        drive(lab, move)

    def test_the_cursor_begins_on_what_is_being_trained(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(**LONG), 1)
        newer = untrained(lab, "images/bn")

        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: app.snapshot.complete and screen(app).runs.selected is not None)
            assert [row.id for row in app.snapshot.rows] == [newer.id, run.id]
            assert screen(app).runs.selected == run.id

        drive(lab, look)

    def test_the_cursor_stays_on_its_run_when_others_come(self, lab: Lab, three: list[Run]) -> None:
        async def wait(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("down")
            chosen = screen(app).runs.selected
            lab.launch(epochs=1)
            await until(pilot, lambda: len(app.snapshot.rows) == 4)
            assert screen(app).runs.selected == chosen

        drive(lab, wait)

    def test_a_run_deleted_by_another_program_leaves_the_list_with_its_mark(self, lab: Lab, three: list[Run]) -> None:
        async def vanish(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space")
            shutil.rmtree(three[2].path)
            await until(pilot, lambda: len(app.snapshot.rows) == 2)
            assert screen(app).runs.selected in (three[0].id, three[1].id)
            assert screen(app).runs.marks == {}
            assert [row.id for row in screen(app).targets()] == [screen(app).runs.selected]
            await pilot.press("space", "m", "L", "escape")

        drive(lab, vanish)

    def test_marked_runs_that_the_filter_hides_are_not_acted_on_nor_is_another(
        self, lab: Lab, three: list[Run]
    ) -> None:
        async def hide(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space", "slash", *"seed:1", "enter")
            await until(pilot, lambda: len(app.snapshot.rows) == 1)
            await pilot.press("D")
            await until(pilot, lambda: any("hidden by the filter" in notice for notice in notices(app)))
            assert isinstance(app.screen, RunsScreen)

        drive(lab, hide)

    def test_when_runs_cannot_be_read_for_a_moment_the_cursor_does_not_move(
        self, lab: Lab, three: list[Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def vanish(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("down")

            def unreadable() -> list[Run]:
                raise LabError("the home cannot be read", got="Stale file handle")

            with monkeypatch.context() as patch:
                patch.setattr(app.watcher.store, "all", unreadable)
                await until(pilot, lambda: "Stale file handle" in text_of(app))
                assert len(app.snapshot.rows) == 3
            await until(pilot, lambda: not app.snapshot.problem)
            assert screen(app).runs.selected == three[1].id

        drive(lab, vanish)

    def test_progress_shows_within_a_second_or_so(self, lab: Lab) -> None:
        run = lab.launch(**LONG)

        async def watch(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: status(app, run) == "running")
            first = (await until(pilot, lambda: app.snapshot.row(run.id))).step
            await until(pilot, lambda: app.snapshot.rows[0].step > first)
            assert "running" in text_of(app)

        drive(lab, watch)

    def test_nothing_is_drawn_while_nothing_changes(self, lab: Lab, three: list[Run]) -> None:
        async def idle(app: LabApp, pilot: Pilot[None]) -> None:
            before = app.snapshot
            for _ in range(3):
                app.watcher.turn()
            await pilot.pause()
            assert app.snapshot is before

        drive(lab, idle)


class TestMarksAndCurves:
    def test_marked_runs_overlay_their_curves_and_keep_their_colours(self, lab: Lab, three: list[Run]) -> None:
        async def mark(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("space", "down", "space", "down")
            await until(pilot, lambda: len(curves_of(app, "main")) == 3)
            slots = {curve.run: curve.slot for curve in curves_of(app, "main")}
            await pilot.press("home", "space", "end")
            await until(pilot, lambda: len(curves_of(app, "main")) == 2)
            after = {curve.run: curve.slot for curve in curves_of(app, "main")}
            assert after[three[1].id] == slots[three[1].id]
            await pilot.press("u")
            assert screen(app).runs.marks == {}

        drive(lab, mark)

    def test_keys_typed_faster_than_they_are_handled_act_in_their_order(self, lab: Lab, three: list[Run]) -> None:
        async def type_fast(app: LabApp, pilot: Pilot[None]) -> None:
            for event in XTermParser().feed(" \x1b[B "):
                event.set_sender(app)
                app.post_message(event)
            await until(pilot, lambda: set(screen(app).runs.marks) == {three[2].id, three[1].id})

        drive(lab, type_fast)

    def test_curves_grow_while_one_looks(self, lab: Lab) -> None:
        run = lab.launch(**LONG)

        async def watch(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: curves_of(app, "main"))
            before = len(curves_of(app, "main")[0].series.values)
            await until(pilot, lambda: len(curves_of(app, "main")[0].series.values) > before)
            assert curves_of(app, "loss")[0].run == run.id

        drive(lab, watch)

    def test_m_goes_through_the_metrics(self, lab: Lab, three: list[Run]) -> None:
        async def metric(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: curves_of(app, "main"))
            await pilot.press("m")
            assert screen(app).metric == "loss"

        drive(lab, metric)

    def test_charts_share_axis_window_and_smoothing_but_not_the_scale(self, lab: Lab, three: list[Run]) -> None:
        async def share(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: curves_of(app, "loss"))
            await pilot.press("x", "w", "plus", "y")
            await pilot.pause()
            main, loss = (screen(app).query_one(f"#{name}", Chart).view for name in ("main", "loss"))
            assert (main.axis, main.smoothing, main.window) == (loss.axis, loss.smoothing, loss.window)
            assert main.log
            assert not loss.log

        drive(lab, share)

    def test_in_a_small_terminal_a_chart_stands_under_a_short_list_and_a_sparkline_under_a_long_one(
        self, lab: Lab, three: list[Run]
    ) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            chart = screen(app).query_one("#main", Chart)
            await until(pilot, lambda: chart.region.height >= 10)
            assert chart.region.width == 80
            assert screen(app).runs.region.bottom < chart.region.y
            assert not screen(app).query_one("#loss", Chart).region
            await pilot.press("space", "down", "space")
            await until(pilot, lambda: len(screen(app).shown()) == 2 and not chart.busy)
            assert len(chart.curves) == 2
            for _ in range(8):
                lab.create()
            app.watcher.look()
            await until(pilot, lambda: len(app.snapshot.rows) == 11)
            await until(pilot, lambda: not screen(app).query_one("#charts").display)
            assert "val loss" in text_of(app)

        drive(lab, look, size=SMALL)

    def test_in_a_low_terminal_the_selected_run_has_a_sparkline(self, lab: Lab, three: list[Run]) -> None:
        async def look(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: "val loss" in text_of(app))
            best = next(line for line in text_of(app).splitlines() if "val loss" in line)
            assert " best " in best
            screen(app).metric = "accuracy"  # which these runs do not have
            screen(app).draw()
            await until(pilot, lambda: "train loss" in text_of(app))
            other = next(line for line in text_of(app).splitlines() if "train loss" in line)
            assert " best " not in other
            assert not screen(app).query_one("#charts").display

        drive(lab, look, size=(80, 16))


class TestActing:
    def test_stop_pause_resume_and_kill_act_on_the_cursors_run_and_say_so(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(name="mine", **LONG), 2)

        async def act(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: status(app, run) == "running")
            await pilot.press("P")
            await until(pilot, lambda: status(app, run) == "paused")
            assert any("mine" in notice for notice in notices(app))
            await pilot.press("R")
            await until(pilot, lambda: status(app, run) == "running")
            await pilot.press("K")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await until(pilot, lambda: status(app, run) == "lost")
            await pilot.press("R")
            await until(pilot, lambda: status(app, run) == "running")
            await until(pilot, lambda: lab.read(run).step > 2)
            await pilot.press("S")
            await until(pilot, lambda: status(app, run) == "stopped")

        drive(lab, act)

    def test_nobody_is_asked_whether_to_kill_what_is_over(self, lab: Lab) -> None:
        run = lab.finished(name="mine")

        async def act(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: status(app, run) == "finished")
            await pilot.press("K")
            await until(pilot, lambda: any("nothing to kill" in notice for notice in notices(app)))
            assert not isinstance(app.screen, Confirm)
            assert not any("killed" in notice for notice in notices(app))

        drive(lab, act)

    def test_keys_act_on_the_marked_runs(self, lab: Lab) -> None:
        runs = [lab.at_step(lab.launch(**LONG), 1) for _ in range(2)]

        async def act(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: all(status(app, run) == "running" for run in runs))
            await pilot.press("space", "down", "space", "S")
            await until(pilot, lambda: all(status(app, run) == "stopped" for run in runs))
            assert any("2 runs" in notice for notice in notices(app))

        drive(lab, act)

    def test_destructive_actions_ask_and_enter_or_escape_mean_no(self, lab: Lab, three: list[Run]) -> None:
        async def refuse(app: LabApp, pilot: Pilot[None]) -> None:
            for no in ("n", "enter", "escape"):
                await pilot.press("D")
                await until(pilot, lambda: isinstance(app.screen, Confirm))
                assert three[2].id in text_of(app)
                await pilot.press(no)
                await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            assert len(lab.store.ids()) == 3
            await pilot.press("D", "y")
            await until(pilot, lambda: len(app.snapshot.rows) == 2)
            assert lab.store.trash_ids() == [three[2].id]

        drive(lab, refuse)

    def test_what_is_refused_is_said_with_what_to_do(self, lab: Lab, three: list[Run]) -> None:
        async def refuse(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("S")
            await until(pilot, lambda: any("is finished" in notice for notice in notices(app)))

        drive(lab, refuse)

    def test_labels(self, lab: Lab, three: list[Run]) -> None:
        async def label(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("L")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press(*"final", "enter", *"keep best", "enter", *"S P R q", "enter")
            await until(pilot, lambda: lab.read(three[2]).name == "final")
            run = lab.read(three[2])
            assert (run.tags, run.note) == (["best", "keep"], "S P R q")

        drive(lab, label)

    def test_what_was_not_changed_in_a_label_stays_as_it_was(self, lab: Lab, three: list[Run]) -> None:
        control.label(lab.store, three[2], note="two\nlines")

        async def label(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: app.snapshot.rows[0].note)
            await pilot.press("L")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("enter", *"keep", "enter", "enter")
            await until(pilot, lambda: lab.read(three[2]).tags == ["keep"])
            assert lab.read(three[2]).note == "two\nlines"

        drive(lab, label)

    def test_the_id_is_copied_and_also_left_in_a_file(self, lab: Lab, three: list[Run]) -> None:
        async def copy(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("Y")
            await until(pilot, lambda: (app.home.root / "copied.txt").exists())
            assert (app.home.root / "copied.txt").read_text().strip() == three[2].id

        drive(lab, copy)

    def test_enter_opens_the_run_n_and_d_the_form(self, lab: Lab, three: list[Run]) -> None:
        async def go(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, RunScreen))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            await pilot.press("n")
            await until(pilot, lambda: app.current_mode == "new")
            app.action_go("runs")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            await pilot.press("d")
            await until(pilot, lambda: app.current_mode == "new")

        drive(lab, go)

    def test_waiting_runs_are_moved_in_the_queue(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        moved: list[Any] = []
        monkeypatch.setattr(control, "move", lambda store, item, where: moved.append((item, where)))
        run = lab.finished(epochs=1)

        async def move(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("less_than_sign", "greater_than_sign")
            await until(pilot, lambda: len(moved) == 2)

        drive(lab, move)
        assert sorted(moved) == [(run.id, "down"), (run.id, "up")]


class TestFinding:
    def test_the_filter_narrows_as_one_types_and_escape_takes_it_away(self, lab: Lab, three: list[Run]) -> None:
        async def narrow(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("slash", *"seed:2..")
            await until(pilot, lambda: {row.id for row in app.snapshot.rows} == {three[1].id, three[2].id})
            assert "of 3" in text_of(app)
            await pilot.press("enter")
            assert screen(app).runs.has_focus
            await pilot.press("escape")
            await until(pilot, lambda: len(app.snapshot.rows) == 3)

        drive(lab, narrow)

    @pytest.mark.parametrize(("typed", "says"), [("status:runing", "unknown status"), ("epohc:3", "unknown key")])
    def test_a_wrong_filter_says_what_is_wrong_and_shows_everything(
        self, lab: Lab, three: list[Run], typed: str, says: str
    ) -> None:
        async def wrong(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("slash", *typed)
            await until(pilot, lambda: says in text_of(app))

        drive(lab, wrong)

    def test_text_fields_swallow_plain_keys(self, lab: Lab, three: list[Run]) -> None:
        async def type_it(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("slash", *"SKDq12?")
            assert screen(app).query_one("#filter", Input).value == "SKDq12?"
            assert isinstance(app.screen, RunsScreen)

        drive(lab, type_it)

    def test_sorting_reversing_and_grouping_are_remembered(self, lab: Lab, three: list[Run]) -> None:
        lab.launch(target="toy/slope", epochs=1)

        async def arrange(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(app.snapshot.rows) == 4)
            await pilot.press("s")
            assert screen(app).runs.sort_column == "status"
            await pilot.press("r", "G", "G")
            assert screen(app).runs.group_by == "variant"
            assert "slope  1 run" in text_of(app)
            await pilot.press("q")

        drive(lab, arrange)
        state = json.loads((lab.store.home.root / "face.json").read_text())
        assert (state["sort"], state["reverse"], state["group"]) == ("status", False, "variant")

    def test_columns_are_chosen(self, lab: Lab, three: list[Run]) -> None:
        async def choose(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("C")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await pilot.press("space", "enter")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            assert "status" not in screen(app).runs.columns

        drive(lab, choose)


class TestComingAndGoing:
    def test_an_empty_home_offers_the_sample_at_one_key(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labapp.form.launching.SAMPLE", ("toy", "line", "points"))

        async def first(app: LabApp, pilot: Pilot[None]) -> None:
            assert app.screen.query_one(Welcome).has_focus
            assert "Welcome" in text_of(app)
            await pilot.press("enter")
            await until(pilot, lambda: app.snapshot.rows and app.snapshot.rows[0].status == "finished")
            assert not app.screen.query_one(Welcome).display
            assert screen(app).runs.has_focus

        drive(lab, first)

    def test_since_you_left_is_told_at_the_next_start_and_only_once(self, lab: Lab) -> None:
        async def leave(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("q")

        async def back(app: LabApp, pilot: Pilot[None]) -> str:
            found = text_of(app)
            await pilot.press("q")
            return found

        drive(lab, leave)
        lab.finished(epochs=1)
        lab.finished(fail_at=2)
        assert "Since you left: 1 finished, 1 failed." in drive(lab, back)
        assert "Since you left" not in drive(lab, back)

    def test_an_end_rings_the_bell_and_says_whose(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        rung: list[int] = []
        monkeypatch.setattr(LabApp, "bell", lambda self: rung.append(1))
        run = lab.launch(name="mine", epochs=40, pace=0.004)

        async def wait(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: status(app, run) == "finished")
            await until(pilot, lambda: any("mine: finished" in notice for notice in notices(app)))

        drive(lab, wait)
        assert rung == [1]

    def test_leaving_touches_no_run(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(**LONG), 1)

        async def leave(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("q")

        drive(lab, leave)
        assert lab.read(run).status.name == "running"


HOSTILE = "[red]x[/red] [@click=app.quit]y[/] \x1b[2J\x1b]0;t\x07 \N{PILE OF POO}\u202e" + "long " * 60


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_hostile_text_is_shown_and_does_nothing(lab: Lab, size: tuple[int, int]) -> None:
    run = lab.finished(epochs=2)
    write_json(run.path / "labels.json", {"name": HOSTILE, "tags": [HOSTILE], "note": HOSTILE})
    failed = lab.finished(fail_at=3)
    result = json.loads((failed.path / "result.json").read_text())
    result["error"] = {"title": HOSTILE, "got": HOSTILE, "expected": HOSTILE, "hint": HOSTILE}
    write_json(failed.path / "result.json", result)

    async def look(app: LabApp, pilot: Pilot[None]) -> None:
        for key in ("down", "space", "C", "escape", "L", "escape", "D", "escape", "S", "question_mark", "escape", "Y"):
            await pilot.press(key)
            await pilot.pause()
            shown = text_of(app)
            assert not set(shown) & {"\x1b", "\x07", "\u202e"}
        assert "[red]x" in shown

    drive(lab, look, size=size)
