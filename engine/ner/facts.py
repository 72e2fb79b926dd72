"""What is worth knowing about a corpus before one trains on it: sizes, entities, leaks, words in capitals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.ner.corpus import OUTSIDE, Sentence, type_of
from engine.ner.splitting import text_of
from engine.task import SPLITS, Split

FEW_CAPITALS = 0.02  # below this share of the words, case tells nothing
RARE = 100  # entities of a type in train: with fewer its score is a matter of luck

Sentences = Mapping[Split, Sequence[Sentence]]


def of(sentences: Sentences, max_tokens: int) -> list[str]:
    """All of it, one fact a line."""
    splits = [split for split in SPLITS if split in sentences]
    tokens = {split: sum(len(sentence.tokens) for sentence in sentences[split]) for split in splits}
    return [
        "sentences: " + ", ".join(f"{split} {len(sentences[split]):,}" for split in splits),
        "tokens: " + ", ".join(f"{split} {tokens[split]:,}" for split in splits),
        *_lengths(sentences, max_tokens),
        *_entities(sentences),
        *_words(sentences),
        *_repeats(sentences),
    ]


def leaks(sentences: Sentences) -> list[str]:
    """Sentences of the same text in two splits: what is measured on them is not generalisation."""
    splits = [split for split in SPLITS if split in sentences]
    texts = {split: [text_of(sentence) for sentence in sentences[split]] for split in splits}
    known = {split: set(texts[split]) for split in splits}
    found = []
    for i, split in enumerate(splits):
        for other in splits[i + 1 :]:
            if both := sum(text in known[split] for text in texts[other]):
                found.append(f"the same text in {split} and {other}: {both:,} of {other}'s sentences")
    return found


def _lengths(sentences: Sentences, max_tokens: int) -> list[str]:
    lengths = {split: max(len(each.tokens) for each in some) for split, some in sentences.items() if some}
    longest = max(lengths, key=lambda split: lengths[split])
    found = [f"longest sentence: {lengths[longest]:,} tokens, in {longest}"]
    if cut := sum(len(each.tokens) > max_tokens for some in sentences.values() for each in some):
        found.append(f"read in pieces: {cut:,} sentences longer than max_tokens = {max_tokens:,}")
    return found


def _entities(sentences: Sentences) -> list[str]:
    counts = {
        split: Counter(type_of(tag) for sentence in some for tag in sentence.tags if tag[0] == "B")
        for split, some in sentences.items()
    }
    types = sorted({name for some in counts.values() for name in some})
    found = [
        f"{name}: " + ", ".join(f"{split} {some[name]:,}" for split, some in counts.items()) + " entities"
        for name in types
    ]
    train = counts.get("train", Counter())
    if lacking := [name for name in types if not train[name]]:
        found.append(f"train has no {' and no '.join(lacking)}: nothing can learn to tell them")
    if rare := [name for name in types if 0 < train[name] < RARE]:
        found.append(f"fewer than {RARE} in train: {', '.join(rare)}: their scores depend on luck")
    return found


def _words(sentences: Sentences) -> list[str]:
    words = Counter(token for some in sentences.values() for sentence in some for token in sentence.tokens)
    letters = {word: times for word, times in words.items() if word.lower() != word.upper()}
    capitals = sum(times for word, times in letters.items() if word != word.lower())
    share = capitals / max(1, sum(letters.values()))
    found = [f"words with a capital letter: {share:.0%}"]
    if share < FEW_CAPITALS:
        found.append("next to no word has a capital letter: was the text lower-cased? Names are hard to tell so")
    known = {token.lower() for sentence in sentences.get("train", ()) for token in sentence.tokens}
    names = {name for sentence in sentences.get("train", ()) for name in _names(sentence)}
    for split in ("val", "test"):
        running = [token.lower() for sentence in sentences.get(split, ()) for token in sentence.tokens]
        entities = [name for sentence in sentences.get(split, ()) for name in _names(sentence)]
        if running and entities:
            strange, new = sum(token not in known for token in running), sum(name not in names for name in entities)
            found.append(
                f"{split} has what train has not: {strange / len(running):.1%} of its words, "
                f"{new / len(entities):.0%} of its entities"
            )
    return found


def _names(sentence: Sentence) -> list[tuple[str, str]]:
    """The entities of a sentence: type and words, lower-cased."""
    found: list[tuple[str, str]] = []
    for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
        if tag[0] == "B":
            found.append((type_of(tag), token.lower()))
        elif tag != OUTSIDE:
            name, words = found[-1]
            found[-1] = (name, f"{words} {token.lower()}")
    return found


def _repeats(sentences: Sentences) -> list[str]:
    found = []
    for split, some in sentences.items():
        if again := len(some) - len({text_of(sentence) for sentence in some}):
            found.append(f"repeated in {split}: {again:,} sentences")
    return found
