"""Choosing a GPU: whose it is, who is on it, what the user may see."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from engine.catalogue import parse_target
from engine.config import Config, Layer, resolve
from engine.errors import UsageError
from labapp.form.launching import place
from sessions.machine.gpus import Gpu, choose, list_gpus, visible, worker_environment

GIB = 2**30


def gpu(index: int, used: float = 0.0, utilisation: float = 0.0) -> Gpu:
    return Gpu(index, f"GPU-{index}a2b3c4", "H200", 140 * GIB, int(used * GIB), utilisation, int(used > 0))


IDLE, BUSY, FULL, LOADED = gpu(0), gpu(1, 3, 0.95), gpu(2, 130, 0.02), gpu(3, 60, 0.5)


class TestAuto:
    def test_it_takes_an_idle_one_where_there_is_one(self) -> None:
        assert choose("auto", [BUSY, FULL, IDLE]) is IDLE

    def test_little_memory_in_use_is_not_idle_when_somebody_computes(self) -> None:
        assert not BUSY.idle
        assert not FULL.idle

    @pytest.mark.parametrize(
        ("used", "total", "idle"),
        [(1.2, 8, True), (2.5, 8, False), (1.4, 12, True), (1.7, 12, False), (3, 140, True), (15, 140, False)],
    )
    def test_a_desktop_on_a_small_card_leaves_it_idle(self, used: float, total: int, idle: bool) -> None:
        assert Gpu(0, "GPU-0", "RTX", total * GIB, int(used * GIB), 0.0, 1).idle is idle

    def test_else_the_one_with_most_free_memory(self) -> None:
        assert choose("auto", [FULL, LOADED]) is LOADED

    def test_without_any_it_is_none(self) -> None:
        assert choose("auto", []) is None


class TestNamed:
    @pytest.mark.parametrize("name", ["2", "GPU-2a2b3c4", "GPU-2a"])
    def test_by_index_uuid_or_a_prefix_of_one(self, name: str) -> None:
        assert choose(name, [IDLE, BUSY, FULL]) is FULL

    @pytest.mark.parametrize("name", ["9", "GPU-", "cuda", ""])
    def test_what_is_not_there_is_refused_with_what_is(self, name: str) -> None:
        with pytest.raises(UsageError) as refusal:
            choose(name, [IDLE, BUSY])
        assert "GPU-1a2b3c4" in str(refusal.value.expected)

    def test_cpu_is_none(self) -> None:
        assert choose("cpu", [IDLE]) is None


@pytest.mark.parametrize(
    ("mask", "expected"),
    [(None, [0, 1, 2]), ("", []), ("2,0", [2, 0]), ("GPU-1a2b", [1]), ("0,7,1", [0]), ("-1", []), (" 1 ", [1])],
)
def test_cuda_visible_devices_is_respected(mask: str | None, expected: list[int]) -> None:
    assert [each.index for each in visible([IDLE, BUSY, FULL], mask)] == expected


def test_a_worker_sees_its_gpu_by_uuid_and_a_cpu_run_sees_none() -> None:
    assert worker_environment(IDLE, "auto") == {"CUDA_VISIBLE_DEVICES": IDLE.uuid}
    assert worker_environment(None, "cpu") == {"CUDA_VISIBLE_DEVICES": ""}


class TestPlace:
    config = resolve(*parse_target("images/bn"), None)

    @pytest.fixture(autouse=True)
    def _two_gpus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labapp.form.launching.list_gpus", lambda: [IDLE, BUSY])

    def on(self, device: str) -> Config:
        return resolve(*parse_target("images/bn"), None, layers=[Layer("test", {"device": device})])

    def test_a_gpu_that_can_be_seen_is_asked_for_from_then_on(self) -> None:
        placed, wanted = place(self.config, "auto")
        assert (placed.settings.device, wanted) == ("cuda", "auto")

    def test_one_that_is_named_is_known_by_its_uuid(self) -> None:
        placed, wanted = place(self.config, "1")
        assert (placed.settings.device, wanted) == ("cuda", BUSY.uuid)

    def test_the_device_of_the_configuration_is_a_place_among_the_visible_ones(self) -> None:
        placed, wanted = place(self.on("cuda:1"), "auto")
        assert (placed.settings.device, wanted) == ("cuda", BUSY.uuid)
        with pytest.raises(UsageError, match="cuda:7"):
            place(self.on("cuda:7"), "auto")

    def test_cpu_is_the_cpu_whatever_gpus_there_are(self) -> None:
        for placed, wanted in (place(self.config, "cpu"), place(self.on("cpu"), "auto")):
            assert (placed.settings.device, wanted) == ("cpu", "cpu")

    def test_without_gpus_it_stays_open_and_cuda_stays_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labapp.form.launching.list_gpus", list)
        assert [each.settings.device for each, _ in (place(self.config, "auto"), place(self.on("cuda"), "auto"))] == [
            "auto",
            "cuda",
        ]


class TestNvml:
    def library(self, **changes: Any) -> SimpleNamespace:
        class NVMLError(Exception):
            pass

        def unsupported(handle: Any) -> Any:
            raise NVMLError

        values = {
            "NVMLError": NVMLError,
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetCount": lambda: 1,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=10, used=1),
            "nvmlDeviceGetUtilizationRates": unsupported,  # as with MIG
            "nvmlDeviceGetComputeRunningProcesses": unsupported,
            "nvmlDeviceGetUUID": lambda handle: b"GPU-old-bindings",
            "nvmlDeviceGetName": lambda handle: "A100",
        }
        return SimpleNamespace(**values | changes)

    def test_what_a_card_does_not_tell_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pynvml", self.library())
        (found,) = list_gpus({})
        assert (found.uuid, found.name, found.utilisation) == ("GPU-old-bindings", "A100", None)

    def test_without_a_driver_there_are_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing() -> None:
            raise RuntimeError("no driver")

        monkeypatch.setitem(sys.modules, "pynvml", self.library(nvmlInit=missing))
        assert list_gpus({}) == []

    def test_a_gpu_in_instances_is_listed_as_those(self, monkeypatch: pytest.MonkeyPatch) -> None:
        library = self.library()

        def instance(handle: Any, number: int) -> str:
            if number == 1:
                raise library.NVMLError  # a place where there is none
            return f"instance {number}"

        library.nvmlDeviceGetMigMode = lambda handle: (1, 1)
        library.nvmlDeviceGetMaxMigDeviceCount = lambda handle: 3
        library.nvmlDeviceGetMigDeviceHandleByIndex = instance
        library.nvmlDeviceGetUUID = lambda handle: f"MIG-{handle}" if handle else "GPU-whole"
        library.nvmlDeviceGetComputeRunningProcesses = lambda handle: [SimpleNamespace(pid=5)]
        monkeypatch.setitem(sys.modules, "pynvml", library)
        found = list_gpus({})
        assert [(each.uuid, each.parent, each.utilisation, each.pids) for each in found] == [
            ("MIG-instance 0", "GPU-whole", None, (5,)),
            ("MIG-instance 2", "GPU-whole", None, (5,)),
        ]
        assert list_gpus({"CUDA_VISIBLE_DEVICES": "MIG-instance 2"}) == found[1:]
        assert list_gpus({"CUDA_VISIBLE_DEVICES": "0"}) == found[:1]  # of several CUDA takes the first
        with pytest.raises(UsageError, match="several"):
            choose("0", found)
        assert choose("MIG-instance 2", found) == found[1]
