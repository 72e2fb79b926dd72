"""The training loop, on the toy task and in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checkpoints import Checkpoints
from engine.errors import LabError
from engine.task import Wanted
from engine.trainer import Outcome, Trainer
from tests.toy import ToyLearner, ToySettings, ToyTask, open_points


class Recorder:
    """A world that remembers, and wants what it is told to want from a step on."""

    def __init__(self, want: Wanted = "run", at: int = -1):
        self.events: list[dict[str, Any]] = []
        self.phases: list[str] = []
        self.want, self.at, self.step = want, at, 0

    def emit(self, type: str, **values: Any) -> None:
        self.events.append({"type": type, **values})

    def beat(self, phase: str, *, step: int, **_: Any) -> None:
        self.step = step
        if self.phases[-1:] != [phase]:
            self.phases.append(phase)

    def wanted(self) -> Wanted:
        return self.want if self.at >= 0 and self.step >= self.at else "run"

    def curve(self, split: str, name: str) -> list[tuple[int, float]]:
        return [
            (each["step"], each["values"][name])
            for each in self.events
            if each["type"] == "metrics" and each["split"] == split and not each.get("partial")
        ]


class Run:
    """One attempt after another in a folder."""

    def __init__(self, folder: Path, **changes: Any):
        values = {"epochs": 5, "batch_size": 8, "lr": 0.05, **changes}
        self.settings = ToySettings.model_validate(values)
        self.checkpoints = Checkpoints(folder / "checkpoints")

    def attempt(self, recorder: Recorder | None = None, prepare: Callable[[ToyLearner], None] = lambda _: None):  # type: ignore[no-untyped-def]
        task = ToyTask({})
        data = open_points("", self.settings, Path(), print)
        artifacts = task.prepare(data, self.settings)
        task.attach(data, self.settings, artifacts, None)
        self.learner = _torch_blind(self.settings)
        self.learner.build(task, artifacts)
        prepare(self.learner)
        self.recorder = recorder or Recorder()
        outcome: Outcome = Trainer(task, self.settings, self.learner, self.checkpoints, self.recorder).run()
        return outcome


def _torch_blind(settings: ToySettings) -> ToyLearner:
    """The toy learner without its check that torch was not imported: other tests of this process import it."""

    class Blind(ToyLearner):
        def build(self, task: Any, artifacts: Any, *, blank: bool = False) -> None:
            self.task = task
            self.weights = task.model(self.settings, artifacts)
            self.velocity = [0.0, 0.0]
            self.done = self.skipped = self.streak = 0
            self.start_epoch()

    return Blind(settings)


def test_it_learns_and_measures_every_split_at_the_end(tmp_path: Path) -> None:
    run = Run(tmp_path)
    outcome = run.attempt()
    assert outcome.status == "finished"
    assert set(outcome.evaluations) == {"train", "val", "test"}
    curve = run.recorder.curve("val", "loss")
    assert [step for step, _ in curve] == [8, 16, 24, 32, 40]
    assert curve[-1][1] < curve[0][1] / 2
    assert run.recorder.phases[-1] == "evaluating"


@settings(max_examples=25, deadline=None)
@given(interruptions=st.lists(st.integers(1, 45), max_size=4), accumulate=st.sampled_from([1, 3]))
def test_however_often_it_is_interrupted_the_numbers_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, interruptions: list[int], accumulate: int
) -> None:
    whole = Run(tmp_path_factory.mktemp("whole"), accumulate=accumulate)
    expected = whole.attempt()
    run = Run(tmp_path_factory.mktemp("parts"), accumulate=accumulate)
    curve: dict[int, float] = {}
    for at in sorted(interruptions):
        run.attempt(Recorder("pause", at))
        curve |= dict(run.recorder.curve("val", "loss"))
    outcome = run.attempt()
    curve |= dict(run.recorder.curve("val", "loss"))
    assert outcome.evaluations == expected.evaluations
    assert sorted(curve.items()) == whole.recorder.curve("val", "loss")
    assert run.learner.weights == whole.learner.weights


def test_the_training_curve_of_an_interrupted_epoch_is_the_whole_epochs(tmp_path: Path) -> None:
    whole = Run(tmp_path / "whole")
    whole.attempt()
    run = Run(tmp_path / "parts")
    run.attempt(Recorder("pause", 11))
    run.attempt()
    assert run.recorder.curve("train", "loss") == whole.recorder.curve("train", "loss")[1:]


def test_patience_ends_it_and_the_best_weights_are_measured(tmp_path: Path) -> None:
    run = Run(tmp_path, epochs=50, patience=3, lr=0.9, momentum=0.0)
    run.attempt()
    curve = run.recorder.curve("val", "loss")
    best = min(curve, key=lambda point: point[1])
    assert len(curve) < 50
    assert len(curve) - curve.index(best) - 1 == 3
    assert run.attempt().evaluations["val"].metrics["loss"] == pytest.approx(best[1])


def test_an_unknown_monitor_is_an_error_not_silence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="'accuracy'"):
        Run(tmp_path, monitor="accuracy").attempt()


def test_checkpoints_within_an_epoch_come_by_the_clock(tmp_path: Path) -> None:
    run = Run(tmp_path, epochs=1, points=800, checkpoint_minutes=0.0005, pace=0.001)
    run.attempt()
    saved = [each["step"] for each in run.recorder.events if each["type"] == "checkpoint"]
    assert len(saved) >= 2
    assert saved[0] < 100 == saved[-1]


def test_running_averages_are_reported_every_fifty_updates(tmp_path: Path) -> None:
    run = Run(tmp_path, epochs=1, points=1000)
    run.attempt()
    partial = [each["step"] for each in run.recorder.events if each.get("partial")]
    assert partial == [50, 100]


def test_a_training_split_without_a_batch_is_refused(tmp_path: Path) -> None:
    class Empty(ToyTask):
        def batch_count(self, split: str) -> int:
            return 0

    run = Run(tmp_path)
    with pytest.raises(LabError, match="nothing to train on"):
        Trainer(Empty({}), run.settings, ToyLearner(run.settings), run.checkpoints, Recorder())


class TestCheckpoints:
    def test_one_that_was_not_finished_does_not_count(self, tmp_path: Path) -> None:
        checkpoints = Checkpoints(tmp_path)

        def fail(directory: Path) -> None:
            (directory / "model.safetensors").write_text("half")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            checkpoints.save(3, {}, fail)
        (tmp_path / "step-4").mkdir()
        assert checkpoints.steps() == []

    @pytest.mark.parametrize("damage", ["truncated", "changed", "gone", "manifest"])
    def test_a_damaged_one_is_named(self, tmp_path: Path, damage: str) -> None:
        checkpoints = Checkpoints(tmp_path)
        checkpoints.save(3, {"step": 3}, lambda directory: (directory / "model.safetensors").write_bytes(b"weights"))
        assert checkpoints.read(3) == {"step": 3}
        path = tmp_path / "step-3" / "model.safetensors"
        if damage == "manifest":
            path = tmp_path / "step-3" / "checkpoint.json"
            path.write_text("[]")
        elif damage == "gone":
            path.unlink()
        else:
            path.write_bytes(b"weigh" if damage == "truncated" else b"weighed")
        with pytest.raises(LabError, match="damaged") as refusal:
            checkpoints.read(3)
        assert str(path) in str(refusal.value.got)
        assert "labapp resume" in str(refusal.value.hint)
