"""What to train with. `seed` is the assignment to the letter where it says something, `best` is what we found better.

A recipe is a function of the variant, the dataset's name and what is already known of the settings (what belongs to
the data, what the user gave), and returns settings. Each number stands beside its reason.
"""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]


def seed(variant: str, data: str, known: Values) -> Values:
    """Assignment 003 section 2, else Lample et al. 2016 ("L"), section 5."""
    values: Values = {
        "batch_size": 128,  # 003 2.1.1
        "optimizer": "sgd",  # 003 2.1.1
        "lr": 0.01,  # 003 2.1.1
        "momentum": 0.9,  # report 001
        "clip_norm": 5.0,  # 003 2.1.1
        "loss_per": "sentence",  # L eq. 1: it is of a sentence that lr 0.01 with clipping at 5 speaks
        "epochs": 40,  # 003 2.1.1: "till the learning saturates"
        "patience": 5,
        "schedule": "constant",
        "word_dim": 100,  # 003 2.1.1
        "hidden": 100,  # 003 2.1.1: per direction
        "layers": 1,  # L
        "dropout": 0.5,  # 003 2.1.1
        "character_network": "lstm",  # 003 2.1.3, L 4.1
        "character_dim": 25,  # L 5.1
        "character_hidden": 25,  # L 5.1
        "fold_case": True,  # the course's tokens are normalised; L 5.1 too
        "singleton_dropout": 0.5,  # L 4.3: words seen once are replaced with probability 0.5
        "monitor": "micro_f1",
        "precision": "fp32",
    }
    if variant == "encoder-crf":  # not of the seeds: Devlin et al. 2019, section A.3
        values |= {"optimizer": "adamw", "lr": 1e-3, "encoder_lr": 5e-5, "batch_size": 32, "epochs": 4, "dropout": 0.1,
                   "loss_per": "token", "clip_norm": 1.0, "schedule": "one-cycle", "warmup_epochs": 0.4}  # fmt: skip
    return values | small(variant, data)


def best(variant: str, data: str, known: Values) -> Values:
    """What lifts the entity F1 of validation, found on GMB."""
    values = seed(variant, data, known) | {
        "optimizer": "adam",
        "lr": 2e-3,
        "loss_per": "token",  # Adam does not mind the scale, and no sentence counts for more because it is long
        "batch_size": 64,
        "schedule": "cosine",
        "warmup_epochs": 0.5,
        "epochs": 8,
        "patience": 0,  # the schedule ends it; the best epoch is kept
        "hidden": 200,
        "word_dropout": 0.02,
        "character_network": "cnn",  # as good as the LSTM and faster
        "character_dim": 32,
        "character_hidden": 50,
        "case_dim": 16,  # capitals are half of what a name is, and folding hides them
        "ema_decay": 0.998,
    }
    if variant == "encoder-crf":
        # most of the time goes into the encoder's products, which hardware that knows bf16 does several times faster
        values = seed(variant, data, known) | {"precision": "auto"}
    return values | small(variant, data)


def small(variant: str, data: str) -> Values:
    """The embedded sample is for trying things out: about a minute on two CPU cores."""
    if data != "sample":
        return {}
    values: Values = {"epochs": 8}
    if variant == "encoder-crf":
        # there is nothing to download, and nothing that is large
        values |= {"encoder": "scratch", "encoder_lr": 5e-4, "precision": "fp32"}
    return values
