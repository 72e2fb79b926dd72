"""The inference process and `labapp evaluate`, with a real network."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import jobs
from engine.catalogue import task_row
from engine.config import resolve
from engine.errors import LabError, UsageError
from labapp.run import run as command_line
from sessions import control
from sessions.infer import Models, check
from sessions.inference import Inference
from sessions.process import child_environment, python_command
from sessions.run.records import EVENTS
from sessions.run.runs import Run
from tests.conftest import Lab

COLOURS = {"blue": 2, "green": 1, "red": 0}


def write_pictures(root: Path, count: int, seed: int = 0) -> Path:
    """Pictures whose class is their brightest channel, as <class>/*.png."""
    draw = np.random.default_rng(seed)
    for name, channel in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            picture = draw.integers(0, 120, (8, 8, 3), dtype=np.uint8)
            picture[:, :, channel] += 100
            Image.fromarray(picture).save(root / name / f"{number}.png")
    return root


SMALL = {"n": 1, "epochs": 3, "batch_size": 8, "crop_padding": 1, "precision": "fp32", "device": "cpu", "lr": 0.05}


@pytest.fixture
def trained(lab: Lab, tmp_path: Path) -> Run:
    data = write_pictures(tmp_path / "colours", 20)
    return lab.ended(lab.launch("images/bn", data=str(data), **SMALL), seconds=90)


def test_pictures_are_trained_evaluated_and_understood_without_their_dataset(
    lab: Lab, trained: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained.status.name == "finished", trained.error
    assert trained.metrics["test"]["accuracy"] > 0.8
    kept = trained.path / "artifacts" / "mistakes.json"
    wrong = 12 - round(trained.metrics["test"]["accuracy"] * 12)
    assert (len(json.loads(kept.read_text()).get("test", [])) if kept.exists() else 0) == wrong
    with Inference(lab.store.home) as inference:
        again = inference.ask("evaluate", run=trained.id, split="test")
        assert again["examples"] == 12
        assert again["metrics"] == pytest.approx(trained.metrics["test"])

        unseen = write_pictures(tmp_path / "unseen", 5, seed=9)
        found = inference.ask("evaluate", run=trained.id, split="test", data=str(unseen))
        assert found["examples"] == 15
        assert found["metrics"]["accuracy"] > 0.8

        (unseen / "red" / "broken.png").write_bytes(b"not a picture")
        with pytest.raises(LabError, match="cannot be decoded"):
            inference.ask("evaluate", run=trained.id, split="test", data=str(unseen))
        skipped = inference.ask("evaluate", run=trained.id, split="test", data=str(unseen), broken="skip")
        assert skipped["metrics"] == found["metrics"]
        with pytest.raises(LabError, match="cannot be decoded"):  # the choice was for that request alone
            inference.ask("evaluate", run=trained.id, split="test", data=str(unseen))
        (unseen / "red" / "broken.png").unlink()

        (unseen / "purple").mkdir()
        Image.new("RGB", (8, 8)).save(unseen / "purple" / "0.png")
        with pytest.raises(LabError, match="knows no such classes") as refusal:
            inference.ask("evaluate", run=trained.id, split="test", data=str(unseen))
        assert "purple" in str(refusal.value.got)

        with pytest.raises(UsageError, match="classes are not the run's"):
            inference.ask("evaluate", run=trained.id, split="test", data="sample")

        write_pictures(tmp_path / "more", 1, seed=5)
        (tmp_path / "more" / "red" / "0.png").rename(tmp_path / "colours" / "red" / "new.png")
        with pytest.raises(LabError, match="changed since this run began"):
            inference.ask("evaluate", run=trained.id, split="test")
        (tmp_path / "colours" / "red" / "new.png").unlink()

        with pytest.raises(UsageError, match="run id"):
            inference.ask("evaluate", run="../../etc", split="test")
        with pytest.raises(UsageError, match="operation"):
            inference.ask("evalute", run=trained.id)

        capfd.readouterr()
        with monkeypatch.context() as patch:  # another process would only import everything again
            patch.setattr("labapp.commands.evaluate.inference_on", lambda home, gpu: nullcontext(inference))
            assert command_line(["evaluate", trained.id, "--split", "val", "--json"]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert set(printed) >= {"id", "split", "examples", "metrics", "by_beam"}
    assert printed["metrics"] == pytest.approx(trained.metrics["val"])

    weights = next((trained.path / "checkpoints").glob("*/model.safetensors"))
    for path in (trained.path / "checkpoints").glob("*/model.safetensors"):
        path.write_bytes(b"garbage")
    assert command_line(["evaluate", trained.id, "--json"]) == 1
    error = json.loads(capfd.readouterr().out)["error"]
    assert str(weights.parent.parent) in error["got"]


