"""Randomness that needs no memory: every draw is named, so a resumed training repeats it exactly.

A seed for any purpose is a hash of the run's seed and the names of what it is for (epoch, batch number ...).
Nothing has to be saved in a checkpoint for it, and skipping ahead costs nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Stream:
    """A named source of seeds: `Stream(seed, epoch=3).seed_for("order")`."""

    seed: int
    epoch: int = 0  # the pass over the data that the draws are for

    def seed_for(self, *names: str | int) -> int:
        """A seed in [0, 2^63) that depends on the run's seed, the epoch and every name, and on nothing else."""
        key = repr((self.seed, self.epoch, names)).encode()
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") >> 1
