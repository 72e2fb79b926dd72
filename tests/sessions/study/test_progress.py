"""How far a study is, and when it will be done."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sessions.study.folder import Member
from sessions.study.progress import Progress, Standing, progress


def run(status: str, epoch: float = 0.0, seconds: float = 0.0, epochs: int = 10, **more: Any) -> Standing:
    return Standing(status, epoch, epochs, seconds, **more)


def of(*runs: Standing | None, cells: str = "") -> Progress:
    """Of runs that stand one after the other for the cells named by letters."""
    members = [Member((cells or "a" * len(runs))[n], n, f"r{n}") for n in range(len(runs))]
    return progress(members, {f"r{n}": each for n, each in enumerate(runs) if each is not None})


def test_the_status_is_that_of_all_together() -> None:
    done, waits, goes = run("finished", 10, 100), run("queued"), run("running", 5, 50)
    for runs, status in (
        ((done, goes, waits), "running"),
        ((done, run("stalled")), "running"),
        ((done, waits), "queued"),
        ((done, run("remote", 1, 1)), "queued"),
        ((done, done), "finished"),
        ((done, run("failed")), "ended"),
        ((done, None), "ended"),
        ((), "empty"),
    ):
        assert of(*runs).status == status


def test_words_count_what_became_of_the_runs() -> None:
    found = of(run("finished", 10, 1), run("failed", 2, 1), run("running", 1, 1), run("queued"), None)
    assert found.words == "1 running, 1 queued, 1 finished, 1 failed, 1 deleted"


def test_a_failed_run_counts_as_far_as_it_came_and_a_deleted_one_not_at_all() -> None:
    assert of(run("finished", 6, 1), run("failed", 5, 1), None, run("queued")).done == pytest.approx(1.5 / 4)
    assert of(run("running", 12, 1)).done == 1.0
    assert of(run("queued", epochs=0)).done == 0.0
    assert of().done == 0.0


def test_what_is_left_is_taken_from_runs_of_the_cell_else_of_the_study() -> None:
    timed = run("finished", 10, 100)
    assert of(timed, run("queued"), cells="aa").seconds_left == pytest.approx(100)
    assert of(timed, run("finished", 10, 300), run("queued"), cells="abb").seconds_left == pytest.approx(300)
    assert of(timed, run("finished", 10, 300), run("queued"), cells="abc").seconds_left == pytest.approx(200)
    assert of(run("running", 5, 100), cells="a").seconds_left == pytest.approx(100)


def test_nothing_is_guessed_before_something_has_been_timed() -> None:
    assert math.isnan(of(run("queued"), run("running")).seconds_left)
    assert math.isnan(of(run("queued"), run("running")).ends_in)
    ended = of(run("finished", 10, 1), run("failed", 3, 1))
    assert ended.seconds_left == 0.0
    assert math.isnan(ended.ends_in)


def test_it_ends_sooner_when_several_go_on_at_once_but_not_before_the_longest() -> None:
    at_once = [run("running", 5, 50), run("running", 5, 50), run("queued")]
    assert of(*at_once).seconds_left == pytest.approx(200)
    assert of(*at_once).ends_in == pytest.approx(100)
    assert of(run("running", 9, 90), run("running", 1, 10)).ends_in == pytest.approx(90)


def test_the_best_cell_is_the_one_with_the_best_mean_of_its_finished_runs() -> None:
    def done(value: float, monitor: str = "accuracy", status: str = "finished") -> Standing:
        return run(status, 10, 1, best=value, monitor=monitor)

    found = of(done(0.7), done(0.9), done(0.81), done(0.99, status="failed"), cells="aabb")
    assert (found.best, found.value, found.monitor) == ("b", pytest.approx(0.81), "accuracy")
    assert of(done(0.3, "loss"), done(0.2, "loss"), cells="ab").best == "b"
    assert of(done(0.3, "loss"), done(0.2), cells="ab").best == ""
    assert of(run("running", 1, 1)).best == ""


def test_a_run_that_stands_for_two_cells_is_counted_once() -> None:
    members = [Member("a", 1, "r"), Member("b", 1, "r")]
    found = progress(members, {"r": run("running", 5, 50)})
    assert (found.words, found.seconds_left) == ("1 running", pytest.approx(50))
