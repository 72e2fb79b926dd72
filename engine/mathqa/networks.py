"""The network a variant and its settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from engine.mathqa.artifacts import MathArtifacts
from engine.mathqa.settings import MathSettings
from models.seq2seq import Decoder, FeatureEncoder, LSTMEncoder, PretrainedEncoder, Seq2Seq
from models.words import Dropout, WordEmbedding

NUMBERS = 32  # numbers of a problem that an encoder can tell apart, and none


def build(options: Mapping[str, Any], settings: MathSettings, artifacts: MathArtifacts, *, blank: bool) -> Seq2Seq:
    """`options` are the variant's: attention, frozen, finetuned."""
    dropout = Dropout(settings.dropout, "token")
    encoder: LSTMEncoder | FeatureEncoder | PretrainedEncoder
    if artifacts.encoder is None:
        encoder = LSTMEncoder(embedding(settings, artifacts), settings.encoder_hidden, settings.layers, dropout)
    else:
        encoder = FeatureEncoder(
            artifacts.encoder.width, settings.encoder_hidden, settings.encoder_layers, NUMBERS, dropout
        )
        if options.get("finetuned"):
            encoder = PretrainedEncoder(artifacts.encoder.network(blank=blank), encoder)
    decoder = Decoder(
        tokens=len(artifacts.vocabulary.tokens),
        dim=settings.token_dim,
        hidden=settings.hidden,
        width=encoder.width,
        attention=bool(options.get("attention")),
        dropout=settings.dropout,
    )
    return Seq2Seq(encoder, decoder)


def embedding(settings: MathSettings, artifacts: MathArtifacts) -> WordEmbedding:
    known = artifacts.vocabulary
    rare = torch.tensor([False, False, *(word in known.rare for word in known.words)])
    return WordEmbedding(rare, settings.word_dim, artifacts.initial, settings.singleton_dropout, settings.word_dropout)
