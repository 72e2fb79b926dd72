"""The math task: every variant prepares, learns, evaluates, predicts, and comes back from its files."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from engine.errors import LabError
from engine.learner import TorchLearner
from engine.mathqa import forcing
from engine.mathqa.artifacts import LIBRARY, TENSORS, key_of, restore
from engine.mathqa.corpus import Problem
from engine.mathqa.programs import parse
from engine.mathqa.task import MathTask
from engine.randomness import Stream
from models.seq2seq import PADDING, Seq2Seq
from tests.engine.mathqa.solvers import OTHERS, TRAIN, VARIANTS, made, sharpened

CPU = torch.device("cpu")
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def learned(variant: str, folder: Path, **changes: Any) -> tuple[MathTask, Seq2Seq]:
    """A network after a few passes over the problems, of which the loss fell."""
    still: dict[str, Any] = {"dropout": 0.0, "singleton_dropout": 0.0, "encoder_hidden": 8, "hidden": 16}
    task, model, _ = made(variant, folder, **still, batch_size=5, **changes)
    slow = [each for name, each in model.named_parameters() if name.startswith("encoder.encoder.")]
    fast = [each for name, each in model.named_parameters() if not name.startswith("encoder.encoder.")]
    optimizer = torch.optim.Adam([{"params": slow, "lr": 1e-3}, {"params": fast, "lr": 0.03}])
    before = task.evaluator.losses(model, "train")["loss"]
    model.train()
    for epoch in range(40):
        for batch in task.batches("train", Stream(1, epoch)):
            loss = task.loss(model, batch)
            optimizer.zero_grad()
            (loss.sum / loss.count).backward()
            optimizer.step()
    model.eval()
    assert task.evaluator.losses(model, "train")["loss"] < 0.3 * before
    return task, model


@every_variant
class TestEveryVariant:
    def test_learns_its_problems_by_heart(self, variant: str, tmp_path: Path) -> None:
        task, model = learned(variant, tmp_path, teacher_forcing=1.0)
        assert task.evaluate(model, "train").metrics["exact_match"] >= 0.6

    def test_in_half_precision_it_learns_the_same(self, variant: str, tmp_path: Path) -> None:
        losses = {}
        for precision in ("fp32", "bf16"):
            task, _, artifacts = made(variant, tmp_path, precision=precision, dropout=0.0, teacher_forcing=1.0)
            learner = TorchLearner(task.settings)
            learner.build(task, artifacts)
            for batch in task.batches("train", Stream(1)):
                learner.update([batch], 0.01)
            losses[precision] = learner.averages()[0]["loss"]
            assert learner.health().skipped == 0
        assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.02)

    def test_predicts_what_needs_no_data(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path)
        (found,) = task.predict(sharpened(model), ["Ben walks 1,200 km, and then 3.5 km."])
        assert found["numbers"] == [1200.0, 3.5]
        text = found["problem"]
        assert [text[word["start"] : word["end"]].lower() for word in found["words"]][:3] == ["ben", "walks", "1,200"]
        assert [word["number"] for word in found["words"] if word["number"] is not None] == [0, 1]
        assert len(found["beams"]) == 3
        for beam in found["beams"]:
            assert (beam["value"] is None) == (beam["error"] is not None)
            if beam["value"] is not None:
                assert beam["steps"][-1]["value"] == beam["value"]
                assert [each["operation"] for each in beam["steps"]] == [
                    step.operation for step in parse(beam["program"])
                ]

    def test_comes_back_from_its_files(self, variant: str, tmp_path: Path) -> None:
        task, model, artifacts = made(variant, tmp_path)
        sharpened(model)
        kept = tmp_path / "kept"
        kept.mkdir()
        artifacts.save(kept)
        other = MathTask(task.options)
        restored = other.restore(kept)
        assert restored.vocabulary == artifacts.vocabulary
        assert restored.seen == artifacts.seen
        assert restored.sources == artifacts.sources
        assert restored.coverage == artifacts.coverage
        other.attach(None, task.settings, restored, CPU)
        torch.manual_seed(123)
        twin = other.model(task.settings, restored, blank=True)
        twin.load_state_dict(model.state_dict())
        texts = [text for text, _, _ in OTHERS]
        assert other.predict(twin.eval(), texts) == task.predict(model, texts)

    def test_one_batch_after_the_other_is_the_whole_split(self, variant: str, tmp_path: Path) -> None:
        task, _, _ = made(variant, tmp_path)
        batches = list(task.batches("train", Stream(1)))
        assert len(batches) == task.batch_count("train") == math.ceil(len(TRAIN) / 2)
        assert sum(len(batch.gold) for batch, _ in batches) == task.example_count("train") == len(TRAIN)


class TestLoss:
    def test_is_the_cross_entropy_of_gold_tokens_and_ends(self, tmp_path: Path) -> None:
        task, model, _ = made("attention", tmp_path, teacher_forcing=1.0, batch_size=5)
        (batch, ratio), *_ = task.batches("train", Stream(1))
        found = task.loss(model, (batch, ratio))
        logits = model(batch.inputs, batch.tokens)
        wanted = F.cross_entropy(logits[batch.gold != PADDING], batch.gold[batch.gold != PADDING], reduction="sum")
        torch.testing.assert_close(found.sum, wanted)
        assert int(found.count) == int((batch.gold != PADDING).sum())
        running = task.running(found.seen)
        assert running["loss"] == pytest.approx(wanted.item() / int(found.count), rel=1e-5)
        right = (logits.argmax(2) == batch.gold)[batch.gold != PADDING].float().mean().item()
        assert running["forced_accuracy"] == pytest.approx(right)

    def test_smoothing_is_learned_from_but_not_reported(self, tmp_path: Path) -> None:
        sums, reported = [], []
        for smoothing in (0.0, 0.2):
            task, model, _ = made("attention", tmp_path, teacher_forcing=1.0, label_smoothing=smoothing)
            loss = task.loss(model, next(task.batches("train", Stream(1))))
            sums.append(loss.sum.item())
            reported.append(task.running(loss.seen))
        assert sums[0] != pytest.approx(sums[1])
        assert reported[0] == pytest.approx(reported[1], rel=1e-6)

    def test_behind_its_own_guesses_it_is_another(self, tmp_path: Path) -> None:
        task, model, _ = made("attention", tmp_path, batch_size=5)
        (batch, _), *_ = task.batches("train", Stream(1))
        sharpened(model)
        forced, free = (task.loss(model, (batch, ratio)) for ratio in (1.0, 0.0))
        assert int(forced.count) == int(free.count)
        assert forced.sum.item() != pytest.approx(free.sum.item())

    def test_nothing_seen_is_nothing_said(self, tmp_path: Path) -> None:
        assert made("attention", tmp_path)[0].running({}) == {}


class TestTeacherForcing:
    @pytest.mark.parametrize("per", ["token", "batch"])
    def test_a_network_learns_from_its_own_guesses_too(self, per: str, tmp_path: Path) -> None:
        learned("attention", tmp_path, teacher_forcing=0.6, forcing_per=per)

    @pytest.mark.parametrize("schedule", ["constant", "linear", "sigmoid"])
    def test_follows_the_schedule_over_all_batches_of_all_epochs(self, schedule: str, tmp_path: Path) -> None:
        task, _, _ = made(
            "seq2seq", tmp_path, epochs=4, teacher_forcing=0.8, forcing_final=0.2, forcing_schedule=schedule
        )
        ratios = [ratio for epoch in range(4) for _, ratio in task.batches("train", Stream(1, epoch))]
        assert ratios == pytest.approx([forcing.ratio(task.settings, place / 12) for place in range(12)])

    def test_is_the_same_when_an_epoch_goes_on_in_the_middle(self, tmp_path: Path) -> None:
        task, _, _ = made("seq2seq", tmp_path, epochs=4, forcing_schedule="linear")
        every, rest = ([ratio for _, ratio in task.batches("train", Stream(1, 2), first)] for first in (0, 2))
        assert rest == every[2:]

    @pytest.mark.parametrize(("per", "kinds"), [("token", {"mixed"}), ("batch", {"forced", "free"})])
    def test_is_drawn_per_token_or_per_batch(
        self, per: str, kinds: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task, model, _ = made("seq2seq", tmp_path, forcing_per=per, teacher_forcing=0.5, batch_size=5)
        batch = next(task.batches("train", Stream(1)))
        seen = set()
        plain = model.decoder.states

        def states(tokens: Any, memory: Any, forced: Any = None) -> Any:
            seen.add("forced" if forced is None else "mixed" if forced.any() else "free")
            return plain(tokens, memory, forced)

        monkeypatch.setattr(model.decoder, "states", states)
        for _ in range(20):
            task.loss(model, batch)
        assert seen == kinds


class TestVectors:
    @pytest.mark.parametrize("variant", ["seq2seq", "attention"])
    def test_words_begin_with_theirs_and_extra_ones_are_known(self, variant: str, tmp_path: Path) -> None:
        _, model, artifacts = made(variant, tmp_path)
        words = artifacts.vocabulary
        weight = model.encoder.words.embedding.weight  # type: ignore[union-attr]
        assert weight[words.word_numbers["train"]].tolist() == [0, 1, 0, 0]  # type: ignore[index]
        assert weight[words.word_numbers["unseen"]].tolist() == [0, 0, 1, 0]  # type: ignore[index]
        assert artifacts.coverage["words_used"] == 4
        assert set(artifacts.sources) == {"vectors"}

    def test_random_begins_without(self, tmp_path: Path) -> None:
        _, _, artifacts = made("attention", tmp_path, vectors="random")
        assert artifacts.initial is None
        assert "unseen" not in artifacts.vocabulary.word_numbers

    def test_another_width_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(LabError, match="another width") as caught:
            made("attention", tmp_path, word_dim=5)
        assert "word_dim=4" in str(caught.value.hint)

    def test_coverage_is_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        made("attention", tmp_path)
        assert "cover" in capsys.readouterr().out


class TestArtifacts:
    def test_keep_what_an_embedding_begins_with(self, tmp_path: Path) -> None:
        _, _, artifacts = made("seq2seq", tmp_path)
        (tmp_path / "kept").mkdir()
        artifacts.save(tmp_path / "kept")
        assert artifacts.initial is not None
        torch.testing.assert_close(restore(tmp_path / "kept").initial, artifacts.initial)

    def test_novel_is_what_no_training_problem_is_up_to_its_numbers(self, tmp_path: Path) -> None:
        _, _, artifacts = made("attention", tmp_path)
        assert not any(artifacts.novel(Problem(text, formula, answer)) for text, formula, answer in TRAIN)
        assert [artifacts.novel(Problem(*each)) for each in OTHERS] == [True, False, True]
        changed = TRAIN[2][0].replace("1,600", "7").replace(" . ", "  .\n").upper()
        assert not artifacts.novel(Problem(changed, "negate(n0)", 1.0))

    def test_a_key_fits_the_file_whatever_the_text(self) -> None:
        keys = {key_of(text) for text in ("", "a", "2 a", "\ud800", "\u00e9" * 1_000)}
        assert len(keys) == 5
        assert all(0 <= key < 2**63 for key in keys)

    @pytest.mark.parametrize("name", [LIBRARY, TENSORS])
    @pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b"\xff"])
    def test_damaged_ones_are_an_error_that_names_the_file(
        self, name: str, content: bytes | None, tmp_path: Path
    ) -> None:
        _, _, artifacts = made("seq2seq", tmp_path)
        (tmp_path / "kept").mkdir()
        artifacts.save(tmp_path / "kept")
        path = tmp_path / "kept" / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        with pytest.raises(LabError, match="preprocessing cannot be read") as caught:
            restore(tmp_path / "kept")
        assert "train again" in str(caught.value.hint)

    def test_without_vectors_there_is_nothing_to_begin_with(self, tmp_path: Path) -> None:
        _, _, artifacts = made("seq2seq", tmp_path, vectors="random")
        (tmp_path / "kept").mkdir()
        artifacts.save(tmp_path / "kept")
        assert restore(tmp_path / "kept") == artifacts


def test_a_token_training_never_saw_counts_as_wrong(tmp_path: Path) -> None:
    """The third of the others needs a factorial."""
    task, model, _ = made("attention", tmp_path)
    assert math.isfinite(task.evaluator.losses(model, "val")["loss"])
    assert "factorial" not in task.vocabulary.tokens
    assert task.evaluate(model, "val").metrics["exact_match"] <= 2 / 3


def test_the_data_is_said_where_it_is_missing(tmp_path: Path) -> None:
    task, model, artifacts = made("attention", tmp_path)
    assert task.data is not None
    task.attach(dataclasses.replace(task.data, splits={"test": task.data.split("test")}), task.settings, artifacts, CPU)
    assert task.evaluate(model, "test").examples == 2
    with pytest.raises(LabError, match="no train split"):
        task.evaluate(model, "train")
