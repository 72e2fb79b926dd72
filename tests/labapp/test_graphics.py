"""Pictures in a terminal's own pixels: which terminals are asked, what their answers mean, and what See shows then."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pexpect
import pytest
from textual.pilot import Pilot
from textual_image.widget import SixelImage

from engine.errors import UsageError
from labapp import graphics
from labapp.app import LabApp
from labapp.graphics import ask_terminal
from labapp.screens.see import SeeScreen
from labapp.see.image import Image
from labapp.widgets.pixels import PixelPicture, enlarged
from sessions.process import child_environment, python_command
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import notices, until
from tests.labapp.screens.see_data import _colours, explained, run, seen
from tests.labapp.screens.seeing import FakePlayground, playground

__all__ = ["_colours", "playground", "run"]
WHICH = "import os; from labapp.graphics import ask_terminal; print('found', *ask_terminal(os.environ))"
SIXEL = rb"\x1b\[c", b"\x1b[?62;4;22c"  # what is asked, and what a terminal with sixel answers
NO_SIXEL = rb"\x1b\[c", b"\x1b[?62;22c"
KITTY = rb"\x1b_Gi=(\d+),.*?\x1b\\", b"\x1b_Gi=%s;OK\x1b\\"


def found(*answers: tuple[bytes, bytes]) -> str:
    """What is found out in a pseudo-terminal that answers so, and to nothing else."""
    python, *arguments = python_command("labapp")
    arguments = [*arguments[: arguments.index("-m")], "-c", WHICH]
    terminal = pexpect.spawn(python, arguments, env={**child_environment(), "TERM": "xterm-256color"}, timeout=60)
    terminal.setecho(False)
    terminal.delaybeforesend = None
    try:
        for asked, answer in answers:
            terminal.expect(asked)
            terminal.send(answer % terminal.match[1] if b"%s" in answer else answer)
        terminal.expect(rb"found (.*?)\r?\n")
        return str(terminal.match[1].decode())
    finally:
        with contextlib.suppress(OSError):
            terminal.close(force=True)


class TestTheTerminal:
    @pytest.mark.parametrize("answers", [(SIXEL,), (NO_SIXEL, KITTY)], ids=["sixel", "kitty"])
    def test_with_a_protocol_for_pixels_shows_them(self, answers: Any) -> None:
        assert found(*answers).strip() == "True"

    def test_that_says_nothing_keeps_half_blocks(self) -> None:
        assert found() == "False this terminal speaks neither sixel nor kitty's protocol"

    @pytest.mark.parametrize(
        ("environment", "why"),
        [
            ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "xterm-256color"}, "tmux"),
            ({"TERM": "tmux-256color"}, "tmux"),  # over SSH, where TMUX does not come along
            ({"STY": "1.pts-0", "TERM": "xterm"}, "screen"),
            ({"TERM": "screen.xterm-256color"}, "screen"),
            ({"TERM": "xterm", "NO_COLOR": "1"}, "NO_COLOR"),
        ],
    )
    def test_behind_a_multiplexer_is_not_asked(self, environment: dict[str, str], why: str) -> None:
        shows, reason = ask_terminal(environment)
        assert not shows
        assert why in reason


class TestWithoutThePackage:
    @pytest.fixture(autouse=True)
    def _missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(graphics, "installed", lambda: False)

    def test_wanting_pixels_is_an_error_with_the_command_that_mends_it(self) -> None:
        with pytest.raises(UsageError, match="textual-image") as refusal:
            ask_terminal({"TERM": "xterm-kitty"})
        assert "labapp[textual-image]" in str(refusal.value.hint)

    def test_the_doctor_says_so(self, labapp: Any, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text("graphics = true\n")
        (found,) = [each for each in labapp("doctor", "--json").json if each["what"] == "graphics"]
        assert found["verdict"] == "bad"
        assert "line 1" in found["found"]


@pytest.mark.parametrize(("reason", "slow"), [("tmux", ""), ("low_bandwidth", "low_bandwidth = true\n")])
def test_the_doctor_says_what_is_in_the_way(
    labapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, slow: str
) -> None:
    (tmp_path / "config.toml").write_text(f"graphics = true\n{slow}")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    (found,) = [each for each in labapp("doctor", "--json").json if each["what"] == "graphics"]
    assert (found["verdict"], reason in found["found"]) == ("note", True)


def test_small_pixels_stay_squares() -> None:
    image = Image(2, 1, b"\xff\0\0\0\0\xff")
    large = enlarged(image)
    assert large.size == (640, 320)
    assert [large.getpixel((x, 319)) for x in (0, 319, 320, 639)] == [(255, 0, 0)] * 2 + [(0, 0, 255)] * 2


def test_see_says_why_it_does_not(lab: Lab, run: Run, playground: FakePlayground) -> None:
    async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
        await until(pilot, lambda: any("half blocks: tmux" in said for said in notices(app)))
        assert not app.screen.query(PixelPicture)

    seen(lab, work, no_pixels="tmux keeps them to itself")


def test_see_shows_the_large_picture_in_pixels(
    lab: Lab, run: Run, playground: FakePlayground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labapp.widgets.pixels.Pixels", SixelImage)  # as in a terminal that speaks it

    async def work(app: LabApp, pilot: Pilot[None], shown: SeeScreen) -> None:
        await explained(pilot, shown)
        assert playground.of("explain")[-1]["side"] == 320  # finer than the cells
        pictures = list(app.screen.query(PixelPicture))
        assert [each.caption for each in pictures] == ["picture", "heat", "both"]
        assert shown.large.found is not None
        assert pictures[1].image == shown.large.found.heat
        for each in pictures:
            pixels = each.query_one(SixelImage)
            assert 0 < pixels.size.height <= each.size.height
            assert 0 < pixels.size.width <= each.size.width

    seen(lab, work, pixels=True)
