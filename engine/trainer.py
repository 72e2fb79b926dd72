"""The one training loop. Knows the protocols of `engine.task` and no task, no tensor, no screen, no process.

An epoch is: updates, validation, event, checkpoint. Everything the loop remembers is in `Progress`, which every
checkpoint holds, so a resumed training goes on to the numbers an uninterrupted one would have given.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from engine.checkpoints import Checkpoints
from engine.errors import LabError
from engine.randomness import Stream
from engine.schedules import factor
from engine.settings import TrainSettings
from engine.task import SPLITS, Evaluation, Learner, Phase, Reporter, Split, Task, Wanted, lower_is_better

CHECK_EVERY = 50  # updates between two looks at the device


@dataclass
class Progress:
    """Where a training stands."""

    step: int = 0  # updates done
    epoch: int = 0  # epochs done
    batch: int = 0  # batches done in the current epoch
    elapsed: float = 0.0  # training seconds over all attempts
    skipped: int = 0  # non-finite updates reported so far
    best_step: int | None = None
    best_epoch: int | None = None
    best_value: float | None = None

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Progress:
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in raw.items() if key in known})


@dataclass
class Outcome:
    """How an attempt ended; `evaluations` is empty when it was paused."""

    status: Literal["finished", "stopped", "paused"]
    progress: Progress
    evaluations: dict[Split, Evaluation] = field(default_factory=dict)
    evaluating_seconds: float = 0.0


class Trainer:
    """Trains `learner` on `task` until the settings or the world say stop."""

    def __init__(
        self,
        task: Task,
        settings: TrainSettings,
        learner: Learner,
        checkpoints: Checkpoints,
        reporter: Reporter,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.task = task
        self.settings = settings
        self.learner = learner
        self.checkpoints = checkpoints
        self.reporter = reporter
        self.clock = clock
        self.progress = Progress()
        self.batches_per_epoch = task.batch_count("train")
        self.steps_per_epoch = math.ceil(self.batches_per_epoch / settings.accumulate)
        self.total_steps = self.steps_per_epoch * settings.epochs
        if self.total_steps == 0:
            raise LabError(
                "there is nothing to train on",
                got="a training split without a full batch",
                expected="at least one batch",
                hint="lower batch_size",
            )

    def run(self) -> Outcome:
        """Resume if there is a checkpoint, train, evaluate the best weights on every split."""
        self._restore()
        self._started = self.clock() - self.progress.elapsed
        self._saved = self.clock()
        self._compiled: set[bool] = set()  # for batches in the middle of an epoch, for the last one, which is smaller
        wanted: Wanted = "run"
        while wanted == "run" and not self._complete():
            wanted = self._epoch()
        if wanted == "pause":
            return Outcome("paused", self.progress)
        return self._conclude("stopped" if wanted == "stop" and not self._complete() else "finished")

    # -- one epoch

    def _epoch(self) -> Wanted:
        wanted = self._train()
        if wanted != "run":
            return wanted
        self.progress.epoch += 1
        self.progress.batch = 0
        self._beat("evaluating")
        validation = self.task.validate(self.learner.evaluation_model())
        better = self._note(validation.metrics)
        self._emit("metrics", split="val", values=validation.metrics, best=better)
        self._save()
        return self.reporter.wanted()

    def _train(self) -> Wanted:
        """The updates of an epoch, or what is left of it. Says why it ended."""
        progress, settings = self.progress, self.settings
        stream = Stream(settings.seed, progress.epoch)
        if progress.batch == 0:
            self.learner.start_epoch()
        begun, first = self.clock(), progress.batch
        self._beat(self._phase(last=False))
        for group in grouped(self.task.batches("train", stream, progress.batch), settings.accumulate):
            last = progress.batch + len(group) >= self.batches_per_epoch
            if self._phase(last) == "compiling":
                self._beat("compiling")
                self._compiled.add(last)
            rate = settings.lr * factor(settings, progress.step, self.steps_per_epoch, self.total_steps)
            self.learner.update(group, rate)
            progress.step += 1
            progress.batch += len(group)
            progress.elapsed = self.clock() - self._started
            self._beat("training")
            done = progress.batch >= self.batches_per_epoch
            if done or progress.step % CHECK_EVERY == 0:
                self._check()
                share = (progress.batch - first) / self.batches_per_epoch
                speed = share * self.task.example_count("train") / max(self.clock() - begun, 1e-9)
                averages, seen = self.learner.averages()
                values = averages | self.task.running(seen) | {"lr": rate, "throughput": speed}
                self._emit("metrics", split="train", values=values, partial=not done)
            if done:
                continue  # what is wanted is asked again after the validation
            wanted = self.reporter.wanted()
            if wanted != "run":
                self._save()
                return wanted
            if settings.checkpoint_minutes and self.clock() - self._saved > 60 * settings.checkpoint_minutes:
                self._save()
        return "run"

    def _phase(self, last: bool) -> Phase:
        """What the next update does: the first of each size compiles, where anything does."""
        return "compiling" if self.learner.compiles and last not in self._compiled else "training"

    def _check(self) -> None:
        """Report updates that were skipped for a loss that is not finite; give up when they persist."""
        health = self.learner.health()
        if health.skipped > self.progress.skipped:
            count = health.skipped - self.progress.skipped
            self.progress.skipped = health.skipped
            of_fp16 = ", as a few are until the scale for fp16 is found" if self.settings.precision == "fp16" else ""
            self._emit("warning", message=f"{count} updates skipped: loss or gradient was not finite{of_fp16}")
        if health.streak >= CHECK_EVERY:
            raise LabError(
                "the loss is no longer finite",
                got=f"{health.streak} updates in a row with a loss or gradient of NaN or infinity",
                expected="a finite loss",
                hint="repeat the run with a lower learning rate, a warm-up, clip_norm or precision=fp32",
            )

    # -- what is best

    def _note(self, metrics: dict[str, float]) -> bool:
        """Remember the epoch if it is the best so far by the chosen metric."""
        name = self.settings.monitor
        if name not in metrics:
            raise LabError(
                f"the monitored metric {name!r} is not computed", got=f"monitor={name}", expected=", ".join(metrics)
            )
        value, best = metrics[name], self.progress.best_value
        sign = -1.0 if lower_is_better(name) else 1.0
        better = not math.isnan(value) and (best is None or sign * value > sign * best)
        if better:
            self.progress.best_value = value
            self.progress.best_step = self.progress.step
            self.progress.best_epoch = self.progress.epoch
        return better

    def _complete(self) -> bool:
        """Whether all epochs are done, or patience is at its end."""
        patience, done = self.settings.patience, self.progress.epoch
        out_of_patience = patience > 0 and done - (self.progress.best_epoch or 0) >= patience
        return done >= self.settings.epochs or out_of_patience

    # -- beginning and end

    def _restore(self) -> None:
        found = self.checkpoints.newest_sound(self._pass_over)
        if found is None:
            self._emit("start", total_steps=self.total_steps, steps_per_epoch=self.steps_per_epoch)
            return
        step, raw = found
        self.progress = Progress.from_dict(raw)
        if self._complete():
            self.learner.load_weights(self.checkpoints.path(step))  # only the evaluation is left to do
        else:
            self.learner.load(self.checkpoints.path(step))
        self._emit("resume", from_step=step, total_steps=self.total_steps, steps_per_epoch=self.steps_per_epoch)

    def _conclude(self, status: Literal["finished", "stopped"]) -> Outcome:
        """Measure the best weights on every split."""
        begun = self.clock()
        self._beat("evaluating")
        found = self.checkpoints.newest_sound(self._pass_over, first=self.progress.best_step, to_train=False)
        assert found is not None, "every attempt that gets here has saved"
        # Not the best one when stopped within the first epoch, or when the best one was damaged meanwhile.
        self.progress.best_step = found[0]
        self.learner.load_weights(self.checkpoints.path(found[0]))
        model = self.learner.evaluation_model()
        evaluations: dict[Split, Evaluation] = {}
        for split in SPLITS:
            self._beat("evaluating")
            evaluations[split] = self.task.evaluate(model, split)
        seconds = self.clock() - begun
        return Outcome(status, self.progress, evaluations, seconds)

    def _pass_over(self, error: LabError) -> None:
        self._emit("warning", message=f"checkpoint passed over: {error.title}: {error.got}")

    def _save(self) -> None:
        progress = self.progress
        progress.elapsed = self.clock() - self._started
        self.checkpoints.save(progress.step, asdict(progress), self.learner.save)
        keep = {progress.step} | ({progress.best_step} if progress.best_step is not None else set())
        self.checkpoints.prune(keep)
        self._saved = self.clock()
        self._emit("checkpoint", best=progress.best_step)

    # -- talk

    def _epochs_done(self) -> float:
        return round(self.progress.epoch + self.progress.batch / self.batches_per_epoch, 6)

    def _emit(self, type: str, **values: Any) -> None:
        progress = self.progress
        elapsed = round(progress.elapsed, 3)
        self.reporter.emit(type, step=progress.step, epoch=self._epochs_done(), elapsed=elapsed, **values)

    def _beat(self, phase: Phase) -> None:
        progress = self.progress
        self.reporter.beat(
            phase,
            step=progress.step,
            epoch=self._epochs_done(),
            elapsed=progress.elapsed,
            total_steps=self.total_steps,
        )


def grouped(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` items; the last may be shorter."""
    group: list[Any] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
