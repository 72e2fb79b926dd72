"""Following a log: what is new costs what is new, and nothing in it acts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labapp.screens.run_tabs.tail import LONGEST, MOST_BYTES, MOST_LINES, Tail


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "output.log"
    path.write_bytes(b"")
    return path


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_a_missing_log_has_no_lines_until_it_is_there(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "output.log")
    assert not tail.read()
    assert not tail.exists
    (tmp_path / "output.log").write_bytes(b"here\n")
    assert tail.read()
    assert tail.lines == ["here"]


def test_what_is_appended_is_read_on_and_a_half_line_grows(log: Path) -> None:
    tail = Tail(log)
    append(log, b"one\ntw")
    assert tail.read()
    assert tail.lines == ["one", "tw"]
    append(log, b"o\nthree \xe4\xb8")
    assert tail.read()
    assert tail.lines[:2] == ["one", "two"]
    append(log, b"\xad\n")  # the rest of a character
    tail.read()
    assert tail.lines == ["one", "two", "three 中"]
    assert not tail.read()


def test_a_progress_bar_is_its_last_state(log: Path) -> None:
    tail = Tail(log)
    append(log, b"10%\r50%")
    tail.read()
    assert tail.lines == ["50%"]
    append(log, b"\r100%\r\nnext\n")
    tail.read()
    assert tail.lines == ["100%", "next"]


def test_a_progress_bar_that_never_ends_stays_small(log: Path) -> None:
    tail = Tail(log)
    for _ in range(5):
        append(log, b"".join(b"%06d\r" % number for number in range(50_000)))
        tail.read()
    assert tail.lines == ["049999"]
    assert len(tail._rest) <= 64_000


def test_of_a_large_log_only_the_end_is_read_and_it_begins_with_a_whole_line(log: Path) -> None:
    with log.open("wb") as file:
        file.truncate(100 * MOST_BYTES)  # sparse: costs nothing
    append(log, b"\n" + b"".join(b"line %d\n" % number for number in range(20_000)))
    tail = Tail(log)
    tail.read()
    assert tail.lines[-1] == "line 19999"
    assert tail.skipped >= 99 * MOST_BYTES
    assert len(tail.lines) == MOST_LINES


def test_what_comes_too_fast_is_passed_over(log: Path) -> None:
    tail = Tail(log)
    append(log, b"first\n")
    tail.read()
    generation = tail.generation
    append(log, b"x\n" * MOST_BYTES + b"last\n")
    tail.read()
    assert tail.lines[-1] == "last"
    assert "first" not in tail.lines
    assert tail.generation != generation


def test_a_bounded_number_of_lines_is_kept(log: Path) -> None:
    tail = Tail(log)
    for start in range(0, 3 * MOST_LINES, MOST_LINES):
        append(log, b"".join(b"%d\n" % number for number in range(start, start + MOST_LINES)))
        tail.read()
    assert len(tail.lines) == MOST_LINES
    assert tail.dropped == 2 * MOST_LINES


def test_another_or_a_shorter_file_is_read_anew(log: Path, tmp_path: Path) -> None:
    tail = Tail(log)
    append(log, b"old\nolder\n")
    tail.read()
    (tmp_path / "new").write_bytes(b"new\nnewer\nnewest\n")
    os.replace(tmp_path / "new", log)
    tail.read()
    assert tail.lines == ["new", "newer", "newest"]
    log.write_bytes(b"cut\n")
    tail.read()
    assert tail.lines == ["cut"]
    log.unlink()
    assert tail.read()
    assert tail.lines == []


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"\x1b[32mgreen\x1b[0m", "green"),
        (b"\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[Hcleared", "cleared"),
        (b"bell\x07 and \x00", "bell and \N{REPLACEMENT CHARACTER}"),
        (b"[red]markup[/]", "[red]markup[/]"),
        (b"\ttab", "    tab"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"x" * 10_000, "x" * LONGEST + f" ... {10_000 - LONGEST:,} characters more"),
        ("\u202eright to left".encode(), "\N{REPLACEMENT CHARACTER}right to left"),
    ],
)
def test_nothing_in_a_line_acts_on_the_terminal(log: Path, content: bytes, shown: str) -> None:
    append(log, content + b"\n")
    tail = Tail(log)
    tail.read()
    assert tail.lines == [shown]
