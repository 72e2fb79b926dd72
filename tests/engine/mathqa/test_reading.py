"""Problems and programs as tensors: what is known, what a batch holds, and in which order batches come."""

from __future__ import annotations

import pytest
import torch

from engine.mathqa.numbers import Reading, read
from engine.mathqa.programs import parse, tokens_of
from engine.mathqa.reading import BAND, Encoded, WordReader, shortened
from engine.mathqa.vocabulary import END, SPECIAL, START, UNKNOWN, UNKNOWN_WORD, Vocabulary, build, count_words, look_up
from engine.randomness import Stream
from models import seq2seq
from models.seq2seq import ReadWords
from tests.engine.mathqa.solvers import OTHERS, TRAIN

READINGS = [read(text) for text, _, _ in TRAIN]
PROGRAMS = [parse(formula) for _, formula, _ in TRAIN]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return build(count_words(READINGS), PROGRAMS, min_count=1)


def encoded(vocabulary: Vocabulary, longest: int = 50) -> Encoded:
    return Encoded(READINGS, PROGRAMS, WordReader(vocabulary, longest), vocabulary)


class TestVocabulary:
    def test_the_special_tokens_are_those_of_the_network(self) -> None:
        assert (START, END, UNKNOWN) == (seq2seq.START, seq2seq.END, seq2seq.UNKNOWN)
        assert SPECIAL.index("<pad>") == seq2seq.PADDING

    def test_numbers_are_known_by_their_place_alone(self, vocabulary: Vocabulary) -> None:
        (ours,) = (word for word in read("it is 77 km").words if word.number is not None)
        (theirs,) = (word for word in READINGS[1].words if word.number == 0)
        assert vocabulary.word(ours) == vocabulary.word(theirs) > UNKNOWN_WORD
        assert not any(character.isdigit() for word in vocabulary.words for character in word if "<n" not in word)

    def test_a_program_is_its_tokens_and_the_end(self, vocabulary: Vocabulary) -> None:
        for program in PROGRAMS:
            numbers = vocabulary.encode(program)
            assert [vocabulary.tokens[number] for number in numbers[:-1]] == tokens_of(program)
            assert numbers[-1] == END
        assert vocabulary.encode(parse("factorial(n0)"))[0] == UNKNOWN

    def test_words_come_the_commonest_first_without_the_rarer(self) -> None:
        counts = count_words([read("b a b c 3 b a")])
        words = build(counts, [], min_count=1)
        assert words.words == ("b", "a", "<n0>", "c")
        assert words.rare == {"<n0>", "c"}
        assert build(counts, [], min_count=2).words == ("b", "a")

    def test_words_with_vectors_are_known_besides_unless_too_rare(self) -> None:
        counts = count_words([read("b b c")])
        assert build(counts, [], min_count=2, extra=("c", "d", "b")).words == ("b", "d")

    def test_no_word_of_a_problem_is_taken_for_a_number(self) -> None:
        assert [look_up(word) for word in read("<n0> of 5").words] == ["<", "n", "<n0>", ">", "of", "<n1>"]


class TestBatch:
    def test_holds_words_and_tokens_of_each_problem(self, vocabulary: Vocabulary) -> None:
        batch = encoded(vocabulary).batch(torch.tensor([2, 0]))
        assert isinstance(batch.inputs, ReadWords)
        for row, index in enumerate((2, 0)):
            words = [vocabulary.word(word) for word in READINGS[index].words]
            length = int(batch.inputs.lengths[row])
            assert batch.inputs.words[row, :length].tolist() == words
            assert batch.inputs.mask[row].tolist() == [True] * length + [False] * (batch.inputs.mask.shape[1] - length)
            program = vocabulary.encode(PROGRAMS[index])
            assert batch.gold[row, : len(program)].tolist() == program
            assert batch.tokens[row, : len(program)].tolist() == [START, *program[:-1]]
        assert batch.numbers.tolist() == [2, 2]

    def test_padding_is_zero(self, vocabulary: Vocabulary) -> None:
        batch = encoded(vocabulary).batch(torch.tensor([3, 2]))
        assert isinstance(batch.inputs, ReadWords)
        assert not batch.inputs.words[~batch.inputs.mask].any()
        assert not batch.gold[0, len(tokens_of(PROGRAMS[3])) + 1 :].any()

    def test_without_programs_there_are_none(self, vocabulary: Vocabulary) -> None:
        batch = Encoded(READINGS, [], WordReader(vocabulary, 50), vocabulary).batch(torch.tensor([0, 1]))
        assert batch.tokens.shape == batch.gold.shape == (2, 0)

    def test_a_problem_without_words_is_one_unknown_word(self, vocabulary: Vocabulary) -> None:
        inputs = WordReader(vocabulary, 50).read([read(" "), read("a train")]).take(torch.tensor([0, 1]))
        assert inputs.words.tolist() == [[UNKNOWN_WORD, 0], [vocabulary.word(word) for word in read("a train").words]]


