"""The network a variant and its settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.ner.artifacts import NerArtifacts
from engine.ner.settings import NerSettings
from engine.ner.vocabulary import CASES, Vocabulary
from models.characters import CHARACTER_NETWORKS
from models.crf import LinearChainCRF, bio_transitions
from models.tagger import EncoderTagger, LSTMTagger
from models.words import Dropout, WordEmbedding


def lstm_tagger(options: Mapping[str, Any], settings: NerSettings, artifacts: NerArtifacts) -> LSTMTagger:
    """A BiLSTM over words, with what the variant's options add."""
    vocabulary = artifacts.vocabulary
    words = WordEmbedding(
        rare_words(vocabulary), settings.word_dim, artifacts.initial, settings.singleton_dropout, settings.word_dropout
    )
    characters: nn.Module | None = None
    if options.get("characters"):
        network = CHARACTER_NETWORKS[settings.character_network]
        characters = network(len(vocabulary.characters) + 2, settings.character_dim, settings.character_hidden)
    return LSTMTagger(
        words=words,
        characters=characters,
        cases=nn.Embedding(len(CASES), settings.case_dim, padding_idx=0) if settings.case_dim else None,
        hidden=settings.hidden,
        layers=settings.layers,
        tags=len(vocabulary.tags),
        dropout=Dropout(settings.dropout, settings.dropout_per),
        layer_norm=bool(options.get("layer_norm")),
        crf=chain(options, settings, vocabulary),
    )


def encoder_tagger(
    options: Mapping[str, Any], settings: NerSettings, artifacts: NerArtifacts, *, blank: bool
) -> EncoderTagger:
    """A pretrained encoder under a linear layer; `blank`: weights are loaded over those it begins with."""
    network, width = artifacts.encoder.network(blank=blank), artifacts.encoder.width
    vocabulary = artifacts.vocabulary
    return EncoderTagger(network, width, len(vocabulary.tags), settings.dropout, chain(options, settings, vocabulary))


def chain(options: Mapping[str, Any], settings: NerSettings, vocabulary: Vocabulary) -> LinearChainCRF | None:
    if not options.get("crf"):
        return None
    return LinearChainCRF(len(vocabulary.tags), bio_transitions(vocabulary.tags) if settings.forbid_illegal else None)


def rare_words(vocabulary: Vocabulary) -> Tensor:
    """(words,) bool: seen once in training."""
    return torch.tensor([False, False, *(word in vocabulary.rare for word in vocabulary.words)])
