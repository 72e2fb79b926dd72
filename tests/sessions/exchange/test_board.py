"""Event files: read back by TensorBoard itself."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError
from sessions.exchange import board
from sessions.process import child_environment
from tests.conftest import Lab
from tests.sessions.exchange.making import made


@pytest.fixture
def read() -> Any:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def events(folder: Path) -> Any:
        found = accumulator.EventAccumulator(str(folder))
        found.Reload()
        return found

    return events


def test_every_split_has_its_curves_with_step_and_time(lab: Lab, tmp_path: Path, read: Any) -> None:
    board.write_run(made(lab), tmp_path / "first")
    found = read(tmp_path / "first" / "val").Scalars("loss")
    assert [(each.step, each.wall_time) for each in found] == [(8, 1_700_000_008.0), (16, 1_700_000_016.0)]
    assert found[0].value == 0.5
    assert math.isnan(found[1].value)
    assert [each.step for each in read(tmp_path / "first" / "train").Scalars("running/loss")] == [4]
    assert read(tmp_path / "first" / "test").Scalars("final/loss")[0].value == math.inf


def test_the_configuration_is_there_as_text_and_as_hyper_parameters(lab: Lab, tmp_path: Path, read: Any) -> None:
    board.write_run(made(lab), tmp_path / "first")
    found = read(tmp_path / "first")
    (text,) = found.Tensors("configuration")
    assert b'variant = "line"' in text.tensor_proto.string_val[0]
    from tensorboard.plugins.hparams import metadata

    content = found.SummaryMetadata(board.SESSION).plugin_data.content
    settings = metadata.parse_session_start_info_plugin_data(content).hparams
    assert settings["epochs"].number_value == 2
    assert settings["nesterov"].bool_value is False


def test_old_files_stay_when_there_is_nothing_to_take_their_place(lab: Lab, tmp_path: Path, read: Any) -> None:
    run = made(lab)
    files = board.write_run(run, tmp_path)
    assert board.write_run(run, tmp_path, replace=True)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    (run.path / "config.toml").write_text("no = [")
    with pytest.raises(LabError, match="cannot be read"):
        board.write_run(lab.read(run), tmp_path, replace=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == files


def test_without_the_package_one_hears_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(LabError, match="not installed") as caught:
        board.library()
    assert "labapp[tensorboard]" in str(caught.value.hint)


def test_neither_torch_nor_tensorflow_is_imported_for_it() -> None:
    pytest.importorskip("tensorboard")
    use = "import sys; from sessions.exchange import board; board.library()"
    probe = f"{use}; print({{'torch', 'tensorflow'}} & {{*sys.modules}})"
    command = [sys.executable, "-P", "-c", probe]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "set()", done.stderr
