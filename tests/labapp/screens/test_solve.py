"""The Solve screen as a person meets it: which run, what one types, its beams, and one of them worked out."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from labapp.actions import SOLVE, actions_of
from labapp.app import LabApp
from labapp.screens.solve import SolveScreen
from labapp.solve.asking import WIDTHS
from labapp.themes import THEMES
from labapp.widgets.beam_table import BeamTable
from labapp.widgets.pick import Pick
from labapp.widgets.worked import Worked
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import SMALL, drive, notices, text_of, until
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import give_checkpoint
from tests.labapp.screens.solve_data import HOSTILE, opened, pressed, programs, run, screen, typed
from tests.labapp.screens.solving import PROGRAMS, TRAIN, FakeSolver, solver_process
from tests.untrained import solver, untrained

CONTROLS = set("\x1b\x00\x07\x9b\u202e\u200b")
__all__ = ["run", "solver_process"]


def line_of(app: LabApp, words: str) -> str:
    """The first line with these words."""
    return next(line for line in text_of(app).splitlines() if words in line)


class TestWhichRun:
    def test_without_any_it_says_how_to_get_one(self, lab: Lab, solver_process: FakeSolver) -> None:
        untrained(lab, "mathqa/attention", "no checkpoint")
        give_checkpoint(image_run(lab))
        keys = [key for action in actions_of(SOLVE) for key in action.keys.split(",") if len(key) > 1]

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("5")
            await until(pilot, lambda: "labapp train mathqa/attention" in text_of(app))
            await pilot.press(*"3 and 4", *(key for key in keys if key.startswith(("f", "ctrl"))), "up", "pagedown")
            await pilot.pause()
            assert solver_process.asked == []
            await pilot.press("escape", "escape", "2")
            await until(pilot, lambda: app.current_mode == "new")

        drive(lab, work, size=SMALL)

    def test_t_goes_to_the_screen_for_the_run(self, lab: Lab, solver_process: FakeSolver) -> None:
        first = solver(lab, "first")
        solver(lab, "second")

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("home", "down")
            await pilot.press("t")
            await until(pilot, lambda: isinstance(app.screen, SolveScreen) and screen(app).run_id)
            assert screen(app).run_id == first.id

        drive(lab, work)

    def test_a_takes_another_run_which_solves_the_same_problem(self, lab: Lab, solver_process: FakeSolver) -> None:
        first, second = solver(lab, "first"), solver(lab, "second")

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            assert shown.run_id == second.id
            await typed(pilot, shown, TRAIN)
            await pilot.press("ctrl+r")
            await until(pilot, lambda: isinstance(app.screen, Pick))
            await pilot.press("down", "enter")
            await until(pilot, lambda: isinstance(app.screen, SolveScreen) and not shown.busy)
            assert solver_process.of("solve")[-1] == {"run": first.id, "problem": TRAIN}
            assert "attention first" in text_of(app)

        opened(lab, work)


class TestTyping:
    @pytest.mark.parametrize("size", [SMALL, (250, 70)])
    def test_a_problem_has_its_numbers_lettered_its_beams_and_the_best_worked_out(
        self, lab: Lab, run: Run, solver_process: FakeSolver, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            lines = text_of(app).splitlines()
            row = next(number for number, line in enumerate(lines) if line.split()[:1] == ["n0"])
            assert lines[row].index("n0") == lines[row - 1].index("360")
            assert lines[row].index("n1") == lines[row - 1].index("45")
            assert programs(shown) == list(PROGRAMS)
            assert "39.9968" in line_of(app, "> 1  -0.08")
            assert "divides by zero" in line_of(app, " 3  -1.88")
            assert "= 500" in line_of(app, "#0 add(n0,n2)")
            assert "add 360 and 140" in text_of(app)
            assert "probability of the best: .73   of all 10: .79   9 of 10 execute" in text_of(app)

        opened(lab, work, size)

    def test_numbers_are_lettered_before_anybody_has_answered(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        solver_process.held = []

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pilot.press(*"3 and 1,600")
            await until(pilot, lambda: solver_process.held)
            letters = line_of(app, "n0")
            assert (letters.index("n0"), letters.index("n1")) == (1, 7)

        opened(lab, work, SMALL)

    def test_a_problem_that_fits_the_field_is_not_said_twice(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, "3 and 4")
            assert text_of(app).count("3 and 4") == 1 + text_of(app).count("add 3 and 4")
            await typed(pilot, shown, "3 extraterrestrials and 4")
            assert "extraterrestrials°" in text_of(app)

        opened(lab, work)

    def test_it_is_solved_as_one_types_and_the_last_wins(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, *"3 and 4")
            assert shown.solved is not None
            assert shown.solved.numbers == (3, 4)
            solver_process.held = []
            await pilot.press(*"2 now")
            await until(pilot, lambda: solver_process.held)
            assert shown.solved.numbers == (3, 4)  # what was known stays until the answer comes
            held, solver_process.held = solver_process.held, None
            for answer in held:
                answer()
            await until(pilot, lambda: not shown.busy)
            assert shown.solved.problem == "3 and 42 now"

        opened(lab, work)

    def test_an_empty_field_asks_for_nothing_and_says_what_can_be_done(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await until(pilot, lambda: "Type a word problem" in text_of(app))
            await typed(pilot, shown, "   ")
            assert solver_process.asked == []
            await typed(pilot, shown, TRAIN)
            await typed(pilot, shown, "")
            assert "Type a word problem" in text_of(app)
            assert "n0" not in text_of(app).replace("add(n0", "")

        opened(lab, work, SMALL)

    def test_plain_keys_are_text_in_the_field_and_arrows_move_over_the_beams(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, *"3 and 4gyY?", "down", "down")
            assert shown.field.value == "3 and 4gyY?"
            assert shown.table.cursor == 2
            await pressed(pilot, shown, "up")
            assert shown.table.cursor == 1
            await pressed(pilot, shown, "escape", "down", "tab")
            assert isinstance(app.focused, Worked)
            assert shown.table.cursor == 2
            await pilot.press("shift+tab")
            assert isinstance(app.focused, BeamTable)
            await pilot.press("i")
            assert app.focused is shown.field
            await pilot.press("escape", "escape")
            await until(pilot, lambda: app.current_mode == "runs")

        opened(lab, work)


class TestTheSearch:
    def test_one_key_widens_the_beam_another_narrows_it_and_it_is_decoded_at_once(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert "beam < 10 >   grammar on" in text_of(app)
            for key, beam in (("f3", 5), ("f3", 3), ("f4", 5), ("f4", 10), ("f4", 20)):
                await pressed(pilot, shown, key)
                assert len(shown.table.rows) == min(beam, 10)
                assert f"beam < {beam} >" in text_of(app)
            assert [args.get("beam") for args in solver_process.of("solve")] == [None, 5, 3, 10, 20]  # 5 was known
            await pressed(pilot, shown, "escape", *["plus"] * 3)
            assert "beam < 64  " in text_of(app)
            await until(pilot, lambda: any("1 to 64" in said for said in notices(app)))
            await pressed(pilot, shown, *["minus"] * len(WIDTHS))
            assert "beam   1 >" in text_of(app)
            assert programs(shown) == list(PROGRAMS[:1])

        opened(lab, work)

    def test_the_grammar_goes_off_and_on(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, "3 and 4")
            assert "add(n0,n2)|divide(#0,n1)" not in programs(shown)
            await pressed(pilot, shown, "f2")
            assert solver_process.of("solve")[-1]["grammar"] is False
            assert "grammar off" in text_of(app)
            assert "step 1 uses n2, the problem has 2 numbers" in text_of(app)
            await pressed(pilot, shown, "escape", "g")
            assert "grammar on" in text_of(app)

        opened(lab, work)

    def test_the_cursor_stays_on_its_program_and_goes_to_the_best_of_another_problem(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, "3 and 4")
            await pressed(pilot, shown, "down", "down")
            assert shown.table.row is not None
            here = shown.table.row.beam.program
            await pressed(pilot, shown, "f2")
            assert (shown.table.cursor, shown.table.row.beam.program) == (4, here)
            await typed(pilot, shown, "3 and 5")
            assert shown.table.cursor == 0

        opened(lab, work)

    def test_a_run_that_searches_otherwise_says_how(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        own = solver_process.solve
        solver_process.answers["solve"] = lambda args: own({"beam": 3, "grammar": False, **args})

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert "beam < 3 >   grammar off" in text_of(app)
            await pressed(pilot, shown, "f4")
            assert solver_process.of("solve")[-1] == {"run": run.id, "problem": TRAIN, "beam": 5}

        opened(lab, work)


class TestAttention:
    def test_the_problem_stands_beside_each_step_shaded_by_where_it_looked(
        self, lab: Lab, run: Run, solver_process: FakeSolver, colours: None
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert "shaded: where it looked" in text_of(app)
            assert solver_process.of("attend") == [{"run": run.id, "problem": TRAIN, "program": PROGRAMS[0]}]
            grounds = shades_beside(app, "#0 add")
            assert grounds["360"] not in (grounds["platform"], None)
            await pressed(pilot, shown, "down", "down", "up")
            asked = [args["program"] for args in solver_process.of("attend")]
            assert asked[0] == PROGRAMS[0]
            assert PROGRAMS[1] in asked[1:]  # where it rested; on a slow machine also what it passed on the way there

        opened(lab, work)

    def test_without_colours_the_strongest_words_stand_in_brackets(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert "a train [360] m long" in line_of(app, "#0 add")
            assert "in brackets: where it looked" in text_of(app)
            assert {character for character in text_of(app) if not character.isascii()} == set()

        opened(lab, work, ascii=True)

    def test_nothing_waits_for_it(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            solver_process.held = []
            await pilot.press("down")
            await until(pilot, lambda: solver_process.held)
            assert "= 11.1111" in text_of(app)
            assert "shaded" not in text_of(app)
            await pilot.press("down")
            for answer in solver_process.held:
                answer()
            await pilot.pause()
            assert "shaded" not in text_of(app)  # it was of the program before

        opened(lab, work)

    def test_a_variant_without_attention_says_so_and_is_not_asked(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        solver_process.attention = False

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert "this variant has no attention" in text_of(app)
            assert "= 500" in text_of(app)
            assert solver_process.of("attend") == []

        opened(lab, work, SMALL)


def shades_beside(app: LabApp, words: str) -> dict[str, object]:
    """The ground of each word in a step's line."""
    strips = app.screen._compositor.render_strips(app.size)
    line = next(line for line in strips if words in "".join(segment.text for segment in line))
    return {segment.text.strip(): segment.style.bgcolor for segment in line if segment.style and segment.text.strip()}


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


