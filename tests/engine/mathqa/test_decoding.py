"""The search with a network and the grammar: against greedy by hand, against all programs, against what they score."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.mathqa import decoding
from engine.mathqa.decoding import Hypothesis, attention, log_probabilities, search, search_of, searches
from engine.mathqa.numbers import numbers_of, read
from engine.mathqa.programs import parse, steps_of
from engine.mathqa.task import MathTask
from engine.mathqa.vocabulary import END, SPECIAL, START
from models.seq2seq import PADDING, UNKNOWN, Seq2Seq
from tests.engine.mathqa.solvers import OTHERS, TRAIN, VARIANTS, is_sound, made, sharpened

CPU = torch.device("cpu")
TEXTS = [text for text, _, _ in TRAIN + OTHERS]
every_variant = pytest.mark.parametrize("variant", VARIANTS)
with_and_without_grammar = pytest.mark.parametrize("grammar", [True, False], ids=["grammar", "no grammar"])
Solver = tuple[MathTask, Seq2Seq]


@pytest.fixture
def solver(tmp_path: Path) -> Solver:
    return sharp("attention", tmp_path)


def sharp(variant: str, folder: Path, **changes: Any) -> Solver:
    task, model, _ = made(variant, folder, **changes)
    return task, sharpened(model)


def found_by(solver: Solver, texts: list[str], width: int, *, rows: list[int] | None = None, **how: Any) -> Any:
    task, model = solver
    encoded = task.encode([read(text) for text in texts], [])
    chosen = None if rows is None else torch.tensor(rows, dtype=torch.int64)
    plain = search_of(task.settings, width, task.settings.grammar)
    return search(model, encoded, task.vocabulary, replace(plain, **how), CPU, chosen)


def log_probability(solver: Solver, text: str, tokens: tuple[str, ...]) -> float:
    task, model = solver
    return log_probabilities(model, task.encode([read(text)], [steps_of(tokens)]), CPU)[0]


def same(one: list[Hypothesis], other: list[Hypothesis]) -> None:
    assert [each.tokens for each in one] == [each.tokens for each in other]
    assert [each.complete for each in one] == [each.complete for each in other]
    assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-4)


def greedy(solver: Solver, text: str, *, grammar: bool, longest: int) -> tuple[list[str], bool]:
    """The best token again and again, and whether that came to an end."""
    (task, model), numbers = solver, len(numbers_of(text))
    memory = model.encoder(task.encode([read(text)], []).batch(torch.tensor([0])).inputs)
    tokens, words = [START], list[str]()
    while len(words) < longest:
        logits = model.decoder.logits(model.decoder.states(torch.tensor([tokens]), memory), memory)[0, -1]
        for token in logits.argsort(descending=True).tolist():
            word = task.vocabulary.tokens[token]
            if token in (PADDING, START, UNKNOWN):
                continue
            if not grammar or (is_sound(words, numbers) if token == END else may_follow(words, word, numbers)):
                break
        if token == END:
            return words, True
        tokens.append(token)
        words.append(word)
    return words, False


def may_follow(words: list[str], word: str, numbers: int) -> bool:
    return any(is_sound([*words, word, *["const_1"] * count], numbers) for count in range(4))


@with_and_without_grammar
@every_variant
class TestEveryVariant:
    def test_a_batch_gives_what_each_problem_alone_gives(self, variant: str, grammar: bool, tmp_path: Path) -> None:
        solver = sharp(variant, tmp_path)
        together = found_by(solver, TEXTS, 4, grammar=grammar)
        for text, beams in zip(TEXTS, together, strict=True):
            same(found_by(solver, [text], 4, grammar=grammar)[0], beams)

    def test_of_width_one_it_is_greedy(self, variant: str, grammar: bool, tmp_path: Path) -> None:
        solver = sharp(variant, tmp_path)
        for text in TEXTS[::2]:
            (found,) = found_by(solver, [text], 1, grammar=grammar)[0]
            words, complete = greedy(solver, text, grammar=grammar, longest=12)
            assert (list(found.tokens), found.complete) == (words, complete)

    def test_scores_are_what_the_network_thinks_of_the_program(
        self, variant: str, grammar: bool, tmp_path: Path
    ) -> None:
        solver = sharp(variant, tmp_path)
        judged = 0
        for text, beams in zip(TEXTS, found_by(solver, TEXTS, 8, grammar=grammar, alpha=0.7), strict=True):
            assert [each.score for each in beams if each.complete] == sorted(
                (each.score for each in beams if each.complete), reverse=True
            )
            for each in beams:
                length = len(each.tokens) + each.complete
                assert each.score == pytest.approx(each.log_probability / length**0.7, abs=1e-4)
                if each.complete and is_sound(each.tokens, 9):
                    wanted = log_probability(solver, text, each.tokens)
                    assert each.log_probability == pytest.approx(wanted, abs=1e-3)
                    judged += 1
        assert judged or not grammar


class TestGrammar:
    @pytest.mark.parametrize("seed", range(4))
    def test_with_it_whatever_ends_is_a_program_on_what_the_problem_has(self, seed: int, solver: Solver) -> None:
        sharpened(solver[1], seed)
        ended = 0
        for text, beams in zip(TEXTS, found_by(solver, TEXTS, 6, longest=30), strict=True):
            assert len({each.tokens for each in beams}) == len(beams)
            for each in beams:
                if each.complete:
                    assert is_sound(each.tokens, len(numbers_of(text)))
                    ended += 1
        assert ended > 10

    def test_without_it_anything_is_written_but_what_is_no_word(self, solver: Solver) -> None:
        with torch.no_grad():
            solver[1].decoder.output.bias[[PADDING, START, UNKNOWN]] = 50.0
        found = [each for beams in found_by(solver, TEXTS, 6, grammar=False) for each in beams]
        assert not any(is_sound(each.tokens, 2) for each in found if each.complete)
        assert not any(token in SPECIAL for each in found for token in each.tokens)

    def test_where_nothing_can_be_written_there_is_no_hypothesis(self, tmp_path: Path) -> None:
        """No constants, no numbers: no operation could have arguments."""
        task, model = sharp("attention", tmp_path)
        never = [number for number, token in enumerate(task.vocabulary.tokens) if token.startswith("const_")]
        tokens = tuple("fly" if number in never else each for number, each in enumerate(task.vocabulary.tokens))
        task.vocabulary = replace(task.vocabulary, tokens=tokens)
        assert found_by((task, model), ["how many ?", "2 and 3 ?"], 4)[0] == []
        assert task.predict(model, ["how many ?"])[0]["beams"] == []


class TestBeams:
    def test_a_beam_as_wide_as_all_programs_finds_them_all(self, solver: Solver) -> None:
        task, _ = solver
        text, words = "2 and 3 ?", task.vocabulary.tokens[len(SPECIAL) :]
        programs = [some for n in (2, 3) for some in itertools.product(words, repeat=n) if is_sound(some, 2)]
        assert len(programs) > 30
        every = [log_probability(solver, text, program) for program in programs]
        wanted = sorted(zip(every, programs, strict=True), reverse=True)
        found = [
            (each.log_probability, each.tokens)
            for each in found_by(solver, [text], 400, longest=4, alpha=0.0)[0]
            if each.complete
        ]
        assert [tokens for _, tokens in found] == [tokens for _, tokens in wanted]
        assert [score for score, _ in found] == pytest.approx([score for score, _ in wanted], abs=1e-3)

    def test_rows_come_back_in_the_order_they_were_asked_for(self, solver: Solver) -> None:
        whole = found_by(solver, TEXTS, 3)
        rows = [5, 0, 7, 2]
        for row, beams in zip(rows, found_by(solver, TEXTS, 3, rows=rows), strict=True):
            same(beams, whole[row])

    def test_in_portions_it_finds_the_same(self, solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = found_by(solver, TEXTS, 3)
        monkeypatch.setattr(decoding, "TOKENS_AT_ONCE", 80)
        for beams, wanted in zip(found_by(solver, TEXTS, 3), whole, strict=True):
            same(beams, wanted)

    def test_several_searches_in_one_find_what_each_alone_does(self, solver: Solver) -> None:
        task, model = solver
        hows = [search_of(task.settings, width, grammar) for width in (1, 5) for grammar in (True, False)]
        encoded = task.encode([read(text) for text in TEXTS], [])
        together = searches(model, encoded, task.vocabulary, hows, CPU)
        for how, found in zip(hows, together, strict=True):
            for beams, wanted in zip(found, search(model, encoded, task.vocabulary, how, CPU), strict=True):
                same(beams, wanted)

    def test_no_problems_have_no_programs(self, solver: Solver) -> None:
        assert found_by(solver, TEXTS, 3, rows=[]) == []
        assert solver[0].predict(solver[1], []) == []

    @with_and_without_grammar
    @pytest.mark.parametrize("alpha", [0.0, 1.0])
    def test_the_best_is_the_same_where_only_it_is_wanted(self, solver: Solver, alpha: float, grammar: bool) -> None:
        every, best = (found_by(solver, TEXTS, 6, wanted=wanted, alpha=alpha, grammar=grammar) for wanted in (None, 1))
        for ours, theirs in zip(best, every, strict=True):
            same(ours, theirs[:1])

    def test_what_the_greatest_length_cuts_off_has_so_many_tokens_and_comes_last(self, solver: Solver) -> None:
        cut = 0
        for beams in found_by(solver, TEXTS, 6, longest=4):
            complete = [each.complete for each in beams]
            assert complete == sorted(complete, reverse=True)
            assert all(len(each.tokens) == 4 for each in beams if not each.complete)
            assert all(len(each.tokens) < 4 for each in beams if each.complete)
            cut += complete.count(False)
        assert cut


class TestGivenPrograms:
    def test_attention_is_over_the_words_for_each_token_and_the_end(self, solver: Solver) -> None:
        task, model = solver
        reading, program = read(TEXTS[2]), parse(TRAIN[2][1])
        weights = attention(model, task.encode([reading], [program]), CPU)
        assert weights is not None
        assert weights.shape == (10, min(len(reading.words), task.settings.max_words))
        torch.testing.assert_close(weights.sum(1), torch.ones(10))

    def test_without_attention_it_looks_nowhere(self, tmp_path: Path) -> None:
        task, model = sharp("seq2seq", tmp_path)
        assert attention(model, task.encode([read(TEXTS[0])], [parse("add(n0,n1)")]), CPU) is None

    def test_log_probabilities_of_many_are_those_of_each_in_their_order(
        self, solver: Solver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task, model = solver
        readings, programs = [read(text) for text, _, _ in TRAIN], [parse(formula) for _, formula, _ in TRAIN]
        alone = [
            log_probabilities(model, task.encode([reading], [program]), CPU)[0]
            for reading, program in zip(readings, programs, strict=True)
        ]
        monkeypatch.setattr(decoding, "JUDGED_AT_ONCE", 2)
        assert log_probabilities(model, task.encode(readings, programs), CPU) == pytest.approx(alone, abs=1e-3)
        assert len(set(alone)) == len(alone)
