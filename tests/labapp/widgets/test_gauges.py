"""Bars, traces and cards: true at every width, letters where colours are missing, foreign words harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from labapp.widgets.gauges import FREE, OTHERS, OURS, PLAIN, UNKNOWN, area, bar, columns_of, shares, trace
from labapp.widgets.gpu_cards import gpu_lines, layout, unknown_words
from labapp.widgets.meters import machine_lines
from sessions.machine.cards import Card, Cards
from sessions.machine.cpu import Cpu
from sessions.machine.sampler import Disk, Machine, Memory
from sessions.machine.tenants import Tenant

GIB = 2**30
HOSTILE = "[red]x[/red] \x1b[31m\u202eevil\t🙂" + "long" * 80
SIZES = [(1, 1), (5, 3), (20, 5), (37, 9), (79, 22), (80, 60), (159, 41), (250, 70)]


def card(index: int, **more: object) -> Card:
    who = (
        Tenant(1, 40 * GIB, True, "me", True, "bn-abc123"),
        Tenant(2, 30 * GIB, True, HOSTILE, command=HOSTILE),
        Tenant(3, None),
    )
    about: dict[str, object] = {
        "memory_total": 140 * GIB, "memory_used": 90 * GIB, "utilisation": 0.98, "temperature": 64, "power": 512.0,
        "power_limit": 700.0, "tenants": who, "recent": ((4.0, 0.5), (0.0, 1.0)), "slowed": "hot",
    }  # fmt: skip
    return Card(index, f"GPU-{index}", HOSTILE, **{**about, **more})  # type: ignore[arg-type]


def machine_of(*cards: Card, problem: str = "") -> Machine:
    cpu = Cpu(0.34, tuple(n / 64 for n in range(64)), 7.5, 64, (1.0, 2.0, 3.0), ((2.0, 0.3), (0.0, 0.4)))
    memory, swap = Memory(16 * GIB, 5 * GIB, limited=True), Memory(GIB, 0, swap=True)
    return Machine(HOSTILE, 99_999.0, Cards(cards, problem, "550"), cpu, memory, swap, Disk(900 * GIB, GIB, 0.01))


class TestBar:
    def test_letters_say_whose_it_is(self) -> None:
        parts = [(OURS, 30.0), (OTHERS, 20.0), (UNKNOWN, 10.0)]
        assert bar(parts, 100.0, 10, PLAIN).plain == "oooxx?...."

    def test_what_there_is_a_little_of_is_seen(self) -> None:
        assert bar([(OURS, 0.1), (OTHERS, 99.0)], 100.0, 10, PLAIN).plain == "oxxxxxxxxx"

    def test_without_a_total_it_is_a_dash(self) -> None:
        assert bar([(OURS, 1.0)], None, 5, PLAIN).plain == "-    "

    @given(st.lists(st.floats(0, 1e12), max_size=4), st.floats(0, 1e12), st.integers(-3, 60))
    def test_the_cells_never_exceed_the_width(self, amounts: list[float], total: float, width: int) -> None:
        cells = shares(amounts, total, width)
        assert all(each >= 0 for each in cells)
        assert sum(cells) <= max(0, width)


class TestTrace:
    def test_now_is_at_the_right_and_gaps_go_on_as_before(self) -> None:
        assert trace([(50.0, 0.0), (20.0, 1.0), (0.0, 0.5)], 6, ascii=False) == "▁▁▁██▄"
        assert trace([(30.0, 1.0)], 6, ascii=True) == "  ####"

    def test_nothing_seen_is_nothing_shown(self) -> None:
        assert trace([], 5, ascii=False) == "     "
        assert trace([(0.0, 1.0)], 0, ascii=False) == ""

    def test_the_scale_is_fixed_so_that_an_idle_gpu_looks_idle(self) -> None:
        assert set(trace([(float(n), 0.01) for n in range(60, -1, -1)], 10, ascii=False)) == {"▁"}

    def test_over_several_lines_it_adds_up(self) -> None:
        assert area([(0.0, 0.75)], 1, 2, ascii=False) == ["▄", "█"]
        assert area([(0.0, 0.0)], 1, 2, ascii=False) == [" ", "▁"]
        assert area([(0.0, 7.0)], 1, 2, ascii=False) == ["█", "█"]

    def test_more_cores_than_cells_show_the_busiest_of_each_group(self) -> None:
        assert columns_of([0.0, 1.0, 0.0, 0.0], 2, ascii=False) == "█▁"
        assert columns_of([], 5, ascii=False) == ""


class TestCards:
    @pytest.mark.parametrize("count", [1, 3, 8, 16])
    @pytest.mark.parametrize(("width", "height"), SIZES)
    def test_no_line_is_wider_than_the_screen(self, count: int, width: int, height: int) -> None:
        lines = gpu_lines([card(n) for n in range(count)], width, height, PLAIN)
        assert lines
        assert all(line.cell_len <= width for line in lines)

    @pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
    def test_as_many_as_fit_are_shown_in_full_else_in_rows(self, count: int) -> None:
        for width, height in SIZES:
            plan = layout(count, width, height, 3)
            rows = -(-count // plan.columns)
            assert plan.lines == 1 or rows * plan.lines <= height
        assert layout(16, 78, 12, 3).lines == 1
        assert layout(8, 248, 50, 3).owners == 3

    def test_a_row_at_80_columns_has_everything_in_columns(self) -> None:
        rows = gpu_lines([card(0), card(11, temperature=None, power=None, utilisation=None)], 78, 2, PLAIN)
        first, second = (row.plain for row in rows)
        assert "98%" in first
        assert "90.0/140 GiB" in first
        assert "64 C! " in first
        assert "o bn-abc" in first
        assert first.index("GiB") == second.index("GiB")
        assert " - W" in second

    def test_a_card_names_who_is_on_it(self) -> None:
        text = joined(gpu_lines([card(0)], 78, 20, PLAIN, names={"bn-abc123": "bn best"}))
        assert "o  bn best 40.0 GiB" in text
        assert "x  [red]x[/red]" in text
        assert "30.0 GiB  2 [red]x[/red]" in text
        assert "1 process, not known whose" in text

    def test_in_a_container_the_queue_says_what_is_ours(self) -> None:
        alone = card(0, tenants=())
        text = joined(gpu_lines([alone], 78, 20, PLAIN, runs={"GPU-0": ["bn-1"]}))
        assert "o  bn-1" in text
        assert "not known whose 90.0 GiB" in text

    def test_what_is_not_told_is_named_once_with_the_words_for_it(self) -> None:
        deaf = {"power": "Not Supported", "temperature": "Not Supported"}
        assert unknown_words([card(0, unknown=deaf), card(1, unknown=deaf)]) == "power, temperature: Not Supported"


class TestMachine:
    @pytest.mark.parametrize("count", [0, 1, 16])
    @pytest.mark.parametrize(("width", "height"), SIZES)
    def test_nothing_is_wider_than_the_screen_and_nothing_acts(self, count: int, width: int, height: int) -> None:
        found = machine_of(*(card(n, unknown={"power": HOSTILE}) for n in range(count)), problem=HOSTILE)
        lines = machine_lines(found, width, height, PLAIN)
        assert all(line.cell_len <= width for line in lines)
        assert not set("\x1b\u202e\t\n") & set("".join(line.plain for line in lines))

    def test_without_gpu_it_says_why_and_what_to_do(self) -> None:
        text = joined(machine_lines(machine_of(problem="NVML Shared Library Not Found"), 78, 20, PLAIN))
        assert "no GPU can be seen: NVML Shared Library Not Found" in text
        assert "runs go to the CPU, one at a time; labapp doctor says more" in text

    def test_a_container_s_limits_are_the_measure(self) -> None:
        text = joined(machine_lines(machine_of(), 120, 40, PLAIN))
        assert "34% of 7.5 cores (of 64)" in text
        assert "5.0/16.0 GiB (limited)" in text
        assert "GiB free, 1% of its files" in text

    def test_what_is_not_known_is_a_dash(self) -> None:
        text = joined(machine_lines(Machine(disk_problem="Stale file handle"), 78, 20, PLAIN))
        assert "- of 1 core" in text
        assert "disk - (Stale file handle)" in text

    def test_the_letters_are_explained(self) -> None:
        head = machine_lines(machine_of(card(0)), 160, 20, PLAIN)[0].plain
        assert "oo ours  xx others  ?? not known whose  .. free" in head


def joined(lines: list[Text]) -> str:
    return "\n".join(line.plain for line in lines)


def test_free_is_not_a_letter_of_anybody() -> None:
    assert bar([], 1.0, 3, PLAIN).plain == "..."
    assert FREE == "free"
