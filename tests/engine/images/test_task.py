"""The image task: it learns, leaves the test split alone, measures honestly, and is used without its dataset."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.catalogue import IMAGES, load
from engine.checkpoints import Checkpoints
from engine.errors import LabError, UsageError
from engine.images.data import PictureData
from engine.images.task import ImageTask, colour_statistics, feature_quantiles
from engine.learner import TorchLearner
from engine.task import Reporter
from engine.trainer import Outcome, Trainer
from tests.engine.images.conftest import coloured, settings
from tests.engine.test_trainer import Recorder

Make = Callable[..., PictureData]


def build(data: PictureData, norm: str = "bn", **changes: Any) -> tuple[ImageTask, TorchLearner]:
    chosen = settings(**changes)
    task, learner = ImageTask({"norm": norm}), TorchLearner(chosen)
    artifacts = task.prepare(data, chosen)
    task.attach(data, chosen, artifacts, learner.device)
    learner.build(task, artifacts)
    return task, learner


def train(data: PictureData, folder: Path, recorder: Reporter | None = None, **changes: Any) -> Outcome:
    task, learner = build(data, **changes)
    return Trainer(task, learner.settings, learner, Checkpoints(folder), recorder or Recorder()).run()


@pytest.mark.parametrize("variant", IMAGES.variants)
def test_every_variant_learns_a_few_coloured_pictures(variant: str, pictures: Make, tmp_path: Path) -> None:
    norm = IMAGES.variants[variant].options["norm"]
    outcome = train(pictures(), tmp_path, norm=norm, epochs=8, crop_padding=1, clip_norm=1.0)
    assert outcome.evaluations["test"].metrics["accuracy"] > 0.9


@pytest.mark.parametrize("forbidden", ["test"])
def test_the_test_split_is_not_touched_before_the_final_evaluation(
    forbidden: Any, pictures: Make, tmp_path: Path
) -> None:
    recorder = Recorder()
    with pytest.raises(AssertionError, match="test split was touched"):
        train(pictures(forbidden=(forbidden,)), tmp_path, recorder, epochs=2)
    assert len(recorder.curve("val", "accuracy")) == 2, "two whole epochs went by without it"


def test_every_epoch_reports_all_that_a_curve_needs(pictures: Make, tmp_path: Path) -> None:
    recorder = Recorder()
    train(pictures(), tmp_path, recorder, epochs=2)
    for name in ("loss", "accuracy", "micro_f1", "macro_f1", "lr", "throughput", "grad_norm"):
        assert [step for step, _ in recorder.curve("train", name)] == [3, 6], name
    for name in (
        "loss",
        "accuracy",
        "micro_f1",
        "macro_f1",
        "feature_q01",
        "feature_q20",
        "feature_q80",
        "feature_q99",
    ):
        assert [step for step, _ in recorder.curve("val", name)] == [3, 6], name


def test_the_end_reports_every_split_every_class_and_the_surest_mistakes(pictures: Make, tmp_path: Path) -> None:
    outcome = train(pictures(), tmp_path, epochs=1, lr=1e-6)
    for split, count in (("train", 48), ("val", 24), ("test", 24)):
        found = outcome.evaluations[split]  # type: ignore[index]
        assert found.examples == count
        assert np.array(found.report["confusion_matrix"]).sum() == count
        assert [row["class"] for row in found.report["per_class"]] == ["red", "green", "blue"]
        wrong = count - np.trace(found.report["confusion_matrix"])
        errors = found.mistakes
        assert len(errors) == wrong > 0
        assert all(each["class"] != each["predicted"] for each in errors)
        assert [each["confidence"] for each in errors] == sorted((e["confidence"] for e in errors), reverse=True)


class TestEvaluation:
    def test_it_does_not_depend_on_the_batch_size(self, pictures: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        task, learner = build(pictures())
        whole = task.evaluate(learner.evaluation_model(), "val")
        monkeypatch.setattr("engine.images.task.EVALUATION_PIXELS", 8 * 8 * 5)
        parts = task.evaluate(learner.evaluation_model(), "val")
        assert parts.metrics == pytest.approx(whole.metrics, rel=1e-5)

    def test_its_loss_is_cross_entropy_without_smoothing(self, pictures: Make) -> None:
        task, learner = build(pictures(), label_smoothing=0.5)
        model = learner.evaluation_model()
        split = coloured(24, seed=1)
        with torch.no_grad():
            logits = model(task.normalise(torch.from_numpy(split.images)))
        expected = nn.functional.cross_entropy(logits, torch.from_numpy(split.labels))
        assert task.evaluate(model, "val").metrics["loss"] == pytest.approx(float(expected), rel=1e-5)

    def test_it_changes_nothing(self, pictures: Make) -> None:
        task, learner = build(pictures())
        before = [each.clone() for each in learner.model.state_dict().values()]
        task.evaluate(learner.evaluation_model(), "train")
        assert all(map(torch.equal, before, learner.model.state_dict().values()))


def test_quantiles_are_those_of_all_features() -> None:
    features = torch.rand(40, 64)
    found = feature_quantiles(features)
    assert found["feature_q20"] == pytest.approx(float(np.quantile(features.numpy(), 0.2)), abs=1e-6)
    assert found["feature_q99"] == pytest.approx(float(np.quantile(features.numpy(), 0.99)), abs=1e-6)


def test_more_features_than_torch_can_sort_at_once_are_thinned_evenly() -> None:
    found = feature_quantiles(torch.linspace(0, 1, 10_001), limit=1000)
    assert found["feature_q80"] == pytest.approx(0.8, abs=0.01)


def test_colour_statistics_are_exact_and_read_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.images.task.PORTION_BYTES", 7 * 8 * 8 * 3)
    split = coloured(40).select(np.arange(3, 37))
    mean, std = colour_statistics(split)
    values = split.load() / 255
    assert mean == pytest.approx(values.mean((0, 1, 2)))
    assert std == pytest.approx(values.std((0, 1, 2)))


class TestArtifacts:
    def test_they_are_all_that_prediction_needs(self, pictures: Make, tmp_path: Path) -> None:
        task, learner = build(pictures())
        task.artifacts.save(tmp_path)
        learner.save(tmp_path)
        other = ImageTask({"norm": "bn"})
        artifacts = other.restore(tmp_path)
        assert artifacts == task.artifacts
        used = TorchLearner(settings())
        used.load_for_use(other, artifacts, tmp_path)  # type: ignore[arg-type]
        other.attach(None, settings(), artifacts, torch.device("cpu"))
        inputs = list(coloured(5).images)
        ours = other.predict(used.evaluation_model(), inputs)
        assert ours == task.predict(learner.evaluation_model(), inputs)
        for each in ours:
            assert math.isclose(sum(row["probability"] for row in each["classes"]), 1.0, rel_tol=1e-5)
            assert each["predicted"] == each["classes"][0]["class"]

    @pytest.mark.parametrize("content", [None, "", "[]", '{"classes": 3}'])
    def test_damaged_ones_are_named(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "preprocessing.json").write_text(content)
        with pytest.raises(LabError) as refusal:
            ImageTask({"norm": "bn"}).restore(tmp_path)
        assert str(tmp_path / "preprocessing.json") in str(refusal.value.got)


class TestClasses:
    def test_more_units_than_classes_are_allowed(self, pictures: Make, tmp_path: Path) -> None:
        outcome = train(pictures(), tmp_path, classes=5, epochs=4)
        assert len(outcome.evaluations["test"].report["per_class"]) == 5

    def test_fewer_are_refused(self, pictures: Make) -> None:
        with pytest.raises(UsageError, match="more classes"):
            build(pictures(), classes=2)


def test_the_catalogues_rows_all_load() -> None:
    for reference in (IMAGES.implementation, IMAGES.learner, IMAGES.settings, *IMAGES.recipes.values()):
        assert load(reference)
    for dataset in (*IMAGES.datasets.values(), IMAGES.path_dataset):
        for reference in (dataset.open, dataset.fetch, dataset.check, dataset.open_unseen):  # type: ignore[union-attr]
            assert reference is None or load(reference)
