"""`labapp evaluate --beam`: several widths of a search in one go, each with the grammar and without."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.streams import FakeInference
from tests.untrained import solver


def answer(args: dict[str, Any]) -> dict[str, Any]:
    """As the process has it; 20 beams find more than one, and nothing is lost without the grammar."""
    widths = args["beams"] or [10]
    by_beam = {str(width): {"exact_match": width / 100, "novel/exact_match": 0.1} for width in widths}
    for metrics in by_beam.values():
        metrics |= {"grammar_on": dict(metrics), "grammar_off": metrics | {"exact_match": 0.0}}
    return {
        "id": args["run"], "split": args["split"], "examples": 3, "by_beam": by_beam,
        "metrics": {"loss": 0.5, "exact_match": 0.01, "novel/exact_match": 0.1},
        "lookup": {"exact_match": 0.77, "novel/exact_match": 0.28},
    }  # fmt: skip


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> FakeInference:
    fake = FakeInference(SimpleNamespace(answers={"evaluate": answer}))  # type: ignore[arg-type]
    monkeypatch.setattr("labapp.commands.evaluate.inference_on", fake)
    return fake


@pytest.fixture
def run(lab: Lab) -> Run:
    return solver(lab, "mine")


def test_every_width_has_a_row_with_the_grammar_and_without_and_the_lookup_one(
    labapp: Any, run: Run, process: FakeInference
) -> None:
    printed = labapp("evaluate", "mine", "--beam", "1,20")
    assert process.asked[0]["beams"] == [1, 20]
    rows = [line.split("  ")[1].strip() for line in printed.out.splitlines()[1:]]
    assert rows == [
        "beam 1, grammar on", "beam 1, grammar off", "beam 20, grammar on", "beam 20, grammar off",
        "nearest training problem",
    ]  # fmt: skip
    assert "0.7700" in printed.out


def test_metrics_of_a_part_stand_under_its_name_in_json(labapp: Any, run: Run, process: FakeInference) -> None:
    found = labapp("evaluate", "mine", "--json").json
    assert found["metrics"] == {"loss": 0.5, "exact_match": 0.01, "novel": {"exact_match": 0.1}}
    assert found["lookup"] == {"exact_match": 0.77, "novel": {"exact_match": 0.28}}
    on, off = ({"exact_match": value, "novel": {"exact_match": 0.1}} for value in (0.1, 0.0))
    assert found["by_beam"] == {"10": {**on, "grammar_on": on, "grammar_off": off}}


@pytest.mark.parametrize("widths", ["ten", "1,,2", "", "0", "1,100", "-1", "10," + "9" * 5_000])
def test_what_are_no_widths_are_refused(labapp: Any, run: Run, process: FakeInference, widths: str) -> None:
    printed = labapp("evaluate", "mine", "--beam", widths)
    assert printed.code == 2
    assert "no widths of a beam" in printed.err
    assert not process.asked
