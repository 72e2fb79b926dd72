"""Grad-CAM from a front end to the files: the inference process, what See reads of it, the command, and the queue."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import UsageError
from labapp.run import run as command_line
from labapp.see.asking import View
from labapp.see.replies import explanation_of, exported_of, pictures_of
from sessions.inference import Inference
from tests.conftest import Lab
from tests.queues import eventually
from tests.sessions.test_inference import SMALL, write_pictures


def test_pictures_of_a_trained_run_are_looked_at_explained_and_exported(
    lab: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = str(write_pictures(tmp_path / "colours", 20))
    trained = lab.ended(lab.launch("images/bn", data=data, **SMALL), seconds=90)
    assert trained.status.name == "finished", trained.error
    view = View(trained.id, split="test")
    Image.new("RGB", (30, 20), (200, 10, 10)).save(tmp_path / "mine.png")

    # what See asks, and understands of the answers
    with Inference(lab.store.home) as inference:
        counts = pictures_of(inference.ask("pictures", **view.pictures(None)))
        assert [(each.name, each.right + each.wrong) for each in counts.classes] == [
            ("blue", 4), ("green", 4), ("red", 4),
        ]  # fmt: skip
        right = sum(each.right for each in counts.classes)
        assert right == round(trained.metrics["test"]["accuracy"] * 12)
        assert counts.default_layer in counts.layers
        red = pictures_of(inference.ask("pictures", **view.pictures("red")))
        assert len(red.thumbs) == 4
        large = explanation_of(inference.ask("explain", **view.explain(red.thumbs[0].index, 64)))
        assert (large.name, large.label, large.target) == (red.thumbs[0].name, "red", "red")
        own = explanation_of(inference.ask("explain", **view.explain(str(tmp_path / "mine.png"), 64)))
        assert (own.label, own.target) == (None, own.predicted)
        keys = [red.thumbs[0].index, str(tmp_path / "mine.png")]
        written = exported_of(inference.ask("gradcam", **view.export(tmp_path / "out", keys)))
        assert len(written.files) == 2
        sheets = exported_of(inference.ask("gradcam", **view.sheets(tmp_path / "out", ["red", "blue"])))
        assert [Path(each).name for each in sheets.sheets] == ["sheet_red_test.png", "sheet_blue_test.png"]
        with pytest.raises(UsageError, match="unknown class"):
            inference.ask("pictures", **view.pictures("purple"))

        # the command, in the same process: another would only import everything again
        monkeypatch.setattr("labapp.commands.gradcam.inference_on", lambda home, gpu: nullcontext(inference))
        capfd.readouterr()
        command = ["gradcam", trained.id, "--split", "test", "--per-class", "2", "--class", "red"]
        assert command_line([*command, "--order", "surest"]) == 0
        printed = capfd.readouterr()
        assert printed.out.split()[:6] == ["class", "right", "ones", "wrong", "ones", "red"]
        assert "scp" in printed.err
        assert (trained.path / "artifacts" / "gradcam" / "sheet_red_test-surest.png").exists()

    # the queue
    assert command_line([*command, "--queue", "--json"]) == 0
    (job,) = json.loads(capfd.readouterr().out)
    eventually(Path(job["path"]).exists, 90)
    ended = json.loads(Path(job["path"]).read_text())
    assert ended["status"] == "finished", ended
    assert ended["result"]["files"]


class TestRefusals:
    def test_a_run_of_another_task(self, lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
        run = lab.create()
        for more in ([], ["--queue"]):
            assert command_line(["gradcam", run.id, "--json", *more]) == 2
            assert "not for runs of this task" in json.loads(capfd.readouterr().out)["error"]["title"]

    @pytest.mark.parametrize(("option", "value"), [("--split", "everything"), ("--order", "wildest")])
    def test_what_is_none_before_a_network_is_loaded(
        self, lab: Lab, option: str, value: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        run = lab.create("images/bn")  # which has none
        assert command_line(["gradcam", run.id, option, value, "--json"]) == 2
        assert f"unknown {option[2:]}" in json.loads(capfd.readouterr().out)["error"]["title"]

    def test_ones_own_pictures_with_options_that_mean_nothing_for_them(
        self, lab: Lab, capfd: pytest.CaptureFixture[str]
    ) -> None:
        run = lab.create("images/bn")
        assert command_line(["gradcam", run.id, "--picture", "x.png", "--class", "cat", "--no-sheets", "--json"]) == 2
        assert json.loads(capfd.readouterr().out)["error"]["got"] == "--picture with --class, --sheets"
