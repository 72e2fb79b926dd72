"""Who may start now, and what the others are told: every rule of the slots, on paper."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.machine.gpus import Gpu
from sessions.queue.slots import Limits, Plan, Use, Want, plan

GIB = 2**30


def gpu(
    index: int, used: float = 0.0, utilisation: float | None = 0.0, pids: tuple[int, ...] = (), processes: int = -1
) -> Gpu:
    count = processes if processes >= 0 else len(pids)
    return Gpu(index, f"GPU-{index}{index}aa", "H200", 140 * GIB, int(used * GIB), utilisation, count, pids)


IDLE = [gpu(0), gpu(1)]
ZERO, ONE = IDLE[0].uuid, IDLE[1].uuid


def starts(found: Plan) -> dict[str, str]:
    return dict(found.starts)


class TestCpu:
    def test_one_at_a_time_and_in_order(self) -> None:
        found = plan([Want("a", "cpu"), Want("b", "cpu")], [], [], Limits())
        assert found.starts == [("a", "cpu")]
        assert found.reasons == {"b": "waits for the CPU (1 of 1 in use)"}

    def test_what_goes_on_counts_and_the_limit_can_be_raised(self) -> None:
        assert not plan([Want("a", "cpu")], [Use("cpu")], [], Limits()).starts
        assert starts(plan([Want("a", "cpu")], [Use("cpu")], [], Limits(per_cpu=2))) == {"a": "cpu"}

    def test_auto_without_any_gpu_is_the_cpu(self) -> None:
        assert starts(plan([Want("a")], [], [], Limits())) == {"a": "cpu"}
        assert starts(plan([Want("a", mask="")], [], IDLE, Limits())) == {"a": "cpu"}

    def test_but_not_when_there_was_one_at_submission(self) -> None:
        found = plan([Want("a", seen=True)], [], [], Limits())
        assert "no GPU can be seen any more" in found.reasons["a"]

    def test_a_gpu_run_does_not_take_the_cpus_slot(self) -> None:
        assert starts(plan([Want("a", "cpu")], [Use(ZERO)], IDLE, Limits())) == {"a": "cpu"}

    def test_what_goes_on_somewhere_unknown_is_on_the_cpu_where_there_is_nothing_else(self) -> None:
        assert not plan([Want("a", "cpu")], [Use("")], [], Limits()).starts
        assert plan([Want("a", "cpu")], [Use("")], IDLE, Limits()).starts


class TestAuto:
    def test_one_that_nobody_holds_comes_before_one_that_somebody_does_who_computes_nothing(self) -> None:
        held, empty = gpu(0, used=1, processes=1), gpu(1, used=2)
        assert starts(plan([Want("a")], [], [held, empty], Limits())) == {"a": empty.uuid}

    def test_each_gets_an_idle_one_and_the_third_waits_and_is_told_why(self) -> None:
        found = plan([Want("a"), Want("b"), Want("c")], [], IDLE, Limits())
        assert starts(found) == {"a": ZERO, "b": ONE}
        assert found.reasons["c"] == "no idle GPU: 0 ours, 1 ours"

    def test_others_count_by_memory_and_by_utilisation(self) -> None:
        busy = [gpu(0, 2, 0.98, (7,)), gpu(1, 100, 0.0, (8,))]
        found = plan([Want("a")], [], busy, Limits())
        assert found.reasons["a"] == "no idle GPU: 0 busy (98 %), 1 has 100 of 140 GiB in use"

    def test_the_one_with_most_free_memory(self) -> None:
        assert starts(plan([Want("a")], [], [gpu(0, 10), gpu(1, 3)], Limits())) == {"a": ONE}

    def test_ours_that_has_just_started_counts_though_the_gpu_looks_idle(self) -> None:
        assert starts(plan([Want("a")], [Use(ZERO)], IDLE, Limits())) == {"a": ONE}

    def test_only_those_its_submitter_may_use(self) -> None:
        assert starts(plan([Want("a", mask="1")], [], IDLE, Limits())) == {"a": ONE}
        assert not plan([Want("a", mask="1")], [Use(ONE)], IDLE, Limits()).starts

    def test_one_that_may_use_others_does_not_wait_for_the_first(self) -> None:
        found = plan([Want("a", mask="0"), Want("b", mask="1")], [Use(ZERO)], IDLE, Limits())
        assert starts(found) == {"b": ONE}

    def test_an_instance_whose_load_is_unknown_is_idle_when_nobody_is_on_it(self) -> None:
        assert plan([Want("a")], [], [gpu(0, utilisation=None)], Limits()).starts
        found = plan([Want("a")], [], [gpu(0, utilisation=None, pids=(7,))], Limits())
        assert found.reasons["a"] == "no idle GPU: 0 busy (1 processes)"


class TestSeveralPerGpu:
    two = Limits(per_gpu=2)

    def test_an_idle_one_comes_first(self) -> None:
        assert starts(plan([Want("a")], [Use(ZERO, 5)], [gpu(0, 60, 0.9, (5,)), gpu(1)], self.two)) == {"a": ONE}

    def test_one_that_only_ours_use_takes_another_however_busy(self) -> None:
        assert starts(plan([Want("a")], [Use(ZERO, 5)], [gpu(0, 60, 0.9, (5,))], self.two)) == {"a": ZERO}

    def test_one_that_somebody_else_uses_too_does_not(self) -> None:
        found = plan([Want("a")], [Use(ZERO, 5)], [gpu(0, 60, 0.9, (5, 6))], self.two)
        assert found.reasons["a"] == "no idle GPU: 0 busy (90 %)"

    @pytest.mark.parametrize(("pids", "fits"), [((901,), True), ((901, 902), False)])
    def test_where_pids_are_not_ours_to_know_their_number_tells(self, pids: tuple[int, ...], fits: bool) -> None:
        assert bool(plan([Want("a")], [Use(ZERO, 5)], [gpu(0, 60, 0.9, pids)], self.two).starts) is fits

    def test_full_is_full(self) -> None:
        assert not plan([Want("a")], [Use(ZERO, 5), Use(ZERO, 6)], [gpu(0, 60, 0.9, (5, 6))], self.two).starts


class TestNamed:
    @pytest.mark.parametrize("name", ["1", ONE, ONE[:6]])
    def test_by_index_uuid_or_the_beginning_of_one(self, name: str) -> None:
        assert starts(plan([Want("a", name)], [], IDLE, Limits())) == {"a": ONE}

    def test_what_others_do_there_is_its_users_business(self) -> None:
        assert starts(plan([Want("a", "0")], [], [gpu(0, 130, 0.99, (7, 8))], Limits())) == {"a": ZERO}

    def test_it_waits_for_our_slot_and_does_not_block_others(self) -> None:
        wants = [Want("a", "0"), Want("b"), Want("c", "cpu")]
        found = plan(wants, [Use(ZERO)], IDLE, Limits())
        assert starts(found) == {"b": ONE, "c": "cpu"}
        assert found.reasons == {"a": "waits for gpu 0"}

    def test_when_its_gpu_comes_free_it_is_the_first_to_get_it(self) -> None:
        assert starts(plan([Want("a", "0"), Want("b")], [Use(ONE)], IDLE, Limits())) == {"a": ZERO}

    def test_what_is_not_there_is_said(self) -> None:
        assert "no GPU 7 here" in plan([Want("a", "7")], [], IDLE, Limits()).reasons["a"]
        assert "CUDA_VISIBLE_DEVICES" in plan([Want("a", "1", mask="0")], [], IDLE, Limits()).reasons["a"]

    def test_it_never_falls_back_to_the_cpu(self) -> None:
        assert plan([Want("a", "0")], [], [], Limits()).starts == []

    def test_of_a_gpu_in_instances_any_that_is_free(self) -> None:
        cut = [Gpu(0, f"MIG-{name}", "1g", GIB, 0, None, 0, (), "GPU-parent") for name in "ab"]
        assert starts(plan([Want("a", "0")], [Use("MIG-a")], cut, Limits())) == {"a": "MIG-b"}
        assert starts(plan([Want("a", mask="MIG-b")], [], cut, Limits())) == {"a": "MIG-b"}


def test_what_waits_for_something_else_is_told_so_and_blocks_nobody() -> None:
    found = plan([Want("a", "cpu", waits="waits for x"), Want("b", "cpu")], [], [], Limits())
    assert starts(found) == {"b": "cpu"}
    assert found.reasons == {"a": "waits for x"}


def test_whatever_waits_and_goes_on_no_slot_is_given_out_twice() -> None:
    """Every combination of three tickets of every kind and up to two that go on, on two GPUs."""
    kinds = [Want("", "cpu"), Want("", "auto"), Want("", "0"), Want("", "1", mask="1"), Want("", waits="x")]
    uses = [(), (Use(ZERO),), (Use(ZERO), Use("cpu")), (Use(ONE), Use(ZERO))]
    for three, use, limit in itertools.product(itertools.product(kinds, repeat=3), uses, (1, 2)):
        wants = [Want(str(i), each.gpu, each.mask, each.seen, each.waits) for i, each in enumerate(three)]
        found = plan(wants, use, IDLE, Limits(limit, limit))
        taken = Counter([each.slot for each in use]) + Counter(slot for _, slot in found.starts)
        assert all(count <= limit for count in taken.values()), (wants, use, found)
        assert {key for key, _ in found.starts} ^ found.reasons.keys() == {each.key for each in wants}
        assert all(found.reasons.values())


@given(st.lists(st.builds(Want, st.text(), st.text(), st.none() | st.text(), st.booleans(), st.text())))
def test_odd_tickets_are_survived(wants: list[Want]) -> None:
    plan(wants, [Use("odd")], IDLE, Limits())
