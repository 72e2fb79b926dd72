"""The entity task: every variant prepares, learns, evaluates, predicts, and comes back from its files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from engine.catalogue import task_row
from engine.config import Layer, resolve
from engine.errors import LabError, UsageError
from engine.ner.corpus import Corpus
from engine.ner.task import NerTask
from engine.optimizers import build_optimizer
from engine.randomness import Stream
from tests.engine.ner.taggers import TRAIN, VARIANTS, config, made, sentence

every_variant = pytest.mark.parametrize("variant", VARIANTS)


@every_variant
class TestEveryVariant:
    def test_one_batch_can_be_learned_by_heart(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path, dropout=0.0, hidden=16, word_dropout=0.0, max_tokens=30)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001 if variant == "encoder-crf" else 0.01)
        batch = next(task.batches("train", Stream(1)))
        losses = []
        for _ in range(60):
            loss = task.loss(model, batch)
            losses.append(float(loss.sum.detach()))
            optimizer.zero_grad()
            (loss.sum / loss.count).backward()
            optimizer.step()
        assert losses[-1] < 0.1 * losses[0]
        found = task.running(task.loss(model.eval(), batch).seen)
        assert found["micro_f1"] == found["macro_f1"] == found["accuracy"] == 1.0

    def test_evaluates_every_sentence_whole(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path)
        found = task.evaluate(model.eval(), "train")
        assert found.examples == len(TRAIN)
        assert found.metrics["loss"] > 0
        tokens = sum(len(sentence(each).tokens) for each in TRAIN)
        assert sum(map(sum, found.report["confusion_matrix"])) == tokens
        assert {row["class"]: row["support"] for row in found.report["per_class"]} == {"geo": 4, "org": 1, "per": 3}

    def test_a_sentence_is_tagged_the_same_alone_and_among_others(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path)
        sentences = [list(sentence(each).tokens) for each in TRAIN]
        together = task.predict(model.eval(), sentences)
        for one, each in zip(sentences, together, strict=True):
            (alone,) = task.predict(model, [one])
            assert alone["tokens"] == one
            assert alone["tags"] == each["tags"]
            assert alone["probabilities"] == pytest.approx(each["probabilities"], abs=1e-5)

    def test_comes_back_from_its_files(self, variant: str, tmp_path: Path) -> None:
        task, model, artifacts = made(variant, tmp_path)
        kept = tmp_path / "kept"
        kept.mkdir()
        artifacts.save(kept)
        other = NerTask(task.options)
        restored = other.restore(kept)
        assert restored.vocabulary == artifacts.vocabulary
        assert restored.sources == artifacts.sources
        other.attach(None, task.settings, restored, torch.device("cpu"))
        twin = other.model(task.settings, restored, blank=True)
        twin.load_state_dict(model.state_dict())
        tokens = [["Ana", "left", "Oslo"]]
        assert other.predict(twin.eval(), tokens) == task.predict(model.eval(), tokens)

    def test_second_best_is_another_tagging_and_less_probable(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path)
        for each in task.predict(model.eval(), [["Ana", "left"], list(sentence(TRAIN[2]).tokens)]):
            assert each["second"]["tags"] != each["tags"]
            assert 0 < each["second"]["probability"] <= each["probability"] <= 1


@pytest.mark.parametrize("recipe", ["seed", "best"])
@every_variant
def test_every_shipped_configuration_resolves(variant: str, recipe: str) -> None:
    row = task_row("ner")
    assert resolve(row, variant, "sample", recipe).settings.monitor == "micro_f1"


class TestLoss:
    def test_is_per_token_or_per_sentence_and_reported_per_token(self, tmp_path: Path) -> None:
        by_token, model, _ = made("bilstm-crf", tmp_path, loss_per="token", dropout=0.0, word_dropout=0.0)
        by_sentence, _, _ = made("bilstm-crf", tmp_path, loss_per="sentence", dropout=0.0, word_dropout=0.0)
        batch = next(by_token.batches("train", Stream(1)))
        one, other = by_token.loss(model.eval(), batch), by_sentence.loss(model, batch)
        assert int(one.count) == int(batch.inputs.mask.sum())
        assert int(other.count) == len(batch.inputs.mask)
        assert by_token.running(one.seen) == by_sentence.running(other.seen)
        assert by_token.running(one.seen)["loss"] == pytest.approx(float(one.sum.detach()) / int(one.count))


class TestVectors:
    def test_words_begin_with_theirs_and_extra_ones_are_known(self, tmp_path: Path) -> None:
        _, model, artifacts = made("bilstm-glove", tmp_path)
        words = artifacts.vocabulary
        weight = model.words.embedding.weight  # type: ignore[union-attr]
        assert weight[words.word("PARIS")].tolist() == [0, 1, 0, 0]
        assert weight[words.word("unseen")].tolist() == [0, 0, 1, 0]
        assert artifacts.coverage["words_used"] == 4
        assert set(artifacts.sources) == {"vectors"}

    def test_random_begins_without(self, tmp_path: Path) -> None:
        _, _, artifacts = made("bilstm-glove", tmp_path, vectors="random")
        assert artifacts.initial is None
        assert artifacts.vocabulary.word("unseen") == 1

    def test_another_width_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(LabError, match="another width") as caught:
            made("bilstm-glove", tmp_path, word_dim=5)
        assert "word_dim=4" in str(caught.value.hint)

    def test_a_corpus_without_vectors_needs_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "corpus.txt").write_text("Ana B-per\nleft O\n")
        row, data = task_row("ner"), str(tmp_path / "corpus.txt")
        with pytest.raises(UsageError, match="pretrained word vectors") as caught:
            resolve(row, "bilstm-char", data)
        assert "vectors=random" in str(caught.value.hint)
        with pytest.raises(UsageError, match="no such file of word vectors"):
            resolve(row, "bilstm-char", data, layers=[Layer("here", {"vectors": str(tmp_path / "none.txt")})])
        assert resolve(row, "bilstm", data)
        assert resolve(row, "bilstm-char", data, layers=[Layer("here", {"vectors": "random"})])


def test_types_the_run_does_not_know_are_refused(tmp_path: Path) -> None:
    task, _, artifacts = made("bilstm", tmp_path)
    strange = Corpus("0" * 64, ("geo", "wine"), {"test": [sentence("Barolo/B-wine")]})
    with pytest.raises(UsageError, match="does not know") as caught:
        task.attach(strange, task.settings, artifacts, torch.device("cpu"))
    assert caught.value.got == "wine"


def test_strict_reading_is_a_setting_and_stands_in_the_report(tmp_path: Path) -> None:
    task, model, _ = made("bilstm", tmp_path, scheme="strict")
    assert "strict IOB2" in task.evaluate(model.eval(), "val").report["scheme"]


def test_the_encoder_has_a_learning_rate_of_its_own(tmp_path: Path) -> None:
    chosen = config("encoder-crf", encoder_lr=1e-4, lr=1e-3)
    _, model, _ = made("encoder-crf", tmp_path)
    groups = build_optimizer(model, chosen.settings).param_groups
    scales = {round(group["scale"], 6): len(group["params"]) for group in groups}
    assert set(scales) == {0.1, 1.0}
    assert scales[1.0] < scales[0.1]


def test_probabilities_are_those_of_the_tags_given(tmp_path: Path) -> None:
    """Without a CRF the probability of the tagging is the product of them."""
    task, model, _ = made("bilstm-char", tmp_path)
    (found,) = task.predict(model.eval(), [["Ana", "left", "Oslo"]])
    assert found["probability"] == pytest.approx(math.prod(found["probabilities"]), rel=1e-5)
    assert found["known"] == [True, True, False]


def test_coverage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made("bilstm-glove", tmp_path)
    assert "cover" in capsys.readouterr().out


def test_where_vectors_lie_is_no_part_of_the_identity_but_what_they_are(tmp_path: Path) -> None:
    for name in ("one.txt", "other.txt"):
        (tmp_path / name).write_text("ana 1 0 0 0\n")
    one, other = (config("bilstm-glove", vectors=str(tmp_path / name)) for name in ("one.txt", "other.txt"))
    assert one.identity("data", "fp32", {"vectors": "a"}) == other.identity("data", "fp32", {"vectors": "a"})
    assert one.identity("data", "fp32", {"vectors": "a"}) != one.identity("data", "fp32", {"vectors": "b"})