class TestLongProblems:
    @pytest.mark.parametrize("most", [8, 9])
    def test_keep_beginning_and_end_and_all_their_numbers(self, most: int) -> None:
        problem = read(" ".join("abcdefghij") + " 4 5")
        words = [word.text for word in shortened(problem, most).words]
        assert len(words) == most
        assert words == ["a", "b", "c", "d", *(["e"] if most == 9 else []), "i", "j", "4", "5"]
        assert shortened(problem, most).numbers == (4.0, 5.0)
        assert shortened(problem, 12) == problem

    def test_are_cut_to_what_the_reader_can_read(self, vocabulary: Vocabulary) -> None:
        whole = encoded(vocabulary, longest=8)
        assert int(whole.inputs.lengths.max()) == 8
        assert len(whole) == len(READINGS)


class TestOrder:
    def test_every_problem_once_in_an_order_of_seed_and_epoch(self, vocabulary: Vocabulary) -> None:
        whole = encoded(vocabulary)

        def order(*stream: int) -> list[list[int]]:
            return [row for batch in whole.training(2, Stream(*stream), 0) for row in batch.gold.tolist()]

        programs = sorted([number for number in row if number] for row in order(1, 0))
        assert programs == sorted(vocabulary.encode(program) for program in PROGRAMS)
        assert order(1, 0) == order(1, 0)
        assert len({str(order(1, epoch)) for epoch in range(6)}) > 1

    def test_goes_on_in_the_middle(self, vocabulary: Vocabulary) -> None:
        whole = encoded(vocabulary)
        every, rest = (list(whole.training(2, Stream(1, 3), first)) for first in (0, 1))
        assert len(every) == len(rest) + 1
        assert all(torch.equal(one.gold, other.gold) for one, other in zip(every[1:], rest, strict=True))

    def test_batches_are_of_like_programs_and_then_of_like_problems(self, vocabulary: Vocabulary) -> None:
        random = torch.Generator().manual_seed(0)
        words, steps = (torch.randint(1, 20, (200,), generator=random).tolist() for _ in range(2))
        whole = Encoded(
            [read("a " * count) for count in words], [parse("|".join(["negate(n0)"] * count)) for count in steps],
            WordReader(vocabulary, 50), vocabulary,
        )  # fmt: skip
        spread = []
        for batch in whole.training(10, Stream(1), 0):
            assert isinstance(batch.inputs, ReadWords)
            bands = (batch.gold > 0).sum(1) // BAND
            if len(bands.unique()) == 1:
                spread.append(int(batch.inputs.lengths.max() - batch.inputs.lengths.min()))
        assert len(spread) > 10  # of twenty
        assert sum(spread) / len(spread) < 10  # at random it would be more than 15

    def test_for_searching_the_shortest_come_first_and_rows_are_told(self, vocabulary: Vocabulary) -> None:
        whole, rows = encoded(vocabulary), torch.tensor([4, 0, 2])
        lengths = []
        for some, batch in whole.in_order(2, rows):
            assert torch.equal(batch.gold, whole.batch(some).gold)
            lengths += [len(READINGS[row].words) for row in some.tolist()]
        assert lengths == sorted(len(READINGS[row].words) for row in rows.tolist())

    def test_others_are_read_with_what_training_knows(self, vocabulary: Vocabulary) -> None:
        others = Encoded([read(text) for text, _, _ in OTHERS], [], WordReader(vocabulary, 50), vocabulary)
        batch = others.batch(torch.tensor([0]))
        assert isinstance(batch.inputs, ReadWords)
        assert batch.inputs.words[0, 0] == UNKNOWN_WORD  # ben
        assert Reading((), ()) == read("")
