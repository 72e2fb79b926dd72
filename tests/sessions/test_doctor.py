"""The doctor: finds what is wrong and names the command that mends it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from labapp.run import run as command_line
from sessions import doctor
from sessions.doctor import Finding, examine, kills_user_processes, torch_cuda
from sessions.home import Home
from sessions.machine.gpus import Gpu


def findings(tmp_path: Path, **environment: str) -> dict[str, Finding]:
    return {each.what: each for each in examine(Home(tmp_path / "home"), environment)}


def test_it_looks_at_everything(tmp_path: Path) -> None:
    assert {"python", "torch", "code", "gpu", "home", "terminal", "logout", "machine"} <= set(findings(tmp_path))


def test_a_home_that_cannot_be_written_is_bad_and_the_command_exits_with_1(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert command_line(["doctor", "--home", "/proc/nowhere", "--json"]) == 1
    found = {each["what"]: each for each in json.loads(capfd.readouterr().out)}
    assert found["home"]["verdict"] == "bad"
    assert "/proc/nowhere" in found["home"]["found"]


def test_a_full_disk_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    assert findings(tmp_path)["home"].verdict == "bad"


def test_a_home_open_to_others_is_noted(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    assert findings(tmp_path)["home"].remedy == f"chmod 700 {tmp_path / 'home'}"


def test_a_foreign_package_in_our_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    foreign = SimpleNamespace(origin="/elsewhere/models/__init__.py")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: foreign if name == "models" else real(name))
    found = findings(tmp_path)["package models"]
    assert found.verdict == "bad"
    assert "/elsewhere/models" in found.found


@pytest.mark.parametrize(
    ("texts", "kills"),
    [
        ({}, False),
        ({"logind.conf": "#KillUserProcesses=yes"}, False),
        ({"logind.conf": "[Login]\nKillUserProcesses=yes"}, True),
        ({"logind.conf": "KillUserProcesses=yes", "d/50-site.conf": "KillUserProcesses=no"}, False),
        ({"d/50-site.conf": "KillUserProcesses = true"}, True),
    ],
)
def test_logind_is_read_as_it_reads_itself(tmp_path: Path, texts: dict[str, str], kills: bool) -> None:
    (tmp_path / "d").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert kills_user_processes((tmp_path / "logind.conf", tmp_path / "d")) is kills


def test_where_logind_kills_the_remedy_is_lingering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logind.conf").write_text("KillUserProcesses=yes")
    monkeypatch.setattr(doctor, "LOGIND", (tmp_path / "logind.conf",))
    found = findings(tmp_path)["logout"]
    assert found.verdict == "bad"
    assert found.remedy.startswith("loginctl enable-linger")


@pytest.mark.parametrize(
    ("environment", "what", "verdict"),
    [({"TERM": "dumb"}, "terminal", "note"), ({"TERM": "xterm-256color"}, "terminal", "good")],
)
def test_a_dumb_terminal_is_noted(tmp_path: Path, environment: dict[str, str], what: str, verdict: str) -> None:
    assert findings(tmp_path, **environment)[what].verdict == verdict


def test_cards_of_several_kinds_may_be_numbered_otherwise_by_cuda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [Gpu(index, f"GPU-{index}", name, 2**34, 0, 0.0, 0) for index, name in enumerate(("A100", "T4"))]
    monkeypatch.setattr(doctor, "list_gpus", lambda environment: cards)
    monkeypatch.setattr(doctor, "_driver", lambda: iter(()))
    assert "CUDA_DEVICE_ORDER" in findings(tmp_path)["CUDA_DEVICE_ORDER"].remedy
    assert "CUDA_DEVICE_ORDER" not in findings(tmp_path, CUDA_DEVICE_ORDER="PCI_BUS_ID")


def library(newest: int, capabilities: list[tuple[int, int]]) -> SimpleNamespace:
    """Stands in for pynvml: the newest CUDA of its driver, and what its cards can."""
    return SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlSystemGetDriverVersion=lambda: "580.1",
        nvmlSystemGetCudaDriverVersion=lambda: newest,
        nvmlDeviceGetCount=lambda: len(capabilities),
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetCudaComputeCapability=lambda index: capabilities[index],
    )


class TestDriver:
    @pytest.mark.parametrize(
        ("newest", "built", "verdict"), [(13000, (13, 0), "good"), (12080, (13, 0), "bad"), (13000, None, "bad")]
    )
    def test_it_is_held_against_the_build_of_torch(
        self, monkeypatch: pytest.MonkeyPatch, newest: int, built: tuple[int, int] | None, verdict: str
    ) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "pynvml", library(newest, [(9, 0)]))
        monkeypatch.setattr(doctor, "torch_cuda", lambda: built)
        (found,) = doctor._driver()
        assert found.verdict == verdict
        assert bool(found.remedy) == (verdict == "bad")

    def test_a_card_too_old_for_the_build_of_torch_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "pynvml", library(13000, [(9, 0), (7, 0)]))
        monkeypatch.setattr(doctor, "torch_cuda", lambda: (13, 0))
        driver, old = doctor._driver()
        assert (driver.verdict, old.verdict, old.what) == ("good", "bad", "gpu 1")
        assert "7.0" in old.found
        assert "cu126" in old.remedy
        monkeypatch.setattr(doctor, "torch_cuda", lambda: (12, 6))
        assert len([*doctor._driver()]) == 1

    def test_torchs_cuda_is_read_without_importing_it(self) -> None:
        import torch

        expected = torch.version.cuda
        found = torch_cuda()
        assert (found and ".".join(map(str, found))) == expected
