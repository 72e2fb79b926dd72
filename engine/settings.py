"""Settings every training has, in small groups; a task's own settings class derives from `TrainSettings`.

Every field states its unit, default, bounds and one line of help: the forms, `labapp tasks`, `--set` and the error
messages are generated from these classes. The defaults here are neutral; what to train with stands in the recipes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def setting(
    default: Any, help: str, unit: str = "", *, place: bool = False, source: bool = False,
    needs: tuple[str, ...] = (), lacks: str = "", **bounds: Any,
) -> Any:  # fmt: skip
    """A field with its one-line description, unit and bounds.

    `place` marks what says where or how often rather than what: it is no part of a training's identity. `source` marks
    where something is taken from: not the path but what lies there is part of the identity. A setting that `needs`
    some of a variant's options means nothing for a variant that has none of them; nor one for a variant that has the
    option which it `lacks`.
    """
    extra: dict[str, Any] = {"unit": unit, "place": place, "source": source, "needs": list(needs), "lacks": lacks}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Settings(BaseModel):
    """A group of settings: unknown keys are refused, values are checked on assignment too."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)


class LoopSettings(Settings):
    """How long, in what portions, from which seed."""

    epochs: int = setting(10, "passes over the training split", "epochs", ge=1, le=100_000)
    batch_size: int = setting(128, "examples in one forward pass", "examples", ge=1, le=65_536)
    accumulate: int = setting(1, "batches whose gradients are added up for one update", "batches", ge=1, le=1_024)
    seed: int = setting(1, "names every random draw: weights, order, augmentation, validation split", ge=0, le=2**31)
    patience: int = setting(
        0, "stop after this many epochs without a better validation metric; 0 = never", "epochs", ge=0, le=1_000_000
    )
    monitor: str = setting("loss", "validation metric that picks the best checkpoint and stops early")
    checkpoint_minutes: float = setting(
        10.0,
        "also save within an epoch when the last save is this old; 0 = only between epochs",
        "minutes",
        place=True,
        ge=0.0,
    )


class OptimizerSettings(Settings):
    """The update rule."""

    optimizer: Literal["sgd", "adam", "adamw"] = setting("sgd", "update rule")
    lr: float = setting(0.1, "learning rate at the top of the schedule", gt=0.0, le=100.0)
    momentum: float = setting(0.9, "momentum (sgd)", ge=0.0, lt=1.0)
    nesterov: bool = setting(False, "look ahead along the momentum (sgd)")
    beta1: float = setting(0.9, "decay of the first moment (adam, adamw)", ge=0.0, lt=1.0)
    beta2: float = setting(0.999, "decay of the second moment (adam, adamw)", ge=0.0, lt=1.0)
    weight_decay: float = setting(0.0, "weight decay (L2 for sgd and adam, decoupled for adamw)", ge=0.0, le=1.0)
    decay_norms_and_biases: bool = setting(True, "weight decay also on norms and biases")
    clip_norm: float = setting(0.0, "gradients are scaled down to this norm; 0 = never", ge=0.0)

    def rates(self) -> dict[str, float]:
        """Parts of the network with a learning rate of their own, by how the names of their parameters begin."""
        return {}


class ScheduleSettings(Settings):
    """The learning rate over time."""

    schedule: Literal["constant", "step", "exponential", "cosine", "one-cycle"] = setting(
        "constant", "shape of the learning rate after the warm-up"
    )
    warmup_epochs: float = setting(0.0, "linear warm-up from zero (one-cycle: the rising part)", "epochs", ge=0.0)
    milestones: tuple[Fraction, ...] = setting((0.5, 0.75), "where `step` drops, as fractions of the training")
    gamma: float = setting(0.1, "factor of one drop (step) or of one epoch (exponential)", gt=0.0, le=1.0)
    final_lr: float = setting(0.0, "where cosine and one-cycle end, as a fraction of lr", ge=0.0, le=1.0)


def off_or_on(value: object) -> object:
    """A switch, as it may be typed and as it was once, for a setting that knows more than off and on."""
    return {"false": "off", "true": "on"}.get(str(value).lower(), value)


class ArithmeticSettings(Settings):
    """Where and how exactly the numbers are computed."""

    device: str = setting("auto", "auto, cpu, cuda or cuda:N", place=True, pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "fp32", "arithmetic of the forward pass; auto = bf16 where the device has it, else fp32"
    )
    compile: Annotated[Literal["off", "auto", "on"], BeforeValidator(off_or_on)] = setting(
        "off", "torch.compile the network: a minute before the first step, then faster; auto = where a compiler is"
    )
    ema_decay: float = setting(
        0.0, "moving average of the weights, used for validation and prediction; 0 = off", ge=0.0, lt=1.0
    )


class TrainSettings(ArithmeticSettings, ScheduleSettings, OptimizerSettings, LoopSettings):
    """What every task has."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov=true needs a momentum above 0: set nesterov=false, or a momentum")
        return self


def place_settings(cls: type[Settings]) -> frozenset[str]:
    """The settings that say where or how often."""
    return _marked(cls, "place")


def source_settings(cls: type[Settings]) -> frozenset[str]:
    """The settings that say where something is taken from."""
    return _marked(cls, "source")


def idle_settings(cls: type[Settings], options: Mapping[str, Any]) -> frozenset[str]:
    """The settings that mean nothing for a variant with these options."""

    def idle(extra: Any) -> bool:
        if not isinstance(extra, dict):
            return False
        needed = extra.get("needs") or ()
        return bool(needed and not any(map(options.get, needed))) or bool(options.get(extra.get("lacks") or ""))

    return frozenset(key for key, each in cls.model_fields.items() if idle(each.json_schema_extra))


def _marked(cls: type[Settings], mark: str) -> frozenset[str]:
    extras = {key: each.json_schema_extra for key, each in cls.model_fields.items()}
    return frozenset(key for key, extra in extras.items() if isinstance(extra, dict) and extra.get(mark))
