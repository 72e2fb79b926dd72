"""A whole training step with each of our norms against the same step with torch's counterpart.

    python -m benchmarks.norms [--norms bn in ln gn bin] [--device cpu] [--compile] [--updates 20] [--repeats 7]
                               [--precision auto] [--mode default] [--contiguous] [--cpu-time] [--json]

The step is the one of a training: forward, loss, backward and SGD of the ResNet of 14 layers on a batch of 128 pictures
of 32x32 that stays on the device, channels last, in the trainer's `auto` precision, with a worker's allocator.

    bn  nn.BatchNorm2d    in  nn.InstanceNorm2d(affine=True)    ln  nn.GroupNorm(1, C)    gn  nn.GroupNorm(8, C)
    bin has no counterpart in torch: its peer is the same blend, composed here of F.batch_norm and F.instance_norm

The same step with nn.Identity in place of the norms is measured too: what lies above it is the norms' share. (Its
convolutions have biases, as variant `none` has them.) The three take turns; times are medians of repeats. --mode,
--precision and --contiguous try out what a training could do otherwise. On a busy machine OMP_NUM_THREADS=1 and
--cpu-time, processor seconds in place of the clock's, disturb the ratio least.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.steady import as_a_worker

if __name__ == "__main__":
    as_a_worker()

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.machine import describe
from engine.catalogue import IMAGES
from engine.config import Layer, resolve
from engine.device import accelerator, choose_device, choose_precision
from engine.optimizers import build_optimizer
from models.norms import norm_factory
from models.resnet import Norm, ResNet

BATCH, SIDE, CLASSES = 128, 32, 10
WARM_UP = 3
GOALS = {"cpu": 1.5, "cuda": 1.15}  # ours / torch's


class TorchBatchInstanceNorm2d(nn.BatchNorm2d):
    """rho * x_batch + (1 - rho) * x_instance of torch's functions, then one affine pair. State as our layer's."""

    def __init__(self, channels: int):
        super().__init__(channels)
        self.rho = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        rho, gamma, beta = (each.view(-1, 1, 1) for each in (self.rho, self.weight, self.bias))
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        if self.training:
            self.num_batches_tracked.add_(1)
        batch = F.batch_norm(x, self.running_mean, self.running_var, None, None, self.training, self.momentum, self.eps)
        instance = F.instance_norm(x, eps=self.eps)
        return ((rho * batch + (1 - rho) * instance) * gamma + beta).to(x.dtype)


COUNTERPARTS: dict[str, Norm] = {
    "bn": nn.BatchNorm2d,
    "in": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "ln": lambda channels: nn.GroupNorm(1, channels),
    "gn": lambda channels: nn.GroupNorm(8, channels),
    "bin": TorchBatchInstanceNorm2d,
}


def main() -> None:
    options = arguments()
    device = choose_device(options.device)
    precision = choose_precision(options.precision, device)
    if not options.json:
        print(describe(device))
        how = f"compiled ({options.mode})" if options.compile else "eager"
        layout = "contiguous" if options.contiguous else "channels_last"
        clock = "processor time" if options.cpu_time else "wall-clock"
        print(f"ResNet-14, batch {BATCH}, {SIDE}x{SIDE}, {precision}, {layout}, {how}; {clock}")
        print(f"medians of {options.repeats} repeats of {options.updates} updates, in turns\n")
        print("norm   ours ms  torch ms  none ms   ours/torch   share of the norms, ours  torch's")
    rows = []
    for name in options.norms:
        rows.append(row := measured(name, device, precision, options))
        if not options.json:
            print_row(row)
    if options.json:
        print(
            json.dumps({"machine": describe(device), "precision": precision, "options": vars(options), "norms": rows})
        )


def measured(name: str, device: torch.device, precision: str, options: argparse.Namespace) -> dict[str, object]:
    """Milliseconds of a step by what normalises, and what follows from them."""
    torch.compiler.reset()  # three networks at a time: torch compiles one function only so often
    norms = {"ours": norm_factory(name), "torch": COUNTERPARTS[name], "none": norm_factory("none")}
    steps = {key: training_steps(norm, device, precision, options) for key, norm in norms.items()}
    clock = time.process_time if options.cpu_time else time.perf_counter
    for step in steps.values():
        timed(step, WARM_UP, device, clock)
    found: dict[str, list[float]] = {key: [] for key in steps}
    for _ in range(options.repeats):
        for key, step in steps.items():
            found[key].append(1e3 * timed(step, options.updates, device, clock) / options.updates)
    ours, theirs, none = (statistics.median(times) for times in found.values())
    ratio, goal = ours / theirs, GOALS[device.type]
    shares = {"ours": 1 - none / ours, "torch": 1 - none / theirs}
    return {"norm": name, "ms": found, "ratio": ratio, "goal": goal, "met": ratio <= goal, "share": shares}


def print_row(row: dict[str, object]) -> None:
    ms: dict[str, list[float]] = row["ms"]  # type: ignore[assignment]
    share: dict[str, float] = row["share"]  # type: ignore[assignment]
    times = "  ".join(f"{statistics.median(each):8.2f}" for each in ms.values())
    verdict = f"goal {row['goal']}: {'met' if row['met'] else 'missed'}"
    print(f"{row['norm']:4} {times}   {row['ratio']:7.3f}   {share['ours']:17.1%}  {share['torch']:15.1%}   {verdict}")
    sys.stdout.flush()


def training_steps(
    norm: Norm, device: torch.device, precision: str, options: argparse.Namespace
) -> Callable[[int], None]:
    """A network with that norm and its optimizer: a function that makes so many updates."""
    torch.manual_seed(0)
    layout = torch.contiguous_format if options.contiguous else torch.channels_last
    model = ResNet(2, CLASSES, norm).to(device).to(memory_format=layout)
    forward = torch.compile(model, mode=options.mode) if options.compile else model
    settings = resolve(IMAGES, "bn", "cifar10", "best", [Layer("the benchmark", {"precision": precision})]).settings
    optimizer = build_optimizer(model, settings)
    images = torch.randn(BATCH, 3, SIDE, SIDE, device=device).contiguous(memory_format=layout)
    labels = torch.randint(0, CLASSES, (BATCH,), device=device)
    mixed = accelerator(device, precision)  # type: ignore[arg-type]

    def run(updates: int) -> None:
        for _ in range(updates):
            with mixed.autocast():
                loss = F.cross_entropy(forward(images).float(), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return run


def timed(step: Callable[[int], None], updates: int, device: torch.device, clock: Callable[[], float]) -> float:
    begun = clock()
    step(updates)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - begun


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--norms", nargs="+", default=list(COUNTERPARTS), choices=COUNTERPARTS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--compile", action="store_true")
    modes = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
    parser.add_argument(
        "--mode", default="default", choices=modes, help="of torch.compile; reduce-overhead: CUDA graphs"
    )
    parser.add_argument("--contiguous", action="store_true", help="pictures and weights not channels last")
    parser.add_argument("--cpu-time", action="store_true", help="processor seconds, for a busy machine")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON document and nothing else")
    return parser.parse_args()


if __name__ == "__main__":
    main()
