"""Programs out of a network: the beam search with what it needs to know of the network and of the grammar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.beam import beam_search, follow
from engine.mathqa.grammar import Grammar, Position
from engine.mathqa.reading import Encoded
from engine.mathqa.vocabulary import END, START, Vocabulary
from models.seq2seq import Decoder, Memory, Seq2Seq

TOKENS_AT_ONCE = 400_000  # words times beams of a batch that is searched together: keeps attention in the cache


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


@torch.no_grad()
def search(
    network: Seq2Seq, encoded: Encoded, vocabulary: Vocabulary, how: Search, device: torch.device,
    rows: Tensor | None = None,
) -> list[list[Hypothesis]]:  # fmt: skip
    """The best programs of every problem, or of those in `rows`, the best first."""
    grammar = Grammar(vocabulary.tokens, device)
    writer = Writer(network.decoder, grammar if how.grammar else None)
    rows = torch.arange(len(encoded)) if rows is None else rows
    places = {row: place for place, row in enumerate(rows.tolist())}
    found: list[list[Hypothesis]] = [[] for _ in places]
    longest = int(encoded.inputs.lengths[rows].max()) if len(rows) else 1
    size = max(1, TOKENS_AT_ONCE // (longest * how.width))
    for some, batch in encoded.in_order(size, rows):
        batch = batch.to(device)
        memory = network.encoder(batch.inputs)
        hidden, cell = (each[:, None].expand(-1, how.width, -1) for each in network.decoder.first_state(memory))
        state = Decoding(hidden, cell, grammar.start(len(some), how.width), memory, batch.numbers)
        ended = beam_search(
            writer, state, len(some), how.width, start=START, end=END, longest=how.longest, alpha=how.alpha,
            device=device, wanted=how.wanted,
        )  # fmt: skip
        columns = (ended.tokens, ended.log_probs, ended.scores, ended.lengths, ended.complete)
        for row, *beams in zip(some.tolist(), *(each.tolist() for each in columns), strict=True):
            found[places[row]] = [
                Hypothesis(words_of(tokens[: length - whole], vocabulary), score, log_prob, whole)
                for tokens, log_prob, score, length, whole in zip(*beams, strict=True)
                if score > -math.inf
            ]
    return found


def words_of(tokens: Sequence[int], vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(vocabulary.tokens[token] for token in tokens)


class Judged(NamedTuple):
    """A program that was given rather than found."""

    log_probability: float
    attention: Tensor | None  # (tokens and the end, words), where the network has attention


@torch.no_grad()
def judge(network: Seq2Seq, encoded: Encoded, row: int, device: torch.device) -> Judged:
    """How likely the network takes the program of a problem to be, and where it looks for each of its tokens."""
    batch = encoded.batch(torch.tensor([row])).to(device)
    memory, decoder = network.encoder(batch.inputs), network.decoder
    states = decoder.states(batch.tokens, memory)
    log_probs = decoder.logits(states, memory).float().log_softmax(2)
    total = log_probs.gather(2, batch.gold[:, :, None]).sum()
    weights = None
    if decoder.attention is not None:
        weights = decoder.attention.weights(states, memory.states, memory.mask)[0].cpu()
    return Judged(float(total), weights)