class TestHowItLooks:
    def test_hostile_text_is_only_text(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        solver_process.examples = [(text, "add(n0,n0)", 6.0) for text in HOSTILE]

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            for text in HOSTILE:
                await typed(pilot, shown, text)
                assert shown.solved
                assert not CONTROLS & set(text_of(app))
            await pressed(pilot, shown, "ctrl+y", *"[red]x")
            for _ in HOSTILE:
                await pressed(pilot, shown, "f8", "down")
                assert shown.example
                assert not CONTROLS & set(text_of(app))
            assert app.is_running
            assert notices(app) == []

        opened(lab, work, SMALL)

    def test_any_size_will_do(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            for size in ((20, 5), (40, 12), (160, 45)):
                await pilot.resize_terminal(*size)
                await pressed(pilot, shown, "ctrl+y", "a", "f8", "pagedown", "escape", "down", "up", "escape", "i")
            shown.table.move_to(0)
            await until(pilot, lambda: "#0 add(n0,n2)" in text_of(app))

        opened(lab, work, (1, 1))

    def test_a_rule_that_is_wrong_by_definition_is_marked(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, "3 and 4")
            shown.table.select("6")
            await pressed(pilot, shown, "pagedown")
            assert "volume_cylinder" in str(shown.table.row)
            assert "! the volume of a cylinder is pi r^2 h; the definition divides by 3" in text_of(app)

        opened(lab, work)

    def test_another_theme_repaints_the_heat(
        self, lab: Lab, run: Run, solver_process: FakeSolver, colours: None
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            grounds = []
            for theme in THEMES:
                app.theme = theme.name
                await pilot.pause()
                grounds.append(shades_beside(app, "#0 add")["360"])
            assert len(set(grounds)) == len(THEMES)

        opened(lab, work)


def test_every_action_of_the_table_is_a_method_with_a_key_that_acts_in_the_field() -> None:
    for action in actions_of(SOLVE):
        assert hasattr(SolveScreen, f"action_{action.name}")
        assert action.name == "write" or action.keys.startswith(("f", "ctrl+"))