def test_killed_in_the_middle_a_network_resumes_to_bit_identical_weights(lab: Lab, tmp_path: Path) -> None:
    data = str(write_pictures(tmp_path / "colours", 30))
    settings: dict[str, Any] = {**SMALL, "epochs": 20, "ema_decay": 0.9, "checkpoint_minutes": 0.005, "compile": "off"}
    whole = lab.ended(lab.launch("images/bin", data=data, **settings), seconds=120)
    run = lab.launch("images/bin", data=data, **settings)
    lab.until(run, lambda now: now.step >= 40 and bool(now.history.saved), seconds=90)
    lab.kill(run)
    run = lab.until(run, lambda now: now.status.name == "lost", seconds=2)
    run = control.resume(lab.store, run)
    run = lab.ended(run, seconds=120)
    assert run.status.name == "finished", run.error
    assert run.record.result["attempt"] == 2  # type: ignore[index]
    assert run.metrics == whole.metrics
    for name in ("loss", "accuracy", "feature_q99"):
        ours, theirs = (each.history.series[("val", name)].values for each in (run, whole))
        assert ours == theirs
    files = [max((each.path / "checkpoints").glob("step-*"), key=lambda p: int(p.name[5:])) for each in (run, whole)]
    assert (files[0] / "model.safetensors").read_bytes() == (files[1] / "model.safetensors").read_bytes()
    assert b'"nan"' not in (run.path / EVENTS).read_bytes()


class TestProtocol:
    def process(self, lab: Lab) -> subprocess.Popen[str]:
        command = python_command("sessions.infer", str(lab.store.home.root))
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=child_environment(), text=True)

    def test_it_ends_when_its_stdin_ends(self, lab: Lab) -> None:
        process = self.process(lab)
        process.communicate("", timeout=60)
        assert process.returncode == 0

    def test_garbage_is_answered_and_survived(self, lab: Lab) -> None:
        process = self.process(lab)
        assert process.stdin is not None
        assert process.stdout is not None
        for line in ("not json", "[]", '{"id": 7, "op": "fly"}', '{"id": 8, "op": "evaluate", "args": {"run": 3}}'):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert set(answer) == {"id", "error"}
        process.communicate(timeout=60)

    def test_the_latest_request_wins(self, lab: Lab) -> None:
        import io
        import queue

        from sessions.infer import newest

        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for number in (1, 2, 3):
            waiting.put({"id": number})
        answers = io.StringIO()
        assert newest(waiting, answers) == {"id": 3}
        superseded = [json.loads(line) for line in answers.getvalue().splitlines()]
        assert [each["id"] for each in superseded] == [1, 2]
        assert all("superseded" in each["error"]["title"] for each in superseded)


def test_a_checkpoint_is_read_through_once_until_there_is_another(
    lab: Lab, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Panes ask at every letter that is typed."""
    read: list[Path] = []
    honest = jobs.best_checkpoint
    monkeypatch.setattr(jobs, "best_checkpoint", lambda directory: read.append(directory) or honest(directory))
    models = Models(lab.store.home)
    first = models.get(trained.id, "cpu")
    assert models.get(trained.id, "cpu") is first
    assert len(read) == 1
    manifest = next((trained.path / "checkpoints").glob("*/checkpoint.json"))
    os.utime(manifest, (1, 1))
    models.get(trained.id, "cpu")
    assert len(read) == 2


def test_data_is_checked_without_what_a_training_on_it_needs(lab: Lab, tmp_path: Path) -> None:
    """The first variant begins with word vectors: whoever checks problems need not have any."""
    path = tmp_path / "problems.json"
    made = [
        {"Problem": f"what is {number} {thing} plus 4 ?", "linear_formula": "add(n0,n1)", "answer": number + 4}
        for number, thing in enumerate(["apples", "books", "candles", "drums", "eggs"], 2)
    ]
    path.write_text(json.dumps(made))
    with pytest.raises(UsageError, match="word vectors"):
        resolve(task_row("mathqa"), "seq2seq", str(path))
    findings = check(Models(lab.store.home), {"task": "mathqa", "data": str(path)})["findings"]
    assert "problems: train 3, val 1, test 1" in findings
