"""Looking at the machine: whatever NVML, the kernel or a container withholds is a dash and a reason, no error."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sessions.machine import cards, tenants
from sessions.machine import sampler as module
from sessions.machine.cards import Card, Nvml
from sessions.machine.cgroups import Allowance, Share, allowance
from sessions.machine.cpu import CpuMeter
from sessions.machine.sampler import Machine, Sampler, summaries
from sessions.machine.tenants import Register, Tenant, run_of
from tests.sessions.machine.nvml import GIB, FakeNvml


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*arguments: Any, **options: Any) -> FakeNvml:
        fake = FakeNvml(*arguments, **options)
        monkeypatch.setitem(sys.modules, "pynvml", fake)  # type: ignore[arg-type]
        return fake

    return install


@pytest.fixture
def sleeper() -> Iterator[Any]:
    """Processes that look as told and do nothing, each leading a session."""
    started = []

    def start(*words: str) -> int:
        command = [sys.executable, "-c", "import time; time.sleep(60)", *words]
        process = subprocess.Popen(command, start_new_session=True)
        started.append(process)
        while not Path(f"/proc/{process.pid}/cmdline").read_bytes():  # not all there yet
            time.sleep(0.001)
        return process.pid

    yield start
    for each in started:
        each.kill()
        each.wait()


class TestCards:
    def test_all_gpus_are_shown_and_those_hidden_from_us_are_marked(self, nvml: Any) -> None:
        nvml(8)
        found = Nvml().look("2,GPU-5ab")
        assert [card.index for card in found.cards] == list(range(8))
        assert [card.index for card in found.cards if card.visible] == [2, 5]
        assert (found.problem, found.driver) == ("", "550.54.15")

    def test_a_card_says_all_it_knows(self, nvml: Any) -> None:
        nvml(1, slowed=0x44)
        (card,) = Nvml().look(None).cards
        assert (card.name, card.memory_total, card.memory_used) == ("NVIDIA H200", 140 * GIB, 70 * GIB)
        assert (card.utilisation, card.temperature, card.power, card.power_limit) == (0.98, 64, 512.3, 700.0)
        assert card.slowed == "hot"

    def test_nvml_is_set_up_once_and_kept(self, nvml: Any) -> None:
        fake, kept = nvml(2), Nvml()
        for _ in range(5):
            kept.look(None)
        assert (fake.inits, fake.shutdowns) == (1, 0)

    def test_instances_stand_in_place_of_their_gpu_with_its_heat(self, nvml: Any) -> None:
        nvml(2, instances=3)
        found = Nvml().look(None).cards
        assert len(found) == 6
        assert {card.parent for card in found} == {"GPU-0abcd", "GPU-1abcd"}
        assert [(card.utilisation, card.temperature) for card in found[:2]] == [(None, 64), (None, 64)]
        assert len({card.uuid for card in found}) == 6

    def test_nothing_supported_is_all_dashes_with_the_reason(self, nvml: Any) -> None:
        nvml(1, refuses=["*"])
        (card,) = Nvml().look(None).cards
        assert (card.memory_total, card.utilisation, card.temperature, card.power) == (None, None, None, None)
        assert set(card.unknown) == {"memory", "utilisation", "temperature", "power", "processes"}
        assert set(card.unknown.values()) == {"Not Supported"}
        assert (card.ours, card.others, card.unclaimed, card.tenants) == (0, 0, 0, ())

    @pytest.mark.parametrize("name", [name for name in dir(FakeNvml) if name.startswith("_nvmlDeviceGet")])
    def test_each_reading_may_fail_alone(self, nvml: Any, name: str) -> None:
        nvml(2, refuses=[name.removeprefix("_")], instances=0)
        found = Nvml().look(None)
        assert found.cards or found.problem == "Not Supported"

    def test_a_library_that_died_between_two_looks_is_set_up_again(self, nvml: Any) -> None:
        fake, kept = nvml(2), Nvml()
        assert len(kept.look(None).cards) == 2
        fake.dead = "Driver/library version mismatch"
        assert kept.look(None).problem == "Driver/library version mismatch"
        fake.dead = ""
        kept._again = 0.0  # the pause before it is tried again
        assert len(kept.look(None).cards) == 2

    def test_one_that_comes_back_at_once_is_not_missed(self, nvml: Any) -> None:
        fake, kept = nvml(2), Nvml()
        kept.look(None)
        fake.refuses = {"nvmlDeviceGetCount"}
        real_init = fake._nvmlInit

        def init() -> None:
            real_init()
            fake.refuses = set()

        fake._nvmlInit = init
        assert len(kept.look(None).cards) == 2

    def test_one_lost_gpu_does_not_take_the_others_along(self, nvml: Any) -> None:
        fake = nvml(3)
        real = fake._nvmlDeviceGetHandleByIndex

        def handle(index: int) -> str:
            if index == 1:
                raise fake.NVMLError("GPU is lost")
            return str(real(index))

        fake._nvmlDeviceGetHandleByIndex = handle
        found = Nvml().look(None).cards
        assert [card.unknown.get("uuid", "") for card in found] == ["", "GPU is lost", ""]

    def test_without_a_library_there_are_no_cards_but_a_reason_and_no_haste(self, nvml: Any) -> None:
        fake, kept = nvml(1, refuses=["nvmlInit"]), Nvml()
        assert kept.look(None) == cards.Cards((), "Not Supported")
        fake.refuses = set()
        assert kept.look(None).problem == "Not Supported"  # not tried again yet
        kept._again = 0.0
        assert len(kept.look(None).cards) == 1


class TestTenants:
    def test_a_worker_of_ours_is_known_by_its_run(self, sleeper: Any) -> None:
        pid = sleeper("-m", "sessions.worker", "/home/me/runs/bn-abc123")
        (found,) = Register().tenants([(pid, 41 * GIB)])
        assert (found.ours, found.run_id, found.memory, found.known) == (True, "bn-abc123", 41 * GIB, True)

    def test_something_else_of_mine_is_not_a_run(self, sleeper: Any) -> None:
        pid = sleeper("[red]jupyter\x1b[31m" * 50)
        (found,) = Register().tenants([(pid, None)])
        assert (found.ours, found.known, found.run_id) == (False, True, "")
        assert found.user
        assert len(found.command) <= 300

    def test_a_pid_that_is_nobody_here_is_not_known(self) -> None:
        (found,) = Register().tenants([(2**22 + 1, 5)])
        assert (found.known, found.ours, found.memory) == (False, False, 5)

    def test_in_a_container_a_pid_that_holds_no_gpu_is_not_believed(
        self, sleeper: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tenants, "OUTERMOST", "pid:[1]")
        pid = sleeper("-m", "sessions.worker", "runs/bn-abc123")
        assert not Register().tenants([(pid, 1)])[0].known
        monkeypatch.setattr(tenants, "_target", lambda link: "/dev/nvidia0")
        assert Register().tenants([(pid, 1)])[0].run_id == "bn-abc123"

    @pytest.mark.parametrize(
        ("command", "expected"),
        [
            (["python", "-P", "-m", "sessions.worker", "/x/runs/bn-1"], "bn-1"),
            (["python", "-P", "-m", "sessions.queue.jobs", "/x/runs/bn-1", "evaluate-2"], "bn-1"),
            (["python", "-P", "-m", "sessions.infer"], ""),
            (["python", "-m", "torch.distributed.run"], None),
            (["python", "-m"], None),
            ([""], None),
            ([], None),
        ],
    )
    def test_a_command_line_names_its_run(self, command: list[str], expected: str | None) -> None:
        assert run_of(command) == expected

    def test_the_memory_is_split_by_owner_and_never_exceeds_what_is_used(self) -> None:
        who = (Tenant(1, 90, True, "me", True, "bn-1"), Tenant(2, 30, True, "ana"), Tenant(3, 5))
        card = Card(0, "GPU-0", "H200", 200, 100, tenants=who)
        assert (card.ours, card.others, card.unclaimed) == (90, 10, 0)
        assert Card(0, "GPU-0", "H200", 200, 100, tenants=who[1:]).unclaimed == 70


class TestControlGroups:
    def write(self, root: Path, own: str, files: dict[str, str]) -> Allowance:
        for name, text in files.items():
            (root / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "fs" / name).write_text(text + "\n")
        (root / "own").write_text(own + "\n")
        return allowance(root / "own", root / "fs")

    def test_version_2(self, tmp_path: Path) -> None:
        found = self.write(
            tmp_path, "0::/user.slice/a",
            {
                "user.slice/a/memory.max": "max", "user.slice/a/memory.current": "5",
                "user.slice/a/cpu.max": "max 100000",
                "user.slice/memory.max": "1000", "user.slice/memory.current": "600",
                "user.slice/memory.stat": "anon 1\ninactive_file 100",
                "user.slice/cpu.max": "250000 100000", "user.slice/cpu.stat": "usage_usec 3000000",
            },
        )  # fmt: skip
        assert found == Allowance(Share(1000, 500), Share(2.5, 3.0))

    def test_version_1_in_a_container_that_does_not_see_its_own_path(self, tmp_path: Path) -> None:
        found = self.write(
            tmp_path, "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/x",
            {
                "memory/memory.limit_in_bytes": "2000", "memory/memory.usage_in_bytes": "900",
                "memory/memory.stat": "cache 3\ntotal_inactive_file 400",
                "cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000",
                "cpuacct/cpuacct.usage": "7000000000",
            },
        )  # fmt: skip
        assert found == Allowance(Share(2000, 500), Share(0.5, 7.0))

    @pytest.mark.parametrize(
        ("own", "files"),
        [
            ("", {}),
            ("garbage\n0::relative\n0::/../../etc", {"memory.max": "banana", "cpu.max": "x"}),
            ("0::/", {"memory.max": "max", "memory.current": "1", "cpu.max": "max 100000"}),
            (
                "4:memory:/",
                {"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "1"},
            ),
            ("1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}),
            ("0::/", {"cpu.max": "0 0", "memory.max": ""}),
        ],
    )
    def test_no_limit_is_none(self, tmp_path: Path, own: str, files: dict[str, str]) -> None:
        assert self.write(tmp_path, own, files) == Allowance()

    def test_without_control_groups_there_are_no_limits(self, tmp_path: Path) -> None:
        assert allowance(tmp_path / "none", tmp_path / "nowhere") == Allowance()

    def test_memory_is_what_the_container_may_use(self) -> None:
        found = module._memory(Allowance(memory=Share(2**20, 2**19)))
        assert found is not None
        assert (found.total, found.used, found.limited) == (2**20, 2**19, True)

    def test_a_limit_above_what_there_is_is_none(self) -> None:
        found = module._memory(Allowance(memory=Share(2**59, 0)))
        assert found is not None
        assert not found.limited

    def test_the_cpu_is_a_share_of_the_quota(self) -> None:
        meter = CpuMeter(Allowance(cpu=Share(0.5, 10.0)))
        begun = meter._before.when
        time.sleep(0.06)
        found = meter.look(Allowance(cpu=Share(0.5, 10.0 + 0.25 * (time.monotonic() - begun))))
        assert found.allowed == 0.5
        assert found.total == pytest.approx(0.5, abs=0.1)


class TestSampler:
    def test_everything_is_there_or_a_dash(self, tmp_path: Path, nvml: Any) -> None:
        nvml(1, refuses=["nvmlInit"])
        sampler = Sampler(tmp_path)
        time.sleep(0.06)
        found = sampler.sample()
        assert found.host
        assert found.cpu.total is not None
        assert 0 <= found.cpu.total <= 1
        assert len(found.cpu.cores) == len(os.sched_getaffinity(0))
        assert found.memory is not None
        assert 0 < found.memory.used < found.memory.total
        assert found.disk is not None
        assert found.disk.free > 0
        assert found.gpus.problem == "Not Supported"

    def test_a_home_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        found = Sampler(tmp_path / "gone").sample()
        assert (found.disk, found.disk_problem) == (None, "No such file or directory")

    def test_a_minute_of_load_is_kept_of_each_gpu(
        self, tmp_path: Path, nvml: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake, sampler, now = nvml(2), Sampler(tmp_path, {}), [1000.0]
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
        for busy in range(50):
            fake.said["busy"] = busy
            now[0] += 2
            found = sampler.sample()
        recent = found.cards[1].recent
        assert (recent[0], recent[-1]) == ((60.0, 0.19), (0.0, 0.49))
        fake.count = 1
        assert len(sampler.sample().cards) == 1
        assert set(sampler._recent) <= {"cpu", "GPU-0abcd"}

    def test_a_sample_costs_little(self, tmp_path: Path, nvml: Any) -> None:
        nvml(1, refuses=["nvmlInit"])
        sampler = Sampler(tmp_path)
        best = min(self.seconds(sampler) for _ in range(20))
        assert best < 0.01

    def seconds(self, sampler: Sampler) -> float:
        begun = time.perf_counter()
        sampler.sample()
        return time.perf_counter() - begun


class TestSummary:
    def card(self, index: int, utilisation: float | None, *who: Tenant, used: int = 0, **more: Any) -> Card:
        return Card(index, f"GPU-{index}", "H200", 100, used, utilisation, tenants=who, **more)

    def test_each_gpu_in_a_word(self) -> None:
        ours, ana = Tenant(1, 50, True, "me", True, "bn-1"), Tenant(2, 5, True, "ana")
        found = Machine(gpus=cards.Cards((
            self.card(0, 0.71, ours), self.card(1, 0.0), self.card(2, 0.98, ana), self.card(3, 0.0),
            self.card(4, None, ours, used=50, parent="GPU-p"), self.card(5, 0.5, visible=False),
        )))  # fmt: skip
        assert summaries(found)[0] == "gpu 0 71% 1 idle 2 98%(ana) 3 idle 4:GPU- in use 5 50%(hidden)"

    def test_there_are_shorter_forms_for_narrow_terminals(self) -> None:
        found = summaries(Machine(gpus=cards.Cards(tuple(self.card(n, 0.0) for n in range(16)))))
        assert found[1:] == ("16 of 16 gpus idle", "16/16 idle")

    def test_without_gpu_it_is_cpu_and_memory(self) -> None:
        memory = module.Memory(16 * GIB, int(5.1 * GIB))
        found = Machine(cpu=module.Cpu(0.34), memory=memory)
        assert summaries(found)[0] == "cpu 34% ram 5.1/16 GiB"
        assert summaries(Machine())[0] == "cpu -"
