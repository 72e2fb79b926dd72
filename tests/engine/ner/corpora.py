"""Small corpora written to files, for the tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.ner.corpus import Corpus, Sentence
from engine.ner.folder import check, open_corpus, open_unseen
from engine.ner.settings import NerSettings
from engine.task import SPLITS, Split

NAMES = ("Ann", "Bob", "Cid", "Dan", "Eve", "Flo", "Gus", "Hal")


def numbered(count: int, start: int = 0) -> list[str]:
    """Lines of so many different sentences, each with a person."""
    return [f"{NAMES[number % 8]} B-per\nsaw O\n{number} O\n" for number in range(start, start + count)]


def lines(*sentences: str) -> list[str]:
    """Sentences of `word/tag`; a word alone is outside."""
    pairs = [
        [(word, slash, tag) for word, slash, tag in (each.rpartition("/") for each in some.split())]
        for some in sentences
    ]
    return ["".join(f"{word} {tag}\n" if slash else f"{tag} O\n" for word, slash, tag in some) for some in pairs]


class Corpora:
    """A folder to write into, and short words for opening it."""

    def __init__(self, base: Path):
        self.root = base / "corpus"
        self.root.mkdir()
        self.cache = base / "cache"
        self.said: list[str] = []

    def write(self, name: str, sentences: Sequence[str]) -> Path:
        path = self.root / name
        path.write_text("\n".join(sentences))
        return path

    def open(self, name: str = "", **settings: object) -> Corpus:
        return open_corpus(self.root / name, NerSettings(**settings), self.cache, self.said.append)  # type: ignore[arg-type]

    def check(self, name: str = "", **settings: object) -> list[str]:
        return check(self.root / name, NerSettings(**settings), self.cache, self.said.append)  # type: ignore[arg-type]

    def unseen(self, split: Split, name: str = "", types: Sequence[str] = ("per",), **settings: object) -> Corpus:
        class Artifacts:
            pass

        artifacts = Artifacts()
        artifacts.types = types  # type: ignore[attr-defined]
        return open_unseen(self.root / name, split, NerSettings(**settings), artifacts, self.cache, self.said.append)  # type: ignore[arg-type]


def texts(sentences: Sequence[Sentence]) -> list[str]:
    return [" ".join(each.tokens) for each in sentences]


def everything(corpus: Corpus) -> list[str]:
    return sorted(text for split in SPLITS for text in texts(corpus.split(split)))
