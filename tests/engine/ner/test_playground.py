"""What can be asked of a trained tagger: a text tagged, examples with their gold tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from engine.errors import LabError, UsageError
from engine.jobs import TrainedModel
from engine.learner import TorchLearner
from engine.ner.playground import examples, tag
from engine.ner.task import NerTask
from tests.engine.ner.taggers import OTHERS, TRAIN, config, corpus, sentence

TEXT = "Ana left Oslo. The Bank\nof Rome closed."


class Loaded:
    """A model as the inference process holds it, untrained."""

    def __init__(self, variant: str, folder: Path):
        chosen = config(variant)
        self.settings = chosen.settings
        self.data = corpus(folder)
        self.task = NerTask(chosen.row.variants[variant].options)
        self.artifacts = self.task.prepare(self.data, cast(Any, self.settings))
        self.learner = TorchLearner(self.settings)
        self.learner.build(self.task, self.artifacts)
        self.memory: dict[Any, Any] = {}
        self.opened = 0

    def attach_own_data(self, chosen: Any, cache: Path, say: Any) -> None:
        self.opened += 1
        self.task.attach(self.data, chosen, self.artifacts, self.learner.device)


@pytest.fixture(params=["bilstm", "bilstm-crf"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> TrainedModel:
    return cast(TrainedModel, Loaded(request.param, tmp_path))


def ask(operation: Any, model: TrainedModel, **args: Any) -> Any:
    return operation(model, args, Path("/nowhere"), lambda message: None)


class TestTag:
    def test_text_comes_back_as_sentences_that_say_where_they_stand_in_it(self, model: TrainedModel) -> None:
        found = ask(tag, model, text=TEXT)
        assert found["types"] == ["geo", "org", "per"]
        assert [each["tokens"] for each in found["sentences"]] == [
            ["Ana", "left", "Oslo", "."],
            ["The", "Bank", "of", "Rome", "closed", "."],
        ]
        for each in found["sentences"]:
            assert [TEXT[start:end] for start, end in each["offsets"]] == each["tokens"]
            assert len(each["tags"]) == len(each["probabilities"]) == len(each["known"]) == len(each["tokens"])
            assert all(0 < sure <= 1 for sure in each["probabilities"])

    def test_needs_no_corpus(self, model: TrainedModel) -> None:
        ask(tag, model, text=TEXT)
        assert cast(Loaded, model).opened == 0

    def test_a_line_may_be_a_sentence_at_most(self, model: TrainedModel) -> None:
        text = "Storm hits Oslo\nAna left. Lee came"
        found = ask(tag, model, text=text, lines=True)["sentences"]
        assert [each["tokens"][0] for each in found] == ["Storm", "Ana", "Lee"]
        for each in found:
            assert [text[start:end] for start, end in each["offsets"]] == each["tokens"]
        assert len(ask(tag, model, text=text)["sentences"]) == 2

    def test_the_second_best_is_left_out_where_nobody_wants_it(self, model: TrainedModel) -> None:
        assert all(each["second"] is None for each in ask(tag, model, text=TEXT, second=False)["sentences"])

    def test_sentences_of_tokens_are_taken_as_they_are(self, model: TrainedModel) -> None:
        (found,) = ask(tag, model, sentences=[["Ana", "left", "Oslo."]])["sentences"]
        assert found["tokens"] == ["Ana", "left", "Oslo."]
        assert found["offsets"] == []
        assert found["known"] == [True, True, False]

    def test_entities_are_those_of_the_tags(self, model: TrainedModel) -> None:
        for each in ask(tag, model, text=TEXT)["sentences"]:
            begun = [place for place, name in enumerate(each["tags"]) if name.startswith("B-")]
            assert {entity["start"] for entity in each["entities"]} >= set(begun)
            for entity in each["entities"]:
                own = each["tokens"][entity["start"] : entity["end"]]
                assert entity["text"] == " ".join(own)
                assert {name[2:] for name in each["tags"][entity["start"] : entity["end"]]} == {entity["type"]}

    @pytest.mark.parametrize("text", ["", " \n\t "])
    def test_nothing_is_no_sentence(self, model: TrainedModel, text: str) -> None:
        assert ask(tag, model, text=text)["sentences"] == []

    @pytest.mark.parametrize("args", [{}, {"text": 3}, {"sentences": "ab"}, {"sentences": [[]]}, {"sentences": [[1]]}])
    def test_what_is_no_text_is_refused(self, model: TrainedModel, args: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            ask(tag, model, **args)


class TestExamples:
    def test_stand_beside_their_gold_tags(self, model: TrainedModel) -> None:
        found = ask(examples, model, split="train", start=1, count=2)
        assert found["total"] == len(TRAIN)
        assert [each["index"] for each in found["sentences"]] == [1, 2]
        for each in found["sentences"]:
            gold = sentence(TRAIN[each["index"]])
            assert tuple(each["tokens"]) == gold.tokens
            assert tuple(each["gold"]) == gold.tags
            assert each["correct"] == (tuple(each["tags"]) == gold.tags)

    def test_wrong_ones_come_the_surest_first(self, model: TrainedModel) -> None:
        every = ask(examples, model, split="train", order="corpus", start=0, count=10)["sentences"]
        wrong = ask(examples, model, split="train", order="wrong", start=0, count=10)
        assert wrong["total"] == sum(not each["correct"] for each in every)
        assert not any(each["correct"] for each in wrong["sentences"])
        sure = [each["probability"] for each in wrong["sentences"]]
        assert sure == sorted(sure, reverse=True)

    def test_beyond_the_end_there_are_none(self, model: TrainedModel) -> None:
        assert ask(examples, model, split="test", start=len(OTHERS), count=5)["sentences"] == []

    def test_the_corpus_is_opened_once(self, model: TrainedModel) -> None:
        for order in ("corpus", "wrong", "wrong"):
            ask(examples, model, order=order)
        assert cast(Loaded, model).opened == 1

    @pytest.mark.parametrize("args", [{"split": "dev"}, {"order": "best"}, {"start": -1}, {"count": 0}])
    def test_what_is_not_known_is_refused(self, model: TrainedModel, args: dict[str, Any]) -> None:
        with pytest.raises(LabError):
            ask(examples, model, **args)
