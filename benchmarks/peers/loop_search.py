"""Beam search as it is usually written: problem by problem, hypothesis by hypothesis, one step of the network for each.

The peer of `engine.beam`, with its rules, so that it finds the same hypotheses: of the continuations of all hypotheses
the 2k best are looked at; those that end among the k best leave; a problem is done when no open one can get among the
best any more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.mathqa.decoding import Search
from engine.mathqa.grammar import Grammar, Position
from engine.mathqa.reading import Encoded
from engine.mathqa.vocabulary import END, START, Vocabulary
from models.seq2seq import Memory, Seq2Seq

NEVER = [0, START, 3]  # padding, start, the unknown

Hypotheses = list[tuple[float, list[int]]]


@dataclass
class Beam:
    """A hypothesis and the decoder's state behind it."""

    tokens: list[int]
    log_prob: float
    hidden: Tensor  # (1, hidden)
    cell: Tensor
    position: Position | None = None


@torch.no_grad()
def search(
    network: Seq2Seq, encoded: Encoded, vocabulary: Vocabulary, how: Search, device: torch.device
) -> list[Hypotheses]:
    """(log-probability, tokens without the end) of every problem's hypotheses, the best first."""
    grammar = Grammar(vocabulary.tokens, device) if how.grammar else None
    found = []
    for row in range(len(encoded)):
        batch = encoded.batch(torch.tensor([row])).to(device)
        memory = network.encoder(batch.inputs)
        found.append(one(network, memory, batch.numbers, grammar, how))
    return found


def one(network: Seq2Seq, memory: Memory, numbers: Tensor, grammar: Grammar | None, how: Search) -> Hypotheses:
    decoder = network.decoder
    hidden, cell = decoder.first_state(memory)
    beams = [Beam([], 0.0, hidden, cell, grammar.start(1, 1) if grammar else None)]
    ended: list[tuple[float, float, list[int]]] = []
    for length in range(1, how.longest + 1):
        candidates: list[tuple[float, int, Beam]] = []
        for beam in beams:
            last = beam.tokens[-1] if beam.tokens else START
            token = torch.tensor([[last]], device=memory.states.device)
            output, (h, c) = decoder.lstm(decoder.embedding(token), (beam.hidden[None], beam.cell[None]))
            log_probs = decoder.logits(output, memory)[0, 0].log_softmax(0)
            log_probs[NEVER] = -math.inf
            position = None
            if grammar is not None and beam.position is not None:
                position = grammar.advance(beam.position, token)
                log_probs = log_probs.masked_fill(~grammar.allowed(position, numbers)[0, 0], -math.inf)
            values, tokens = log_probs.topk(min(2 * how.width, len(log_probs)))
            for value, each in zip(values.tolist(), tokens.tolist(), strict=True):
                new = Beam([*beam.tokens, each], beam.log_prob + value, h[0], c[0], position)
                candidates.append((new.log_prob, each, new))
        candidates.sort(key=lambda each: -each[0])
        candidates = [each for each in candidates[: 2 * how.width] if each[0] > -math.inf]
        for value, token_number, beam in candidates[: how.width]:
            if token_number == END:
                ended.append((value / length**how.alpha, value, beam.tokens[:-1]))
        ended = sorted(ended, key=lambda each: -each[0])[: how.width]
        beams = [beam for _, token_number, beam in candidates if token_number != END][: how.width]
        wanted = how.wanted or how.width
        hope = beams[0].log_prob / how.longest**how.alpha if beams else -math.inf
        if not beams or (len(ended) >= wanted and ended[wanted - 1][0] >= hope):
            break
    return [(log_prob, tokens) for _, log_prob, tokens in ended]
