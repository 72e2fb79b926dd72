"""Programs out of a network: the beam search with what it needs to know of the network and of the grammar."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.beam import Found, beam_search, follow
from engine.mathqa.grammar import Grammar, Position
from engine.mathqa.reading import Encoded
from engine.mathqa.settings import MathSettings
from engine.mathqa.vocabulary import END, START, Vocabulary
from models.seq2seq import Decoder, Memory, Seq2Seq, log_likelihood

TOKENS_AT_ONCE = 400_000  # words times beams of a batch that is searched together: keeps attention in the cache
JUDGED_AT_ONCE = 64  # problems


@dataclass(frozen=True)
class Hypothesis:
    """A program as a search found it. `tokens` are without the end."""

    tokens: tuple[str, ...]
    score: float
    log_probability: float
    complete: bool  # it ended by itself


@dataclass(frozen=True)
class Search:
    """How to search."""

    width: int
    grammar: bool
    alpha: float
    longest: int
    wanted: int | None = None  # hypotheses that must be the best for sure; all unless it is said


def search_of(
    settings: MathSettings, width: int | None = None, grammar: bool | None = None, wanted: int | None = None
) -> Search:
    """As the settings say, where nothing else is said."""
    width = settings.beam if width is None else width
    grammar = settings.grammar if grammar is None else grammar
    return Search(width, grammar, settings.length_penalty, settings.max_program, wanted)


class Decoding(NamedTuple):
    """What each beam has written so far: the decoder's state, and where in the grammar it is."""

    hidden: Tensor  # (problems, beams, hidden)
    cell: Tensor
    position: Position
    memory: Memory
    numbers: Tensor  # (problems,)

    def follow(self, parents: Tensor) -> Decoding:
        position = Position(*(follow(each, parents) for each in self.position))
        return self._replace(hidden=follow(self.hidden, parents), cell=follow(self.cell, parents), position=position)

    def keep(self, problems: Tensor) -> Decoding:
        return Decoding(
            self.hidden[problems], self.cell[problems], Position(*(each[problems] for each in self.position)),
            Memory(*(each[problems] for each in self.memory)), self.numbers[problems],
        )  # fmt: skip


class Writer:
    """One step of the decoder for all beams; with `grammar`, what does not parse is impossible."""

    def __init__(self, decoder: Decoder, grammar: Grammar | None):
        self.decoder, self.grammar = decoder, grammar
        self.table = decoder.table()
        self.never = torch.zeros(len(self.table), dtype=torch.bool, device=self.table.device)
        self.never[[token for token in range(END + 2) if token != END]] = True  # padding, start, the unknown

    def __call__(self, tokens: Tensor, state: Decoding) -> tuple[Tensor, Decoding]:
        problems, width = tokens.shape
        hidden, cell = self.decoder.cell(
            tokens.flatten(), state.hidden.flatten(0, 1), state.cell.flatten(0, 1), self.table
        )
        hidden, cell = hidden.view(problems, width, -1), cell.view(problems, width, -1)
        log_probs = self.decoder.logits(hidden, state.memory).float().log_softmax(2)
        log_probs = log_probs.masked_fill(self.never, -math.inf)
        position = state.position
        if self.grammar is not None:
            position = self.grammar.advance(position, tokens)
            log_probs = log_probs.masked_fill(~self.grammar.allowed(position, state.numbers), -math.inf)
        return log_probs, Decoding(hidden, cell, position, state.memory, state.numbers)


def search(
    network: Seq2Seq, encoded: Encoded, vocabulary: Vocabulary, how: Search, device: torch.device,
    rows: Tensor | None = None,
) -> list[list[Hypothesis]]:  # fmt: skip
    """The best programs of every problem, or of those in `rows`, the best first."""
    return searches(network, encoded, vocabulary, [how], device, rows)[0]


@torch.no_grad()
def searches(
    network: Seq2Seq, encoded: Encoded, vocabulary: Vocabulary, hows: Sequence[Search], device: torch.device,
    rows: Tensor | None = None,
) -> list[list[list[Hypothesis]]]:  # fmt: skip
    """The same in several ways; each problem is read once."""
    grammar = Grammar(vocabulary.tokens, device)
    writers = [Writer(network.decoder, grammar if how.grammar else None) for how in hows]
    rows = torch.arange(len(encoded)) if rows is None else rows
    places = {row: place for place, row in enumerate(rows.tolist())}
    found: list[list[list[Hypothesis]]] = [[[] for _ in places] for _ in hows]
    longest = int(encoded.inputs.lengths[rows].max()) if len(rows) else 1
    size = max(1, TOKENS_AT_ONCE // (longest * max(how.width for how in hows)))
    for some, batch in encoded.in_order(size, rows):
        batch = batch.to(device)
        memory = network.encoder(batch.inputs)
        first = network.decoder.first_state(memory)
        for how, writer, of_all in zip(hows, writers, found, strict=True):
            hidden, cell = (each[:, None].expand(-1, how.width, -1) for each in first)
            state = Decoding(hidden, cell, grammar.start(len(some), how.width), memory, batch.numbers)
            ended = beam_search(
                writer, state, len(some), how.width, start=START, end=END, longest=how.longest, alpha=how.alpha,
                device=device, wanted=how.wanted,
            )  # fmt: skip
            for row, beams in zip(some.tolist(), hypotheses_of(ended, how, vocabulary), strict=True):
                of_all[places[row]] = beams
    return found


def hypotheses_of(found: Found, how: Search, vocabulary: Vocabulary) -> Iterator[list[Hypothesis]]:
    """What a search found, problem by problem: no more of it than is wanted."""
    columns = (found.tokens, found.log_probs, found.scores, found.lengths, found.complete)
    for beams in zip(*(each[:, : how.wanted].tolist() for each in columns), strict=True):
        yield [
            Hypothesis(words_of(tokens[: length - whole], vocabulary), score, log_prob, whole)
            for tokens, log_prob, score, length, whole in zip(*beams, strict=True)
            if score > -math.inf
        ]


def words_of(tokens: Sequence[int], vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(vocabulary.tokens[token] for token in tokens)


@torch.no_grad()
def log_probabilities(
    network: Seq2Seq, encoded: Encoded, device: torch.device, rows: Tensor | None = None
) -> list[float]:
    """Of the program of each problem, or of those in `rows`: that it is written as a whole."""
    rows = torch.arange(len(encoded)) if rows is None else rows
    places = {row: place for place, row in enumerate(rows.tolist())}
    found = [0.0] * len(places)
    for some, batch in encoded.in_order(JUDGED_AT_ONCE, rows):
        batch = batch.to(device)
        totals = log_likelihood(network(batch.inputs, batch.tokens), batch.gold)
        for row, total in zip(some.tolist(), totals.tolist(), strict=True):
            found[places[row]] = total
    return found


@torch.no_grad()
def attention(network: Seq2Seq, encoded: Encoded, device: torch.device) -> Tensor | None:
    """Where the network looks while it writes the program of the only problem: (tokens and the end, words)."""
    batch = encoded.batch(torch.tensor([0])).to(device)
    memory, decoder = network.encoder(batch.inputs), network.decoder
    if decoder.attention is None:
        return None
    weights: Tensor = decoder.attention.weights(decoder.states(batch.tokens, memory), memory.states, memory.mask)
    return weights[0].cpu()
