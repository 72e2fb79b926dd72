"""The face's part of config.toml: what it may say, and errors with file, line and nearest known name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from labapp.face import Face, read_face
from sessions.userfile import USER_KEYS, read_file

THEMES = ("lab-dark", "lab-light")


def face(tmp_path: Path, text: str) -> Face:
    (tmp_path / "config.toml").write_text(text)
    return read_face(read_file(tmp_path / "config.toml", USER_KEYS), THEMES)


def test_an_empty_file_is_the_face_as_it_comes(tmp_path: Path) -> None:
    assert face(tmp_path, "") == Face()


def test_theme_bell_slow_line_and_keys(tmp_path: Path) -> None:
    found = face(tmp_path, 'theme = "lab-light"\nbell = false\nlow_bandwidth = true\n[keys]\nstop = "ctrl+x, f9"\n')
    assert (found.theme, found.bell, found.low_bandwidth) == ("lab-light", False, True)
    assert dict(found.keys) == {"stop": "ctrl+x,f9"}


@pytest.mark.parametrize(
    ("text", "title", "line", "hint"),
    [
        ('\ntheme = "lab-drak"', "unknown theme", "line 2", "lab-dark"),
        ('[keys]\n\nstpo = "x"', "unknown action", "line 3", "stop"),
        ("[keys]\nstop = 3", "keys of 'stop'", "line 2", ""),
        ('[keys]\nstop = " , "', "keys of 'stop'", "line 2", ""),
        ('[keys]\nstop = "ctrl+s"', "ctrl+s cannot be a key", "line 2", ""),
        ('[keys]\nstop = "ctrl-x"', "there is no key 'ctrl-x'", "line 2", "ctrl+x"),
        ('[keys]\nstop = "P"', "P is both", "line 2", ""),
        ('[keys]\nstop = "x"', "x is both", "line 2", ""),  # of the charts beside the list
        ('[keys]\nstop = "1"', "1 is both the screen Runs and stop", "line 2", ""),
        ("bell = 1", "'bell' cannot be 1", "line 1", ""),
        ('keys = "x"', "'keys' cannot be", "line 1", ""),
        ('tehme = "x"', "unknown key 'tehme'", "line 1", "theme"),
    ],
)
def test_errors_name_file_line_and_the_nearest_name(
    tmp_path: Path, text: str, title: str, line: str, hint: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        face(tmp_path, text)
    assert title in refusal.value.title
    assert f"config.toml, {line}" in str(refusal.value.got)
    assert hint in str(refusal.value.hint)
