"""A solver from the problems to a solution, through real processes: train, evaluate with several beams, solve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import LabError
from sessions.inference import Inference
from tests.conftest import Lab

SMALL = {
    "epochs": 8, "batch_size": 8, "lr": 0.01, "vectors": "random", "word_dim": 16, "token_dim": 8, "encoder_hidden": 16,
    "hidden": 24, "dropout": 0.0, "ema_decay": 0.0, "beam": 4,
}  # fmt: skip


def write_problems(folder: Path) -> Path:
    """Sums and differences; the test file asks in words that training has not."""
    folder.mkdir()
    for name, ask in (("train", "What is"), ("dev", "What is"), ("test", "Tell me :")):
        entries = []
        for a in range(3, 43 if name == "train" else 9):
            for word, operation, answer in (("plus", "add", 2 * a + 1), ("minus", "subtract", -1)):
                problem = f"{ask} {a} {word} {a + 1} ?"
                entries.append({"Problem": problem, "linear_formula": f"{operation}(n0,n1)|", "answer": answer})
        (folder / f"{name}.json").write_text(json.dumps(entries))
    return folder


def test_a_solver_is_trained_evaluated_and_solves(lab: Lab, tmp_path: Path) -> None:
    data = write_problems(tmp_path / "problems")
    trained = lab.ended(lab.launch("mathqa/attention", data=str(data), **SMALL), seconds=90)
    assert trained.status.name == "finished", trained.error
    assert trained.metrics["val"]["execution_accuracy"] > 0.9
    assert "novel/exact_match" in trained.metrics["test"]
    assert "novel/exact_match" not in trained.metrics["val"]  # nothing there is novel

    with Inference(lab.store.home) as inference:
        again = inference.ask("evaluate", run=trained.id, split="test", beams=[1, 4])
        assert list(again["by_beam"]) == ["4", "1"]  # the run's own first
        assert again["metrics"] == pytest.approx(trained.metrics["test"])
        assert set(again["lookup"]) == set(trained.metrics["test"]) - {"loss", "novel/loss"}
        with pytest.raises(LabError, match="out of its bounds"):
            inference.ask("evaluate", run=trained.id, beams=[1_000])
        for each in data.iterdir():
            each.unlink()  # to solve, the problems are not needed
        (problem,) = inference.ask("solve", run=trained.id, problem="What is 12 plus 30 ?", beam=3)["problems"]
        attended = inference.ask("attend", run=trained.id, problem="What is 12 plus 30 ?", program="add(n0,n1)")
    assert (problem["beams"][0]["program"], problem["beams"][0]["value"]) == ("add(n0,n1)", 42)
    assert sum(attended["attention"][0]) == pytest.approx(1, abs=1e-4)
