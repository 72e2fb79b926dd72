"""What to train with. `seed` is the assignment to the letter where it says something, `best` is what we found better.

A recipe is a function of the variant, the dataset's name and what is already known of the settings (what belongs to
the data, what the user gave), and returns settings. Each number stands beside its reason.
"""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]


def seed(variant: str, data: str, known: Values) -> Values:
    """Assignment 003 sections 1.1-1.2 (CIFAR-10), 004 section 1.1 (256x256 birds), else He et al. 2016 section 4.2."""
    values: Values = {
        "epochs": 100,  # 003 1.1.2
        "batch_size": 128,  # 003 1.1.2
        "optimizer": "sgd",  # 003 1.1.2
        "lr": 0.1,  # 003 1.1.2
        "momentum": 0.9,  # He
        "weight_decay": 1e-4,  # He; reports 000 and 001 too
        "schedule": "step",  # "decay or schedule as appropriate": He divides by 10 at 32k and 48k of 64k updates
        "milestones": (0.5, 0.75),
        "gamma": 0.1,
        "crop_padding": 4,  # He: random crop out of a picture padded with zeros, random mirroring
        "crop_mode": "zero",
        "flip": "random",
        "monitor": "accuracy",  # 003 1.2.6: "early stop based on validation accuracy"; the best epoch is kept
        "precision": "fp32",
    }
    if large(known):
        values |= {
            "epochs": 50,  # 004 1.1.2
            "batch_size": 32,  # 004 1.1.2
            "lr": 1e-4,  # 004 1.1.2
            "crop_padding": 16,  # an eighth of the side, as 4 is of 32
        }
    # `none` learns with the same numbers (docs/results.md): with He's initialisation no change was needed.
    return values | short(data)


def best(variant: str, data: str, known: Values) -> Values:
    """As many epochs as the seed, with what speeds and regularises small networks on small pictures."""
    values = seed(variant, data, known) | {
        "nesterov": True,
        "lr": 0.2,  # with warm-up and decay to zero, twice the seed's rate is still stable at batch 128
        "schedule": "cosine",
        "weight_decay": 5e-4,  # the common value for CIFAR-sized networks; 1e-4 overfits late
        "decay_norms_and_biases": False,
        "label_smoothing": 0.1,
        "ema_decay": 0.999,  # about three epochs of 312 updates
        "crop_mode": "reflect",  # no black border to learn from
        "flip": "alternate",  # every picture is seen both ways in any two epochs (Jordan 2024, airbench)
        "precision": "auto",
    }
    values |= BEST_BY_VARIANT.get(variant, {})
    if large(known):
        values |= {"lr": values["lr"] / 4}  # a quarter of the batch
    if data.startswith("sample"):
        values |= {"ema_decay": 0.98}  # the whole training is a few hundred updates
    values |= short(data)
    epochs: int = (values | known)["epochs"]  # the user's, if given
    values["compile"] = "auto" if epochs >= WORTH_COMPILING else "off"
    return values | {"warmup_epochs": max(1.0, 0.05 * float(epochs))}


WORTH_COMPILING = 15  # epochs: it costs a minute at the start, and gives a third of the time of every later one


# Where the common values do not hold.
BEST_BY_VARIANT: dict[str, Values] = {
    # without normalisation gradients are the larger the deeper the network: half the rate, and clipped
    "none": {"lr": 0.1, "clip_norm": 1.0, "weight_decay": 1e-4},
}


def large(known: Values) -> bool:
    """The 256x256 setting of assignment 004."""
    return int(known.get("image_size", 0)) >= 128


def short(data: str) -> Values:
    """The embedded samples are for trying things out: about a minute on two CPU cores."""
    return {"epochs": {"sample": 12, "sample-256": 6}[data]} if data in ("sample", "sample-256") else {}
