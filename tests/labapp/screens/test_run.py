"""The screen of one run: its head, its tabs, its keys; what it says of a failure, and of a run that vanishes."""

from __future__ import annotations

import json

import pytest
from textual.pilot import Pilot

from engine.events import encode
from labapp.app import LabApp
from labapp.screens.new import NewScreen
from labapp.screens.run import RunScreen
from labapp.screens.runs import RunsScreen
from labapp.widgets.chart import Chart
from labapp.widgets.dialogs import Ask, Confirm
from sessions import control
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, notices, text_of, until
from tests.labapp.screens.run_data import HOSTILE, LONG, at_tab, image_run, opened

TAB_NAMES = ("Charts", "Report", "Features", "Config", "Log", "Artifacts")


@pytest.fixture
def finished(lab: Lab) -> Run:
    return lab.finished(epochs=3, name="done")


class TestTheHead:
    def test_says_which_run_how_it_ended_and_what_was_noted(self, lab: Lab, finished: Run) -> None:
        control.label(lab.store, finished, add=["keep"], note="a [red]note[/] \x1b[2J")

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            text = await until(pilot, lambda: "note" in text_of(app) and text_of(app))
            for words in ("done", finished.id, "toy/line on points", "recipe best", "#keep", "finished", "3/3",
                          "best val loss", "a [red]note[/]"):  # fmt: skip
                assert words in text
            assert "\x1b" not in text

        opened(lab, finished, look)

    def test_of_a_queued_run_says_what_it_waits_for(self, lab: Lab, finished: Run) -> None:
        waiting = lab.create(after=[finished.id], gpu="1", name="later")

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            assert f"queued after {finished.id}, for gpu 1" in text_of(app)
            assert "nothing yet" in await until(pilot, lambda: "nothing yet" in text_of(app) and text_of(app))

        opened(lab, waiting, look)

    def test_follows_a_run_that_goes_on(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(**LONG), 10)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            assert "running" in text_of(app)
            chart = shown.query(Chart).first()
            before = len((await until(pilot, lambda: chart.curves))[0].series.values)
            await until(pilot, lambda: len(chart.curves[0].series.values) > before)
            await pilot.press("S")
            await until(pilot, lambda: "stopped" in text_of(app))

        opened(lab, run, look)


