"""What a training will cost, and when it will start: from earlier runs and the queue, never from a guess."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labapp.form.checking import check
from labapp.form.drafts import Draft, first_draft
from labapp.form.estimates import CPU, Memory, Past, estimate
from labapp.form.lines import choice_lines, long, sentence
from labapp.form.surroundings import Around, look_around, prospect
from sessions.home import Home
from sessions.machine import gpus
from sessions.machine.gpus import Gpu
from sessions.queue import lineup
from sessions.queue.slots import Use, Want
from sessions.run.records import REQUEST
from tests.conftest import Lab


def toy(**overrides: str) -> Draft:
    return replace(first_draft("toy"), overrides=overrides)


PAST = Past("toy", "line", "points", CPU, {}, 10.0, 50.0, 80, 64, 4_000)


def past(**changes: Any) -> Past:
    settings = check(toy(), Around(Home(Path("nowhere")))).settings
    assert settings is not None
    return replace(PAST, settings={**settings.model_dump(mode="json"), "epochs": 10, **changes})


class TestEstimates:
    def of(self, *runs: Past, **overrides: str) -> Any:
        settings = check(toy(**overrides), Around(Home(Path("nowhere")))).settings
        assert settings is not None
        return estimate("toy", "line", "points", settings, runs, CPU)

    def test_before_the_first_run_nothing_is_known(self) -> None:
        around = Around(Home(Path("nowhere")))
        assert vars(self.of()) == {"steps_per_epoch": None, "seconds": None, "rough": False, "bytes": None}
        assert "not known before the first run" in sentence(check(toy(), around), around)

    def test_time_is_that_of_an_epoch_times_the_epochs(self) -> None:
        found = self.of(past(), epochs="4")
        assert (found.steps_per_epoch, found.seconds, found.rough, found.bytes) == (8, 20.0, False, 4_000)

    def test_what_does_not_slow_a_step_does_not_matter(self) -> None:
        assert not self.of(past(), lr="0.7", momentum="0.1").rough

    def test_another_network_or_picture_makes_it_rough(self) -> None:
        assert self.of(past(), points="32").rough

    def test_another_batch_size_says_nothing_of_time_but_steps_can_be_counted(self) -> None:
        found = self.of(past(), batch_size="10", accumulate="3")
        assert (found.seconds, found.steps_per_epoch) == (None, 3)  # 64 points, 7 batches

    def test_a_run_on_a_gpu_says_nothing_of_the_cpu(self) -> None:
        assert self.of(replace(past(), where="gpu")).seconds is None

    def test_the_sentence_says_all_of_it(self) -> None:
        world = Around(Home(Path("nowhere")), past=(past(),))
        said = sentence(check(toy(epochs="26"), world), world)
        assert said == "8 steps an epoch, about 2 min 10 s on the CPU, starts at once, 4.0 kB on disk"
        several = check(replace(toy(epochs="26"), seeds="1-3"), world)
        assert sentence(several, world).startswith("3 runs, 8 steps an epoch each, about 2 min 10 s each")
        assert "at most" in sentence(check(toy(patience="3"), world), world)

    def test_a_disk_that_is_too_small_is_said(self) -> None:
        world = Around(Home(Path("nowhere")), past=(past(),), free=1_000)
        assert "where only 1.0 kB are free" in sentence(check(toy(), world), world)

    def test_a_real_run_is_remembered(self, lab: Lab) -> None:
        lab.finished()
        world = look_around(Memory(lab.store))
        (found,) = world.past
        assert (found.examples, found.total_steps, found.epochs) == (64, 32, 4)
        assert found.epochs_done == 4
        assert found.checkpoint_bytes > 0
        assert "8 steps an epoch" in sentence(check(toy(), world), world)

    def test_another_look_costs_only_what_changed(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        run = lab.finished()
        request = json.loads((run.path / REQUEST).read_text())
        (run.path / REQUEST).write_text(json.dumps({name: request[name] for name in request if name != "tell"}))
        os.utime(run.path / REQUEST, (time.time() - 60, time.time() - 60))
        memory = Memory(lab.store)
        look_around(memory)
        read: list[str] = []
        asked: list[bool] = []
        original = lineup.read_record
        monkeypatch.setattr(lineup, "read_record", lambda path: read.append(path.name) or original(path))
        monkeypatch.setattr(gpus, "ask_nvml", lambda: asked.append(True) or ([], ""))
        look_around(memory)
        assert (read, asked) == ([], [True])

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(0.2, "1 s"), (59, "59 s"), (130, "2 min 10 s"), (1800, "30 min"), (4000, "1 h 6 min"), (1e6, "11.6 days")],
    )
    def test_durations_are_said_as_people_say_them(self, seconds: float, words: str) -> None:
        assert long(seconds) == words


class TestQueue:
    gpu = Gpu(0, "GPU-aaaa", "card", 100, 0, 0.0, 0)

    def test_a_free_place_means_at_once(self) -> None:
        assert prospect(Around(Home(Path("x"))), "cpu").slot == "cpu"

    def test_behind_others_it_says_how_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = Around(Home(Path("x")), wants=(Want("a", "cpu"), Want("b", "cpu")), uses=(Use("cpu"),))
        assert prospect(world, "cpu").ahead == 2
        assert "starts after 2 queued runs" in sentence(check(replace(toy(), gpu="cpu"), world), world)

    def test_a_run_that_goes_on_is_waited_for(self) -> None:
        world = Around(Home(Path("x")), uses=(Use("cpu"),))
        assert "waits for the CPU (1 of 1 in use)" in sentence(check(replace(toy(), gpu="cpu"), world), world)

    def test_an_idle_gpu_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        world = Around(Home(Path("x")), gpus=(self.gpu,), all_gpus=(self.gpu,))
        assert "on gpu 0, starts at once" in sentence(check(toy(), world), world)
        titles = next(line for line in choice_lines(check(toy(), world), world, {}) if line.key == "gpu").titles
        assert titles == {"auto": "auto", "cpu": "cpu", "0": "gpu 0"}
