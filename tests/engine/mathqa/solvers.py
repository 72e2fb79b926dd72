"""A handful of word problems, and networks of every variant on them: for tests that need something to solve with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from engine.catalogue import task_row
from engine.config import Config, Layer, resolve
from engine.mathqa.artifacts import MathArtifacts
from engine.mathqa.corpus import MathData
from engine.mathqa.folder import open_problems
from engine.mathqa.operations import OPERATIONS
from engine.mathqa.programs import ProgramError, steps_of
from engine.mathqa.settings import MathSettings
from engine.mathqa.task import MathTask
from models.seq2seq import END, Seq2Seq

VARIANTS = tuple(task_row("mathqa").variants)
TINY: dict[str, Any] = {
    "word_dim": 4, "token_dim": 4, "hidden": 8, "encoder_hidden": 4, "batch_size": 2, "epochs": 1, "ema_decay": 0.0,
    "beam": 3, "max_program": 12, "max_words": 12, "encoder": "scratch",
}  # fmt: skip
VECTORS = "a 1 0 0 0\ntrain 0 1 0 0\nwalks 0 0.9 0.1 0\nunseen 0 0 1 0\n"

# problem, program, answer
TRAIN = (
    ("a train covers 120 km in 2 hours . what is its speed ?", "speed(n0,n1)|", 60),
    ("ana walks 3 km and then 4 km . how far is she ?", "add(n0,n1)", 7),
    ("of 1,600 apples 25 % are green and the others are red . how many apples are red ?",
     "divide(n1,const_100)|multiply(n0,#0)|subtract(n0,#1)|", 1200),
    ("a square has a side of 5 cm . what is its area ?", "square_area(n0)", 25),
    ("6 workers need 4 days . how long does one need ?", "multiply(n0,n1)", 24),
)  # fmt: skip
OTHERS = (
    ("ben walks 5 km and then 6 km . how far is he ?", "add(n0,n1)", 11),
    ("a train covers 150 km in 3 hours . what is its speed ?", "speed(n0,n1)", 50),  # only its numbers are new
    ("what is the factorial of 3 , plus 1 ?", "factorial(n0)|add(#0,n1)", 7),  # training knows no factorial
)


def entries(problems: Sequence[tuple[str, str, float]]) -> list[dict[str, Any]]:
    """As the course's files have them."""
    return [{"Problem": text, "linear_formula": formula, "answer": answer} for text, formula, answer in problems]


def written(folder: Path) -> Path:
    """A folder with files of the three splits, and beside it word vectors."""
    path = folder / "problems"
    path.mkdir(exist_ok=True)
    for name, problems in (("train", TRAIN), ("dev", OTHERS), ("test", OTHERS[:2])):
        (path / f"{name}.json").write_text(json.dumps(entries(problems)))
    (folder / "vectors.txt").write_text(VECTORS)
    return path


def config(variant: str, folder: Path, recipe: str = "best", **settings: Any) -> Config:
    """For the problems in a folder; `written` need not have been called."""
    layer = {**TINY, "vectors": str(folder / "vectors.txt"), **settings}
    return resolve(task_row("mathqa"), variant, str(written(folder)), recipe, [Layer("the test", layer)])


def made(variant: str, folder: Path, **changes: Any) -> tuple[MathTask, Seq2Seq, MathArtifacts]:
    """An untrained network on the problems, with its task attached."""
    torch.manual_seed(0)
    chosen = config(variant, folder, **changes)
    settings = chosen.settings
    assert isinstance(settings, MathSettings)
    task = MathTask(chosen.row.variants[variant].options)
    data = opened(chosen, folder)
    artifacts = task.prepare(data, settings)
    task.attach(data, settings, artifacts, torch.device("cpu"))
    model = task.model(settings, artifacts)
    assert isinstance(model, Seq2Seq)
    return task, model.eval(), artifacts


def opened(chosen: Config, folder: Path) -> MathData:
    settings = chosen.settings
    assert isinstance(settings, MathSettings)
    return open_problems(chosen.data, settings, folder / "cache", lambda message: None)


def sharpened(model: Seq2Seq, seed: int = 0) -> Seq2Seq:
    """The same with large random weights in the decoder: an untrained one finds every token equally likely."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random) * 1.5)
        model.decoder.output.bias[END] += 6.0  # so that programs end
    return model.eval()


def is_sound(words: Sequence[str], numbers: int) -> bool:
    """Whether tokens are whole steps of known operations, on earlier steps and numbers that are there."""
    try:
        program = steps_of(words)
    except ProgramError:
        return False
    for place, step in enumerate(program):
        if step.operation not in OPERATIONS or len(step.arguments) != OPERATIONS[step.operation].arity:
            return False
        for argument in step.arguments:
            if argument[0] in "#n" and int(argument[1:]) >= (place if argument[0] == "#" else numbers):
                return False
    return True
