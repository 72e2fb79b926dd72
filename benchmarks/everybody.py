"""The training loop everybody writes, as the peer of our trainer. `benchmarks.throughput` starts it.

Pictures are uint8 arrays in RAM; every one goes through PIL and torchvision's transforms on its own, in two workers of
a DataLoader; the network is ours, in fp32, contiguous and eager. The process has glibc's default allocator.

    python -m benchmarks.everybody [--norm bn] [--device cpu] [--updates 60] [--repeats 5]

With --on-request every measurement waits for a line on stdin, so that two processes can be measured in turns.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.steady import as_everybody
from models.norms import NORMS, norm_factory
from models.resnet import ResNet

BATCH = 128
WORKERS = 2
WARM_UP = 10  # updates at the start of an epoch that are not timed: the workers start and fill their queues
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


class Pictures(Dataset[tuple[Tensor, int]]):
    """uint8 pictures (count, 32, 32, 3) in RAM, transformed one by one."""

    def __init__(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]):
        self.images = images
        self.labels = labels
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


class Everybody:
    """Network, data and loop. An epoch that is left early leaves its workers behind, as a `break` does."""

    def __init__(self, pictures: Pictures, norm: str, device: torch.device, batch: int = BATCH, workers: int = WORKERS):
        self.device = device
        self.batch = batch
        self.loader = DataLoader(pictures, batch_size=batch, shuffle=True, num_workers=workers, drop_last=True)
        self.model = ResNet(2, 10, norm_factory(norm)).to(device)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)

    def epoch(self) -> Generator[tuple[float, float], None, None]:
        """One epoch; after every update the mean loss and the accuracy so far."""
        self.model.train()
        running_loss, correct, total = 0.0, 0, 0
        for images, labels in self.loader:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            outputs = self.model(images)
            loss = self.criterion(outputs, labels)
            loss.backward()
            self.optimizer.step()
            running_loss += loss.item() * len(labels)
            correct += (outputs.argmax(1) == labels).sum().item()
            total += len(labels)
            yield running_loss / total, correct / total

    def speed(self, updates: int) -> float:
        """Images per second over `updates` updates of one epoch, after its first WARM_UP."""
        epoch = self.epoch()
        for _ in range(WARM_UP):
            next(epoch)
        begun = time.perf_counter()
        for _ in range(updates):
            next(epoch)
        taken = time.perf_counter() - begun  # every update ended with loss.item(): nothing is under way
        epoch.close()
        return updates * self.batch / taken


class Elsewhere:
    """The same in a process of its own, with the default allocator: `speed` asks it and waits."""

    def __init__(self, norm: str, device: torch.device, updates: int):
        options = ["--norm", norm, "--device", str(device), "--updates", str(updates), "--on-request"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.everybody", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=as_everybody(),
            text=True,
        )

    def speed(self) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the peer ended with exit code {self.process.wait()}")
        return float(answer)

    def close(self) -> None:
        self.process.communicate()


def random_arrays(count: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Pictures nobody can learn, as fast to read as any, and their labels."""
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), draw.integers(0, 10, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--norm", default="bn", choices=NORMS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--on-request", action="store_true", help="measure once for every line on stdin")
    options = parser.parse_args()
    pictures = Pictures(*random_arrays(max(20_000, (WARM_UP + options.updates + 1) * BATCH)))
    loop = Everybody(pictures, options.norm, torch.device(options.device))
    for _ in sys.stdin if options.on_request else range(options.repeats):
        print(loop.speed(options.updates), flush=True)


if __name__ == "__main__":
    main()
