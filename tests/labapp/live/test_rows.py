"""A run as one line: its title, its cells, what is known of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.files import write_json
from labapp.live.rows import COLUMNS, RunRow, ago, cell, entitle, quantity, row_of, sort_key
from labapp.output import duration
from tests.conftest import Lab


def row(id: str, name: str = "", **settings: Any) -> RunRow:
    return RunRow(id, "toy", "line", "points", "best", "finished", "", name=name, settings=settings)


def test_a_run_is_called_by_its_name_else_by_what_differs_from_its_neighbours() -> None:
    titles = [
        each.title for each in entitle([row("a", lr=0.1, seed=1), row("b", lr=0.1, seed=2), row("c", "mine", lr=0.2)])
    ]
    assert titles == ["lr=0.1 seed=1", "lr=0.1 seed=2", "mine"]


def test_where_it_ran_is_no_difference() -> None:
    assert [each.title for each in entitle([row("a", device="cpu"), row("b", device="cuda")])] == ["", ""]


def test_runs_of_another_kind_are_no_neighbours() -> None:
    other = dataclasses.replace(row("b", lr=0.2), variant="slope")
    assert [each.title for each in entitle([row("a", lr=0.1), other])] == ["", ""]


def test_foreign_text_is_harmless_in_every_cell(lab: Lab) -> None:
    run = lab.finished(epochs=1)
    nasty = "[red]x[/]\x1b[2J\x07\u202e"
    write_json(run.path / "labels.json", {"name": nasty, "tags": [nasty], "note": nasty})
    config = run.path / "config.toml"
    config.write_text(config.read_text().replace('"line"', '"li\\u001bne"'))
    shown = row_of(lab.read(run))
    assert "[red]x[/]" in shown.name
    for text in (shown.note, shown.variant, *(cell(shown, column.name, 0.0) for column in COLUMNS)):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_a_finished_run_says_everything_without_its_events(lab: Lab) -> None:
    run = lab.finished(epochs=3)
    (run.path / "events.jsonl").unlink()
    shown = row_of(lab.read(run))
    assert (shown.status, shown.epoch, shown.epochs, shown.step) == ("finished", 3, 3, 24)
    assert shown.best is not None
    assert shown.ended > shown.created > 0


def test_a_live_run_says_how_far_how_fast_and_how_long_still(lab: Lab) -> None:
    run = lab.at_step(lab.launch(epochs=400, pace=0.004), 20)
    shown = row_of(lab.until(run, lambda now: row_of(now).speed is not None))
    assert shown.live
    assert shown.left is not None
    assert shown.left > 0
    assert shown.total_steps == 3200


@pytest.mark.parametrize("column", [column.name for column in COLUMNS])
def test_every_column_has_a_cell_and_can_be_sorted_by(column: str) -> None:
    rows = [row("a", "x"), row("b", "y")]
    assert all(isinstance(cell(each, column, 0.0), str) for each in rows)
    known = [each for each in rows if sort_key(each, column) is not None]
    sorted(known, key=lambda each: sort_key(each, column))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (7.4, "7"), (999, "999"), (1000, "1.0k"), (41_200, "41.2k"), (123_456, "123k"), (5e6, "5.0M")],
)
def test_quantities_fit_into_five_characters(value: float, text: str) -> None:
    assert quantity(value) == text


def test_times_are_short() -> None:
    assert [duration(s) for s in (5, 130, 3900)] == ["5 s", "2 m 10 s", "1 h 05 m"]
    assert [ago(s) for s in (5, 130, 7300, 200_000)] == ["just now", "2 min ago", "2 h ago", "2 d ago"]
