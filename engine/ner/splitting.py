"""Splitting sentences that came in one file: those of the same words stay together. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.ner.corpus import Sentence
from engine.task import Split
from engine.text.splitting import Text
from engine.text.splitting import split_off as split_examples


def text_of(sentence: Sentence) -> Text:
    """What makes two sentences the same: their words, whatever their case and tags."""
    return tuple(map(str.lower, sentence.tokens))


def split_off(sentences: Sequence[Sentence], shares: Mapping[Split, float], seed: int) -> dict[Split, list[Sentence]]:
    return split_examples(sentences, [text_of(each) for each in sentences], shares, seed, "sentences")