class TestTabs:
    @pytest.mark.parametrize("size", [SMALL, LARGE, (200, 50), (20, 5), (1, 1)])
    def test_all_of_them_come_up_at_every_size_on_real_runs(
        self, lab: Lab, finished: Run, size: tuple[int, int]
    ) -> None:
        async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            for name in (*TAB_NAMES, TAB_NAMES[0]):
                await at_tab(pilot, shown, name)
                assert len(text_of(app).splitlines()) <= size[1]
            await pilot.press("[")
            await until(pilot, lambda: shown.tab == "Artifacts")
            assert not notices(app)

        opened(lab, finished, walk, size=size)

    def test_are_built_when_first_shown(self, lab: Lab, finished: Run) -> None:
        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            assert list(shown.panes) == ["Charts"]
            await at_tab(pilot, shown, "Report")
            assert list(shown.panes) == ["Charts", "Report"]

        opened(lab, finished, look)

    def test_open_on_a_click(self, lab: Lab, finished: Run) -> None:
        async def click(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            line = shown.query_one("#tabs")
            await pilot.click("#tabs", offset=(text_of(app).splitlines()[line.region.y].index("Config") + 1, 0))
            await until(pilot, lambda: shown.tab == "Config")

        opened(lab, finished, click, size=SMALL)

    def test_nothing_is_drawn_while_nothing_changes(self, lab: Lab) -> None:
        run = image_run(lab)

        async def wait(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            for name in TAB_NAMES:
                await at_tab(pilot, shown, name)
                charts = shown.query(Chart)
                await until(pilot, lambda charts=charts: not any(chart.busy for chart in charts))
                drawn = [chart.drawn for chart in charts]
                seen, head = shown.seen, shown.query_one("#head").render()
                for _ in range(3):
                    shown.look()
                    await until(pilot, lambda: not shown._looking)
                assert shown.seen is seen
                assert shown.query_one("#head").render() is head
                assert [chart.drawn for chart in charts] == drawn

        opened(lab, run, wait)


class TestAFailure:
    def test_opens_on_what_happened_what_to_do_and_where(self, lab: Lab) -> None:
        run = lab.finished(epochs=4, fail_at=20)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            assert shown.tab == "Error"
            text = await until(pilot, lambda: "traceback" in text_of(app) and text_of(app))
            for words in ("the training failed unexpectedly", "RuntimeError: the abacus broke", "step 19", "raise Runt",
                          "R  go on from the checkpoint at step 16", "d  a new training"):  # fmt: skip
                assert words in text

        opened(lab, run, look)

    def test_under_ones_eyes_shows_itself(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(**LONG), 1)

        async def fail(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            assert shown.tab == "Charts"
            lab.kill(run)
            # "out of memory?" once the exit code has been collected, else that it vanished: what the run says of itself
            await until(pilot, lambda: lab.read(run).status.name == "lost")
            await until(pilot, lambda: shown.tab == "Error" and lab.read(run).status.detail in text_of(app))
            assert "R  go on from the checkpoint" in text_of(app)

        opened(lab, run, fail)

    def test_that_is_over_takes_its_tab_along(self, lab: Lab) -> None:
        run = lab.finished(epochs=4, fail_at=20)

        async def mend(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            result = json.loads((run.path / "result.json").read_text())
            (run.path / "result.json").write_text(json.dumps({**result, "status": "stopped"}))
            (run.path / "touched").touch()
            await until(pilot, lambda: shown.tab == "Charts" and "Error" not in text_of(app))

        opened(lab, run, mend)

    def test_of_files_names_them_and_garbage_is_no_end(self, lab: Lab) -> None:
        run = image_run(lab)
        for name in ("labels.json", "meta.json", "request.json", "artifacts/mistakes.json"):
            (run.path / name).write_text("{garbage")
        with (run.path / "events.jsonl").open("ab") as file:
            file.write(b"no event\n\xff\xfe\n")

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await until(pilot, lambda: "(and 3 more)" in text_of(app))
            for name in TAB_NAMES:
                await at_tab(pilot, shown, name)
            await at_tab(pilot, shown, "Error")
            await until(pilot, lambda: "Something is wrong with the run's files" in text_of(app))
            for name in (
                "meta.json is damaged",
                "labels.json is damaged",
                "request.json is damaged",
                "2 damaged lines",
            ):
                assert name in text_of(app)
            assert not notices(app)

        opened(lab, run, look)

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[]",
            "{garbage",
            '{"v": 99}',
            '{"status": "finished", "reports": [1]}',
            '{"status": "finished", "metrics": {"val": 3}, "best": "x", "timings": []}',
        ],
    )
    def test_garbage_for_a_result_breaks_no_tab(self, lab: Lab, content: str) -> None:
        run = image_run(lab)
        (run.path / "result.json").write_text(content)

        async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            for name in TAB_NAMES:
                await at_tab(pilot, shown, name)
            await pilot.press("e", "e")
            assert not [said for said in notices(app) if "cannot show" in said]

        opened(lab, run, walk, size=SMALL)


class TestARunThatVanishes:
    def test_says_so_and_escape_goes_back(self, lab: Lab, finished: Run) -> None:
        async def vanish(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            for name in TAB_NAMES:
                await at_tab(pilot, shown, name)
            finished.path.rename(lab.root / "elsewhere")
            await until(pilot, lambda: "not there any more" in text_of(app))
            for name in TAB_NAMES:
                await at_tab(pilot, shown, name)
            await pilot.press("S", "R", "m", "e", "Y")
            assert shown.targets() == []
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))

        opened(lab, finished, vanish)

    def test_never_was_there(self, lab: Lab, finished: Run) -> None:
        finished.path.rename(lab.root / "elsewhere")

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await until(pilot, lambda: "not there any more" in text_of(app))

        opened(lab, finished, look)

    def test_a_filter_that_hides_it_does_not_end_it(self, lab: Lab) -> None:
        from sessions.run.query import Query

        run = lab.at_step(lab.launch(**LONG), 1)

        async def hide(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            app.watcher.filter(Query.parse(["status:finished"]))
            await until(pilot, lambda: app.snapshot.row(run.id) is None)
            await pilot.press("S")
            await until(pilot, lambda: "stopped" in text_of(app))

        opened(lab, run, hide)


class TestKeys:
    def test_pause_resume_and_kill_act_on_this_run(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(**LONG), 1)

        async def act(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("P")
            # The line reads "running paused" as long as the worker is on its way out: too early to resume.
            await until(pilot, lambda: lab.read(run).status.name == "paused")
            await until(pilot, lambda: text_of(app).splitlines()[2].startswith(" paused"))
            await pilot.press("R")
            await until(pilot, lambda: lab.read(run).status.name in ("running", "queued"))
            await until(pilot, lambda: lab.read(run).status.name == "running")
            await pilot.press("K")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await until(pilot, lambda: "killed on request" in text_of(app))

        opened(lab, run, act)

    def test_d_fills_the_form_with_it(self, lab: Lab, finished: Run) -> None:
        async def again(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, NewScreen))

        opened(lab, finished, again)

    def test_label_renames_it(self, lab: Lab, finished: Run) -> None:
        async def label(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("L")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("end", "2", "enter", "enter", "enter")
            await until(pilot, lambda: "done2" in text_of(app))

        opened(lab, finished, label)

    def test_y_copies_its_id(self, lab: Lab, finished: Run) -> None:
        async def copy(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("Y")
            await until(pilot, lambda: any(f"copied: {finished.id}" in said for said in notices(app)))

        opened(lab, finished, copy)

    def test_from_every_tab_go_to_the_tab_they_belong_to(self, lab: Lab) -> None:
        run = image_run(lab)

        async def go(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            for key, tab in (("e", "Report"), ("m", "Charts"), ("s", "Report"), ("/", "Log"), ("escape", "Log"),
                             ("v", "Report"), ("N", "Log"), ("escape", "Log"), ("o", "Report")):  # fmt: skip
                await pilot.press(key)
                await until(pilot, lambda tab=tab: shown.tab == tab)

        opened(lab, run, go)


def test_hostile_names_notes_and_events_are_shown_and_do_nothing(lab: Lab) -> None:
    run = image_run(lab, names=HOSTILE)
    labels = {"name": HOSTILE[0], "tags": list(HOSTILE), "note": "\n".join(HOSTILE)}
    (run.path / "labels.json").write_text(json.dumps(labels))
    (run.path / "artifacts" / "[link=x]\x1b[31m\n.txt").write_text("x")
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(encode({"v": 1, "attempt": 1, "type": "warning", "step": 30, "message": "\n".join(HOSTILE)}))
    (run.path / "output.log").write_text("\n".join(HOSTILE))

    async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
        for name in TAB_NAMES:
            await at_tab(pilot, shown, name)
            for key in ("down", "end", "e"):
                await pilot.press(key)
                assert "\x1b" not in text_of(app)
            assert len(text_of(app).splitlines()) <= LARGE[1]
            await until(pilot, lambda: shown.pane is not None)
        assert not [said for said in notices(app) if "cannot show" in said]

    opened(lab, run, walk)
