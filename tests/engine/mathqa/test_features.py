"""Problems for a pretrained encoder: a frozen one reads once, a fine-tuned one learns at its own pace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoModel

from engine.errors import LabError
from engine.learner import TorchLearner
from engine.mathqa import features
from engine.mathqa.features import FeatureEncodings, FrozenReader, PieceEncodings, ProblemPieceReader
from engine.mathqa.networks import NUMBERS
from engine.mathqa.numbers import read
from engine.mathqa.task import MathTask
from engine.optimizers import build_optimizer
from engine.randomness import Stream
from engine.text.encoder import Encoder, from_scratch
from models.seq2seq import ReadFeatures, ReadPieces
from tests.engine.mathqa.solvers import TRAIN, config, made, opened

CPU = torch.device("cpu")
READINGS = [read(text) for text, _, _ in TRAIN]
POSITIONS = 40
BOTH = pytest.mark.parametrize("variant", ["bert-frozen", "bert-finetuned"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pretrained encoder as one finds it, tiny and short of sight."""
    torch.manual_seed(7)
    scratch = from_scratch([[word.text for word in each.words] for each in READINGS])
    scratch.config.update({"hidden_size": 16, "intermediate_size": 16, "max_position_embeddings": POSITIONS})
    path = tmp_path / "pretrained"
    AutoModel.from_config(scratch.config).save_pretrained(path)
    scratch.tokenizer.save_pretrained(path)
    return path


