"""The pretrained encoder: read from a folder, kept with the run, refused when it is another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from engine.errors import LabError, UsageError
from engine.ner import artifacts as stored
from engine.ner.reading import Encoded
from engine.text.encoder import EDGES, MOST_PIECES, from_scratch
from models.words import Pieces
from tests.engine.ner.taggers import TRAIN, config, made, sentence

SENTENCES = tuple(map(sentence, TRAIN))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pretrained encoder as one finds it: weights, configuration, tokenizer."""
    torch.manual_seed(7)
    scratch = from_scratch([each.tokens for each in SENTENCES])
    path = tmp_path / "pretrained"
    AutoModel.from_config(scratch.config).save_pretrained(path)
    scratch.tokenizer.save_pretrained(path)
    return path


def test_training_begins_with_the_pretrained_weights(folder: Path, tmp_path: Path) -> None:
    _, model, artifacts = made("encoder-crf", tmp_path, encoder=str(folder))
    wanted = AutoModel.from_pretrained(folder).state_dict()
    found = model.encoder.state_dict()  # type: ignore[union-attr]
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert len(artifacts.sources["encoder"]) == 64


def test_a_run_is_used_without_the_folder(folder: Path, tmp_path: Path) -> None:
    task, model, artifacts = made("encoder-crf", tmp_path, encoder=str(folder))
    kept = tmp_path / "kept"
    kept.mkdir()
    artifacts.save(kept)
    folder.rename(tmp_path / "gone")
    restored = stored.restore(kept)
    blank = task.model(task.settings, restored, blank=True)
    blank.load_state_dict(model.state_dict())
    with pytest.raises(LabError, match="cannot be loaded"):
        task.model(task.settings, restored)  # to begin anew it is needed


def test_other_weights_than_at_the_beginning_are_refused(folder: Path, tmp_path: Path) -> None:
    task, _, artifacts = made("encoder-crf", tmp_path, encoder=str(folder))
    AutoModel.from_config(artifacts.encoder.config).save_pretrained(folder)
    with pytest.raises(LabError, match="not those this run began with"):
        task.model(task.settings, artifacts)


def test_weights_that_lack_some_are_refused(folder: Path, tmp_path: Path) -> None:
    """Transformers would draw them at random, and say nothing."""
    weights = load_file(folder / "model.safetensors")
    renamed = {name.replace("encoder.", "other."): value for name, value in weights.items()}
    save_file(renamed, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(LabError, match="cannot be loaded") as caught:
        made("encoder-crf", tmp_path, encoder=str(folder))
    assert "lacks 32 of its tensors: encoder.layer.0" in str(caught.value.got)


@pytest.mark.parametrize(
    "change", [{"num_attention_heads": 0}, {"hidden_act": "nope"}, {"dtype": "nope"}, {"vocab_size": "x"}]
)
def test_a_configuration_that_is_none_is_refused(folder: Path, tmp_path: Path, change: dict[str, object]) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(LabError, match="cannot be loaded"):
        made("encoder-crf", tmp_path, encoder=str(folder))


def test_code_on_the_hub_that_a_configuration_names_is_not_asked_for(folder: Path, tmp_path: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"_attn_implementation": "somebody/kernel"}))
    _, _, artifacts = made("encoder-crf", tmp_path, encoder=str(folder))
    assert artifacts.encoder.config._attn_implementation in (None, "sdpa", "eager")


def test_a_folder_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="no such encoder"):
        config("encoder-crf", encoder="./nowhere/at/all")


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LabError, match="cannot be loaded") as caught:
        made("encoder-crf", tmp_path, encoder=str(empty))
    assert "scratch" in str(caught.value.hint)


class TestPieces:
    def test_each_word_is_read_off_its_first_piece(self, tmp_path: Path) -> None:
        task, _, artifacts = made("encoder-crf", tmp_path)
        tokenizer = artifacts.encoder.tokenizer
        batch = Encoded(SENTENCES, task.reader, task.vocabulary).batch(torch.tensor([0, 1])).inputs
        assert isinstance(batch, Pieces)
        for row in (0, 1):
            for place, token in enumerate(SENTENCES[row].tokens):
                wanted = tokenizer([[token]], is_split_into_words=True, add_special_tokens=False)["input_ids"][0][0]
                assert batch.pieces[row, batch.first[row, place]] == wanted
        assert torch.equal(batch.pieces[:, 0], torch.full((2,), tokenizer.cls_token_id))
        assert (batch.pieces == tokenizer.sep_token_id).sum(1).tolist() == [1, 1]

    def test_a_long_word_takes_few_pieces_and_many_of_them_the_first_only(self, tmp_path: Path) -> None:
        task, _, _ = made("encoder-crf", tmp_path)
        word = "closed" * 10
        inputs = task.reader.read([[word, "came"]]).take(torch.tensor([0]))
        assert isinstance(inputs, Pieces)
        assert inputs.first.tolist() == [[1, 1 + MOST_PIECES]]
        task.reader.most_pieces = 5  # type: ignore[attr-defined]
        crowded = task.reader.read([[word, word, word]]).take(torch.tensor([0]))
        assert isinstance(crowded, Pieces)
        assert crowded.pieces.shape[1] == 3 + EDGES
