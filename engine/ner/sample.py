"""The embedded sample: news that never happened, generated from a grammar, with the entity types of the GMB.

Spelling, capitals and context all matter: names are composed of syllables, two fifths of them stand in validation and
test alone, and some mean now a person, now a place, now a company (Washington, Amazon, Jordan, May). A little noise
(names in lower case, slips of the pen, headlines in capitals) and sentences that any name could stand in keep a good
tagger below 1. No text is in two splits. Sentences and vectors depend on SAMPLE_VERSION alone, not on the run's seed or
the machine: raise it with any change of a word or a number.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache as kept
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine.ner.corpus import OUTSIDE, Corpus, Sentence
from engine.ner.identity import fingerprint_of, types_of
from engine.ner.sample_grammar import ENTITIES, PHRASES, TEMPLATES, WORDS
from engine.ner.sample_names import KNOWN, pools
from engine.ner.sample_vectors import Kinds, write_vectors
from engine.ner.settings import NerSettings
from engine.ner.splitting import text_of
from engine.task import SPLITS, Split
from engine.text.dice import Dice

SAMPLE_VERSION = 1
COUNTS: dict[Split, int] = {"train": 3_000, "val": 600, "test": 600}
NEW = 0.5  # share of names in validation and test that training never draws

LOWER, SLIP, HEADLINE, NO_STOP = 0.05, 0.035, 0.02, 0.03  # shares of the sentences with each kind of noise
LEAD = 0.2  # share of sentences that do not begin with their template
LITERAL = "literal"  # kind of the words that templates spell out

CHOICE = re.compile(r"\[([^\[\]]*)\]")


class Word(NamedTuple):
    text: str
    tag: str
    kind: str  # of name or word list


def open_sample(source: str | Path, settings: NerSettings, cache: Path, say: Callable[[str], None]) -> Corpus:
    """The sample, the same for everybody; its vectors are written into the cache the first time."""
    sentences, kinds = generated()
    path = cache / "ner" / f"sample-vectors-v{SAMPLE_VERSION}.txt"
    if not path.exists():
        say("writing the sample's word vectors")
        write_vectors(path, kinds)
    recipe = f"labapp sample {SAMPLE_VERSION} {fingerprint_of(sentences)}"
    fingerprint = hashlib.sha256(recipe.encode()).hexdigest()
    return Corpus(fingerprint, types_of(sentences.values()), sentences, vectors=path)


@kept
def generated() -> tuple[dict[Split, Sequence[Sentence]], Kinds]:
    """All sentences, and how often each word was of each kind."""
    names = pools(Dice(f"names {SAMPLE_VERSION}"))
    kinds: Kinds = {name.lower(): Counter({kind: 1}) for kind, some in names.items() for name in some}
    seen: set[tuple[str, ...]] = set()
    result: dict[Split, Sequence[Sentence]] = {}
    for split in SPLITS:
        writer = Writer(Dice(f"{split} {SAMPLE_VERSION}"), names, new=0.0 if split == "train" else NEW)
        sentences: list[Sentence] = []
        while len(sentences) < COUNTS[split]:
            words = writer.sentence()
            sentence = Sentence(tuple(word.text for word in words), tuple(word.tag for word in words))
            if text_of(sentence) in seen:
                continue
            seen.add(text_of(sentence))
            sentences.append(sentence)
            for word in words:
                kinds.setdefault(word.text.lower(), Counter())[word.kind] += 1
        result[split] = sentences
    return result, kinds


class Writer:
    """Writes sentences by the grammar."""

    def __init__(self, dice: Dice, names: dict[str, list[str]], new: float):
        self._dice = dice
        self._names = names
        self._new = new  # share of names from the part that training never draws from

    def sentence(self) -> list[Word]:
        words = self._fill(self._dice.pick(TEMPLATES))
        if self._dice.chance(LEAD):
            words = [*self._fill(self._dice.pick(PHRASES["lead"])), _small(words[0]), *words[1:]]
        for place, (word, after) in enumerate(pairwise(words)):
            if word.text == "a" and after.text[0].lower() in "aeiou":
                words[place] = word._replace(text="an")
        words[0] = words[0]._replace(text=words[0].text[0].upper() + words[0].text[1:])
        return self._noisy(words)

    def _fill(self, text: str) -> list[Word]:
        """The words of a template, its choices made and its slots filled."""
        while choice := CHOICE.search(text):
            text = text[: choice.start()] + self._dice.pick(choice[1].split("|")) + text[choice.end() :]
        words: list[Word] = []
        for piece in text.split():
            slot = piece.strip("{}")
            if slot in ENTITIES and piece != slot:
                words += self._entity(slot)
            elif piece != slot:
                words += self._fill(self._dice.pick(PHRASES[slot]))
            else:
                words += self._piece(piece)
        return words

    def _entity(self, slot: str) -> list[Word]:
        name, looks = ENTITIES[slot]
        words = [word for piece in self._dice.pick(looks).split() for word in self._piece(piece)]
        return [word._replace(tag=("I-" if place else "B-") + name) for place, word in enumerate(words)]

    def _piece(self, piece: str) -> list[Word]:
        """A literal, a name, or a word of a list: `<kind>`, with letters behind it or not."""
        if not piece.startswith("<"):
            return [Word(piece, OUTSIDE, LITERAL)]
        kind, _, ending = piece[1:].partition(">")
        text = self._name(kind) if kind in self._names else self._dice.pick(WORDS[kind])
        return [Word(part, OUTSIDE, kind) for part in (text + ending).split()]

    def _name(self, kind: str) -> str:
        names = self._names[kind]
        border = int(KNOWN * len(names))
        if self._dice.chance(self._new):
            return self._dice.pick(names[border:])
        return self._dice.pick_early(names[:border])

    # --- noise -------------------------------------------------------------------------------------------------------

    def _noisy(self, words: list[Word]) -> list[Word]:
        dice = self._dice
        if dice.chance(NO_STOP) and words[-1].text == ".":
            words = words[:-1]
        if dice.chance(HEADLINE):
            return [word._replace(text=word.text.upper()) for word in words]
        if dice.chance(LOWER):
            return [word._replace(text=word.text.lower()) for word in words]
        long = [place for place, word in enumerate(words) if len(word.text) > 4 and word.text.isalpha()]
        if dice.chance(SLIP) and long:
            place = long[dice.below(len(long))]
            words[place] = words[place]._replace(text=self._slip(words[place].text), kind="slip")
        return words

    def _slip(self, text: str) -> str:
        """Two letters the wrong way round, one left out, or one twice; never the first."""
        place = 1 + self._dice.below(len(text) - 2)
        ways = (
            text[:place] + text[place + 1] + text[place] + text[place + 2 :],
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
        )
        return self._dice.pick(ways)


def _small(word: Word) -> Word:
    """The first word of a template as it is written inside a sentence."""
    return word._replace(text=word.text.lower()) if word.kind == LITERAL and word.text != "I" else word