@pytest.fixture
def frozen(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MathTask:
    """A task that keeps even a few features."""
    monkeypatch.setattr(features, "KEPT_FROM", 2)
    return made("bert-frozen", tmp_path, encoder=str(folder))[0]


def reader_of(task: MathTask) -> FrozenReader:
    """A new one, as in another process."""
    assert task.data is not None
    task.attach(task.data, task.settings, task.artifacts, CPU)
    assert isinstance(task.reader, FrozenReader)
    return task.reader


def kept(task: MathTask) -> list[Path]:
    assert task.data is not None
    assert task.data.cache is not None
    return sorted((task.data.cache / "features").iterdir())


def whole(encodings: Any) -> Tensor:
    assert isinstance(encodings, FeatureEncodings)
    return encodings.features


class TestFrozen:
    def test_features_are_the_states_of_the_words_first_pieces(self, frozen: MathTask, folder: Path) -> None:
        network, reader = AutoModel.from_pretrained(folder).eval(), frozen.artifacts.encoder.reader(50)
        batch = reader_of(frozen).read(READINGS).take(torch.tensor([3, 1]))
        assert isinstance(batch, ReadFeatures)
        for row, index in enumerate((3, 1)):
            words = [word.text for word in READINGS[index].words]
            pieces = reader.read([words]).take(torch.tensor([0]))
            states = network(input_ids=pieces.pieces).last_hidden_state[0, pieces.first[0]]
            torch.testing.assert_close(batch.features[row, : len(words)].float(), states, rtol=2e-3, atol=2e-3)
            assert batch.mask[row].tolist() == [True] * len(words) + [False] * (batch.mask.shape[1] - len(words))
            assert not batch.features[row, len(words) :].any()

    def test_they_are_computed_once_and_kept(self, frozen: MathTask, monkeypatch: pytest.MonkeyPatch) -> None:
        first = whole(reader_of(frozen).read(READINGS))
        assert first.dtype == torch.float16

        def refuse(self: Encoder, *, blank: bool) -> nn.Module:
            raise AssertionError("the encoder runs again")

        monkeypatch.setattr(Encoder, "network", refuse)
        assert torch.equal(whole(reader_of(frozen).read(READINGS)), first)
        with pytest.raises(AssertionError, match="runs again"):
            reader_of(frozen).read(READINGS[::-1])

    def test_a_few_problems_are_not_kept(self, folder: Path, tmp_path: Path) -> None:
        task = made("bert-frozen", tmp_path, encoder=str(folder))[0]
        reader_of(task).read(READINGS)
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("damage", [b"", b"no features", None, "short"])
    def test_damaged_ones_are_made_anew(self, frozen: MathTask, damage: bytes | str | None) -> None:
        first = whole(reader_of(frozen).read(READINGS))
        (path,) = kept(frozen)
        if damage == "short":
            features.keep(path, first[:-1])
        else:
            path.write_bytes(damage if isinstance(damage, bytes) else path.read_bytes()[:-100])
        assert torch.equal(whole(reader_of(frozen).read(READINGS)), first)
        assert kept(frozen) == [path]
        assert len(load_file(path)["features"]) == len(first)

    def test_those_of_other_weights_are_others(self, frozen: MathTask, folder: Path, tmp_path: Path) -> None:
        first = whole(reader_of(frozen).read(READINGS))
        AutoModel.from_config(frozen.artifacts.encoder.config).save_pretrained(folder)
        other = made("bert-frozen", tmp_path, encoder=str(folder))[0]
        assert not torch.equal(whole(reader_of(other).read(READINGS)), first)
        assert len(kept(frozen)) == 2

    def test_in_portions_they_are_the_same(self, frozen: MathTask, monkeypatch: pytest.MonkeyPatch) -> None:
        first = whole(reader_of(frozen).read(READINGS[:1] + READINGS))
        monkeypatch.setattr(features, "AT_ONCE", 1)
        frozen.reader.cache = None  # type: ignore[attr-defined]
        torch.testing.assert_close(whole(frozen.reader.read(READINGS[:1] + READINGS)), first, rtol=2e-3, atol=2e-3)

    def test_it_says_how_far_it_is(self, frozen: MathTask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(features, "AT_ONCE", 1)
        monkeypatch.setattr(features, "SAID_EVERY", -1.0)
        reader, said = reader_of(frozen), list[str]()
        reader.say = said.append
        reader.read(READINGS)
        count = len(READINGS)
        assert said == [
            f"reading {count} problems with the frozen encoder, once",
            *(f"  {done} of {count}, the short ones first" for done in range(count)),
        ]

    def test_training_draws_the_same_whenever_they_are_computed(self, frozen: MathTask) -> None:
        before = torch.get_rng_state()
        reader_of(frozen).read(READINGS)
        assert torch.equal(torch.get_rng_state(), before)

    def test_one_from_scratch_is_the_same_in_every_process(self, tmp_path: Path) -> None:
        task, _, artifacts = made("bert-frozen", tmp_path)
        first = whole(reader_of(task).read(READINGS))
        torch.manual_seed(99)
        folder = tmp_path / "kept"
        folder.mkdir()
        artifacts.save(folder)
        other = MathTask(task.options)
        other.attach(None, task.settings, other.restore(folder), CPU)
        assert torch.equal(whole(other.reader.read(READINGS)), first)

    def test_training_learns_nothing_in_the_encoder_and_keeps_none_of_it(self, frozen: MathTask, folder: Path) -> None:
        learner = TorchLearner(frozen.settings)
        learner.build(frozen, frozen.artifacts)
        reader = reader_of(frozen)
        reader.cache = None
        before = whole(reader.read(READINGS)).clone()
        for batch in frozen.batches("train", Stream(1)):
            learner.update([batch], 0.1)
        assert reader.network is not None
        assert not any(each.requires_grad for each in reader.network.parameters())
        wanted = AutoModel.from_pretrained(folder).state_dict()
        assert all(torch.equal(each, wanted[name]) for name, each in reader.network.state_dict().items())
        assert torch.equal(whole(reader.read(READINGS)), before)
        names = learner.model.state_dict().keys()
        assert {name.split(".")[1] for name in names if name.startswith("encoder.")} == {
            "projection",
            "numbers",
            "lstms",
        }


class TestFineTuned:
    def test_begins_with_the_pretrained_weights_and_learns(self, folder: Path, tmp_path: Path) -> None:
        task, model, artifacts = made("bert-finetuned", tmp_path, encoder=str(folder))
        wanted = AutoModel.from_pretrained(folder).state_dict()
        found = model.encoder.encoder.state_dict()  # type: ignore[union-attr]
        assert all(torch.equal(found[name], value) for name, value in wanted.items())
        learner = TorchLearner(task.settings)
        learner.build(task, artifacts)
        for batch in task.batches("train", Stream(1)):
            learner.update([batch], 0.1)
        learned = learner.model.encoder.encoder.state_dict()  # type: ignore[union-attr]
        still = [name for name, value in wanted.items() if torch.equal(learned[name], value)]
        assert {name.split(".")[0] for name in still} == {"pooler"}

    def test_the_encoder_alone_has_a_learning_rate_of_its_own(self, folder: Path, tmp_path: Path) -> None:
        chosen = config("bert-finetuned", tmp_path, encoder=str(folder), encoder_lr=1e-4, lr=1e-3)
        _, model, _ = made("bert-finetuned", tmp_path, encoder=str(folder))
        names = {each: name for name, each in model.named_parameters()}
        for group in build_optimizer(model, chosen.settings).param_groups:
            inside = {names[each].startswith("encoder.encoder.") for each in group["params"]}
            assert inside == {group["scale"] == pytest.approx(0.1)}
        assert any(name.startswith("encoder.reader.") for name in names.values())

    def test_a_run_is_used_without_the_folder(self, folder: Path, tmp_path: Path) -> None:
        task, model, artifacts = made("bert-finetuned", tmp_path, encoder=str(folder))
        (tmp_path / "kept").mkdir()
        artifacts.save(tmp_path / "kept")
        folder.rename(tmp_path / "gone")
        restored = task.restore(tmp_path / "kept")
        blank = task.model(task.settings, restored, blank=True)
        blank.load_state_dict(model.state_dict())
        with pytest.raises(LabError, match="cannot be loaded"):
            task.model(task.settings, restored)  # to begin anew it is needed


@BOTH
def test_other_weights_than_at_the_beginning_are_refused(variant: str, folder: Path, tmp_path: Path) -> None:
    task, _, artifacts = made(variant, tmp_path, encoder=str(folder))
    AutoModel.from_config(artifacts.encoder.config).save_pretrained(folder)
    with pytest.raises(LabError, match="not those this run began with"):
        task.predict(task.model(task.settings, artifacts).eval(), ["2 and 3 ?"])


def test_a_frozen_run_needs_its_encoder(folder: Path, tmp_path: Path) -> None:
    task, model, _ = made("bert-frozen", tmp_path, encoder=str(folder))
    folder.rename(tmp_path / "gone")
    with pytest.raises(LabError, match="cannot be loaded"):
        task.predict(model, ["2 and 3 ?"])


@BOTH
class TestNumbers:
    def test_the_network_is_told_which_word_is_which(self, variant: str, tmp_path: Path) -> None:
        """The same pieces, but what was n0 is n1 now."""
        task, model, _ = made(variant, tmp_path)
        encodings: Any = task.reader.read(READINGS[:1])
        tokens = torch.tensor([[1, 4, 5]])
        before = model(encodings.take(torch.tensor([0])), tokens)
        assert sorted(encodings.numbers.unique().tolist()) == [0, 1, 2]
        encodings.numbers = torch.where(encodings.numbers > 0, 3 - encodings.numbers, 0)
        assert not torch.isclose(model(encodings.take(torch.tensor([0])), tokens), before).all()

    def test_are_those_of_the_words(self, variant: str, tmp_path: Path) -> None:
        task, _, _ = made(variant, tmp_path)
        batch = task.reader.read(READINGS).take(torch.tensor([2, 0]))
        assert isinstance(batch, ReadFeatures | ReadPieces)
        for row, index in enumerate((2, 0)):
            wanted = [0 if word.number is None else word.number + 1 for word in READINGS[index].words]
            assert batch.numbers[row, : len(wanted)].tolist() == wanted
            assert not batch.numbers[row, len(wanted) :].any()

    def test_more_than_can_be_told_apart_share_the_last_place(self, variant: str, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path, max_words=60)
        problem = " ".join(map(str, range(50)))
        numbers = task.reader.read([read(problem)]).numbers.tolist()  # type: ignore[attr-defined]
        assert numbers == [*range(1, NUMBERS), *[NUMBERS - 1] * (50 - NUMBERS + 1)]
        assert len(task.predict(model, [problem])[0]["numbers"]) == 50


@BOTH
class TestLongProblems:
    def test_are_cut_to_what_the_encoder_can_read(self, variant: str, folder: Path, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path, encoder=str(folder), max_words=500)
        assert task.reader.longest < POSITIONS
        (found,) = task.predict(model, ["apples and " * 100 + "3 ?"])
        assert len(found["words"]) == 202
        batch = task.encode([read("apples and " * 100 + "3 ?")], []).batch(torch.tensor([0]))
        assert batch.inputs.lengths.tolist() == [task.reader.longest]

    def test_words_of_many_pieces_are_read_by_their_first(self, variant: str, folder: Path, tmp_path: Path) -> None:
        task, model, _ = made(variant, tmp_path, encoder=str(folder), max_words=500)
        assert task.predict(model, ["applesapplesapples " * 30])[0]["beams"]


@BOTH
@pytest.mark.parametrize("text", ["", " ", "\ud800 and 3", "\x00\u200b", "\u0661 \u4e00"])
def test_whatever_is_written_can_be_read(variant: str, text: str, tmp_path: Path) -> None:
    task, model, _ = made(variant, tmp_path)
    (found,) = task.predict(model, [text])
    assert found["problem"] == text
    assert found["beams"]


def test_no_words_are_one_word(tmp_path: Path) -> None:
    _, _, artifacts = made("bert-finetuned", tmp_path)
    reader = ProblemPieceReader(artifacts.encoder, 10, NUMBERS)
    encodings = reader.read([read(""), read("3")])
    assert isinstance(encodings, PieceEncodings)
    assert encodings.lengths.tolist() == [1, 1]
    assert encodings.numbers.tolist() == [0, 1]


def test_the_data_brings_its_own_encoder(folder: Path, tmp_path: Path) -> None:
    chosen = config("bert-frozen", tmp_path, encoder="")
    task = MathTask(chosen.row.variants["bert-frozen"].options)
    artifacts = task.prepare(replace(opened(chosen, tmp_path), encoder=str(folder)), chosen.settings)  # type: ignore[arg-type]
    assert artifacts.encoder.origin == str(folder)
    assert set(artifacts.sources) == {"encoder"}
