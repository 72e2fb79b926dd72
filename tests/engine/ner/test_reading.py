"""Sentences as tensors: what a batch holds, and in which order batches come."""

from __future__ import annotations

import pytest
import torch

from engine.ner.corpus import Sentence
from engine.ner.reading import Encoded, WordReader
from engine.ner.vocabulary import CASES, Vocabulary, build, case_of
from engine.randomness import Stream
from engine.text.batches import bucketed
from models.tagger import Words
from models.words import UNKNOWN
from tests.engine.ner.taggers import TRAIN, sentence

SENTENCES = tuple(map(sentence, TRAIN))


@pytest.fixture
def vocabulary() -> Vocabulary:
    return build(SENTENCES, ("geo", "org", "per"), fold_case=True, zero_digits=False, min_count=1)


def encoded(vocabulary: Vocabulary, sentences: tuple[Sentence, ...] = SENTENCES, longest: int = 6) -> Encoded:
    return Encoded(sentences, WordReader(vocabulary, longest, 4), vocabulary)


class TestBatch:
    def test_says_words_tags_spelling_and_capitals_of_each_token(self, vocabulary: Vocabulary) -> None:
        whole = encoded(vocabulary)
        batch = whole.batch(torch.tensor([0, 1]))
        inputs = batch.inputs
        assert isinstance(inputs, Words)
        for row in (0, 1):
            for place, (token, tag) in enumerate(zip(SENTENCES[row].tokens, SENTENCES[row].tags, strict=True)):
                assert inputs.words[row, place] == vocabulary.word(token)
                assert vocabulary.tags[int(batch.tags[row, place])] == tag
                assert inputs.cases[row, place] == case_of(token)
                spelling = inputs.spellings[inputs.spelled[row, place]]
                assert spelling[spelling > 0].tolist() == vocabulary.spelling(token, 4)

    def test_padding_is_zero_and_masked(self, vocabulary: Vocabulary) -> None:
        batch = encoded(vocabulary).batch(torch.tensor([0, len(TRAIN)]))
        lengths = batch.inputs.mask.sum(1).tolist()
        short = lengths.index(min(lengths))
        for each in (batch.inputs.words, batch.inputs.cases, batch.tags):  # type: ignore[union-attr]
            assert not each[short, min(lengths) :].any()

    def test_a_word_is_spelled_once(self, vocabulary: Vocabulary) -> None:
        batch = encoded(vocabulary, (sentence("so so so"), sentence("so"))).batch(torch.tensor([0, 1]))
        assert isinstance(batch.inputs, Words)
        assert len(batch.inputs.spellings) == 1

    def test_a_long_sentence_comes_in_pieces_that_begin_their_entities(self, vocabulary: Vocabulary) -> None:
        long = Sentence(tuple("abcdefgh"), ("B-per", *["I-per"] * 7))
        whole = encoded(vocabulary, (long,), longest=5)
        assert whole.lengths.tolist() == [5, 3]
        assert whole.owners == [0, 0]
        tags = whole.batch(torch.tensor([1])).tags[0]
        assert [vocabulary.tags[tag] for tag in tags.tolist()] == ["B-per", "I-per", "I-per"]

    def test_without_tags_there_are_none(self, vocabulary: Vocabulary) -> None:
        assert not encoded(vocabulary, (Sentence(("Ana",)),)).tags.any()


class TestOrder:
    def test_every_row_once_in_batches_of_like_length(self) -> None:
        lengths = torch.randint(1, 60, (1_000,), generator=torch.Generator().manual_seed(0))
        batches = bucketed(lengths, 20, Stream(1, 0))
        assert sorted(torch.cat(batches).tolist()) == list(range(1_000))
        spread = [int(lengths[rows].max() - lengths[rows].min()) for rows in batches]
        assert sum(spread) / len(spread) < 3  # at random it would be more than 50

    def test_depends_on_seed_and_epoch_alone(self) -> None:
        lengths = torch.arange(100)
        orders = {key: torch.cat(bucketed(lengths, 7, Stream(*key))).tolist() for key in ((1, 0), (1, 1), (2, 0))}
        assert torch.cat(bucketed(lengths, 7, Stream(1, 0))).tolist() == orders[1, 0]
        assert orders[1, 0] != orders[1, 1] != orders[2, 0] != orders[1, 0]

    def test_goes_on_in_the_middle(self, vocabulary: Vocabulary) -> None:
        whole = encoded(vocabulary)
        every = [batch.tags for batch in whole.training(2, Stream(1, 3), 0)]
        rest = [batch.tags for batch in whole.training(2, Stream(1, 3), 1)]
        assert len(every) == len(rest) + 1
        assert all(torch.equal(one, other) for one, other in zip(every[1:], rest, strict=True))


class TestVocabulary:
    def test_folds_case_and_digits(self) -> None:
        words = build([Sentence(("Page", "12"))], (), fold_case=True, zero_digits=True, min_count=1)
        assert words.word("PAGE") == words.word("page")
        assert words.word("47") == words.word("12")
        assert words.word("press") == 1

    def test_knows_which_words_are_rare_and_leaves_out_the_rarer(self) -> None:
        text = [Sentence(("a", "a", "b"))]
        assert build(text, (), fold_case=True, zero_digits=False, min_count=1).rare == {"b"}
        assert build(text, (), fold_case=True, zero_digits=False, min_count=2).words == ("a",)

    def test_long_words_keep_beginning_and_end(self) -> None:
        words = build([Sentence(("abcdefgh", "hgfedcba"))], (), fold_case=True, zero_digits=False, min_count=1)
        shown = [words.characters[number - 2] for number in words.spelling("abcdefgh", 5)]
        assert "".join(shown) == "abcgh"

    def test_a_character_of_one_word_alone_is_unknown(self) -> None:
        words = build([Sentence(("ab", "bö", "bö"))], (), fold_case=True, zero_digits=False, min_count=1)
        assert words.characters == ("b",)
        assert words.spelling("ö", 5) == [UNKNOWN]

    def test_a_word_too_rare_is_unknown_though_it_has_a_vector(self) -> None:
        text = [Sentence(("a", "a", "b"))]
        words = build(text, (), fold_case=True, zero_digits=False, min_count=2, extra=("b", "c"))
        assert words.words == ("a", "c")

    @pytest.mark.parametrize(
        ("token", "case"),
        [
            ("rain", "lower"), ("Rain", "Capital"), ("I", "Capital"), ("NATO", "CAPITALS"), ("McCain", "miXed"),
            ("1,000", "digits"), ("G8", "with digits"), ("...", "no letters"), ("東京", "lower"),
        ],
    )  # fmt: skip
    def test_capitals(self, token: str, case: str) -> None:
        assert CASES[case_of(token)] == case
