"""The Report, Log and Artifacts tabs of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from labapp.app import LabApp
from labapp.messages import Example
from labapp.screens.run import RunScreen
from labapp.screens.run_tabs.artifacts import ArtifactsPane
from labapp.screens.run_tabs.files import Found, listing_of, scp_line
from labapp.screens.run_tabs.log import LogPane
from labapp.screens.run_tabs.report import ReportPane
from labapp.screens.run_tabs.reports import Report, report_of
from labapp.widgets.confusion import Confusion
from labapp.widgets.log_view import LogView
from labapp.widgets.table import Table
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, notices, text_of, until
from tests.labapp.screens.run_data import LONG, at_tab, image_run, opened


async def report_of_run(pilot: Pilot[None], shown: RunScreen) -> ReportPane:
    await at_tab(pilot, shown, "Report")
    pane = shown.pane
    assert isinstance(pane, ReportPane)
    await until(pilot, lambda: pane.reports)
    return pane


def cursor(pane: ReportPane) -> tuple[int, int]:
    matrix = pane.query_one(Confusion)
    return matrix.row, matrix.column


class TestReport:
    def test_shows_final_metrics_and_the_worst_class_first(self, lab: Lab) -> None:
        run = image_run(lab)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            pane = await report_of_run(pilot, shown)
            text = text_of(app)
            assert [word for word in ("train", "val", "test", "0.8125", "1,000", "F1") if word not in text] == []
            table = pane.query_one("#per-class", Table)
            assert [line.key for line in table.lines] == [f"class{number}" for number in range(10)]
            await pilot.press("o")
            assert table.lines[0].key == "class0"
            assert "class ↑" in text_of(app)

        opened(lab, run, look)

    def test_the_table_of_metrics_and_s_switch_the_split(self, lab: Lab) -> None:
        run = image_run(lab)

        async def switch(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            pane = await report_of_run(pilot, shown)
            assert pane.split == "test"
            await pilot.press("s")
            assert pane.split == "train"
            assert pane.report.mistakes == ()
            pane.query_one("#metrics", Table).focus()
            await pilot.press("down")
            await until(pilot, lambda: pane.split == "val")
            await pilot.click("#metrics", offset=(3, 3))
            await until(pilot, lambda: pane.split == "test")

        opened(lab, run, switch)

    def test_e_goes_through_the_surest_mistakes_then_the_fullest_cells(self, lab: Lab) -> None:
        run = image_run(lab)

        async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("e")
            pane = shown.pane
            assert isinstance(pane, ReportPane)
            await until(pilot, lambda: pane.reports and cursor(pane) == (2, 1))
            examples = pane.query_one("#examples", Table)
            assert examples.line is not None
            assert examples.line.cells == ("test/two/7", "class2", "class1", "0.990")
            for name in ("test/one/8", "test/one/9"):
                await pilot.press("e")
                assert cursor(pane) == (1, 0)
                assert examples.line is not None
                assert examples.line.cells[0] == name
            assert "class1 taken for class0: 40 of" in text_of(app)
            await pilot.press("e")
            row, column = cursor(pane)
            assert row != column
            assert pane.report.confusion[row][column] == 2
            pane._error = len(pane._errors) - 1
            await pilot.press("e")
            assert cursor(pane) == (2, 1), "round from there"

        opened(lab, run, walk, size=SMALL)

    def test_arrows_and_clicks_walk_through_the_matrix_to_its_ends(self, lab: Lab) -> None:
        run = image_run(lab)

        async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            pane = await report_of_run(pilot, shown)
            matrix = pane.query_one(Confusion)
            assert cursor(pane) == (1, 0), "the fullest mistake"
            matrix.focus()
            for key, cell in (("right", (1, 1)), ("up", (0, 1)), ("up", (0, 1)), ("end", (0, 9)), ("pagedown", (9, 9)),
                              ("down", (9, 9)), ("home", (9, 0)), ("pageup", (0, 0))):  # fmt: skip
                await pilot.press(key)
                assert cursor(pane) == cell
            assert "class0 recognised: 90 of" in text_of(app)
            await pilot.click(Confusion, offset=(matrix.label_width + 2 * matrix.cell_width + 1, 4))
            assert cursor(pane) == (3, 2)

        opened(lab, run, walk)

    def test_enter_on_a_cell_takes_its_example_to_where_the_network_is_tried(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, tried = image_run(lab), list[tuple[str, Example]]()

        async def work(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            monkeypatch.setattr(app, "try_out", lambda row, example=None: tried.append((row.id, example)))
            pane = await report_of_run(pilot, shown)
            mistake = pane.report.mistakes[0]
            await pilot.press("e", "enter")
            await until(pilot, lambda: tried)
            assert tried == [(run.id, Example("", "test", mistake.name, mistake.true))]
            assert replace(mistake, text="Ana\tcame").as_example("val") == Example("Ana came")

        opened(lab, run, work)

    def test_a_hundred_classes_scroll_in_both_directions(self, lab: Lab) -> None:
        run = image_run(lab, classes=100)

        async def walk(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("e")
            pane = shown.pane
            assert isinstance(pane, ReportPane)
            await until(pilot, lambda: pane.reports and cursor(pane) == (2, 1))
            matrix = pane.query_one(Confusion)
            await pilot.press("end", *["pagedown"] * 30)
            assert cursor(pane) == (99, 99)
            assert matrix.top > 0
            assert matrix.left > 0
            assert "class99 recognised: 90 of" in text_of(app)
            matrix._scroll(-500, -500)
            assert (matrix.top, matrix.left) == (0, 0)
            await pilot.press("v", "end")
            table = pane.query_one("#per-class", Table)
            assert table.line is not None
            assert table.line.key == "class99"
            await pilot.press("enter")
            assert cursor(pane)[0] == 99

        opened(lab, run, walk, size=SMALL)

    def test_can_be_read_without_colours(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        run = image_run(lab)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            pane = await report_of_run(pilot, shown)
            row = next(line for line in text_of(app).splitlines() if " class1 " in line and "40]" in line)
            assert "[" in row
            assert "·" in text_of(app)
            assert pane.query_one(Confusion)

        opened(lab, run, look)

    def test_of_a_run_that_goes_on_says_what_is_known_and_when_there_will_be_more(self, lab: Lab) -> None:
        run = lab.until(lab.at_step(lab.launch(**LONG), 40), lambda now: bool(now.metrics["val"]))

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Report")
            text = await until(pilot, lambda: "so far" in text_of(app) and text_of(app))
            assert "when the training ends, in about" in text
            await pilot.press("e")
            await until(pilot, lambda: any("there is no report yet" in said for said in notices(app)))
            await pilot.press("S")
            await until(pilot, lambda: "slope" in text_of(app) and "final" in text_of(app))

        opened(lab, run, look)

    def test_of_a_task_without_a_matrix_shows_what_it_has(self, lab: Lab) -> None:
        run = lab.finished(epochs=2)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await report_of_run(pilot, shown)
            assert "slope  " in text_of(app)
            await pilot.press("e", "o", "v", "s")
            await until(pilot, lambda: any("no mistake on" in said for said in notices(app)))

        opened(lab, run, look, size=SMALL)

    @pytest.mark.parametrize("matrix", [[[1, 2]], [[1], [2]], [["x"]], "no", [[1, None], [1, 2]], {"a": 1}])
    def test_a_damaged_matrix_is_none(self, matrix: object) -> None:
        report = report_of(
            {"confusion_matrix": matrix, "per_class": [3, {"class": None}], "more": {"a": [1, {"b": 2}]}}, []
        )
        assert report.confusion == ()
        assert "confusion_matrix  damaged" in report.rest
        assert {"more.a.0  1", "more.a.1.b  2"} <= set(report.rest)

    def test_a_matrix_may_have_a_row_that_is_no_class(self) -> None:
        raw = {
            "per_class": [{"class": "geo", "f1": 0.5, "support": 2}],
            "confusion_names": ["geo", "O"],
            "confusion_matrix": [[1, 1], [3, 9]],
        }
        report = report_of(raw, [{"sentence": "... in [Rome]", "class": "geo", "predicted": "O", "confidence": 0.9}])
        assert report.names == ("geo", "O")
        assert report.cells_wrong() == [(1, 0), (0, 1)]
        assert [each.name for each in report.behind(0, 1)] == ["... in [Rome]"]
        assert report.rest == ()

    def test_mistakes_in_any_form_are_listed(self) -> None:
        report = report_of({}, [{}, {"index": 7, "probability": 0.5}, {"name": [1], "confidence": "x", "class": 3}])
        assert [each.name for each in report.mistakes] == ["7", "number 1", "[1]"]
        assert Report().behind(0, 0) == []


class TestLog:
    def test_follows_what_is_appended_and_stays_where_one_reads(self, lab: Lab) -> None:
        run = image_run(lab)
        log = run.path / "output.log"
        log.write_text("".join(f"line {number}\n" for number in range(200)))

        async def follow(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Log")
            await until(pilot, lambda: "line 199" in text_of(app))
            with log.open("a") as file:
                file.write("more\n")
            await until(pilot, lambda: "more" in text_of(app))
            await pilot.press("home")
            assert "line 0" in text_of(app)
            with log.open("a") as file:
                file.write("and more\n")
            await until(pilot, lambda: "1 new lines below" in text_of(app))
            assert "line 0" in text_of(app)
            await pilot.press("end")
            await until(pilot, lambda: "and more" in text_of(app) and "following" in text_of(app))
            log.unlink()
            await until(pilot, lambda: "there is no log" in text_of(app))

        opened(lab, run, follow, size=SMALL)

    def test_finds_words_whatever_their_case_and_goes_round(self, lab: Lab) -> None:
        run = image_run(lab)
        lines = [f"line {number}" + (" An [Error]" if number in (3, 90, 150) else "") for number in range(200)]
        (run.path / "output.log").write_text("\n".join(lines) + "\n")

        async def search(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await pilot.press("slash")
            await until(pilot, lambda: isinstance(app.focused, Input))
            await pilot.press(*"[ERROR", "enter")
            pane = shown.pane
            assert isinstance(pane, LogPane)
            await until(pilot, lambda: "3 of 3 with '[ERROR'" in text_of(app))
            for place, line in ((1, 3), (2, 90), (3, 150)):
                await pilot.press("N")
                text = await until(pilot, lambda place=place: f"{place} of 3" in text_of(app) and text_of(app))
                assert f"line {line} An [Error]" in text
            await pilot.press("escape")
            assert "of 3 with" not in text_of(app)
            assert shown.tab == "Log"
            await pilot.press("slash", *"nowhere", "enter")
            await until(pilot, lambda: "no line with 'nowhere'" in text_of(app))

        opened(lab, run, search, size=SMALL)

    def test_wraps_long_lines_and_wraps_again_when_the_terminal_changes(self, lab: Lab) -> None:
        run = image_run(lab)
        (run.path / "output.log").write_text("x" * 300 + "\n" + "中" * 100 + "\nend\n")

        async def resize(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Log")
            view = shown.query_one(LogView)
            await until(pilot, lambda: len(view._rows) == 4 + 3 + 1)
            await pilot.resize_terminal(*LARGE)
            await until(pilot, lambda: len(view._rows) == 2 + 2 + 1)
            assert "end" in text_of(app)

        opened(lab, run, resize, size=SMALL)

    def test_tells_the_events_of_all_attempts_the_newest_last(self, lab: Lab) -> None:
        run = lab.finished(epochs=4, fail_at=20)

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Log")
            await until(pilot, lambda: shown.pane is not None and shown.pane.query_one("#events", Table).lines)
            events = [line.cells[2:] for line in shown.query_one("#events", Table).lines]
            assert events[0] == ("start", "attempt 1, 32 steps in all")
            assert events[1] == ("saved", "the last of 2")
            assert events[2] == ("error", "the training failed unexpectedly: RuntimeError: the abacus broke")
            assert events[-1] == ("end", "failed")
            await until(pilot, lambda: "RuntimeError: the abacus broke" in text_of(app))

        opened(lab, run, look)


class TestArtifacts:
    def test_lists_jobs_files_and_checkpoints_and_copies_the_scp_line(self, lab: Lab) -> None:
        run = lab.finished(epochs=2)
        (run.path / "artifacts").mkdir(exist_ok=True)
        job = {"v": 1, "kind": "evaluate", "args": {"split": "test"}, "status": "finished", "started": 1, "ended": 3}
        result = {"result": {"metrics": {"loss": 0.25}}}
        (run.path / "artifacts" / "evaluate-abcdef.json").write_text(json.dumps(job | result))
        failed = {"status": "failed", "error": {"title": "the [b]data[/b] is gone", "hint": "bring it back"}}
        (run.path / "artifacts" / "evaluate-zzzzzz.json").write_text(json.dumps(job | failed))

        async def look(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
            await at_tab(pilot, shown, "Artifacts")
            text = await until(pilot, lambda: "evaluate-abcdef" in text_of(app) and text_of(app))
            for words in ("evaluate finished in 2 s", "result.metrics.loss  0.25", "step 16", "newest", "config.toml"):
                assert words in text
            await pilot.press("Y")
            await until(
                pilot, lambda: any("copied: scp " in said and "evaluate-abcdef" in said for said in notices(app))
            )
            await pilot.press("down")
            await until(pilot, lambda: "title  the [b]data[/b] is gone" in text_of(app))
            (run.path / "artifacts" / "new.png").write_bytes(b"x" * 2048)
            await until(pilot, lambda: "new.png" in text_of(app) and "2.0 kB" in text_of(app))
            assert isinstance(shown.pane, ArtifactsPane)

        opened(lab, run, look)

    def test_a_folder_is_copied_whole_and_what_has_an_odd_name_with_its_folder(self, lab: Lab) -> None:
        def line(name: str, folder: bool = False) -> str:
            return scp_line(Found(Path("/runs/x") / name, "files", name, 0, 0.0, folder=folder)).split(":", 1)[1]

        assert line("a.txt") == "/runs/x/a.txt ."
        assert line("a b;rm") == "/runs/x ."
        assert line("a\nb") == "/runs/x ."
        assert scp_line(Found(Path("/r/step-1"), "checkpoints", "", 0, 0.0, folder=True)).startswith("scp -r ")

    def test_links_are_not_followed_and_what_vanishes_is_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "artifacts").mkdir()
        (tmp_path / "artifacts" / "a.json").write_text("[" * 100_000)
        found = listing_of(tmp_path)
        assert [each.name for each in found.found] == ["a.json", "loop"] or [each.name for each in found.found] == [
            "a.json"
        ]
        assert listing_of(tmp_path / "gone").found == ()
