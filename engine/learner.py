"""One optimizer update in torch: mixed precision, accumulation, clipping, moving average, and a guard against NaN.

Nothing in `update` waits for the device. A loss or gradient that is not finite is caught there: the fused optimizer
is told to skip the update (the `found_inf` of gradient scaling), buffers such as running statistics go back to what
they were, running sums leave the update out, and a counter on the device remembers it until somebody looks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.checkpoints import TRAINING_STATE, WEIGHTS
from engine.device import accelerator, choose_compile, choose_device, choose_precision
from engine.errors import LabError, is_out_of_memory
from engine.optimizers import build_optimizer
from engine.randomness import Stream
from engine.settings import TrainSettings
from engine.task import Health, Task
from engine.tensorfile import write_tensors


class TorchLearner:
    """Owns network, optimizer and running sums. Call `build` once before anything else."""

    def __init__(self, settings: TrainSettings):
        self.settings = settings
        self.device = choose_device(settings.device)
        if self.device.type == "cuda":
            torch.zeros((), device=self.device)  # from now on others see that the card is taken; a full one says so now
        self.precision = choose_precision(settings.precision, self.device)
        self.compiles = choose_compile(settings.compile, self.device)
        self.accelerator = accelerator(self.device, self.precision)

    def describe(self) -> dict[str, str]:
        """What the arithmetic runs on, for the run's record."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        threads = str(torch.get_num_threads())
        return {
            "device": str(self.device),
            "device_name": name,
            "precision": self.precision,
            "compiled": "yes" if self.compiles else "no",
            "threads": threads,
        }

    def build(self, task: Task, artifacts: Any, *, blank: bool = False) -> None:
        """Initialise the network from the run's seed and everything around it; `blank`: `load` will follow."""
        settings = self.settings
        self.task = task
        torch.manual_seed(Stream(settings.seed).seed_for("weights"))
        self.model: nn.Module = task.model(settings, artifacts, blank=blank).to(self.device)
        self.parameters = [each for each in self.model.parameters() if each.requires_grad]
        self.buffers = flatten_buffers(self.model)
        self.shadow = self.buffers.clone()
        self.constrained = [each for each in self.model.modules() if hasattr(each, "constrain")]
        self.optimizer = build_optimizer(self.model, settings)
        self.scaler = self.accelerator.scaler if self.precision == "fp16" else None
        self.average: nn.Module | None = None
        if settings.ema_decay:
            self.average = copy.deepcopy(self.model).requires_grad_(False)
            for module in self.average.modules():
                if isinstance(module, nn.RNNBase):
                    module.flatten_parameters()  # a copy's weights lie apart
            self.average_parameters = matching_parameters(self.model, self.average)
            self.average_buffers = flatten_buffers(self.average)
        self.stepping = [each for each in self.model.modules() if hasattr(each, "compile_steps")]
        self._compile(self.compiles)
        self.updates = 0
        self.skipped = torch.zeros((), device=self.device)
        self.streak = torch.zeros((), device=self.device)
        torch.manual_seed(Stream(settings.seed).seed_for("training"))  # dropout and the like
        self.start_epoch()

    def load_for_use(self, task: Task, artifacts: Any, checkpoint: Path) -> None:
        """Only the network with its trained weights: enough for `evaluation_model`, too little to train."""
        self.model = task.model(self.settings, artifacts, blank=True).to(self.device)
        self.average = None
        self.load_weights(checkpoint)

    def _compile(self, compiles: bool) -> None:
        """A network over sequences, which are of every length, compiles its steps; any other is compiled as a whole."""
        self.compiles = compiles
        whole = compiles and not self.stepping
        self.forward: nn.Module = cast(nn.Module, torch.compile(self.model)) if whole else self.model
        for module in self.stepping:
            module.compile_steps(compiles)

    # -- one update

    def update(self, batches: Sequence[Any], learning_rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group.get("scale", 1.0)
        self.shadow.copy_(self.buffers)
        self.forward.train()
        total, count, seen = self._try(batches) if self.compiles else self._backward(batches)
        gradients = [each.grad for each in self.parameters if each.grad is not None]
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        norm = nn.utils.get_total_norm(gradients)
        bad = ~(torch.isfinite(total) & torch.isfinite(norm))
        if self.settings.clip_norm:
            nn.utils.clip_grads_with_norm_(self.parameters, self.settings.clip_norm, norm)
        self._step(bad)
        self.optimizer.zero_grad(set_to_none=True)
        if self.buffers.numel():
            torch.where(bad, self.shadow, self.buffers, out=self.buffers)
        for module in self.constrained:
            module.constrain()
        self._average()
        self._count(bad, total, count, norm, seen)

    def _backward(self, batches: Sequence[Any]) -> tuple[Tensor, Tensor, list[dict[str, Tensor]]]:
        """Gradients of the mean loss over all valid items of `batches`: (loss sum, item count, seen)."""
        total, counts, seen = [], [], []
        for batch in batches:
            with self.accelerator.autocast():
                loss = self.task.loss(self.forward, batch)
            counts.append(on_device(loss.count, self.device))
            mean = loss.sum / counts[0]  # by the first batch's count, so that sums stay in the range of fp16
            if self.scaler is not None:
                mean = self.scaler.scale(mean)
            mean.backward()
            total.append(loss.sum.detach().float())
            seen.append({name: value.detach() for name, value in loss.seen.items()})
        count = torch.stack(counts).sum()
        if len(batches) > 1:
            gradients = [each.grad for each in self.parameters if each.grad is not None]
            torch._foreach_mul_(gradients, counts[0] / count)
        return torch.stack(total).sum(), count, seen

    def _try(self, batches: Sequence[Any]) -> tuple[Tensor, Tensor, list[dict[str, Tensor]]]:
        """`_backward` through what was compiled. It may fail at each size of a batch: an epoch's last is smaller."""
        try:
            return self._backward(batches)
        except Exception as error:  # whatever a compiler may say; a fault of the task shows again without it
            if self.settings.compile == "on" or is_out_of_memory(error):
                raise
            message = " ".join(str(error).split())[:300]
        # Behind the handler: the error holds on to everything that the failed update had computed.
        print(f"torch.compile does not work here, going on without it: {message}", flush=True)
        self._compile(False)
        self.optimizer.zero_grad(set_to_none=True)
        self.buffers.copy_(self.shadow)
        return self._backward(batches)

    def _step(self, bad: Tensor) -> None:
        if self.scaler is not None:  # the scaler sees non-finite gradients itself
            self.scaler.step(self.optimizer)
            self.scaler.update()
            return
        self.optimizer.found_inf = bad.float()  # type: ignore[attr-defined]
        self.optimizer.step()

    def _average(self) -> None:
        """Exponential moving average with a warm-up of its own: min(decay, (1 + t) / (10 + t))."""
        self.updates += 1
        if self.average is None:
            return
        weight = 1 - min((1 + self.updates) / (10 + self.updates), self.settings.ema_decay)
        torch._foreach_lerp_(self.average_parameters, [each.detach() for each in self.parameters], weight)
        self.average_buffers.lerp_(self.buffers, weight)

    def _count(self, bad: Tensor, total: Tensor, count: Tensor, norm: Tensor, seen: list[dict[str, Tensor]]) -> None:
        """Add to the running sums what was learned from, and count what was not."""
        zero = torch.zeros((), device=self.device)
        numbers = torch.stack([total, count, norm, torch.ones_like(norm)])
        self.sums += torch.where(bad, zero, numbers)
        for each in seen:
            for name, value in each.items():
                kept = torch.where(bad, torch.zeros_like(value), value)
                self.seen[name] = self.seen[name] + kept if name in self.seen else kept
        self.skipped += bad
        self.streak = torch.where(bad, self.streak + 1, zero)

    # -- what it knows

    def start_epoch(self) -> None:
        self.sums = torch.zeros(4, device=self.device)  # loss, items, gradient norm, updates
        self.seen: dict[str, Tensor] = {}

    def averages(self) -> tuple[dict[str, float], dict[str, Any]]:
        loss, items, norm, updates = self.sums.tolist()
        averages = {
            "loss": loss / items if items else float("nan"),
            "grad_norm": norm / updates if updates else float("nan"),
        }
        return averages, dict(self.seen)

    def health(self) -> Health:
        skipped, streak = torch.stack([self.skipped, self.streak]).tolist()
        return Health(skipped=int(skipped), streak=int(streak))

    def evaluation_model(self) -> nn.Module:
        model = self.model if self.average is None else self.average
        if self.average is not None:
            for (_, ours), (_, theirs) in zip(self.average.named_buffers(), self.model.named_buffers(), strict=True):
                if not ours.is_floating_point():
                    ours.copy_(theirs)
        return model.eval()

    # -- disk

    def save(self, directory: Path) -> None:
        save_weights(self.evaluation_model(), directory / WEIGHTS)
        state = {
            "model": None if self.average is None else self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
            "sums": self.sums,
            "seen": self.seen,
            "updates": self.updates,
            "skipped": self.skipped,
            "streak": self.streak,
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }
        with (directory / TRAINING_STATE).open("wb") as file:  # torch hides what the system says of a path
            torch.save(state, file)

    def load(self, directory: Path) -> None:
        path = directory / TRAINING_STATE
        if not path.exists():
            raise LabError(
                "the training state of this run is gone",
                got=f"no file {path}",
                expected="the optimizer's state beside the weights",
                hint="labapp clean dropped it; start anew with labapp train --from RUN",
            )
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.load_weights(directory)
        if self.average is not None:
            self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scaler is not None:
            self.scaler.load_state_dict(state["scaler"])
        self.sums, self.seen = state["sums"], dict(state["seen"])
        self.updates, self.skipped, self.streak = state["updates"], state["skipped"], state["streak"]
        torch.set_rng_state(state["rng"].cpu())
        if state["cuda_rng"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_rng"].cpu(), self.device)

    def load_weights(self, directory: Path) -> None:
        load_weights(self.model if self.average is None else self.average, directory / WEIGHTS)


def on_device(count: Tensor | int, device: torch.device) -> Tensor:
    """A number as a float32 scalar there. One of Python's is filled in by the device: a copy would wait for it."""
    return count.float() if isinstance(count, Tensor) else torch.full((), float(count), device=device)


def flatten_buffers(model: nn.Module) -> Tensor:
    """Move all floating-point buffers into one flat tensor that they are views of; returns it.

    Saving and restoring running statistics is then one copy, whatever their number.
    """
    owners = [
        (module, name)
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if buffer.is_floating_point()
    ]
    buffers = [module.get_buffer(name) for module, name in owners]
    device = next(model.parameters()).device
    flat = torch.cat([each.reshape(-1).float() for each in buffers]) if buffers else torch.zeros(0, device=device)
    start = 0
    for (module, name), buffer in zip(owners, buffers, strict=True):
        module._buffers[name] = flat[start : start + buffer.numel()].view(buffer.shape)
        start += buffer.numel()
    return flat


def matching_parameters(model: nn.Module, twin: nn.Module) -> list[Tensor]:
    """The twin's parameters for the trainable ones of `model`, in the same order."""
    named = dict(twin.named_parameters())
    return [named[name] for name, each in model.named_parameters() if each.requires_grad]


def save_weights(model: nn.Module, path: Path) -> None:
    """Weights as safetensors: contiguous and unshared, as that format asks."""
    write_tensors({name: each.detach().clone().contiguous().cpu() for name, each in model.state_dict().items()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Weights into a network that must have exactly these names and shapes."""
    try:
        model.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise LabError("the weights of this run are gone", got=f"no file {path}", hint="train it again") from error
    except Exception as error:  # safetensors raises its own type; a mismatch is a RuntimeError
        raise LabError(
            "the weights of this run cannot be read",
            got=f"{path}: {' '.join(str(error).split())[:300]}",
            expected="the weights labapp saved for this network",
            hint="labapp resume goes on from the newest whole checkpoint",
        ) from error
