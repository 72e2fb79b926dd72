"""The taggers: padding, batching and dropping out words, with every way of reading a sentence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.characters import CHARACTER_NETWORKS, CharacterLSTM
from models.crf import LinearChainCRF
from models.tagger import LSTMTagger, Words, best_tags, negative_log_likelihood
from models.words import PADDING, UNKNOWN, Dropout, WordEmbedding

WORDS, CHARACTERS, TAGS = 12, 9, 5


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def sentences(lengths: list[int]) -> Words:
    """Random sentences, padded on the right."""
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    spelling_lengths = torch.randint(1, 6, (6,))
    spellings = torch.randint(1, CHARACTERS, (6, 5))
    return Words(
        words=torch.randint(1, WORDS, mask.shape).masked_fill(~mask, PADDING),
        cases=torch.randint(1, 4, mask.shape).masked_fill(~mask, 0),
        spelled=torch.randint(6, mask.shape).masked_fill(~mask, 0),
        spellings=spellings.masked_fill(torch.arange(5) >= spelling_lengths[:, None], 0),
        mask=mask,
        spelling_lengths=spelling_lengths,
    )


def only(batch: Words, row: int) -> Words:
    """One sentence without its padding."""
    length = int(batch.mask[row].sum())
    own = {name: getattr(batch, name)[row : row + 1, :length] for name in ("words", "cases", "spelled", "mask")}
    return batch._replace(**own)


def tagger(
    *, characters: str | None = "lstm", layer_norm: bool = False, crf: bool = True, layers: int = 1
) -> LSTMTagger:
    words = WordEmbedding(torch.zeros(WORDS, dtype=torch.bool), 6, None, 0.0, 0.0)
    network = CHARACTER_NETWORKS[characters](CHARACTERS, 4, 3) if characters else None
    chain = LinearChainCRF(TAGS) if crf else None
    return LSTMTagger(words, network, nn.Embedding(4, 2), 5, layers, TAGS, Dropout(0.5, "token"), layer_norm, chain)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("characters", [None, *CHARACTER_NETWORKS])
@pytest.mark.parametrize("layers", [1, 2])
class TestEveryTagger:
    def test_a_batch_is_its_sentences_one_by_one(self, layer_norm: bool, characters: str | None, layers: int) -> None:
        model = tagger(characters=characters, layer_norm=layer_norm, layers=layers).eval()
        batch = sentences([4, 1, 3])
        found = model(batch)
        assert found.shape == (3, 4, TAGS)
        for row, length in enumerate([4, 1, 3]):
            torch.testing.assert_close(found[row, :length], model(only(batch, row))[0])

    def test_every_parameter_gets_a_gradient(self, layer_norm: bool, characters: str | None, layers: int) -> None:
        model = tagger(characters=characters, layer_norm=layer_norm, layers=layers)
        batch = sentences([4, 2, 3])
        tags = torch.randint(TAGS, batch.mask.shape)
        negative_log_likelihood(model(batch), tags, batch.mask, model.crf).sum().backward()  # type: ignore[arg-type]
        without = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.any()]
        assert without == []


@pytest.mark.parametrize("name", CHARACTER_NETWORKS)
def test_spelling_reads_no_padding(name: str) -> None:
    network = CHARACTER_NETWORKS[name](CHARACTERS, 4, 3)
    spelling = torch.tensor([[3, 5, 2, 0, 0]])
    torch.testing.assert_close(network(spelling, torch.tensor([3])), network(spelling[:, :3], torch.tensor([3])))


def test_character_lstm_gives_the_last_state_of_each_direction() -> None:
    network = CharacterLSTM(CHARACTERS, 4, 3)
    spelling = torch.tensor([[3, 5, 2]])
    states, _ = network.lstm(network.embedding(spelling))  # (1, 3, 6)
    torch.testing.assert_close(
        network(spelling, torch.tensor([3])), torch.cat([states[:, -1, :3], states[:, 0, 3:]], 1)
    )


class TestWordEmbedding:
    @pytest.mark.parametrize(("singleton", "every", "rare", "share"), [(0.5, 0.0, True, 0.5), (0.5, 0.1, False, 0.1)])
    def test_words_are_taken_as_unknown_in_training(
        self, singleton: float, every: float, rare: bool, share: float
    ) -> None:
        embedding = WordEmbedding(torch.full((WORDS,), rare), 3, None, singleton, every)
        words = torch.randint(2, WORDS, (100, 100))
        unknown = embedding.embedding.weight[UNKNOWN]
        forgotten = (embedding(words) == unknown).all(2).float().mean()
        assert float(forgotten) == pytest.approx(share, abs=0.03)
        assert not (embedding.eval()(words) == unknown).all(2).any()

    def test_padding_stays_padding(self) -> None:
        embedding = WordEmbedding(torch.ones(WORDS, dtype=torch.bool), 3, None, 1.0, 0.9)
        assert not embedding(torch.full((5, 5), PADDING)).any()

    def test_begins_with_the_vectors_given(self) -> None:
        rows, values = torch.tensor([4, 2]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        embedding = WordEmbedding(torch.zeros(WORDS, dtype=torch.bool), 2, (rows, values), 0.0, 0.0)
        torch.testing.assert_close(embedding(rows), values)


class TestDropout:
    @pytest.mark.parametrize("per", ["token", "sentence"])
    def test_drops_that_share_and_keeps_the_mean(self, per: str) -> None:
        found = Dropout(0.25, per)(torch.ones(200, 10, 20))
        assert float((found == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
        assert float(found.mean()) == pytest.approx(1, abs=0.03)

    def test_a_sentences_tokens_share_a_mask(self) -> None:
        shared = Dropout(0.5, "sentence")(torch.ones(5, 4, 30))
        assert torch.equal(shared, shared[:, :1].expand_as(shared))
        assert not torch.equal(shared[0], shared[1])
        own = Dropout(0.5, "token")(torch.ones(5, 4, 30))
        assert not torch.equal(own[0, 0], own[0, 1])

    @pytest.mark.parametrize("per", ["token", "sentence"])
    def test_does_nothing_after_training(self, per: str) -> None:
        assert bool((Dropout(0.5, per).eval()(torch.ones(2, 3, 4)) == 1).all())


class TestWithoutCrf:
    def test_loss_is_the_cross_entropy_of_the_tokens(self) -> None:
        batch = sentences([4, 2])
        emissions, tags = torch.randn(2, 4, TAGS), torch.randint(TAGS, (2, 4))
        found = negative_log_likelihood(emissions, tags, batch.mask, None)
        wanted = [
            nn.functional.cross_entropy(emissions[row, :n], tags[row, :n], reduction="sum")
            for row, n in ((0, 4), (1, 2))
        ]
        torch.testing.assert_close(found, torch.stack(wanted))

    def test_best_is_each_tokens_own(self) -> None:
        batch = sentences([4, 2])
        emissions: Tensor = torch.randn(2, 4, TAGS)
        found = best_tags(emissions, batch.mask, None)
        assert torch.equal(found[0], emissions[0].argmax(1))
        assert torch.equal(found[1, :2], emissions[1, :2].argmax(1))
        assert not found[1, 2:].any()
