"""The protocols between the trainer, a task and the arithmetic under it. Torch-free.

`Task` is what a laboratory brings: data, network, loss, metrics. `Learner` is the arithmetic of one optimizer
update (`engine.learner.TorchLearner` for all torch tasks). `Reporter` is the world outside: where events go and
what is wanted of the training. The trainer knows these three and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from engine.randomness import Stream

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
Wanted = Literal["run", "pause", "stop"]
Phase = Literal["preparing", "compiling", "training", "evaluating"]


def lower_is_better(metric: str) -> bool:
    """Of `loss` and `val/loss`; of all other metrics more is better."""
    return metric.rpartition("/")[2] == "loss"


class Loss(NamedTuple):
    """What one batch contributes.

    `sum` is the summed loss (differentiable), `count` the number of valid items it sums over, `seen` additive
    statistics of the batch (for example a confusion matrix): the learner adds them up over an epoch on the device.
    """

    sum: Any
    count: Any
    seen: Mapping[str, Any] = {}


def nested(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics as other programs read them: those of a part of a split, `novel/loss`, under the name of that part."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        part, slash, rest = name.partition("/")
        if slash:
            found.setdefault(part, {})[rest] = value
        else:
            found[name] = value
    return found


@dataclass
class Evaluation:
    """Metrics of one split (fractions; names as in `labapp tasks`), and what a report shows beyond numbers.

    A metric of a part of the split has that part's name before its own: `novel/exact_match`.
    `mistakes` lists examples that went wrong, the surest first: many, so they are kept apart from the result.
    """

    metrics: dict[str, float]
    examples: int
    report: dict[str, Any] = field(default_factory=dict)
    mistakes: list[dict[str, Any]] = field(default_factory=list)


class Artifacts(Protocol):
    """All that is needed to predict without the dataset: class names, vocabularies, statistics."""

    @property
    def sources(self) -> Mapping[str, str]:
        """SHA-256 of what was used besides the dataset, by what it is: word vectors, an encoder."""

    def save(self, directory: Path) -> None: ...


class Task(Protocol):
    """One task. `data` is what the dataset's row in the catalogue opens; models and batches are opaque here."""

    def prepare(self, data: Any, settings: Any) -> Artifacts:
        """Compute what prediction needs from the training split alone."""

    def restore(self, directory: Path) -> Artifacts:
        """Read back what `Artifacts.save` wrote."""

    def model(self, settings: Any, artifacts: Any, *, blank: bool = False) -> Any:
        """A freshly initialised network; with `blank` its weights do not matter, since others are loaded over them."""

    def attach(self, data: Any, settings: Any, artifacts: Any, device: Any) -> None:
        """Say where `batches` and `evaluate` take their data from and where it goes. May be called without data."""

    def example_count(self, split: Split) -> int:
        """Examples in a split."""

    def batch_count(self, split: Split) -> int:
        """Batches in one pass over a split."""

    def batches(self, split: Split, rng: Stream, start: int = 0) -> Iterator[Any]:
        """One pass over a split from batch `start`; training batches are drawn in the order `rng` names."""

    def loss(self, model: Any, batch: Any) -> Loss:
        """Loss of one training batch."""

    def running(self, seen: Mapping[str, Any]) -> dict[str, float]:
        """Metrics from the additive statistics of `Loss.seen`."""

    def validate(self, model: Any) -> Evaluation:
        """What is measured on the validation split after every epoch; it may be cheaper than `evaluate`."""

    def evaluate(self, model: Any, split: Split) -> Evaluation:
        """Metrics of a whole split without augmentation and dropout."""

    def predict(self, model: Any, inputs: Sequence[Any]) -> list[dict[str, Any]]:
        """Predictions for inputs from outside the dataset."""


@dataclass
class Health:
    """What the learner knows after a synchronisation with the device."""

    skipped: int  # updates skipped because a loss or gradient was not finite, since training began
    streak: int  # how many of them were the latest ones in a row


class Learner(Protocol):
    """The arithmetic of training: owns the weights, the optimizer and the running sums of the epoch."""

    device: Any
    compiles: bool  # the first update then takes long

    def describe(self) -> dict[str, str]:
        """What the arithmetic runs on, for the run's record."""

    def build(self, task: Task, artifacts: Any, *, blank: bool = False) -> None:
        """Initialise the network from the run's seed and everything around it; `blank`: `load` will follow."""

    def load_for_use(self, task: Task, artifacts: Any, checkpoint: Path) -> None:
        """Only the network with its trained weights: enough for `evaluation_model`, too little to train."""

    def update(self, batches: Sequence[Any], learning_rate: float) -> None:
        """One optimizer update from `batches` (several with gradient accumulation). Does not wait for the device."""

    def health(self) -> Health:
        """Wait for the device and say how it goes."""

    def averages(self) -> tuple[dict[str, float], dict[str, Any]]:
        """Running averages of the epoch so far (loss, gradient norm), and the summed `Loss.seen`."""

    def start_epoch(self) -> None:
        """Forget the running sums."""

    def evaluation_model(self) -> Any:
        """The network with the weights that count (the moving average when there is one)."""

    def save(self, directory: Path) -> None:
        """Write `model.safetensors` (the weights that count) and the rest of the training state."""

    def load(self, directory: Path) -> None:
        """Read back everything `save` wrote, to go on as if nothing had happened."""

    def load_weights(self, directory: Path) -> None:
        """Put the weights that count into the evaluation model, to measure them."""


class Reporter(Protocol):
    """The world as the trainer sees it."""

    def emit(self, type: str, *, step: int, epoch: float, elapsed: float, **values: Any) -> None:
        """Record an event."""

    def beat(self, phase: Phase, *, step: int, epoch: float, elapsed: float, total_steps: int) -> None:
        """Say that the training is alive; cheap enough for every step."""

    def wanted(self) -> Wanted:
        """What is wanted of the training now; cheap enough for every step."""
