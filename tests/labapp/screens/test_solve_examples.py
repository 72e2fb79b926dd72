"""The Solve screen: problems of the data with their answers, a program of one's own, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from textual.pilot import Pilot

from engine.errors import LabError, UsageError
from labapp.app import LabApp
from labapp.screens.solve import SolveScreen
from sessions.playground import Doing
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, notices, text_of, until
from tests.labapp.screens.solve_data import opened, pressed, programs, run, typed
from tests.labapp.screens.solving import EXAMPLES, PROGRAMS, TRAIN, FakeSolver, solver_process

__all__ = ["run", "solver_process"]


def names(shown: SolveScreen) -> list[str]:
    return [row.name for row in shown.table.rows]


def marks(shown: SolveScreen) -> dict[str, str]:
    return {row.name: row.mark for row in shown.table.rows if row.mark}


class TestExamples:
    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_problems_of_the_test_set_come_with_the_answer_and_the_beams_that_are_right_are_marked(
        self, lab: Lab, run: Run, solver_process: FakeSolver, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "f8")
            assert "test 1 of 4, as they come   right   answer 40   not novel" in text_of(app)
            assert marks(shown) == {"1": "= gold"}
            assert "= gold" in text_of(app)
            await pressed(pilot, shown, "f8", "f8")
            assert "test 3 of 4, as they come   wrong   answer 37.7   not novel" in text_of(app)
            assert marks(shown) == {"gold": "= answer"}
            assert names(shown)[:3] == ["1", "gold", "2"]  # where its score puts it
            await pressed(pilot, shown, "f8", "f8")
            await until(pilot, lambda: any("this is the last one" in said for said in notices(app)))
            await pressed(pilot, shown, "escape", "p", "p", "p", "p")
            await until(pilot, lambda: any("this is the first one" in said for said in notices(app)))
            assert len(solver_process.of("examples")) == 1  # all of them are of one page

        opened(lab, work, size)

    def test_wrong_ones_and_novel_ones_and_other_splits_are_asked_for_and_said(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "f8", "f6")
            assert "test 1 of 3, wrong ones first   wrong" in text_of(app)
            await pressed(pilot, shown, "f6")
            assert "test 1 of 2, novel ones   wrong   answer 7   novel" in text_of(app)
            await pressed(pilot, shown, "f9")
            asked = solver_process.of("examples")[-1]
            assert asked == {"run": run.id, "split": "val", "order": "novel", "start": 0, "count": 20}
            solver_process.examples = EXAMPLES[:1]
            await pressed(pilot, shown, "f9")
            assert "f9 goes to the next split" in text_of(app)

        opened(lab, work)

    def test_another_search_solves_the_example_anew_and_asks_for_no_examples(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "f8", "f3")
            assert solver_process.of("solve") == [{"run": run.id, "problem": TRAIN, "beam": 5}]
            assert marks(shown) == {"1": "= gold"}
            assert len(shown.table.rows) == 5
            await pressed(pilot, shown, "f8")
            assert solver_process.of("solve")[-1] == {"run": run.id, "problem": EXAMPLES[1][0], "beam": 5}
            assert "test 2 of 4" in text_of(app)
            assert len(solver_process.of("examples")) == 1

        opened(lab, work)

    def test_what_is_shown_of_the_one_before_is_never_judged_by_the_next_ones_answer(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "f8", "f3")
            solver_process.held = []
            await pilot.press("f8")
            await until(pilot, lambda: solver_process.held)
            assert shown.solved is not None
            assert shown.solved.problem == TRAIN
            assert marks(shown) == {}
            assert "answer" not in text_of(app)
            for answer in solver_process.held:
                answer()
            await until(pilot, lambda: "answer 7" in text_of(app))
            assert marks(shown) == {"2": "= gold"}

        opened(lab, work)

    def test_one_can_be_taken_into_the_field_and_edited(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "f8", "f8", "ctrl+o")
            assert shown.field.value == EXAMPLES[1][0]
            assert "answer" not in text_of(app)
            await pressed(pilot, shown, *" 5")
            assert shown.solved is not None
            assert shown.solved.numbers == (3, 4, 5)

        opened(lab, work)


class TestAProgramOfOnesOwn:
    def test_it_is_scored_as_one_types_and_stands_among_the_beams(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            beams = solver_process.of("solve")
            await pressed(pilot, shown, "ctrl+y", *"add(n0,n2)")
            assert names(shown)[:4] == ["1", "2", "you", "3"]
            assert solver_process.of("solve")[-1] == {
                "run": run.id, "problem": TRAIN, "program": "add(n0,n2)", "beam": 1,
            }  # fmt: skip
            assert len(beams) == 1  # the beams are not searched for again
            assert "you  -1.20" in text_of(app)
            assert "= 500" in text_of(app)  # the cursor went there
            assert solver_process.of("attend")[-1]["program"] == "add(n0,n2)"
            await pressed(pilot, shown, "ctrl+y")
            assert names(shown)[:3] == ["1", "2", "3"]
            assert app.focused is shown.field

        opened(lab, work, SMALL)

    def test_why_it_comes_to_nothing_is_said_before_what_training_never_saw(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            await pressed(pilot, shown, "ctrl+y", *"add(n0,n2)")
            assert shown.scored
            assert shown.scored.typed
            strange = replace(shown.scored.typed, error="step 1 uses n9, the problem has 3 numbers", unknown=("n9",))
            shown.scored = replace(shown.scored, typed=strange)
            assert shown.summary() == "your program: step 1 uses n9, the problem has 3 numbers"
            shown.scored = replace(shown.scored, typed=replace(strange, error=None))
            assert shown.summary() == "your program: training never saw n9"

        opened(lab, work)

    def test_another_problem_begins_with_its_best_program(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "ctrl+y", *"add(n0,n1)", "f8")
            assert "you" in names(shown)
            assert shown.table.cursor == 0

        opened(lab, work)

    def test_it_goes_with_every_problem(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pressed(pilot, shown, "ctrl+y", *"add(n0,n1)", "f8")
            assert "you" in names(shown)
            await pressed(pilot, shown, "f8")
            assert marks(shown)["you"] == "= gold"
            assert shown.scored is not None
            assert shown.scored.problem == EXAMPLES[1][0]

        opened(lab, work)

    def test_what_is_no_program_is_said_and_leaves_the_beams_alone(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        own = solver_process.solve

        def strict(args: Any) -> Any:
            if args.get("program") == "add(":
                wrong = "step 1 is no step: 'add(', expected operation(argument,argument)"
                raise UsageError("this is no program", got=wrong)
            return own(args)

        solver_process.answers["solve"] = strict

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            await pressed(pilot, shown, "ctrl+y")
            shown.program_field.value = "add("
            await pressed(pilot, shown)
            assert "your program: step 1 is no step: 'add('" in text_of(app)
            assert "operation(argument,argument)" in text_of(app), "to its end, in a second line"
            assert programs(shown) == list(PROGRAMS)
            await pressed(pilot, shown, *"n0,n1)")
            assert "your program" not in text_of(app)

        opened(lab, work, SMALL)

    def test_escape_leaves_its_field_and_closes_an_empty_one(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            await pressed(pilot, shown, "escape", "y", "escape")
            assert not shown.program_field.region
            await pressed(pilot, shown, "y", "a", "escape")
            assert shown.program_field.region
            assert app.focused is shown.table

        opened(lab, work)


def test_the_program_under_the_cursor_is_copied(lab: Lab, run: Run, solver_process: FakeSolver) -> None:
    async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
        await typed(pilot, shown, TRAIN)
        await pressed(pilot, shown, "down", "ctrl+l")
        await until(pilot, lambda: (app.home.root / "copied.txt").exists())
        await until(pilot, lambda: any(f"copied: {PROGRAMS[1]}" in said for said in notices(app)))
        assert (app.home.root / "copied.txt").read_text() == PROGRAMS[1] + "\n"

    opened(lab, work)


class TestTrouble:
    def test_an_error_stands_in_the_place_of_the_beams_and_f5_asks_again(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        def refuse(args: Any) -> Any:
            raise LabError("the inference process ended", got="[red]Killed", hint="out of memory?")

        solver_process.answers["solve"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            for words in ("the inference process ended", "[red]Killed", "out of memory?", "f5 asks again"):
                assert words in text_of(app)
            solver_process.answers["solve"] = solver_process.solve
            await pressed(pilot, shown, "f5")
            assert "= 500" in text_of(app)

        opened(lab, work, SMALL)

    GARBAGE: ClassVar[tuple[Any, ...]] = (
        None,
        [],
        "text",
        {},
        {"run": 1},
        {"beam": 10, "grammar": True, "attention": True, "problems": [{}]},
    )

    def test_an_answer_that_is_none_is_an_error_and_no_crash(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            solver_process.answers["attend"] = lambda args: None
            await typed(pilot, shown, TRAIN)
            assert "no attention: " in text_of(app)
            assert "= 500" in text_of(app)
            for number, answer in enumerate(self.GARBAGE):
                for name in ("solve", "examples"):
                    solver_process.answers[name] = lambda args, answer=answer: answer
                await typed(pilot, shown, f"3 and {number}")
                assert "the solution in the answer cannot be understood" in text_of(app)
                await pressed(pilot, shown, "f8")
                assert "the examples in the answer cannot be understood" in text_of(app)

        opened(lab, work)

    def test_a_text_without_words_says_so(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        solver_process.answers["solve"] = lambda args: {
            "beam": 10, "grammar": True, "attention": True,
            "problems": [{"problem": args["problem"], "words": [], "numbers": [], "beams": [], "typed": None}],
        }  # fmt: skip

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, "_")
            assert "no word in this text" in text_of(app)

        opened(lab, work)

    def test_while_it_waits_it_says_for_what_and_keys_still_act(
        self, lab: Lab, run: Run, solver_process: FakeSolver
    ) -> None:
        solver_process.held = []

        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await pilot.press(*"3 and 4")
            await until(pilot, lambda: solver_process.held)
            solver_process.doing = Doing("solve", app.watcher.looked - 7, True)
            await until(pilot, lambda: "loading torch and the network" in text_of(app))
            solver_process.doing = Doing("examples", solver_process.doing.since, False)
            await until(pilot, lambda: "solving problems of the split... " in text_of(app))
            await pilot.press("f8", "f9", "f6", "f2", "f3", "ctrl+y", "x", "escape", "tab", "down", "ctrl+l")
            held, solver_process.held, solver_process.doing = solver_process.held, None, None
            for answer in reversed(held):
                answer()
            await until(pilot, lambda: not shown.busy)
            assert "val 1 of 3, wrong ones first" in text_of(app)
            assert "beam < 5 >   grammar off" in text_of(app)
            assert shown.solved is not None
            assert shown.solved.problem == EXAMPLES[1][0]

        opened(lab, work)

    def test_weights_that_changed_are_asked_again(self, lab: Lab, run: Run, solver_process: FakeSolver) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: SolveScreen) -> None:
            await typed(pilot, shown, TRAIN)
            assert shown.row is not None
            later = type(shown.row)(**{**vars(shown.row), "epoch": shown.row.epoch + 1})
            shown.take_snapshot(type(app.snapshot)(rows=(later,), total=1, complete=True))
            await typed(pilot, shown, "3 and 4")
            await typed(pilot, shown, TRAIN)
            assert [args["problem"] for args in solver_process.of("solve")] == [TRAIN, "3 and 4", TRAIN]

        opened(lab, work)
