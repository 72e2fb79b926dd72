"""What the app remembers of itself: whatever stands in the file, it starts; and what ended meanwhile is counted."""

from __future__ import annotations

import json

import pytest

from labapp.live.rows import DEFAULT_COLUMNS, RunRow
from labapp.state import STATE_FILE, FaceState
from tests.conftest import Lab


def row(status: str, ended: float) -> RunRow:
    return RunRow("id", "toy", "line", "points", "best", status, "", ended=ended)


def test_it_comes_back_as_it_was_left(lab: Lab) -> None:
    state = FaceState(seen=5.0, theme="lab-light", columns=("status", "best"), sort="best", reverse=False, group="task")
    state.write(lab.store.home)
    assert FaceState.read(lab.store.home) == state


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"seen": "x", "columns": 3, "sort": [], "group": "x", "theme": 7}',
     b'{"seen": 1' + b"0" * 400 + b"}", b'{"theme": "lab-of-a-later-version"}',
     b'{"seen": 1e999, "columns": ["nonsense", 4], "reverse": "yes", "sort": "nonsense"}'],
)  # fmt: skip
def test_garbage_is_as_good_as_nothing(lab: Lab, content: bytes) -> None:
    lab.store.home.ensure()
    (lab.store.home.root / STATE_FILE).write_bytes(content)
    assert FaceState.read(lab.store.home) == FaceState()


def test_what_it_does_not_know_it_leaves_out() -> None:
    found = FaceState.from_raw({"columns": ["status", "of a later version"], "sort": "epoch"})
    assert (found.columns, found.sort) == (("status",), "epoch")
    assert FaceState.from_raw(json.loads('{"columns": []}')).columns == DEFAULT_COLUMNS


def test_since_you_left_counts_what_ended_since() -> None:
    rows = [row("finished", 11), row("finished", 12), row("failed", 13), row("finished", 9), row("running", 0)]
    assert FaceState().away(rows, 10).sentence() == "Since you left: 2 finished, 1 failed."


def test_at_the_first_start_nobody_has_left() -> None:
    assert FaceState().away([row("finished", 11)], 0).sentence() == ""
