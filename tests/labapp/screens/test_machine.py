"""The machine's screen: GPUs and queue at every size, each key, hostile names, and rest when nobody looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from labapp.actions import MACHINE, actions_of
from labapp.app import LabApp
from labapp.face import Face
from labapp.live import sampling
from labapp.screens.machine import MachineScreen
from labapp.widgets.meters import Meters
from sessions.machine.cards import Card, Cards
from sessions.machine.sampler import Machine, Memory, Sampler
from sessions.machine.tenants import Tenant
from sessions.queue import ordering
from sessions.queue.limits import read_limits
from sessions.queue.process import Overview, Running, Waiting
from sessions.queue.slots import Limits
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until

GIB = 2**30
HOSTILE = "[red]x[/red] \x1b[31m\u202eevil\t🙂 [@click=app.quit]q[/]" + "long" * 75


@pytest.fixture(autouse=True)
def _no_queue_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is not started under us, and there are no pauses to wait for."""
    for name in ("sessions.control", "sessions.queue.ordering", "sessions.queue.process", "labapp.live.watch"):
        monkeypatch.setattr(f"{name}.ensure_queue", lambda home: False)
    monkeypatch.setattr(sampling, "FIRST", 0.0)
    monkeypatch.setattr(sampling, "LEAST", 0.0)


def gpus(count: int, **more: Any) -> Machine:
    who = (Tenant(1, 40 * GIB, True, "me", True, "bn-abc123"), Tenant(2, 30 * GIB, True, "ana"))
    cards = tuple(
        Card(n, f"GPU-{n}", "NVIDIA H200", 140 * GIB, 71 * GIB, 0.98, 64, 512.0, 700.0, tenants=who, **more)
        for n in range(count)
    )
    return Machine("ml-server", gpus=Cards(cards, "" if count else "NVML Shared Library Not Found"))


@pytest.fixture
def shows(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], None]:
    """Make the machine another one."""

    def set_to(machine: Machine) -> None:
        monkeypatch.setattr(Sampler, "sample", lambda self: machine)

    return set_to


def on_machine(
    lab: Lab, work: Callable[[LabApp, MachineScreen, Pilot[None]], Awaitable[Any]], size: tuple[int, int] = LARGE,
    **options: Any,
) -> Any:  # fmt: skip
    """Do `work` on the screen once it shows machine and queue."""

    async def there(app: LabApp, pilot: Pilot[None]) -> Any:
        await pilot.press("7")
        await until(pilot, lambda: isinstance(app.screen, MachineScreen))
        screen = app.screen
        assert isinstance(screen, MachineScreen)
        await until(pilot, lambda: screen.machine and (screen.overview or screen.problem))
        return await work(app, screen, pilot)

    return drive(lab, there, size=size, **options)


