"""The user's file: allowed keys, the line each stands on, the command for the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from sessions.userfile import PROJECT_KEYS, USER_KEYS, line_numbers, read_file


def test_keys_are_found_by_themselves_and_in_their_table() -> None:
    lines = line_numbers('theme = "a"\n\n[keys]\nstop = "x"\n[settings.images]\n"lr" = 1\n')
    assert lines["theme"] == 1
    assert lines["keys.stop"] == lines["stop"] == 4
    assert lines["settings.images.lr"] == 6
    assert lines["settings.images"] == lines["images"] == 5


def test_on_finish_is_split_into_words_as_a_shell_would(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("on_finish = \"notify 'my lab'\"")
    assert read_file(tmp_path / "c.toml", USER_KEYS).on_finish == ["notify", "my lab"]


@pytest.mark.parametrize("text", ['on_finish = "a \'b"', "on_finish = 3"])
def test_a_command_that_cannot_be_one_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.toml").write_text("\n" + text)
    with pytest.raises(UsageError) as refusal:
        _ = read_file(tmp_path / "c.toml", USER_KEYS).on_finish
    assert "line 2" in str(refusal.value.got)


def test_an_absent_file_says_nothing(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none.toml", USER_KEYS).values == {}


@pytest.mark.parametrize("key", ["home", "on_finish", "keys", "theme"])
def test_a_checkout_chooses_no_folder_runs_no_command_and_rebinds_no_key(tmp_path: Path, key: str) -> None:
    (tmp_path / "labapp.toml").write_text(f'{key} = "x"')
    with pytest.raises(UsageError, match=f"a project cannot set '{key}'"):
        read_file(tmp_path / "labapp.toml", PROJECT_KEYS)
