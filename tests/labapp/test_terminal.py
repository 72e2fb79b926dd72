"""The app in a real pseudo-terminal, with real workers: what a person over a bad connection lives through."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading

import psutil
import pytest

from labapp.start import RESTORE, watch_terminal
from sessions.process import child_environment, python_command
from tests.conftest import Lab
from tests.labapp.terminal import Terminal

INSISTED = RESTORE[-16:]  # as only the last resort writes it: Textual has another order
F5 = "\x1b[15~"


def test_launch_watch_lose_the_connection_come_back_and_stop(lab: Lab) -> None:
    """The whole of it: a run is repeated from the app, its curve moves, the line is lost, and everything is true."""
    old = lab.ended(lab.launch(epochs=2, name="old"))
    with Terminal((120, 36)) as terminal:
        terminal.shows("1 finished")
        terminal.press("d")
        terminal.shows("epochs")
        terminal.press(F5)
        terminal.until(lambda shown: "2 finished" in shown or "running" in shown)
    assert lab.read(old).status.name == "finished"

    run = lab.submit(epochs=3000, pace=0.004, name="long")
    with Terminal((120, 36)) as terminal:
        terminal.shows("long")
        terminal.shows("1 running")
        first = terminal.until(step_shown)
        terminal.until(lambda shown: step_shown(shown) > step_shown(first))
        terminal.until(
            lambda shown: "val loss" in shown and any("\N{BRAILLE PATTERN BLANK}" < c < "\u2900" for c in shown)
        )
        terminal.signal(signal.SIGHUP)
        assert terminal.ended() == 128 + signal.SIGHUP
    before = lab.read(run).step
    lab.until(run, lambda now: now.step > before and now.status.name == "running")

    with Terminal((80, 24)) as terminal:
        terminal.shows("long")
        assert step_shown(terminal.until(step_shown)) >= before
        terminal.press("S")
        terminal.shows("stopped")
        terminal.press("q")
        assert terminal.ended() == 0
    assert lab.read(run).status.name == "stopped"


def step_shown(shown: str) -> int:
    found = re.search(r"step ([\d,]+)", shown)
    return int(found[1].replace(",", "")) if found else 0


@pytest.mark.parametrize("slow", ["true", "false"])
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_app_and_gives_the_terminal_back_and_leaves_the_run_alone(
    lab: Lab, number: int, slow: str
) -> None:
    (lab.store.home.root.parent / "config.toml").write_text(f"low_bandwidth = {slow}\n")
    run = lab.at_step(lab.launch(epochs=3000, pace=0.004), 1)
    with Terminal() as terminal:
        terminal.shows("running")
        terminal.signal(number)
        assert terminal.ended(10) == 128 + number
        written = terminal.process.before or b""
        assert b"\x1b[?1049l" in written
        assert INSISTED not in written, "it had to be made to end"
        assert b"Traceback" not in written
    assert lab.read(run).status.name == "running"


def test_a_terminal_that_is_closed_ends_the_app_without_a_busy_loop(lab: Lab) -> None:
    lab.ended(lab.launch(epochs=1))
    with Terminal() as terminal:
        terminal.shows("finished")
        process = psutil.Process(terminal.process.pid)
        os.close(terminal.process.child_fd)
        process.wait(10)


def test_a_terminal_that_hangs_up_without_a_signal_is_noticed() -> None:
    keyboard, terminal = os.openpty()
    left: list[int] = []
    watching = threading.Thread(target=watch_terminal, args=(left.append, 0.01, terminal))
    watching.start()
    watching.join(0.1)
    assert left == []
    os.close(keyboard)
    watching.join(10)
    assert left == [128 + signal.SIGHUP]
    os.close(terminal)


def test_it_can_be_made_tiny_and_large_again(lab: Lab) -> None:
    lab.ended(lab.launch(epochs=1, name="mine"))
    with Terminal((80, 24)) as terminal:
        terminal.shows("mine")
        for size in ((20, 5), (1, 1), (250, 70), (20, 5), (80, 24)):
            terminal.resize(*size)
            terminal.press("j")
            terminal.read()
        terminal.shows("mine")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"NO_COLOR": "1"},
        {"TERM": "tmux-256color", "COLORTERM": ""},
        {"TERM": "screen"},
        {"TERM": "linux"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
    ],
    ids=lambda environment: " ".join(f"{key}={value}" for key, value in environment.items())[:24],
)
def test_every_kind_of_terminal_shows_the_runs(lab: Lab, environment: dict[str, str]) -> None:
    lab.ended(lab.launch(epochs=2, name="mine"))
    with Terminal((120, 30), **environment) as terminal:
        terminal.shows("mine")
        terminal.press(" ")
        shown = terminal.shows("1 marked")
        terminal.press("q")
        assert terminal.ended() == 0
    if environment.get("PYTHONIOENCODING"):
        assert shown.isascii(), [char for char in shown if not char.isascii()]
        assert "??" not in shown, "what cannot be encoded is written as ?"


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_can_place_no_characters_gets_words_and_exit_code_2(term: str) -> None:
    with Terminal(TERM=term) as terminal:
        assert terminal.ended() == 2
        said = (terminal.process.before or b"").decode()
        assert "cannot show the app" in said
        assert "labapp demo" in said


def test_a_wrong_config_is_named_with_its_line_before_anything_is_drawn(lab: Lab) -> None:
    (lab.store.home.root.parent / "config.toml").write_text('[keys]\nstpo = "x"\n')
    with Terminal() as terminal:
        assert terminal.ended() == 2
        said = " ".join((terminal.process.before or b"").decode().split())
        assert "line 2" in said
        assert "'stop'" in said


def test_a_users_keys_take_the_place_of_ours(lab: Lab) -> None:
    (lab.store.home.root.parent / "config.toml").write_text('[keys]\nquit = "ctrl+x"\nmark = "i"\n')
    lab.ended(lab.launch(epochs=1))
    with Terminal() as terminal:
        terminal.shows("i mark")
        terminal.press("i")
        terminal.shows("1 marked")
        terminal.press("q")
        terminal.read()
        assert terminal.process.isalive()
        terminal.press("\x18")
        assert terminal.ended() == 0


def test_the_terminal_is_believed_rather_than_what_somebody_exported(lab: Lab) -> None:
    with Terminal((120, 30), COLUMNS="40", LINES="10") as terminal:
        terminal.shows("choose a task, data and settings yourself")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("words", [[], ["--home", "elsewhere"], ["--home=elsewhere"]])
def test_without_a_terminal_one_line_says_so_and_names_the_demo(words: list[str]) -> None:
    command = python_command("labapp", *words)
    done = subprocess.run(command, env=child_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "labapp demo" in done.stderr
