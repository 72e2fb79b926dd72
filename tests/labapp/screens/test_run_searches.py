"""The report of a math run: what each search is worth beside the lookup, and the problems it gets wrong."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files import write_json
from labapp.app import LabApp
from labapp.screens.run import RunScreen
from labapp.screens.run_tabs.reports import report_of
from labapp.screens.run_tabs.searches import searches_of
from labapp.screens.solve import SolveScreen
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, text_of, until
from tests.labapp.screens.run_data import at_tab, opened
from tests.untrained import solver

SCORES = {
    "exact_match": 0.7, "execution_accuracy": 0.8, "token_accuracy": 0.9, "novel/exact_match": 0.3,
    "novel/execution_accuracy": 0.4, "novel/token_accuracy": 0.5,
}  # fmt: skip
REPORT = {
    "by_beam": {
        width: SCORES | {"grammar_on": SCORES | {"no_value": 3}, "grammar_off": SCORES | {"exact_match": 0.6}}
        for width in ("10", "1", "20")
    },
    "lookup": SCORES | {"exact_match": 0.766},
    "errors": {"divides by zero": 2, "[red]uses n9": 1},
    "novel": 302,
}  # fmt: skip
GOLD, FOUND = "add(n0,n2)|multiply(n1,const_0_2778)|divide(#0,#1)", "add(n0,n2)|divide(#0,n1)"
MISTAKES = [
    {"problem": f"problem {number} [b]\x1b[2J", "class": GOLD, "predicted": FOUND, "confidence": 0.9 - number / 100,
     "value": 11.1111, "error": None, "answer": 40.0}
    for number in range(30)
]  # fmt: skip


@pytest.fixture
def run(lab: Lab) -> Run:
    made = solver(lab, "solver")
    splits = ("train", "val", "test")
    result: dict[str, Any] = {
        "v": 1, "attempt": 1, "status": "finished", "metrics": dict.fromkeys(splits, {"loss": 0.5} | SCORES),
        "examples": dict.fromkeys(splits, 1_000), "reports": dict.fromkeys(splits, REPORT), "step": 30, "epoch": 3.0,
        "best": {"step": 30, "epoch": 3, "metric": "exact_match", "value": 0.7}, "started": 1e9, "ended": 1e9 + 13,
        "timings": {"training": 12.0, "evaluating": 1.0},
    }  # fmt: skip
    write_json(made.path / "result.json", result)
    (made.path / "artifacts").mkdir(exist_ok=True)
    write_json(made.path / "artifacts" / "mistakes.json", dict.fromkeys(splits, MISTAKES))
    return lab.read(made)


def rows(app: LabApp) -> list[list[str]]:
    return [line.replace(">", " ").split() for line in text_of(app).splitlines()]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_search_stands_beside_the_lookup(lab: Lab, run: Run, size: tuple[int, int]) -> None:
    async def work(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
        await at_tab(pilot, shown, "Report")
        await until(pilot, lambda: "lookup" in text_of(app))
        found = [row for row in rows(app) if row[1:2] in (["on"], ["off"]) or row[:1] == ["lookup"]]
        assert [row[:3] for row in found] == [
            ["1", "on", "0.7000"], ["1", "off", "0.6000"], ["10", "on", "0.7000"], ["10", "off", "0.6000"],
            ["20", "on", "0.7000"], ["20", "off", "0.6000"], ["lookup", "0.7660", "0.8000"],
        ]  # fmt: skip
        assert any(row[:6] == ["test", "0.5000", "0.7000", "0.8000", "0.9000", "0.3000"] for row in rows(app))
        assert "nov exact" in text_of(app)

    opened(lab, run, work, size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_mistakes_are_listed_and_the_one_under_the_cursor_is_said_in_full(
    lab: Lab, run: Run, size: tuple[int, int]
) -> None:
    async def work(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
        await at_tab(pilot, shown, "Report")
        if size == SMALL:
            await pilot.press("v")
        await until(pilot, lambda: f"gold:  {GOLD}  = 40" in text_of(app))
        assert f"found: {FOUND}  = 11.1111" in text_of(app)
        await pilot.press("e", "e")
        await until(pilot, lambda: "\n problem 1 [b]" in text_of(app).replace("│", ""))
        assert "\x1b" not in text_of(app)

    opened(lab, run, work, size=size)


def test_why_programs_have_no_value_is_said() -> None:
    rest = report_of(REPORT, []).rest
    assert rest[0].startswith("302 problems are novel")
    assert [line.split(maxsplit=1) for line in rest[2:]] == [["2", "divides by zero"], ["1", "[red]uses n9"]]


@pytest.mark.parametrize(
    "damaged", [{}, {"by_beam": 3}, {"by_beam": {"x": None}}, {"by_beam": {"1": {"grammar_on": []}}}, {"lookup": [1]}]
)
def test_a_damaged_report_has_no_searches(damaged: dict[str, Any]) -> None:
    assert searches_of(damaged) == ()


def test_enter_on_a_mistake_takes_the_problem_to_solve(lab: Lab, run: Run) -> None:
    async def work(app: LabApp, pilot: Pilot[None], shown: RunScreen) -> None:
        await at_tab(pilot, shown, "Report")
        await until(pilot, lambda: f"gold:  {GOLD}" in text_of(app))
        await pilot.press("e", "e", "enter")
        await until(pilot, lambda: isinstance(app.screen, SolveScreen) and app.screen.first == run.id)
        assert isinstance(app.screen, SolveScreen)
        await until(
            pilot, lambda: app.screen.query_one("#text", Input).value == "problem 1 [b]\N{REPLACEMENT CHARACTER}[2J"
        )

    opened(lab, run, work, size=LARGE)