async def settled(app: LabApp, pilot: Pilot[None]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()


def waiting(screen: MachineScreen) -> list[str]:
    return [item.run_id for item in screen.queue._items if item.waits]


def three(lab: Lab) -> list[str]:
    return [lab.create(name=name, gpu="cpu").id for name in ("one", "two", "three")]


class TestWhatIsSeen:
    @pytest.mark.parametrize("size", [SMALL, LARGE, (250, 70)])
    @pytest.mark.parametrize("count", [1, 4, 16])
    def test_gpus_and_queue_are_both_there(self, lab: Lab, shows: Any, size: tuple[int, int], count: int) -> None:
        shows(gpus(count))
        three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            text = text_of(app)
            assert "oooo" in text
            assert "98%" in text
            assert "three" in text
            assert screen.queue.size.height >= 3
            app.screen.query_one("#above").scroll_end(animate=False)
            await pilot.pause()
            assert f"\n {count - 1} " in text_of(app).replace("   ", "\n ")

        on_machine(lab, work, size)

    def test_without_gpu_it_says_why(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            text = text_of(app)
            assert "no GPU can be seen: NVML Shared Library Not Found" in text
            assert "runs go to the CPU, one at a time; labapp doctor says more" in text
            assert "nothing waits" in text

        on_machine(lab, work, SMALL)

    @pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (79, 23)])
    def test_any_size_will_do(self, lab: Lab, shows: Any, size: tuple[int, int]) -> None:
        shows(gpus(8))
        three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await pilot.press("down", "end", "home", "pagedown", "pageup", "up")
            await pilot.resize_terminal(100, 30)
            await until(pilot, lambda: "98%" in text_of(app))

        on_machine(lab, work, size)

    def test_the_line_at_the_top_says_it_on_every_screen(self, lab: Lab, shows: Any) -> None:
        shows(gpus(2))

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: "gpu 0 98%(ana) 1 98%(ana)" in text_of(app).split("\n")[0])
            await pilot.press("7")
            await until(pilot, lambda: isinstance(app.screen, MachineScreen))
            assert "gpu 0 98%(ana)" in text_of(app).split("\n")[0]

        drive(lab, work)

    def test_ascii_is_enough(self, lab: Lab, shows: Any) -> None:
        shows(gpus(2, recent=((2.0, 0.5), (0.0, 1.0))))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            assert app.screen.query_one(Meters).render().plain.isascii()  # type: ignore[union-attr]

        on_machine(lab, work, ascii=True)

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_hostile_names_are_only_text(
        self, lab: Lab, shows: Any, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
    ) -> None:
        who = (Tenant(1, GIB, True, HOSTILE, command=HOSTILE), Tenant(2, GIB, True, "me", True, HOSTILE))
        card = Card(0, HOSTILE, HOSTILE, 10 * GIB, 5 * GIB, 0.5, tenants=who, slowed="hot", unknown={"power": HOSTILE})
        shows(Machine(HOSTILE, gpus=Cards((card,), HOSTILE, HOSTILE), memory=Memory(GIB, 1), disk_problem=HOSTILE))
        found = Overview(
            [Waiting(HOSTILE, HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE, (HOSTILE,), False)],
            [Running(HOSTILE, None, HOSTILE, HOSTILE, HOSTILE)],
            Limits(),
        )
        monkeypatch.setattr("sessions.queue.process.overview", lambda store, gpus=None: found)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            text = text_of(app)
            assert "[red]x[/red]" in text
            assert not set("\x1b\u202e\t") & set(text)
            await pilot.press("down", "down", "up")

        on_machine(lab, work, size)

    def test_a_queue_that_cannot_be_read_says_so(self, lab: Lab, shows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        shows(gpus(0))

        def broken(store: Any, gpus: Any = None) -> Overview:
            raise RuntimeError("[red]no")

        monkeypatch.setattr("sessions.queue.process.overview", broken)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            assert "RuntimeError('[red]no')" in text_of(app)

        on_machine(lab, work)


class TestKeys:
    def test_every_action_of_the_table_is_a_method(self) -> None:
        assert all(hasattr(MachineScreen, f"action_{action.name}") for action in actions_of(MACHINE))

    def test_earlier_later_and_first_move_it_and_the_cursor_goes_along(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))
        one, two, three_ = three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: waiting(screen) == [one, two, three_])
            await pilot.press("end", "less_than_sign")
            await until(pilot, lambda: waiting(screen) == [one, three_, two])
            assert screen.queue.item
            assert screen.queue.item.run_id == three_
            await pilot.press("F")
            await until(pilot, lambda: waiting(screen) == [three_, one, two])
            await pilot.press("greater_than_sign")
            await until(pilot, lambda: waiting(screen) == [one, three_, two])
            assert screen.queue.item.run_id == three_

        on_machine(lab, work)

    def test_hold_and_release(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))
        one, *_ = three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(waiting(screen)) == 3)
            await pilot.press("home", "P")
            await until(pilot, lambda: screen.queue.item and screen.queue.item.held)
            assert "held" in text_of(app)
            await pilot.press("R")
            await until(pilot, lambda: screen.queue.item and not screen.queue.item.held)
            assert lab.store.read(one).status.name == "queued"

        on_machine(lab, work)

    def test_take_out(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))
        one, two, three_ = three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(waiting(screen)) == 3)
            await pilot.press("home", "S")
            await until(pilot, lambda: waiting(screen) == [two, three_])
            assert lab.store.read(one).status.name == "stopped"

        on_machine(lab, work)

    def test_what_runs_is_stopped_and_cannot_be_moved(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))
        run = lab.launch(epochs=1000, pace=0.01)
        lab.at_step(run, 2)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: screen.queue.item and screen.queue.item.run_id == run.id)
            await pilot.press("less_than_sign")
            await until(pilot, lambda: any("does not wait" in said for said in notices(app)))
            await pilot.press("S")
            await until(pilot, lambda: lab.store.read(run.id).status.name == "stopped")
            await until(pilot, lambda: screen.queue.item is None)

        on_machine(lab, work)

    def test_a_job_is_taken_out_but_not_held(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))
        run = lab.create()
        ordering.submit_job(lab.store, run, "evaluate", {})

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(waiting(screen)) == 2)
            await pilot.press("end", "P", "R")
            await until(pilot, lambda: sum("a job" in said for said in notices(app)) == 2)
            await pilot.press("S")
            await until(pilot, lambda: len(waiting(screen)) == 1)

        on_machine(lab, work)

    def test_enter_opens_the_run(self, lab: Lab, shows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        shows(gpus(0))
        one, *_ = three(lab)
        opened: list[str] = []
        monkeypatch.setattr(LabApp, "open_run", lambda self, run_id: opened.append(run_id))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(waiting(screen)) == 3)
            await pilot.press("home", "enter")
            await pilot.click("#queue", offset=(10, screen.queue._items.index(screen.queue.item) + 1), times=2)
            assert opened == [one, one]

        on_machine(lab, work)

    @pytest.mark.parametrize("count", [0, 2])
    def test_more_and_fewer_at_once(self, lab: Lab, shows: Any, count: int) -> None:
        shows(gpus(count))
        root: Path = lab.store.home.root

        def now() -> int:
            return read_limits(root).per_gpu if count else read_limits(root).per_cpu

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await pilot.press("plus", "plus")
            await until(pilot, lambda: now() == 3)
            await until(pilot, lambda: f"3 on {'each GPU' if count else 'the CPU'}" in text_of(app))
            await pilot.press("minus", "minus")
            await until(pilot, lambda: now() == 1)
            await pilot.press("minus")
            await until(pilot, lambda: any("one at a time is the least" in said for said in notices(app)))
            assert read_limits(root) == Limits(1, 1)

        on_machine(lab, work)

    def test_with_an_empty_queue_every_key_is_harmless(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            for action in actions_of(MACHINE):
                await pilot.press(action.keys.split(",")[0])
            await settled(app, pilot)
            assert app.screen is screen

        on_machine(lab, work)


class TestReaching:
    def test_tab_goes_to_the_meters_which_scroll_and_back(self, lab: Lab, shows: Any) -> None:
        shows(gpus(16))
        three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            assert app.focused is screen.queue
            assert "\n 15 " not in text_of(app)
            await pilot.press("tab", "end")
            await until(pilot, lambda: "\n 15 " in text_of(app))
            await pilot.press("tab")
            assert app.focused is screen.queue

        on_machine(lab, work, SMALL)


class TestResting:
    def test_the_queue_is_not_looked_at_while_the_screen_is_hidden(
        self, lab: Lab, shows: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shows(gpus(0))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            assert app.machine_watch._shown
            await pilot.press("1")
            await until(pilot, lambda: app.screen is not screen)
            assert not app.machine_watch._shown
            await pilot.press("7")
            await until(pilot, lambda: app.machine_watch._shown)

        on_machine(lab, work)

    def test_nothing_new_is_nothing_painted(self, lab: Lab, shows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        shows(gpus(4))
        three(lab)

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            await until(pilot, lambda: len(waiting(screen)) == 3)
            painted: list[object] = []
            for widget in (screen.queue, screen.query_one(Meters)):
                monkeypatch.setattr(widget, "refresh", lambda *a, **k: painted.append(a))
                monkeypatch.setattr(widget, "refresh_line", lambda *a, **k: painted.append(a), raising=False)
            assert app.machine
            screen.take_machine(app.machine)
            screen.take_queue(screen.overview, "")
            screen.take_snapshot(app.snapshot)
            assert painted == []

        on_machine(lab, work)

    def test_a_slow_line_is_looked_at_less_often(self, lab: Lab, shows: Any) -> None:
        shows(gpus(0))

        async def work(app: LabApp, screen: MachineScreen, pilot: Pilot[None]) -> None:
            assert app.machine_watch._pauses == (15.0, 5.0)

        on_machine(lab, work, face=Face(low_bandwidth=True))
